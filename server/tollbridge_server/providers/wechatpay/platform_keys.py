"""WeChat Pay's keys as they hold now: fetched when that is due, and asked whether WeChat Pay signed what came.

Refuses what no key of WeChat Pay's signed, what is older or newer than five minutes, and to fetch without end: anybody
can send a notification that names an invented key.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tollbridge_server.providers.rsa_keys import is_signed
from tollbridge_server.providers.transport import Answered, Silent, Unsent
from tollbridge_server.providers.wechatpay import advice, certificates
from tollbridge_server.providers.wechatpay.certificates import CertificateInvalid, KeyRing, PlatformCertificate
from tollbridge_server.providers.wechatpay.identity import Identity
from tollbridge_server.providers.wechatpay.signing import Seal, SealInvalid, SealStale, read_seal

logger = logging.getLogger(__name__)

MAX_FETCHES = 6
FETCHES_WINDOW_S = 60.0

Ask = Callable[[], Awaitable[Answered | Unsent | Silent]]
"""Asks WeChat Pay for the list of its platform certificates."""


class NotAuthentic(Exception):
    """An answer or a notification that WeChat Pay did not sign, as far as we can tell; the text is for the log."""


class Stale(NotAuthentic):
    """A genuine signature that is too old or too new."""


class PlatformKeys:
    """The keys that WeChat Pay may sign one merchant's answers with; those in certificates are fetched by `ask`."""

    def __init__(self, identity: Identity, ask: Ask, *, now_s: Callable[[], float]) -> None:
        self._identity = identity
        self._ask = ask
        self._now_s = now_s
        self._ring = KeyRing(public_key=identity.public_key, public_key_id=identity.public_key_id)
        self._fetch: asyncio.Task[None] | None = None
        self._fetched: deque[float] = deque(maxlen=MAX_FETCHES)
        self._log = logging.LoggerAdapter(logger, {"provider_account_id": identity.account_id})

    async def warm(self) -> None:
        """Fetch the platform certificates if that is due; a failure is in the log, and the next use tries again."""
        await self._fetched_if(self._ring.is_due(self._now_s()))

    async def can_verify(self) -> bool:
        """Whether there is a key to verify with; it waits for certificates only where there is no key at all."""
        return await self.sealing_key() is not None

    async def sealing_key(self) -> tuple[str, RSAPublicKey] | None:
        """Return the serial or id and the key to encrypt for WeChat Pay with; it waits where there is no key at all."""
        await self._fetched_if(self._ring.sealing_key(self._now_s()) is None)
        self._fetching(self._ring.is_due(self._now_s()))
        return self._ring.sealing_key(self._now_s())

    async def require_signed(self, result: Answered) -> None:
        """Raise NotAuthentic unless an answer is signed; for an unknown key the certificates are fetched once."""
        seal = _seal_of(result.headers)
        await self._fetched_if(self._key_of(seal) is None)
        self._verify(seal, result.body, self._now_s())

    def require_signed_by_known_key(self, result: Answered) -> None:
        """Raise NotAuthentic unless an answer is signed with a key that is known by now; it fetches nothing."""
        self._verify(_seal_of(result.headers), result.body, self._now_s())

    def require_authentic(self, headers: Mapping[str, str], body: bytes, *, now_s: float) -> None:
        """Raise NotAuthentic unless WeChat Pay signed a notification (header names in lower case) with a known key.

        It does not wait: for an unknown key the certificates are fetched meanwhile, for WeChat Pay's next try.
        """
        seal = _seal_of(headers)
        self._fetching(self._key_of(seal) is None or self._ring.is_due(self._now_s()))
        self._verify(seal, body, now_s)

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

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait({self._fetch})

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
        return self._ring.key_of(seal.serial, self._now_s())

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
                self._ring.keep(self._now_s())
            else:
                self._ring.take(found, self._now_s())
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
        result = await self._ask()
        if not isinstance(result, Answered):
            raise NotAuthentic(result.reason)
        if result.status == 404 and self._identity.public_key is not None:
            return None
        if result.status != 200:
            raise NotAuthentic(advice.on_no_certificates(result))
        return self.read_certificates(result)


def _seal_of(headers: Mapping[str, str]) -> Seal:
    try:
        return read_seal(headers)
    except SealInvalid as error:
        raise NotAuthentic(str(error)) from error
