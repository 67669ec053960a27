"""The client of API v3: a signed request, and an answer that is verified over its raw bytes before it is read.

Refuses to believe a success that WeChat Pay did not sign, and any answer whose signature is wrong; then it says Silent,
since nobody knows what became of the request. An error without a signature is handed on as such.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tollbridge_server.providers.rsa_keys import Signer, is_signed
from tollbridge_server.providers.transport import MAX_ANSWER_BYTES, Answered, Silent, Transport, Unsent
from tollbridge_server.providers.wechatpay import advice, certificates, wire
from tollbridge_server.providers.wechatpay.answers import Answer, AnswerUnreadable, read_answer
from tollbridge_server.providers.wechatpay.certificates import CertificateInvalid, KeyRing, PlatformCertificate
from tollbridge_server.providers.wechatpay.encryption import seal_for, unseal
from tollbridge_server.providers.wechatpay.signing import (
    SERIAL_HEADER,
    Authorization,
    Seal,
    SealInvalid,
    SealStale,
    has_seal,
    read_seal,
    request_text,
)

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 64 * 1024 * 1024
DOWNLOAD_TIMEOUT_S = 300.0
MAX_FETCHES = 6
FETCHES_WINDOW_S = 60.0
_HEADERS = {"Accept": "application/json", "User-Agent": "tollbridge"}


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


class NotAuthentic(Exception):
    """An answer or a notification that WeChat Pay did not sign, as far as we can tell; the text is for the log."""


class Stale(NotAuthentic):
    """A genuine signature that is too old or too new."""


class NoPlatformKey(Exception):
    """No key of WeChat Pay's is at hand to encrypt with; nothing was sent."""


class Client:
    """One merchant at WeChat Pay. It keeps the platform certificates, and no state of a payment."""

    def __init__(
        self, identity: Identity, transport: Transport, signer: Signer, *, now_s: Callable[[], float] = time.time
    ) -> None:
        self._identity = identity
        self._transport = transport
        self._signer = signer
        self._now_s = now_s
        self._keys = KeyRing(public_key=identity.public_key, public_key_id=identity.public_key_id)
        self._fetch: asyncio.Task[None] | None = None
        self._fetched: deque[float] = deque(maxlen=MAX_FETCHES)
        self._log = logging.LoggerAdapter(logger, {"provider_account_id": identity.account_id})

    @property
    def identity(self) -> Identity:
        """Who we are at WeChat Pay, and whom we believe."""
        return self._identity

    @property
    def now_us(self) -> int:
        """The present time in microseconds since the epoch."""
        return int(self._now_s() * 1_000_000)

    async def warm(self) -> None:
        """Fetch the platform certificates if that is due; a failure is in the log, and the next use tries again."""
        await self._fetched_if(self._keys.is_due(self._now_s()))

    async def call(self, request: wire.Request) -> Answer | Unsent | Silent:
        """Send a request and return its verified answer, an unsigned error, or what is known of the silence."""
        if not await self._can_verify():
            # Without a key the answer could not be believed, and a payment must not be made for nobody to know.
            return Unsent("no key of WeChat Pay's to verify the answer with")
        result = await self._send(request)
        if not isinstance(result, Answered):
            return result
        is_success = 200 <= result.status < 300
        try:
            if is_success or has_seal(result.headers):
                await self._require_signed(result)
                return read_answer(result.status, result.body, is_signed=True)
            if result.status < 400:
                return Silent(f"HTTP {result.status}")
            answer = read_answer(result.status, result.body, is_signed=False)
            if result.status == 401:
                self._log.error("wechatpay %s: %s", request.verb, advice.on_refusal(answer))
            return answer
        except NotAuthentic as error:
            self._log.warning("wechatpay %s: HTTP %d is not authentic: %s", request.verb, result.status, error)
            return Silent(f"the answer is not authentic: {error}")
        except AnswerUnreadable as error:
            return Silent(f"HTTP {result.status}: the answer can not be read: {error}")

    async def ask(self, request: wire.Request) -> Answered | Unsent | Silent:
        """Return what came, unread and unverified: for a question about keys, never for one about a payment."""
        return await self._send(request)

    def require_signed(self, result: Answered) -> None:
        """Raise NotAuthentic unless an answer is signed with a key that is known by now; it fetches nothing."""
        self._verify(_seal_of(result.headers), result.body, self._now_s())

    @property
    def origin(self) -> str:
        """Where WeChat Pay is, as scheme://host[:port]."""
        return self._transport.origin

    async def download(self, path: str) -> Answered | Unsent | Silent:
        """Return a file that WeChat Pay does not sign: its hash, which was in a signed answer, has to prove it."""
        return await self._send(wire.Request("GET", path), max_bytes=MAX_FILE_BYTES, timeout_s=DOWNLOAD_TIMEOUT_S)

    async def sign_text(self, text: bytes | str) -> str:
        """Return our signature of a text for the payer's device, as base64."""
        return await self._signer.sign(text.encode() if isinstance(text, str) else text)

    async def seal(self, plain: str) -> tuple[str, str]:
        """Return personal data encrypted for WeChat Pay, and the serial or id of the key (`sealed_for` of the request).

        Raises NoPlatformKey, and ValueError for a text that is too long.
        """
        await self._can_verify()
        found = self._keys.sealing_key(self._now_s())
        if found is None:
            raise NoPlatformKey("no key of WeChat Pay's is effective")
        serial, key = found
        return seal_for(key, plain), serial

    def require_authentic(self, headers: Mapping[str, str], body: bytes, *, now_s: float) -> None:
        """Raise NotAuthentic unless WeChat Pay signed a notification (header names in lower case) with a known key.

        It does not wait: for an unknown key the certificates are fetched meanwhile, for WeChat Pay's next try.
        """
        seal = _seal_of(headers)
        self._fetching(self._key_of(seal) is None or self._keys.is_due(self._now_s()))
        self._verify(seal, body, now_s)

    def unseal(self, ciphertext: str, *, nonce: str, associated_data: str) -> bytes:
        """Return what WeChat Pay encrypted with the APIv3 key. Raises CiphertextInvalid."""
        return unseal(self._identity.api_v3_key, ciphertext, nonce=nonce, associated_data=associated_data)

    async def close(self) -> None:
        """Close the connections and the signing threads."""
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait({self._fetch})
        await self._transport.close()
        self._signer.close()

    async def _send(
        self, request: wire.Request, *, max_bytes: int = MAX_ANSWER_BYTES, timeout_s: float | None = None
    ) -> Answered | Unsent | Silent:
        identity = self._identity
        timestamp, nonce = str(int(self._now_s())), secrets.token_hex(16)
        text = request_text(request.verb, request.path, timestamp=timestamp, nonce=nonce, body=request.body)
        authorization = Authorization(
            mchid=identity.mchid,
            serial_no=identity.serial_no,
            timestamp=timestamp,
            nonce=nonce,
            signature=await self._signer.sign(text),
        )
        headers = {**_HEADERS, "Authorization": authorization.header()}
        # With a public key the header also asks for answers that are signed with it, and not with a certificate.
        serial = request.sealed_for or identity.public_key_id
        if serial:
            headers[SERIAL_HEADER] = serial
        if request.verb == "GET":
            return await self._transport.get(request.path, headers, max_bytes=max_bytes, timeout_s=timeout_s)
        headers["Content-Type"] = "application/json"
        return await self._transport.post(request.path, request.body, headers)

    async def _require_signed(self, result: Answered) -> None:
        """Raise NotAuthentic unless an answer is signed; for an unknown key the certificates are fetched once."""
        seal = _seal_of(result.headers)
        await self._fetched_if(self._key_of(seal) is None)
        self._verify(seal, result.body, self._now_s())

    def _verify(self, seal: Seal, body: bytes, now_s: float) -> None:
        key = self._key_of(seal)
        if key is None:
            raise NotAuthentic(advice.on_unknown_key(seal.serial, public_key_id=self._identity.public_key_id))
        self._require_signature(key, seal, body, now_s)

    def _require_signature(self, key: RSAPublicKey, seal: Seal, body: bytes, now_s: float) -> None:
        """Raise NotAuthentic unless the signature is right and fresh."""
        if not is_signed(key, seal.text(body), seal.signature):
            is_public_key = seal.serial == self._identity.public_key_id
            raise NotAuthentic(advice.on_wrong_signature(is_public_key=is_public_key))
        try:
            seal.require_fresh(now_s)
        except SealStale as error:
            # The signature is genuine, so this is worth an operator's look: anybody could send a wrong one.
            raise Stale(f"{error}; synchronise this machine's clock") from error

    def _key_of(self, seal: Seal) -> RSAPublicKey | None:
        return self._keys.key_of(seal.serial, self._now_s())

    async def _can_verify(self) -> bool:
        """Whether there is a key to verify with; it waits for certificates only where there is no key at all."""
        await self._fetched_if(self._keys.sealing_key(self._now_s()) is None)
        self._fetching(self._keys.is_due(self._now_s()))
        return self._keys.sealing_key(self._now_s()) is not None

    async def _fetched_if(self, is_needed: bool) -> None:
        """Wait until the certificates are fetched, or could not be fetched, if that is needed."""
        fetch = self._fetching(is_needed)
        if fetch is not None:
            # Not awaited itself: many calls wait for one fetch, and the end of one call must not end it.
            await asyncio.wait({fetch})

    def _fetching(self, is_needed: bool) -> asyncio.Task[None] | None:
        """Start to fetch the certificates if that is needed and allowed; return the fetch that is under way."""
        if not is_needed:
            return None
        if self._fetch is None and self._may_fetch():
            self._fetch = asyncio.get_running_loop().create_task(self._renew(), name="wechatpay certificates")
        return self._fetch

    async def _renew(self) -> None:
        try:
            found = await self._certificates()
            if found is None:
                self._keys.keep(self._now_s())
            else:
                self._keys.take(found, self._now_s())
        except (NotAuthentic, CertificateInvalid) as error:
            self._log.warning("wechatpay: the platform certificates could not be fetched: %s", error)
        finally:
            self._fetch = None

    def _may_fetch(self) -> bool:
        # Anybody can send a notification with an invented serial; it must not cost us a request each time.
        now_s = self._now_s()
        if len(self._fetched) == MAX_FETCHES and abs(now_s - self._fetched[0]) < FETCHES_WINDOW_S:
            return False
        self._fetched.append(now_s)
        return True

    async def _certificates(self) -> tuple[PlatformCertificate, ...] | None:
        """Return the list of certificates; None for an account that has a public key and no certificates.

        Raises NotAuthentic and CertificateInvalid.
        """
        result = await self._send(wire.Request("GET", certificates.PATH))
        if not isinstance(result, Answered):
            raise NotAuthentic(result.reason)
        if result.status == 404 and self._identity.public_key is not None:
            return None
        if result.status != 200:
            raise NotAuthentic(advice.on_no_certificates(result))
        return self.read_certificates(result)

    def read_certificates(self, result: Answered) -> tuple[PlatformCertificate, ...]:
        """Return the list in an answer of the certificates' path. Raises NotAuthentic and CertificateInvalid."""
        seal = _seal_of(result.headers)
        found = certificates.read_list(result.body, api_v3_key=self._identity.api_v3_key)
        # The key may be in this very answer, which the APIv3 key has just proved; the seal adds that it is fresh.
        offered = KeyRing()
        offered.take(found, self._now_s())
        key = self._key_of(seal) or offered.key_of(seal.serial, self._now_s())
        if key is None:
            raise NotAuthentic("the list is signed with a key that is not in it")
        self._require_signature(key, seal, result.body, self._now_s())
        return found


def _seal_of(headers: Mapping[str, str]) -> Seal:
    try:
        return read_seal(headers)
    except SealInvalid as error:
        raise NotAuthentic(str(error)) from error
