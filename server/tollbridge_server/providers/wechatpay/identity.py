"""Who a merchant is at WeChat Pay, and whom it believes; refuses to show the key that opens what WeChat Pay sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are at WeChat Pay, and whom we believe: its public key, its platform certificates, or both for a time.

    Platform certificates are fetched, so that an account without a public key needs nothing more than the APIv3 key.
    """

    mchid: str
    serial_no: str
    api_v3_key: bytes = field(repr=False)
    public_key: RSAPublicKey | None = None
    public_key_id: str = ""
    account_id: str = ""
