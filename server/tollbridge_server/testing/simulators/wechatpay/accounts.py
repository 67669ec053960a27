"""Whom the WeChat Pay simulator knows, and the keys that it signs with. Refuses material that is no usable key."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WechatPayAccount:
    """A merchant as WeChat Pay knows it: the public key of its API certificate, and the APIv3 key that both hold.

    With `public_key_id` empty answers and callbacks are signed with platform certificates only. With it set they are
    signed with WeChat Pay's public key; `has_certificates` then means an account in transition, which gets both: the
    public key signs an answer if the request asks for it, and every other try of a notification, the first included.
    """

    account_id: str
    mchid: str
    app_ids: tuple[str, ...]
    serial_no: str
    merchant_public_key: str
    api_v3_key: bytes = field(repr=False)
    public_key_id: str = ""
    has_certificates: bool = False


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A platform certificate of WeChat Pay with its private key, both as PEM."""

    certificate: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WechatPayKeys:
    """What WeChat Pay signs with: the private half of its public key, and platform certificates, the oldest first.

    The first certificate is in use and the second is announced; the others come in by rotation. Keys are PEM.
    """

    private_key: str = field(repr=False)
    certificates: tuple[PlatformCertificate, ...] = ()
