"""Whom the Alipay simulator knows, and the keys that it signs with. Keys and certificates are PEM or base64 text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """An application as Alipay knows it: who it is, its public key, and what its console has switched on.

    `app_certificate` is what it uploaded in certificate mode; `aes_key` its key for encrypted content (base64).
    `notifies_all`: its contract has refunds and orders whose time is over notified too, and not only payments.
    """

    account_id: str
    app_id: str
    seller_id: str
    app_public_key: str
    app_certificate: str = ""
    aes_key: str = field(default="", repr=False)
    notifies_all: bool = True


@dataclass(frozen=True, slots=True)
class AlipayKeys:
    """What Alipay signs with. `certificate` and `root_certificate` serve the applications in certificate mode.

    `reissued_certificate` is for the same key; answers name it once the fault `reissued` is armed.
    """

    private_key: str = field(repr=False)
    certificate: str = ""
    root_certificate: str = ""
    reissued_certificate: str = ""
