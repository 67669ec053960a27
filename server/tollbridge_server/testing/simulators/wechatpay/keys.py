"""WeChat Pay's keys at work: which one signs for whom, how they rotate, and how a signature goes wrong on demand.

Refuses material that is no usable key.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tollbridge_server.providers.rsa_keys import Signer, read_private_key
from tollbridge_server.providers.wechatpay.certificates import serial_number
from tollbridge_server.providers.wechatpay.signing import Seal, answer_text
from tollbridge_server.testing.simulators.wechatpay.accounts import PlatformCertificate, WechatPayAccount, WechatPayKeys
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_STALE_S = 600


class Turn(StrEnum):
    """The steps of a rotation, in their order."""

    ANNOUNCE = "announce"
    SWITCH = "switch"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class _Platform:
    """A platform certificate, ready to sign and to open what was encrypted for it."""

    certificate: PlatformCertificate
    serial: str
    key: RSAPrivateKey = field(repr=False)
    signer: Signer

    @classmethod
    def of(cls, certificate: PlatformCertificate) -> _Platform:
        serial = serial_number(x509.load_pem_x509_certificate(certificate.certificate.encode()))
        key = read_private_key(certificate.private_key, setting="private_key")
        return cls(certificate, serial, key, Signer(key))


class Signing:
    """WeChat Pay's keys: which one signs for an account, and what is said instead when a fault wants it."""

    def __init__(self, keys: WechatPayKeys) -> None:
        self._key = read_private_key(keys.private_key, setting="private_key")
        self._public = Signer(self._key)
        self._platform = [_Platform.of(each) for each in keys.certificates]
        self._oldest, self._present = 0, 0
        """Which platform certificates are still listed, from the oldest on, and which one is in use."""

    @property
    def announced(self) -> tuple[PlatformCertificate, ...]:
        """The platform certificates that merchants can fetch: up to the next one, which is shown before its use."""
        return tuple(each.certificate for each in self._listed)

    async def turn(self, step: Turn) -> list[str]:
        """Take a step of a rotation; return the serial numbers that are listed now, the one in use first.

        A further certificate is made when none is left. What is retired is not listed any more.
        """
        match step:
            case Turn.ANNOUNCE:
                await self._require_next()
            case Turn.SWITCH:
                is_first = not self._platform
                await self._require_next()
                self._present += 0 if is_first else 1
            case Turn.RETIRE:
                self._oldest = self._present
        in_use = self._platform[self._present].serial if self._platform else ""
        return sorted((each.serial for each in self._listed), key=lambda serial: serial != in_use)

    def key_of(self, account: WechatPayAccount, serial: str) -> RSAPrivateKey | None:
        """Return the key that a merchant encrypts for under `serial`; None for one that it can not know."""
        if account.public_key_id and serial == account.public_key_id:
            return self._key
        if account.public_key_id and not account.has_certificates:
            return None
        return next((each.key for each in self._listed if each.serial == serial), None)

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
        for signer in (self._public, *(each.signer for each in self._platform)):
            signer.close()

    @property
    def _listed(self) -> list[_Platform]:
        return self._platform[self._oldest : self._present + 2]

    async def _require_next(self) -> None:
        """Have a certificate that comes after the one in use."""
        if self._present + 1 >= len(self._platform):
            self._platform.append(_Platform.of(await asyncio.to_thread(PlatformCertificate.generated)))

    def _of(self, account: WechatPayAccount, wanted: str) -> tuple[str, Signer]:
        has_certificate = bool(self._platform) and (account.has_certificates or not account.public_key_id)
        if account.public_key_id and (wanted == account.public_key_id or not has_certificate):
            return account.public_key_id, self._public
        present = self._platform[self._present]
        return present.serial, present.signer
