"""WeChat Pay's keys at work: which one signs for whom, and how a signature goes wrong on demand.

Refuses material that is no usable key.
"""

from __future__ import annotations

import secrets

from cryptography import x509

from tollbridge_server.providers.rsa_keys import Signer, read_private_key
from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.providers.wechatpay.signing import Seal, answer_text
from tollbridge_server.testing.simulators.wechatpay.accounts import PlatformCertificate, WechatPayAccount, WechatPayKeys
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_STALE_S = 600


class Signing:
    """WeChat Pay's keys: which one signs for an account, and what is said instead when a fault wants it."""

    def __init__(self, keys: WechatPayKeys) -> None:
        self._public = Signer(read_private_key(keys.private_key, setting="private_key"))
        self.certificates = keys.certificates
        self._platform = [
            (
                serial_number(x509.load_pem_x509_certificate(each.certificate.encode())),
                Signer(read_private_key(each.private_key, setting="private_key")),
            )
            for each in keys.certificates
        ]
        self.present = 0
        """Which platform certificate is in use; a rotation counts it up."""

    @property
    def announced(self) -> tuple[PlatformCertificate, ...]:
        """The platform certificates that merchants can fetch: all up to the next one, which is shown before its use."""
        return self.certificates[: self.present + 2]

    async def headers(
        self, account: WechatPayAccount, body: bytes, *, wanted: str, now_s: int, behavior: Behavior | None = None
    ) -> dict[str, str]:
        """Return the headers of an answer or a notification. `wanted` is the key that the request asked for."""
        if behavior is Behavior.MISSING_HEADERS:
            return {}
        serial, signer = self._of(account, wanted)
        timestamp = str(now_s - (_STALE_S if behavior is Behavior.STALE_TIMESTAMP else 0))
        nonce = secrets.token_hex(16)
        text = answer_text(timestamp, nonce, body)
        signature = await signer.sign(text[::-1] if behavior is Behavior.WRONG_SIGNATURE else text)
        if behavior is Behavior.SIGNTEST:
            signature = f"WECHATPAY/SIGNTEST/{signature}"
        if behavior is Behavior.UNKNOWN_SERIAL:
            serial = "F" * 40
        return Seal(timestamp=timestamp, nonce=nonce, serial=serial, signature=signature).headers()

    def close(self) -> None:
        """End the signing threads."""
        for signer in (self._public, *(signer for _, signer in self._platform)):
            signer.close()

    def _of(self, account: WechatPayAccount, wanted: str) -> tuple[str, Signer]:
        has_certificate = bool(self._platform) and (account.has_certificates or not account.public_key_id)
        if account.public_key_id and (wanted == account.public_key_id or not has_certificate):
            return account.public_key_id, self._public
        return self._platform[self.present]
