"""The client of API v3: a signed request, and an answer that is verified over its raw bytes before it is read.

Refuses to believe a success that WeChat Pay did not sign, and any answer whose signature is wrong; then it says Silent,
since nobody knows what became of the request. An error without a signature is handed on as such.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from tollbridge_server.providers.rsa_keys import Signer
from tollbridge_server.providers.transport import MAX_ANSWER_BYTES, Answered, Silent, Transport, Unsent
from tollbridge_server.providers.wechatpay import certificates, wire
from tollbridge_server.providers.wechatpay.answers import Answer, AnswerUnreadable, read_answer
from tollbridge_server.providers.wechatpay.encryption import seal_for, unseal
from tollbridge_server.providers.wechatpay.identity import Identity
from tollbridge_server.providers.wechatpay.platform_keys import NotAuthentic, PlatformKeys
from tollbridge_server.providers.wechatpay.signing import SERIAL_HEADER, Authorization, has_seal, request_text

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 64 * 1024 * 1024
DOWNLOAD_TIMEOUT_S = 300.0
_HEADERS = {"Accept": "application/json", "User-Agent": "tollbridge"}


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
        self._keys = PlatformKeys(identity, self.ask_for_certificates, now_s=now_s)
        self._log = logging.LoggerAdapter(logger, {"provider_account_id": identity.account_id})

    @property
    def identity(self) -> Identity:
        """Who we are at WeChat Pay, and whom we believe."""
        return self._identity

    @property
    def keys(self) -> PlatformKeys:
        """The keys that WeChat Pay signs with, as far as they are known."""
        return self._keys

    @property
    def now_us(self) -> int:
        """The present time in microseconds since the epoch."""
        return int(self._now_s() * 1_000_000)

    @property
    def origin(self) -> str:
        """Where WeChat Pay is, as scheme://host[:port]."""
        return self._transport.origin

    async def call(self, request: wire.Request) -> Answer | Unsent | Silent:
        """Send a request and return its verified answer, an unsigned error, or what is known of the silence."""
        if not await self._keys.can_verify():
            # Without a key the answer could not be believed, and a payment must not be made for nobody to know.
            return Unsent("no key of WeChat Pay's to verify the answer with")
        result = await self._send(request)
        if not isinstance(result, Answered):
            return result
        is_success = 200 <= result.status < 300
        try:
            if is_success or has_seal(result.headers):
                await self._keys.require_signed(result)
                return read_answer(result.status, result.body, is_signed=True)
            if result.status < 400:
                return Silent(f"HTTP {result.status}")
            return read_answer(result.status, result.body, is_signed=False)
        except NotAuthentic as error:
            self._log.warning("wechatpay %s: HTTP %d is not authentic: %s", request.verb, result.status, error)
            return Silent(f"the answer is not authentic: {error}")
        except AnswerUnreadable as error:
            return Silent(f"HTTP {result.status}: the answer can not be read: {error}")

    async def ask(self, request: wire.Request) -> Answered | Unsent | Silent:
        """Return what came, unread and unverified: for a question about keys, never for one about a payment."""
        return await self._send(request)

    async def ask_for_certificates(self) -> Answered | Unsent | Silent:
        """Return what came to the question for the platform certificates, as `ask` does."""
        return await self._send(wire.Request("GET", certificates.PATH))

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
        found = await self._keys.sealing_key()
        if found is None:
            raise NoPlatformKey("no key of WeChat Pay's is effective")
        serial, key = found
        return seal_for(key, plain), serial

    def unseal(self, ciphertext: str, *, nonce: str, associated_data: str) -> bytes:
        """Return what WeChat Pay encrypted with the APIv3 key. Raises CiphertextInvalid."""
        return unseal(self._identity.api_v3_key, ciphertext, nonce=nonce, associated_data=associated_data)

    async def close(self) -> None:
        """Close the connections and the signing threads."""
        await self._keys.close()
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
