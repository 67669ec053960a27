"""How a request reaches the acquirer: over signed HTTP here, or inside the process where the simulator brings its own.

Refuses to believe an answer that is not signed for exactly this request.
"""

from __future__ import annotations

import time
from typing import Protocol

from tollbridge_server.providers.sandbox import signing, wire
from tollbridge_server.providers.sandbox.wire import Answer, Request, Verb
from tollbridge_server.providers.transport import Answered, Silent, Transport, Unsent


class SandboxLink(Protocol):
    """A way to the acquirer for one account."""

    async def call(self, verb: Verb, request: Request) -> Answer | Unsent | Silent: ...

    async def close(self) -> None: ...


class HttpLink:
    """Signed JSON over HTTP."""

    def __init__(self, transport: Transport, *, account_id: str, secret: bytes) -> None:
        self._transport = transport
        self._account_id = account_id
        self._secret = secret

    async def call(self, verb: Verb, request: Request) -> Answer | Unsent | Silent:
        """Send, verify the answer's signature over its raw bytes, then read it."""
        body, now_s = wire.write(request), int(time.time())
        signature = signing.sign(self._secret, body, timestamp_s=now_s, context=signing.request_context(verb.value))
        headers = {
            "content-type": "application/json",
            "sandbox-account": self._account_id,
            signing.TIMESTAMP_HEADER: str(now_s),
            signing.SIGNATURE_HEADER: signature,
        }
        result = await self._transport.post(verb.value, body, headers)
        if not isinstance(result, Answered):
            return result
        try:
            signing.verify(
                self._secret,
                result.body,
                timestamp=result.headers.get(signing.TIMESTAMP_HEADER, ""),
                signature=result.headers.get(signing.SIGNATURE_HEADER, ""),
                context=signing.answer_context(signature, result.status),
                now_s=time.time(),
            )
            if result.status != 200:
                return Silent(f"HTTP {result.status}")
            return wire.read_answer(result.body)
        except signing.SignatureInvalid as error:
            return Silent(f"the answer (HTTP {result.status}) is not authentic: {error}")
        except wire.Unreadable as error:
            return Silent(f"the answer can not be read: {error}")

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()
