"""The sandbox acquirer: authorizes, captures, cancels, refunds and answers queries, on its own durable book.

A request under a known reference gets the answer of the first one, and with other content it is refused. A cancel of a
charge that it has never seen is confirmed and remembered, so that the charge can not come true later.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import orjson

from tollbridge_server.providers.sandbox.wire import ActionType, Answer, Request, Verb
from tollbridge_server.storage.group_commit import GroupCommit
from tollbridge_server.testing.simulators.sandbox.book import (
    CANCELED,
    DECLINED,
    PENDING,
    REQUIRES_ACTION,
    SUCCEEDED,
    ChargeEntry,
    EffectEntry,
    Ledger,
    open_book,
)
from tollbridge_server.testing.simulators.sandbox.rules import (
    PENDING_BEHAVIORS,
    UNBOOKED_BEHAVIORS,
    Behavior,
    Decision,
    behavior_of,
    decide,
)

T = TypeVar("T")

SETTLE_AFTER_US = 1_000_000
SLOW_S = 1.0
_CARD_WALLETS = {"ALIPAY_QR": ActionType.QR, "WECHAT_NATIVE": ActionType.QR}


class Faulty(Exception):
    """The request gets no proper answer; `behavior` says which improper one. What was booked stays booked."""

    def __init__(self, behavior: Behavior) -> None:
        super().__init__(behavior.value)
        self.behavior = behavior


class ReferenceReused(Exception):
    """A reference that was used for a request with other content."""


class SandboxAcquirer:
    """One acquirer with its book. `pages_url` is where the payer's pages are, known when they listen."""

    def __init__(self, book_path: Path, *, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._connection = open_book(book_path)
        self._group = GroupCommit(self._connection)
        self._ledger = Ledger(self._connection)
        self._now_us = now_us
        self._armed: list[Behavior] = []
        self.pages_url = "http://127.0.0.1"
        self.posted = asyncio.Event()
        """Set when a notification waits to be delivered."""

    async def write(self, unit: Callable[[Ledger], T]) -> T:
        """Run `unit` over the book in one durable transaction."""
        return await self._group.write(lambda _: unit(self._ledger))

    async def close(self) -> None:
        """Commit what is queued, then close the book."""
        await self._group.close()
        self._connection.close()

    def arm(self, behavior: Behavior, count: int) -> None:
        """Let the next `count` requests behave so, whatever their amounts."""
        self._armed.extend([behavior] * count)

    async def handle(self, account: str, verb: Verb, request: Request) -> Answer:
        """Carry out one request. Raises Faulty for what a fault makes of it, and ReferenceReused."""
        if verb is Verb.QUERY:
            return await self.write(lambda ledger: self._query(ledger, account, request))
        behavior = self._armed.pop(0) if self._armed else behavior_of(request.amount_minor)
        if behavior in UNBOOKED_BEHAVIORS and await self.write(
            lambda ledger: ledger.drop_once(account, request.reference)
        ):
            raise Faulty(behavior)
        answer = await self.write(lambda ledger: self._carry_out(ledger, account, verb, request, behavior))
        if behavior in (Behavior.BOOKED_TIMEOUT, Behavior.BOOKED_RESET, Behavior.BOOKED_SERVER_ERROR):
            raise Faulty(behavior)
        if behavior is Behavior.SLOW:
            await asyncio.sleep(SLOW_S)
        if behavior is Behavior.WRONG_AMOUNT and answer.state == SUCCEEDED:
            answer.amount_minor += 1
        return answer

    async def decide_action(self, token: str, *, is_approved: bool) -> ChargeEntry | None:
        """Do what the payer decided on a page; None for a page that does not exist. A decision is made once."""

        def unit(ledger: Ledger) -> ChargeEntry | None:
            charge = ledger.charge_by_token(token)
            if charge is None:
                return None
            self._expire(ledger, charge)
            if charge.state == REQUIRES_ACTION:
                charge.action = ""
                self._conclude_charge(ledger, charge, is_approved=is_approved, code=_refusal_code(charge))
            return charge

        return await self.write(unit)

    async def settle_due(self) -> None:
        """Conclude what is pending and due, and post its notifications."""

        def unit(ledger: Ledger) -> None:
            now_us = self._now_us()
            for charge in ledger.settling_charges(now_us):
                self._settle_charge(ledger, charge)
            for effect in ledger.settling_effects(now_us):
                self._settle_effect(ledger, effect)

        await self.write(unit)

    def _carry_out(
        self, ledger: Ledger, account: str, verb: Verb, request: Request, behavior: Behavior | None
    ) -> Answer:
        if verb is Verb.CHARGE:
            known = ledger.charge(account, request.reference)
            if known is not None:
                _require_same(known.kind in ("CANCEL", request.kind), known.amount_minor in (0, request.amount_minor))
                return self._charge_answer(ledger, known)
            return self._charge_answer(ledger, self._book_charge(ledger, account, request, behavior))
        effect = ledger.effect(account, request.reference)
        if effect is None:
            effect = self._book_effect(ledger, account, verb, request, behavior)
        else:
            is_same_amount = verb is Verb.CANCEL or effect.amount_minor == request.amount_minor
            _require_same(effect.kind == verb.name, effect.charge == request.charge, is_same_amount)
        return _effect_answer(effect)

    def _book_charge(self, ledger: Ledger, account: str, request: Request, behavior: Behavior | None) -> ChargeEntry:
        now_us = self._now_us()
        charge = ChargeEntry(
            account=account,
            reference=request.reference,
            id=_new_id("ch"),
            kind=request.kind,
            amount_minor=request.amount_minor,
            currency=request.currency,
            method=request.method,
            last_four=request.card_number[-4:],
            state=SUCCEEDED,
            code="",
            action="",
            token="",
            return_url=request.return_url,
            captured_minor=0,
            refunded_minor=0,
            is_released=0,
            expires_at_us=request.expires_at_us,
            settles_at_us=0,
            created_at_us=now_us,
        )
        rule = decide(request.card_number)
        if behavior is Behavior.DECLINED:
            charge.state, charge.code = DECLINED, "generic_decline"
        elif rule.decision is Decision.DECLINE:
            charge.state, charge.code = DECLINED, rule.code
        elif request.method != "CARD" or rule.decision is Decision.CHALLENGE:
            charge.state, charge.token = REQUIRES_ACTION, secrets.token_urlsafe(18)
            charge.action = _CARD_WALLETS.get(request.method, ActionType.REDIRECT).value
        elif behavior in PENDING_BEHAVIORS:
            charge.state, charge.settles_at_us = PENDING, now_us + SETTLE_AFTER_US
        elif request.kind == "SALE":
            charge.captured_minor = charge.amount_minor
        ledger.add_charge(charge)
        return charge

    def _book_effect(
        self, ledger: Ledger, account: str, verb: Verb, request: Request, behavior: Behavior | None
    ) -> EffectEntry:
        now_us = self._now_us()
        charge = ledger.charge(account, request.charge)
        if charge is None and verb is Verb.CANCEL:
            charge = self._tombstone(ledger, account, request, now_us)
        effect = EffectEntry(
            account=account,
            reference=request.reference,
            id=_new_id(verb.name[:2].lower()),
            kind=verb.name,
            charge=request.charge,
            amount_minor=request.amount_minor,
            currency=charge.currency if charge else request.currency,
            state=SUCCEEDED,
            code="",
            is_final=int(request.is_final),
            settles_at_us=0,
            created_at_us=now_us,
        )
        if charge is not None:
            self._expire(ledger, charge)
        effect.code = "generic_decline" if behavior is Behavior.DECLINED else self._refusal(charge, verb, request)
        if effect.code:
            effect.state = DECLINED
        elif charge is not None and verb is Verb.CANCEL:
            effect.amount_minor = charge.amount_minor - charge.captured_minor
            self._cancel(ledger, charge)
        elif charge is not None:
            self._move(ledger, charge, effect)
            if behavior in PENDING_BEHAVIORS:
                effect.state, effect.settles_at_us = PENDING, now_us + SETTLE_AFTER_US
        ledger.add_effect(effect)
        return effect

    def _tombstone(self, ledger: Ledger, account: str, request: Request, now_us: int) -> ChargeEntry:
        charge = ChargeEntry(
            account=account,
            reference=request.charge,
            id=_new_id("ch"),
            kind="CANCEL",
            amount_minor=0,
            currency=request.currency,
            method="",
            last_four="",
            state=CANCELED,
            code="canceled",
            action="",
            token="",
            return_url="",
            captured_minor=0,
            refunded_minor=0,
            is_released=1,
            expires_at_us=0,
            settles_at_us=0,
            created_at_us=now_us,
        )
        ledger.add_charge(charge)
        return charge

    def _refusal(self, charge: ChargeEntry | None, verb: Verb, request: Request) -> str:
        """Return the code with which the acquirer refuses, or nothing."""
        if charge is None:
            return "charge_unknown"
        if verb is Verb.CANCEL:
            is_taken = charge.state == SUCCEEDED and charge.captured_minor == charge.amount_minor
            return "charge_captured" if is_taken else "charge_declined" if charge.state == DECLINED else ""
        if charge.state != SUCCEEDED:
            return "charge_not_approved"
        if request.currency != charge.currency:
            return "currency_differs"
        if verb is Verb.CAPTURE:
            if charge.is_released or charge.kind != "AUTHORIZE":
                return "charge_released"
            return "amount_too_large" if charge.captured_minor + request.amount_minor > charge.amount_minor else ""
        return "amount_too_large" if charge.refunded_minor + request.amount_minor > charge.captured_minor else ""

    def _move(self, ledger: Ledger, charge: ChargeEntry, effect: EffectEntry) -> None:
        if effect.kind == Verb.CAPTURE.name:
            charge.captured_minor += effect.amount_minor
            charge.is_released = max(charge.is_released, effect.is_final)
        else:
            charge.refunded_minor += effect.amount_minor
        ledger.change_charge(charge)

    def _cancel(self, ledger: Ledger, charge: ChargeEntry) -> None:
        charge.is_released, charge.settles_at_us, charge.action = 1, 0, ""
        if charge.state in (PENDING, REQUIRES_ACTION):
            charge.state, charge.code = CANCELED, "canceled"
        ledger.change_charge(charge)

    def _expire(self, ledger: Ledger, charge: ChargeEntry) -> None:
        """Close a charge whose payer let the time pass."""
        if charge.state == REQUIRES_ACTION and 0 < charge.expires_at_us <= self._now_us():
            charge.state, charge.code, charge.action = CANCELED, "expired", ""
            ledger.change_charge(charge)

    def _settle_charge(self, ledger: Ledger, charge: ChargeEntry) -> None:
        behavior = behavior_of(charge.amount_minor)
        pending = self._charge_answer(ledger, charge)
        is_approved = behavior is not Behavior.PENDING_FAILURE
        charge.settles_at_us = 0
        copies = 3 if behavior is Behavior.DUPLICATE_NOTIFICATIONS else 1
        self._conclude_charge(ledger, charge, is_approved=is_approved, code="generic_decline", copies=copies)
        if behavior is Behavior.REORDERED_NOTIFICATIONS:
            self._post(ledger, charge.account, pending, delay_us=300_000)

    def _settle_effect(self, ledger: Ledger, effect: EffectEntry) -> None:
        effect.settles_at_us = 0
        effect.state = SUCCEEDED
        if behavior_of(effect.amount_minor) is Behavior.PENDING_FAILURE:
            effect.state, effect.code = DECLINED, "generic_decline"
            charge = ledger.charge(effect.account, effect.charge)
            if charge is not None:
                if effect.kind == Verb.CAPTURE.name:
                    charge.captured_minor -= effect.amount_minor
                else:
                    charge.refunded_minor -= effect.amount_minor
                ledger.change_charge(charge)
        ledger.change_effect(effect)
        self._post(ledger, effect.account, _effect_answer(effect))

    def _conclude_charge(
        self, ledger: Ledger, charge: ChargeEntry, *, is_approved: bool, code: str, copies: int = 1
    ) -> None:
        charge.state, charge.code = (SUCCEEDED, "") if is_approved else (DECLINED, code)
        if is_approved and charge.kind == "SALE":
            charge.captured_minor = charge.amount_minor
        ledger.change_charge(charge)
        answer = self._charge_answer(ledger, charge)
        for _ in range(copies):
            self._post(ledger, charge.account, answer)

    def _post(self, ledger: Ledger, account: str, answer: Answer, *, delay_us: int = 0) -> None:
        event_id = _new_id("ev")
        body = orjson.dumps({"event_id": event_id, "account": account, "answer": answer})
        ledger.post(event_id, account, body, due_at_us=self._now_us() + delay_us)
        self.posted.set()

    def _query(self, ledger: Ledger, account: str, request: Request) -> Answer:
        charge = ledger.charge(account, request.reference)
        if charge is not None:
            self._expire(ledger, charge)
            return self._charge_answer(ledger, charge)
        effect = ledger.effect(account, request.reference)
        if effect is not None:
            return _effect_answer(effect)
        return Answer(reference=request.reference, state="not_found")

    def _charge_answer(self, ledger: Ledger, charge: ChargeEntry) -> Answer:
        """Return the present truth about a charge: an authorization that was voided is canceled."""
        is_voided = charge.state == SUCCEEDED and charge.is_released and not charge.captured_minor
        is_open = charge.state == REQUIRES_ACTION
        return Answer(
            reference=charge.reference,
            id=charge.id,
            kind=charge.kind,
            state=CANCELED if is_voided else charge.state,
            code=charge.code,
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            action=charge.action if is_open else "",
            action_url=f"{self.pages_url}/pay/{charge.token}" if is_open else "",
            expires_at_us=charge.expires_at_us if is_open else 0,
        )


def _effect_answer(effect: EffectEntry) -> Answer:
    return Answer(
        reference=effect.reference,
        id=effect.id,
        kind=effect.kind,
        state=effect.state,
        code=effect.code,
        amount_minor=effect.amount_minor,
        currency=effect.currency,
    )


def _require_same(*conditions: bool) -> None:
    if not all(conditions):
        raise ReferenceReused


def _refusal_code(charge: ChargeEntry) -> str:
    return "authentication_failed" if charge.method == "CARD" else "payer_canceled"


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
