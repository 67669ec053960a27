"""The gateway's client: common parameters, signature, one form, and an answer that is verified before it is read.

Refuses to believe a success without a signature, and any answer whose signature is wrong; then it says Silent, since
nobody knows what became of the request. An error without a signature is handed on as such.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer, AnswerUnreadable, read_answer
from tollbridge_server.providers.alipay.certificates import CertificateInvalid, TrustedCertificates
from tollbridge_server.providers.alipay.codes import IN_PROCESS, SUCCESS
from tollbridge_server.providers.alipay.encryption import CiphertextInvalid, decrypt, encrypt
from tollbridge_server.providers.alipay.signing import (
    Envelope,
    EnvelopeInvalid,
    form_of,
    notification_texts,
    open_envelope,
    request_text,
)
from tollbridge_server.providers.rsa_keys import Signer, is_signed
from tollbridge_server.providers.transport import Answered, Silent, Transport, Unsent

logger = logging.getLogger(__name__)

MAX_REISSUED = 8
_CHARSET = "utf-8"
_HEADERS = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}


@dataclass(frozen=True, slots=True)
class CertificateMode:
    """What an application in certificate mode sends and trusts beyond its keys: numbers, and where chains end."""

    app_number: str
    root_number: str
    alipay_number: str
    trusted: TrustedCertificates


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at the gateway (a full URL), and whom we believe."""

    app_id: str
    gateway: str
    notify_url: str
    alipay_key: RSAPublicKey
    certificates: CertificateMode | None = None
    aes_key: bytes = field(default=b"", repr=False)
    account_id: str = ""

    @property
    def key_setting(self) -> str:
        """The setting by which Alipay's signatures are verified."""
        return "alipay_public_key" if self.certificates is None else "alipay_certificate"


class NotAuthentic(Exception):
    """An answer that Alipay did not sign; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of one request: as `call` tells it, and what only an operator asks for.

    `doubt` is why an answer that came is no answer. `is_verified`: what came is signed by whom we believe; None when it
    carries no signature. `answered_s` is the other side's clock, in seconds since the epoch.
    """

    result: Answer | Unsent | Silent
    status: int = 0
    doubt: NotAuthentic | EnvelopeInvalid | AnswerUnreadable | CiphertextInvalid | None = None
    is_verified: bool | None = None
    answered_s: float | None = None


class Client:
    """One application at the gateway. It keeps the keys that Alipay re-issued, and no state of a payment."""

    def __init__(
        self, identity: Identity, transport: Transport, signer: Signer, *, now_s: Callable[[], float] = time.time
    ) -> None:
        parts = urlsplit(identity.gateway)
        self._path = f"{parts.path or '/'}?charset={_CHARSET}"
        self._identity = identity
        self._transport = transport
        self._signer = signer
        self._now_s = now_s
        self._reissued: dict[str, RSAPublicKey] = {}
        self._download = asyncio.Lock()
        self._log = logging.LoggerAdapter(logger, {"provider_account_id": identity.account_id})

    @property
    def identity(self) -> Identity:
        """Who we are at the gateway, and whom we believe."""
        return self._identity

    @property
    def now_us(self) -> int:
        """The present time in microseconds since the epoch."""
        return int(self._now_s() * 1_000_000)

    async def call(self, request: wire.Request) -> Answer | Unsent | Silent:
        """Send a request and return its verified answer, an unsigned error, or what is known of the silence."""
        found = await self.exchange(request)
        if isinstance(found.doubt, NotAuthentic):
            self._log.warning("alipay %s: the answer is not authentic: %s", request.method, found.doubt)
        return found.result

    async def exchange(self, request: wire.Request) -> Exchange:
        """Send a request and return all that is known of what became of it."""
        result = await self._post(request)
        if not isinstance(result, Answered):
            return Exchange(result)
        answered_s, is_verified = result.sent_at_s, False
        if result.status != 200:
            return Exchange(Silent(f"HTTP {result.status}"), result.status, answered_s=answered_s)
        try:
            envelope = open_envelope(result.body, method=request.method)
            is_verified = await self._verified(envelope)
            answer = self._read(envelope, is_signed=is_verified)
        except NotAuthentic as error:
            silent = Silent(f"the answer is not authentic: {error}")
            return Exchange(silent, result.status, error, is_verified=False, answered_s=answered_s)
        except (EnvelopeInvalid, AnswerUnreadable, CiphertextInvalid) as error:
            silent = Silent(f"the answer can not be read: {error}")
            return Exchange(silent, result.status, error, is_verified=is_verified or None, answered_s=answered_s)
        return Exchange(answer, result.status, is_verified=is_verified or None, answered_s=answered_s)

    @property
    def is_encrypting(self) -> bool:
        """Whether the content of requests can be read by Alipay alone."""
        return bool(self._identity.aes_key)

    async def order_string(self, request: wire.Request) -> str:
        """Return the signed parameters as one text: an app's order string, or the query of a browser's URL."""
        return form_of(await self._signed(request))

    async def browser_url(self, request: wire.Request) -> str:
        """Return the URL that the payer's browser opens."""
        return f"{self._identity.gateway}?{await self.order_string(request)}"

    def is_authentic(self, posted: dict[str, str]) -> bool:
        """Whether Alipay signed the fields of a notification."""
        signature, texts = posted.get("sign", ""), notification_texts(posted)
        keys = (self._identity.alipay_key, *self._reissued.values())
        return any(is_signed(key, text, signature) for text in texts for key in keys)

    async def close(self) -> None:
        """Close the connections and the signing threads."""
        await self._transport.close()
        self._signer.close()

    async def _post(self, request: wire.Request) -> Answered | Unsent | Silent:
        parameters = await self._signed(request)
        del parameters["charset"]  # It stands in the path, where the gateway looks before it reads the body.
        return await self._transport.post(self._path, form_of(parameters).encode("ascii"), _HEADERS)

    async def _signed(self, request: wire.Request) -> dict[str, str]:
        identity = self._identity
        content = request.content.decode()
        parameters = {
            "app_id": identity.app_id,
            "method": request.method,
            "format": "JSON",
            "charset": _CHARSET,
            "sign_type": "RSA2",
            "timestamp": wire.china_time(self.now_us),
            "version": "1.0",
            "notify_url": identity.notify_url if request.is_notified else "",
            "return_url": request.return_url,
            "biz_content": encrypt(identity.aes_key, request.content) if identity.aes_key else content,
            "encrypt_type": "AES" if identity.aes_key else "",
        }
        if identity.certificates is not None:
            parameters["app_cert_sn"] = identity.certificates.app_number
            parameters["alipay_root_cert_sn"] = identity.certificates.root_number
        parameters["sign"] = await self._signer.sign(request_text(parameters))
        return parameters

    async def _verified(self, envelope: Envelope) -> bool:
        """Whether an envelope carries a signature, which is right then. Raises NotAuthentic."""
        if not envelope.signature:
            return False
        key = await self._key_for(envelope.certificate_number)
        if not is_signed(key, envelope.raw, envelope.signature):
            raise NotAuthentic(f"wrong signature; {wrong_key_advice(self._identity)}")
        return True

    def _read(self, envelope: Envelope, *, is_signed: bool) -> Answer:
        """Return the answer in an envelope. Raises NotAuthentic and what reading raises."""
        if is_signed:
            return read_answer(self._clear(envelope.raw), is_signed=True)
        answer = read_answer(envelope.raw, is_signed=False)
        if answer.code in (SUCCESS, IN_PROCESS):
            raise NotAuthentic("a success without a signature")
        return answer

    def _clear(self, raw: bytes) -> bytes:
        """Return a node's JSON, decrypted where it is encrypted: errors may come in clear all the same."""
        if not raw.startswith(b'"'):
            return raw
        if not self._identity.aes_key:
            raise CiphertextInvalid("the answer is encrypted, and there is no aes_key")
        return decrypt(self._identity.aes_key, str(orjson.loads(raw)))

    async def _key_for(self, number: str) -> RSAPublicKey:
        """Return the key of the certificate `number`, which Alipay may have re-issued. Raises NotAuthentic."""
        mode = self._identity.certificates
        if mode is None or number in ("", mode.alipay_number):
            return self._identity.alipay_key
        if number not in self._reissued:
            async with self._download:
                if number not in self._reissued:
                    self._reissued[number] = await self._reissued_key(mode, number)
                    for oldest in list(self._reissued)[:-MAX_REISSUED]:
                        del self._reissued[oldest]
        return self._reissued[number]

    async def _reissued_key(self, mode: CertificateMode, number: str) -> RSAPublicKey:
        request = wire.certificate_download(number)
        result = await self._post(request)
        if not isinstance(result, Answered) or result.status != 200:
            raise NotAuthentic("Alipay's new certificate could not be downloaded")
        try:
            envelope = open_envelope(result.body, method=request.method)
            # What proves the download is the chain of the certificate in it; its signature is the new key's own.
            answer = read_answer(self._clear(envelope.raw), is_signed=False)
            key = mode.trusted.key_of_reissued(
                answer.alipay_cert_content, number=number, now=datetime.fromtimestamp(self._now_s(), UTC)
            )
        except (EnvelopeInvalid, AnswerUnreadable, CiphertextInvalid, CertificateInvalid) as error:
            raise NotAuthentic(f"Alipay's new certificate is not usable: {error}; check alipay_certificate") from error
        self._log.warning(
            "alipay: answers are signed with certificate %.32s now; download it and give it as alipay_certificate",
            number,
        )
        return key


def wrong_key_advice(identity: Identity) -> str:
    """Return what to check when a signature of Alipay's does not verify."""
    if identity.certificates is None:
        return "is alipay_public_key Alipay's own key for this application, and not the application's?"
    return "is alipay_certificate Alipay's present certificate for this application?"
