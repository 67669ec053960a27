"""Decides and books one request inside one transaction of the book, as the back office of an acquirer would.

A request under a known reference gets the answer of the first one, and with other content it is refused. It refuses
what would break the sums: to capture more than was authorized, to give back more than was taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import orjson

from tollbridge_server.providers.sandbox.wire import ActionType, Answer, Request, Verb
from tollbridge_server.testing.simulators.frame.outbox import COPIES
from tollbridge_server.testing.simulators.sandbox.answers import about_charge, about_effect
from tollbridge_server.testing.simulators.sandbox.book import (
    CANCELED,
    DECLINED,
    PENDING,
    REQUIRES_ACTION,
    SUCCEEDED,
    ChargeEntry,
    EffectEntry,
    Ledger,
)
from tollbridge_server.testing.simulators.sandbox.repeats import is_same_charge, is_same_effect
from tollbridge_server.testing.simulators.sandbox.rules import PENDING_BEHAVIORS, Behavior, Decision, decide

SETTLE_AFTER_US = 1_000_000
_REORDERED_DELAY_US = 300_000
_QR_METHODS = frozenset({"ALIPAY_QR", "WECHAT_NATIVE"})
_TOMBSTONE = "CANCEL"


class ReferenceReused(Exception):
    """A reference that was used for a request with other content."""


class Clerk:
    """Works on the ledger; every method runs inside a transaction, and `now_us` is its only clock."""

    def __init__(self, ledger: Ledger, now_us: Callable[[], int], action_url: Callable[[str], str]) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._action_url = action_url

    def carry_out(self, account: str, verb: Verb, request: Request, behavior: Behavior | None) -> Answer:
        """Book the request and return what became of it. Raises ReferenceReused."""
        if verb is Verb.CHARGE:
            return self.answer_about(self._book_charge(account, request, behavior))
        effect = self._ledger.effect(account, request.reference)
        if effect is None:
            effect = self._book_effect(account, verb, request, behavior)
        elif not is_same_effect(effect, verb, request):
            raise ReferenceReused
        return about_effect(effect)

    def query(self, account: str, reference: str) -> Answer:
        """Return the present truth about a reference."""
        charge = self._ledger.charge(account, reference)
        if charge is not None:
            self.expire(charge)
            return self.answer_about(charge)
        effect = self._ledger.effect(account, reference)
        return about_effect(effect) if effect else Answer(reference=reference, state="not_found")

    def answer_about(self, charge: ChargeEntry) -> Answer:
        """Return the present truth about a charge."""
        return about_charge(charge, self._action_url(charge.token))

    def expire(self, charge: ChargeEntry) -> None:
        """Close a charge whose payer let the time pass."""
        if charge.state == REQUIRES_ACTION and 0 < charge.expires_at_us <= self._now_us():
            charge.state, charge.code = CANCELED, "expired"
            self._ledger.change_charge(charge)

    def decide_action(self, charge: ChargeEntry, *, is_approved: bool) -> None:
        """Do what the payer decided; a decision is made once, and in time."""
        self.expire(charge)
        if charge.state != REQUIRES_ACTION:
            return
        if is_approved and charge.behavior in PENDING_BEHAVIORS:
            charge.state, charge.settles_at_us = PENDING, self._now_us() + SETTLE_AFTER_US
            self._ledger.change_charge(charge)
            return
        code = "authentication_failed" if charge.method == "CARD" else "payer_canceled"
        self._conclude_charge(charge, is_approved=is_approved, code=code)

    def settle_charge(self, charge: ChargeEntry) -> None:
        """Conclude a pending charge, and notify as its behavior wants it."""
        pending = self.answer_about(charge)
        charge.settles_at_us = 0
        is_approved = charge.behavior != Behavior.PENDING_FAILURE
        copies = COPIES if charge.behavior == Behavior.DUPLICATE_NOTIFICATIONS else 1
        self._conclude_charge(charge, is_approved=is_approved, code="generic_decline", copies=copies)
        if charge.behavior == Behavior.REORDERED_NOTIFICATIONS:
            self._post(charge.account, pending, delay_us=_REORDERED_DELAY_US)

    def settle_effect(self, effect: EffectEntry) -> None:
        """Conclude a pending capture or refund; one that fails gives back what it had taken up."""
        effect.settles_at_us, effect.state = 0, SUCCEEDED
        if effect.behavior == Behavior.PENDING_FAILURE:
            effect.state, effect.code = DECLINED, "generic_decline"
        self._ledger.change_effect(effect)
        if effect.state == DECLINED:
            self._give_back(effect)
        copies = COPIES if effect.behavior == Behavior.DUPLICATE_NOTIFICATIONS else 1
        self._post(effect.account, about_effect(effect), copies=copies)
        if effect.behavior == Behavior.REORDERED_NOTIFICATIONS:
            pending = about_effect(effect)
            pending.state = PENDING
            self._post(effect.account, pending, delay_us=_REORDERED_DELAY_US)

    def _book_charge(self, account: str, request: Request, behavior: Behavior | None) -> ChargeEntry:
        """Return the charge of this reference, booked now if it was not. Raises ReferenceReused."""
        charge = self._new_charge(account, request.reference, request.kind, request.currency, state=SUCCEEDED)
        charge.amount_minor, charge.method = request.amount_minor, request.method
        charge.last_four, charge.return_url = request.card_number[-4:], request.return_url
        charge.expires_at_us, charge.behavior = request.expires_at_us, behavior.value if behavior else ""
        rule = decide(request.card_number)
        if behavior is Behavior.DECLINED:
            charge.state, charge.code = DECLINED, "generic_decline"
        elif rule.decision is Decision.DECLINE:
            charge.state, charge.code = DECLINED, rule.code
        elif request.method != "CARD" or rule.decision is Decision.CHALLENGE:
            charge.state, charge.token = REQUIRES_ACTION, secrets.token_urlsafe(18)
            charge.action = (ActionType.QR if request.method in _QR_METHODS else ActionType.REDIRECT).value
        elif behavior in PENDING_BEHAVIORS:
            charge.state, charge.settles_at_us = PENDING, charge.created_at_us + SETTLE_AFTER_US
        elif request.kind == "SALE":
            charge.captured_minor = charge.amount_minor
        # Most references are new: they are written without being looked for.
        known = None if self._ledger.add_charge(charge) else self._ledger.charge(account, request.reference)
        if known is not None and known.kind != _TOMBSTONE and not is_same_charge(known, request):
            raise ReferenceReused
        return known or charge

    def _new_charge(self, account: str, reference: str, kind: str, currency: str, *, state: str) -> ChargeEntry:
        return ChargeEntry(
            account=account,
            reference=reference,
            id=_new_id("ch"),
            kind=kind,
            amount_minor=0,
            currency=currency,
            method="",
            last_four="",
            state=state,
            code="",
            action="",
            token="",
            return_url="",
            captured_minor=0,
            refunded_minor=0,
            is_released=0,
            expires_at_us=0,
            settles_at_us=0,
            behavior="",
            created_at_us=self._now_us(),
        )

    def _book_effect(self, account: str, verb: Verb, request: Request, behavior: Behavior | None) -> EffectEntry:
        charge = self._ledger.charge(account, request.charge)
        if charge is None and verb is Verb.CANCEL:
            charge = self._bury(account, request)
        elif charge is not None:
            self.expire(charge)
        effect = EffectEntry(
            account=account,
            reference=request.reference,
            id=_new_id({Verb.CAPTURE: "cp", Verb.CANCEL: "cn"}.get(verb, "re")),
            kind=verb.name,
            charge=request.charge,
            amount_minor=request.amount_minor,
            currency=charge.currency if charge and verb is Verb.CANCEL else request.currency,
            state=SUCCEEDED,
            code="generic_decline" if behavior is Behavior.DECLINED else self._refusal(charge, verb, request),
            is_final=int(request.is_final),
            settles_at_us=0,
            behavior=behavior.value if behavior else "",
            created_at_us=self._now_us(),
        )
        if effect.code or charge is None:
            effect.state = DECLINED
        elif verb is Verb.CANCEL:
            self._release(charge, effect)
        else:
            self._move(charge, effect)
            if behavior in PENDING_BEHAVIORS:
                effect.state, effect.settles_at_us = PENDING, effect.created_at_us + SETTLE_AFTER_US
        self._ledger.add_effect(effect)
        return effect

    def _bury(self, account: str, request: Request) -> ChargeEntry:
        """Book the tombstone of a charge that was canceled before it was seen, so that it can not come true."""
        charge = self._new_charge(account, request.charge, _TOMBSTONE, request.currency, state=CANCELED)
        charge.code, charge.is_released = "canceled", 1
        self._ledger.add_charge(charge)
        return charge

    def _refusal(self, charge: ChargeEntry | None, verb: Verb, request: Request) -> str:
        """Return the code with which the acquirer refuses, or nothing."""
        if charge is None:
            return "charge_unknown"
        if verb is Verb.CANCEL:
            return self._cancel_refusal(charge)
        if charge.state != SUCCEEDED:
            return "charge_not_approved"
        if request.currency != charge.currency:
            return "currency_differs"
        if request.amount_minor == 0:
            return "amount_too_small"
        if verb is Verb.CAPTURE:
            if charge.is_released or charge.kind != "AUTHORIZE":
                return "charge_released"
            return "amount_too_large" if charge.captured_minor + request.amount_minor > charge.amount_minor else ""
        return "amount_too_large" if charge.refunded_minor + request.amount_minor > charge.captured_minor else ""

    def _cancel_refusal(self, charge: ChargeEntry) -> str:
        if charge.state == DECLINED:
            return "charge_declined"
        is_settled = charge.captured_minor == charge.amount_minor or (
            charge.captured_minor > 0 and charge.is_released and not self._is_canceled(charge)
        )
        return "charge_captured" if charge.state == SUCCEEDED and is_settled else ""

    def _release(self, charge: ChargeEntry, effect: EffectEntry) -> None:
        """Void what is authorized and not captured; a second cancel finds nothing left, and releases nothing."""
        is_held = charge.state == SUCCEEDED and not charge.is_released
        effect.amount_minor = charge.amount_minor - charge.captured_minor if is_held else 0
        charge.is_released, charge.settles_at_us = 1, 0
        if charge.state in (PENDING, REQUIRES_ACTION):
            charge.state, charge.code = CANCELED, "canceled"
        self._ledger.change_charge(charge)

    def _move(self, charge: ChargeEntry, effect: EffectEntry) -> None:
        if effect.kind == Verb.CAPTURE.name:
            charge.captured_minor += effect.amount_minor
            charge.is_released = max(charge.is_released, effect.is_final)
        else:
            charge.refunded_minor += effect.amount_minor
        self._ledger.change_charge(charge)

    def _give_back(self, effect: EffectEntry) -> None:
        charge = self._ledger.charge(effect.account, effect.charge)
        if charge is None:
            return
        if effect.kind == Verb.CAPTURE.name:
            charge.captured_minor -= effect.amount_minor
            # The final capture that failed took nothing, so the authorization still stands.
            if effect.is_final and not self._is_canceled(charge):
                charge.is_released = 0
        else:
            charge.refunded_minor -= effect.amount_minor
        self._ledger.change_charge(charge)

    def _is_canceled(self, charge: ChargeEntry) -> bool:
        effects = self._ledger.effects_of(charge.account, charge.reference)
        return any(effect.kind == Verb.CANCEL.name and effect.state == SUCCEEDED for effect in effects)

    def _conclude_charge(self, charge: ChargeEntry, *, is_approved: bool, code: str, copies: int = 1) -> None:
        charge.state, charge.code = (SUCCEEDED, "") if is_approved else (DECLINED, code)
        if is_approved and charge.kind == "SALE":
            charge.captured_minor = charge.amount_minor
        self._ledger.change_charge(charge)
        self._post(charge.account, self.answer_about(charge), copies=copies)

    def _post(self, account: str, answer: Answer, *, copies: int = 1, delay_us: int = 0) -> None:
        event_id = _new_id("ev")
        body = orjson.dumps({"event_id": event_id, "account": account, "answer": answer})
        for _ in range(copies):
            self._ledger.outbox.post(event_id, account, body, due_at_us=self._now_us() + delay_us)


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
