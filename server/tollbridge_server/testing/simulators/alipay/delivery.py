"""Sends notifications as signed forms, with the time of each try as Alipay does, or wrongly on demand.

Refuses nothing; what nobody can be sent counts as not answered.
"""

from __future__ import annotations

from enum import StrEnum

import orjson

from tollbridge_server.providers.alipay.signing import form_of, notification_text
from tollbridge_server.testing.simulators.alipay.answers import Answers
from tollbridge_server.testing.simulators.alipay.fields import written_time
from tollbridge_server.testing.simulators.alipay.office import Office
from tollbridge_server.testing.simulators.frame.delivery import Delivery
from tollbridge_server.testing.simulators.frame.outbox import OutboxEntry

_OTHER_AMOUNT = "12345.67"
_FOREIGN_APP, _FOREIGN_SELLER = "2021999999999999", "2088999999999999"
_HEADERS = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
_ACKNOWLEDGED = (200, b"success")


class Manner(StrEnum):
    """How a notification is sent again."""

    AGAIN = "again"
    WRONG_KEY = "wrong_key"
    ALTERED = "altered"
    AMOUNT = "amount"
    FOREIGN_APP = "foreign_app"
    FOREIGN_SELLER = "foreign_seller"
    UNSIGNED = "unsigned"


class AlipayDelivery(Delivery[Manner]):
    """The way to the merchants' servers."""

    def __init__(self, office: Office, answers: Answers) -> None:
        super().__init__(Manner, dict.fromkeys(office.accounts, ""))
        self._office = office
        self._answers = answers

    async def deliver(self, entry: OutboxEntry) -> bool:
        """Send a notification as it is, and tell whether it was acknowledged."""
        return await self._sent(entry, Manner.AGAIN) == _ACKNOWLEDGED

    async def send(self, entry: OutboxEntry, manner: Manner) -> int:
        return (await self._sent(entry, manner))[0]

    async def _sent(self, entry: OutboxEntry, manner: Manner) -> tuple[int, bytes]:
        return await self.post(entry, await self._form(orjson.loads(entry.body), manner), _HEADERS)

    async def _form(self, fields: dict[str, str], manner: Manner) -> bytes:
        fields["notify_time"] = written_time(self._office.now_us())
        if manner is Manner.FOREIGN_APP:
            fields["app_id"] = fields["auth_app_id"] = _FOREIGN_APP
        if manner is Manner.FOREIGN_SELLER:
            fields["seller_id" if "seller_id" in fields else "payee_user_id"] = _FOREIGN_SELLER
        amount = "total_amount" if "total_amount" in fields else "amount"
        if manner is Manner.AMOUNT:
            fields[amount] = _OTHER_AMOUNT
        text = notification_text(fields)
        if manner is Manner.WRONG_KEY:
            text = text[::-1]
        if manner is not Manner.UNSIGNED:
            fields["sign"] = await self._answers.signed(text)
        if manner is Manner.ALTERED:
            fields[amount] = _OTHER_AMOUNT
        return form_of(fields).encode("ascii")
