"""Sends notifications: encrypted and signed anew at each try, as WeChat Pay does, or wrongly on demand.

Refuses nothing; what nobody can be sent counts as not answered.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Any

import orjson

from tollbridge_server.providers.wechatpay.encryption import ALGORITHM, seal
from tollbridge_server.testing.simulators.frame.delivery import Delivery
from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry
from tollbridge_server.testing.simulators.wechatpay.keys import Signing
from tollbridge_server.testing.simulators.wechatpay.office import Office
from tollbridge_server.testing.simulators.wechatpay.rules import Behavior

_ACCEPTED = (200, 204)
_FOREIGN_MCHID, _FOREIGN_APPID = "1999999999", "wx9999999999999999"


class Manner(StrEnum):
    """How a notification is sent again. All from WRONG_API_KEY on are signed by WeChat Pay itself.

    EMPTY_DATA is right, if unusual: WeChat Pay may leave the associated data empty.
    """

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    STALE = "stale"
    PROBE = "probe"
    UNSIGNED = "unsigned"
    WRONG_API_KEY = "wrong_api_key"
    WRONG_DATA = "wrong_data"
    EMPTY_DATA = "empty_data"
    FOREIGN_MCHID = "foreign_mchid"
    FOREIGN_APPID = "foreign_appid"
    WRONG_AMOUNT = "wrong_amount"


_SPOILED = {
    Manner.WRONG_KEY: Behavior.WRONG_SIGNATURE,
    Manner.STALE: Behavior.STALE_TIMESTAMP,
    Manner.PROBE: Behavior.SIGNTEST,
    Manner.UNSIGNED: Behavior.MISSING_HEADERS,
}


class WechatPayDelivery(Delivery[Manner]):
    """The way to the merchants' servers."""

    def __init__(self, office: Office, signing: Signing) -> None:
        super().__init__(Manner, dict.fromkeys(office.accounts, ""))
        self._office = office
        self._signing = signing

    async def deliver(self, entry: OutboxEntry) -> bool:
        """Send a notification as it is, and tell whether it was accepted."""
        return await self.send(entry, Manner.AGAIN) in _ACCEPTED

    async def send(self, entry: OutboxEntry, manner: Manner) -> int:
        account = self._office.accounts.get(entry.account)
        if account is None:
            return 0
        body = _sealed(entry.body, account.api_v3_key, manner)
        now_s, spoiled = self._office.premises.now_us() // 1_000_000, _SPOILED.get(manner)
        # No header of the merchant's asks for a key here: in transition a notification comes with the one or the other.
        wanted = "" if account.has_certificates and entry.tries % 2 else account.public_key_id
        headers = await self._signing.headers(account, body, wanted=wanted, now_s=now_s, behavior=spoiled)
        if manner is Manner.ALTERED:
            body = body.replace(b'"summary":"', b'"summary":"!')
        status, _ = await self.post(entry, body, {**headers, "Content-Type": "application/json"})
        return status


def _sealed(body: bytes, key: bytes, manner: Manner) -> bytes:
    """Return a notification with its resource encrypted, as it is sent."""
    content = orjson.loads(body)
    resource, nonce = content["resource"], secrets.token_hex(6)
    place = resource["original_type"]
    bound_to = "" if manner is Manner.EMPTY_DATA else place
    plain = orjson.dumps(_plain(resource["plain"], manner))
    sealing = secrets.token_bytes(len(key)) if manner is Manner.WRONG_API_KEY else key
    content["resource"] = {
        "original_type": place,
        "algorithm": ALGORITHM,
        "ciphertext": seal(sealing, plain, nonce=nonce, associated_data=bound_to),
        "associated_data": "another" if manner is Manner.WRONG_DATA else bound_to,
        "nonce": nonce,
    }
    return orjson.dumps(content)


def _plain(plain: dict[str, Any], manner: Manner) -> dict[str, Any]:
    """Return what is encrypted: the truth, or another merchant's, another app's, or another amount."""
    match manner:
        case Manner.FOREIGN_MCHID:
            return plain | {"mchid": _FOREIGN_MCHID}
        case Manner.FOREIGN_APPID if "appid" in plain:  # What is said of a refund names no app.
            return plain | {"appid": _FOREIGN_APPID}
        case Manner.WRONG_AMOUNT:
            name = "refund" if "refund_status" in plain else "total"
            return plain | {"amount": plain["amount"] | {name: plain["amount"][name] + 1}}
        case _:
            return plain
