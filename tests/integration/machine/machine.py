"""A shop that does everything that the contract allows, in any order, and compares each answer with the model."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, ClassVar

import tollbridge
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tollbridge_server.testing import payer

from tests.integration.machine import model, shop
from tests.integration.machine.books import check_books
from tests.integration.machine.model import BUSY, OK, TERMINAL, PromiseBroken, View
from tests.integration.machine.shop import MEANS, Bridge, Paid, Sent, euros, fault_of, unique

AMOUNTS = (1000, 2500, 20_000, 30_000, 1999) * 6 + (9101, 9104, 9106, 9106, 9107, 9108, 9108, 9112)
SHARES = ("rest", "all", "half", "half", "tenth", "tenth", "tenth", "too much", "too much")
SHARES += ("9101", "9104", "9106", "9107", "9108", "9112")
HANG_UP_S = 0.06
SETTLE_S = 30.0
HEARD_S = 5.0

_which = st.integers(0, 63)
_means = st.sampled_from(sorted(MEANS))
_share = st.sampled_from(SHARES)
_Make = Callable[[bool], model.Request]


class Tally:
    """What a series of runs did; `late` are answers that a busy machine kept from coming in time."""

    def __init__(self) -> None:
        self.steps = 0
        self.late = 0
        self.runs = 0
        self.payments = 0
        self.by_rule: dict[str, int] = {}
        self.unsettled: list[Paid] = []


class ShopMachine(RuleBasedStateMachine):
    """The rules. `bridge` and `tally` are set on a subclass for each series of runs."""

    bridge: ClassVar[Bridge]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self._client = self.bridge.client
        self._paid: list[Paid] = []
        self._sent: list[Sent] = []
        self._touched: list[Paid] = []

    @initialize()
    def open_shop(self) -> None:
        for means, is_manual in (("approve", True), ("approve", False), ("challenge", True), ("decline", False)):
            self._create(means, 20_000, is_manual=is_manual, asks=True)

    @rule(means=_means, amount=st.sampled_from(AMOUNTS), is_manual=st.booleans(), asks=st.booleans())
    def create(self, means: str, amount: int, is_manual: bool, asks: bool) -> None:
        self._count("create")
        self._create(means, amount, is_manual=is_manual, asks=asks)

    @rule(amount=st.sampled_from((20_000, 30_000)), is_manual=st.booleans())
    def create_approved(self, amount: int, is_manual: bool) -> None:
        self._count("create approved")
        self._create("approve", amount, is_manual=is_manual, asks=False)

    @rule(which=_which, is_approved=st.booleans())
    def payer_decides(self, which: int, is_approved: bool) -> None:
        self._count("payer decides")
        for paid in self._order(which):
            if self._may_be_decided(paid):
                end = "approved" if is_approved else "declined"
                if is_approved and fault_of(paid.model.amount).settles_by_itself:
                    end = "pending"
                payer.decide(paid.page, "approve" if is_approved else "refuse")
                paid.model.observe(model.deciding(end), OK, None)
                self._touch(paid)
                return

    def _may_be_decided(self, paid: Paid) -> bool:
        """Whether the payer has a page; the one seen last may be that of a method that another one has replaced."""
        if not (paid.page and paid.model.is_at_rest and paid.model.world.charge == "action"):
            return False
        self._see(paid, self._client.get_payment(payment_id=paid.payment_id).payment)
        return bool(paid.page) and paid.model.is_at_rest and paid.model.world.charge == "action"

    @rule(which=_which)
    def confirm(self, which: int) -> None:
        self._count("confirm")
        paid = self._pick(which, "REQUIRES_ACTION")
        self._act(paid, "confirm_payment", {"payment_id": paid.payment_id}, lambda _: model.asking)

    @rule(which=_which, means=_means)
    def confirm_with(self, which: int, means: str) -> None:
        self._count("confirm with another method")
        paid = self._pick(which, "REQUIRES_ACTION")
        chosen = MEANS[means]
        ends, may_pend = chosen.ends(paid.model.amount)
        arguments = {"payment_id": paid.payment_id, "payment_method": chosen.method}

        def make(is_late: bool) -> model.Request:
            charge = model.charging(ends | {"declined"} if is_late else ends, may_pend=may_pend or is_late)
            return model.paying_otherwise(charge)

        self._act(paid, "confirm_payment", arguments, make, moved=paid.model.amount)

    @rule(which=_which, share=_share, is_final=st.sampled_from((False, False, False, True)))
    def capture(self, which: int, share: str, is_final: bool) -> None:
        self._count("capture")
        paid = self._pick(which, "AUTHORIZED")
        asked, moved = _amounts(paid, share, lambda world: world.capturable)
        ends, may_pend = _ends(moved)
        arguments: dict[str, Any] = {"payment_id": paid.payment_id, "final_capture": is_final}

        def make(is_late: bool) -> model.Request:
            possible = ends | {False} if is_late else ends
            return model.capturing(asked, is_final=is_final, ends=possible, may_pend=may_pend or is_late)

        self._act(paid, "capture_payment", _with(arguments, asked), make, moved=moved)

    @rule(which=_which, share=_share)
    def refund(self, which: int, share: str) -> None:
        self._count("refund")
        paid = self._pick(which, "SUCCEEDED")
        asked, moved = _amounts(paid, share, lambda world: world.refundable)
        ends, may_pend = _ends(moved)

        def make(is_late: bool) -> model.Request:
            return model.refunding(asked, ends=ends | {False} if is_late else ends, may_pend=may_pend or is_late)

        arguments = _with({"payment_id": paid.payment_id}, asked)
        self._act(paid, "create_refund", arguments, make, moved=moved)

    @rule(which=_which)
    def cancel(self, which: int) -> None:
        self._count("cancel")
        paid = self._order(which)[0]
        self._act(paid, "cancel_payment", {"payment_id": paid.payment_id}, lambda _: model.canceling)

    @rule(which=_which)
    def repeat(self, which: int) -> None:
        """Any accepted request again, with its key: the same resource as it is now, and no effect."""
        self._count("repeat")
        sent = self._latest(which)
        is_resting = sent.paid.model.is_at_rest
        try:
            response = getattr(self._client, sent.method)(**sent.arguments)
        except tollbridge.OperationInProgress as error:
            _require(not is_resting, f"{sent.method} is still being carried out on a payment at rest: {error}")
            return
        _require(response.replayed, f"{sent.method} was repeated and not recognised")
        resource = _resource(sent.method, response)
        sent.resource = sent.resource or resource
        _require(resource == sent.resource, f"{sent.method} of {sent.resource} was repeated as {resource}")
        if sent.method != "create_refund":
            _require(response.payment.payment_id == sent.paid.payment_id, "a repeat tells of another payment")
            self._see(sent.paid, response.payment)
        self._touch(sent.paid)

    @rule(which=_which)
    def reuse_key(self, which: int) -> None:
        """A used key for another request is refused, and nothing happens."""
        self._count("reuse a key")
        sent = self._latest(which)
        changed = dict(sent.arguments)
        match sent.method:
            case "create_payment":
                changed["amount"] = euros(changed["amount"].amount_minor + 1)
            case "cancel_payment":
                changed["reason"] = "another reason"
            case "confirm_payment":
                changed["action_result" if "payment_method" not in changed else "payment_method"] = (
                    {"another": "result"} if "payment_method" not in changed else shop.card("5555555555554444")
                )
            case _:
                changed["amount"] = euros(7)
        try:
            getattr(self._client, sent.method)(**changed)
        except tollbridge.IdempotencyKeyReused as error:
            _require(error.effect is tollbridge.Effect.EXCLUDED, f"a refusal with an effect: {error}")
        else:
            raise PromiseBroken(f"a used key was taken for another {sent.method}")
        self._touch(sent.paid)

    @rule(which=_which, lookup=st.sampled_from(("payment_id", "merchant_reference", "provider_reference")))
    def get(self, which: int, lookup: str) -> None:
        self._count("get")
        paid = self._order(which)[0]
        payment = self._client.get_payment(**self._lookup(paid, lookup)).payment
        self._see(paid, payment)
        done = [o for o in payment.operations if o.state == tollbridge.OPERATION_STATE_SUCCEEDED]
        refunded = sum(o.amount.amount_minor for o in done if o.kind == tollbridge.OPERATION_KIND_REFUND)
        _require(refunded == payment.refunded_amount.amount_minor, "the timeline's refunds are another sum")

    @rule(which=_which, lookup=st.sampled_from(("payment_id", "merchant_reference", "provider_reference")))
    def get_status(self, which: int, lookup: str) -> None:
        self._count("get status")
        paid = self._order(which)[0]
        self._see(paid, self._client.get_status(**self._lookup(paid, lookup), refresh=bool(which % 2)).status)

    @rule(which=_which)
    def get_refund(self, which: int) -> None:
        self._count("get refund")
        for paid in self._order(which):
            if paid.refund_ids and (refund_id := paid.refund_ids[-1]):
                number = len(paid.refund_ids) - 1
                refund = self._client.get_refund(refund_id=refund_id).refund
                _require(refund.payment_id == paid.payment_id, "a refund of another payment")
                states = {world.refunds[number][1] for world in model.later(paid.model.worlds)}
                _require(tollbridge.RefundState.Name(refund.state).removeprefix("REFUND_STATE_") in states, f"{refund}")
                return

    @rule(which=_which)
    def list_one(self, which: int) -> None:
        self._count("list")
        paid = self._order(which)[0]
        found = list(self._client.list_payments(merchant_reference=paid.reference))
        _require([p.payment_id for p in found] == [paid.payment_id], f"{paid.reference} lists {len(found)} payments")
        self._see(paid, found[0])
        refunds = [r.refund_id for r in self._client.list_refunds(payment_id=paid.payment_id, page_size=100)]
        _require(set(paid.refund_ids) - {""} <= set(refunds), "an acknowledged refund is not listed")
        _require(len(set(refunds)) == len(refunds), "a refund is listed twice")

    @rule(which=_which)
    def batch(self, which: int) -> None:
        self._count("batch")
        chosen = self._order(which)[:8]
        lookups = [tollbridge.PaymentLookup(payment_id=paid.payment_id) for paid in chosen]
        lookups.append(tollbridge.PaymentLookup(payment_id="pay_nobody"))
        *found, missing = self._client.batch_get_status(lookups=lookups).results
        for paid, result in zip(chosen, found, strict=True):
            self._see(paid, result.status)
        _require(missing.HasField("error"), "a payment that does not exist has a status")

    @rule(which=_which, back=st.integers(1, 4))
    def watch(self, which: int, back: int) -> None:
        """From an older version until the present one is there."""
        self._count("watch")
        paid = self._order(which)[0]
        version = max(paid.version - back, 0)
        with contextlib.closing(
            self._client.watch_status(payment_id=paid.payment_id, after_version=version, timeout_s=SETTLE_S)
        ) as statuses:
            for status in statuses:
                _require(status.version > version, "a watch goes back")
                version = status.version
                self._see(paid, status)
                if version >= paid.version:
                    return
        raise PromiseBroken(f"a watch ended at version {version} of {paid.version}")

    @rule(which=_which)
    def settle(self, which: int) -> None:
        """Wait for a payment that is on its way, if there is one."""
        self._count("settle")
        if which == 0:
            for paid in self._paid:
                if not paid.model.is_at_rest:
                    self.wait(paid)
                    return

    @invariant()
    def amounts_are_the_models(self) -> None:
        touched, self._touched = self._touched[-4:], []
        if not touched:
            return
        lookups = [tollbridge.PaymentLookup(payment_id=paid.payment_id) for paid in touched]
        for paid, result in zip(touched, self._client.batch_get_status(lookups=lookups).results, strict=True):
            self._see(paid, result.status)

    def teardown(self) -> None:
        self.tally.runs += 1
        self.tally.payments += len(self._paid)
        resting = [paid for paid in self._paid if paid.model.is_at_rest]
        self.tally.unsettled += [paid for paid in self._paid if not paid.model.is_at_rest]
        check_books(self.bridge, resting)

    def wait(self, paid: Paid) -> None:
        """Wait until nothing of a payment is in flight."""
        began = time.monotonic()
        while not paid.model.is_at_rest:
            self._see(paid, self._client.get_status(payment_id=paid.payment_id).status)
            payment = self._client.get_payment(payment_id=paid.payment_id).payment
            self._see(paid, payment)
            # What the acquirer knows since long, the server has asked for by now, unless no world can be explained so.
            worlds = paid.model.worlds
            is_asked_for = time.monotonic() > began + HEARD_S and any(world.is_at_rest for world in worlds)
            is_heard = is_asked_for or not any(world.charge == "action" for world in worlds)
            if is_heard and all(o.state != tollbridge.OPERATION_STATE_PROCESSING for o in payment.operations):
                paid.model.rest()
            if time.monotonic() > began + SETTLE_S:
                raise PromiseBroken(f"{paid.payment_id} does not settle: {paid.model.worlds}")
            time.sleep(0.02)

    def _create(self, means: str, amount: int, *, is_manual: bool, asks: bool) -> None:
        paid = Paid(model.Payment(amount=amount, is_manual=is_manual, asks=asks), unique("order"))
        chosen = MEANS[means]
        ends, may_pend = chosen.ends(amount)
        arguments = {
            "amount": euros(amount),
            "payment_method": chosen.method,
            "merchant_reference": paid.reference,
            "capture_method": tollbridge.CAPTURE_METHOD_MANUAL if is_manual else tollbridge.CAPTURE_METHOD_AUTOMATIC,
            "on_decline": tollbridge.ON_DECLINE_ASK_PAYMENT_METHOD if asks else tollbridge.ON_DECLINE_FAIL,
        }

        def make(is_late: bool) -> model.Request:
            return model.charging(ends | {"declined"} if is_late else ends, may_pend=may_pend or is_late)

        self._paid.append(paid)
        self._act(paid, "create_payment", arguments, make, moved=amount)

    def _act(self, paid: Paid, method: str, arguments: dict[str, Any], make: _Make, *, moved: int = 0) -> None:
        """Send a changing request and compare its answer; a caller of a silent provider hangs up and asks again."""
        arguments = {**arguments, "idempotency_key": unique("key")}
        call = getattr(self._client, method)
        is_silent = fault_of(moved).is_silent
        sent = Sent(method, arguments, paid)
        try:
            try:
                response = call(**arguments, **({"timeout_s": HANG_UP_S} if is_silent else {}))
            except tollbridge.DeadlineExceeded:
                response = call(**arguments)
        except tollbridge.OperationInProgress as error:
            if error.effect is tollbridge.Effect.EXCLUDED:  # It waits for another operation, and did nothing.
                self._explain(paid, lambda is_late: _refused(make(is_late)), BUSY, None)
            else:
                paid.payment_id = paid.payment_id or error.facts["payment_id"]
                self._explain(paid, make, BUSY, None)
                self._sent.append(sent)
                if method == "create_refund":
                    paid.refund_ids.append("")  # Its id is not known yet.
        except tollbridge.TollbridgeError as error:
            _require(error.effect is tollbridge.Effect.EXCLUDED, f"a refusal with an effect: {error}")
            self._explain(paid, make, str(error.reason), None)
        else:
            self._accepted(sent, make, response)
        self._touch(paid)

    def _accepted(self, sent: Sent, make: _Make, response: Any) -> None:
        paid, method = sent.paid, sent.method
        seen = None if method == "create_refund" else shop.view_of(response.payment)
        is_certain = paid.model.is_at_rest
        self._explain(paid, make, OK, seen)
        sent.resource = _resource(method, response)
        if is_certain or method != "confirm_payment":
            self._sent.append(sent)
        if method == "create_refund":
            paid.refund_ids.append(response.refund.refund_id)
            return
        paid.payment_id = response.payment.payment_id
        self._note(paid, response.payment)

    def _explain(self, paid: Paid, make: _Make, answer: str, seen: View | None) -> None:
        try:
            paid.model.observe(make(False), answer, seen)
        except PromiseBroken:
            try:
                paid.model.observe(make(True), answer, seen)
            except PromiseBroken as broken:
                broken.add_note(f"{paid.payment_id}, last seen as {paid.last}; possible: {paid.model.worlds}")
                raise
            self.tally.late += 1

    def _see(self, paid: Paid, seen: tollbridge.Payment | tollbridge.PaymentStatus) -> None:
        """Compare a read with the model."""
        _require(seen.payment_id == paid.payment_id, f"{seen.payment_id} was told instead of {paid.payment_id}")
        paid.model.look(shop.view_of(seen))
        self._note(paid, seen)

    def _note(self, paid: Paid, seen: tollbridge.Payment | tollbridge.PaymentStatus) -> None:
        view = shop.view_of(seen)
        _require(seen.version >= paid.version, f"version {seen.version} after {paid.version}")
        _require(view.captured + view.capturable <= view.authorized, f"too much is captured: {view}")
        _require(view.refunded + view.refundable <= view.captured, f"too much is refunded: {view}")
        if paid.last is not None and paid.last.state in TERMINAL:
            _require(view.state == paid.last.state, f"{paid.last.state} became {view.state}")
        paid.version, paid.last = seen.version, view
        if isinstance(seen, tollbridge.Payment):
            paid.page = shop.payer_page(seen)
            paid.provider_reference = seen.provider_reference

    def _order(self, which: int) -> list[Paid]:
        """All payments, begun at one of the latest."""
        place = which % len(self._paid)
        return self._paid[::-1][place:] + self._paid[::-1][:place]

    def _latest(self, which: int) -> Sent:
        """An accepted request, the latest ones more often."""
        return self._sent[-1 - (which * which // 64) % len(self._sent)]

    def _pick(self, which: int, wanted: str) -> Paid:
        """Mostly a payment for which the request makes sense, sometimes any."""
        candidates = self._order(which)
        if which % 8:
            fitting = [paid for paid in candidates if any(world.state == wanted for world in paid.model.worlds)]
            candidates = fitting or candidates
        return candidates[0]

    def _lookup(self, paid: Paid, lookup: str) -> dict[str, str]:
        if lookup == "merchant_reference":
            return {lookup: paid.reference}
        if lookup == "provider_reference" and paid.provider_reference:
            return {lookup: paid.provider_reference}
        return {"payment_id": paid.payment_id}

    def _touch(self, paid: Paid) -> None:
        self._touched.append(paid)

    def _count(self, name: str) -> None:
        self.tally.steps += 1
        self.tally.by_rule[name] = self.tally.by_rule.get(name, 0) + 1


def _amounts(paid: Paid, share: str, left: Callable[[model.World], int]) -> tuple[int, int]:
    """Return the amount to ask for (0: none) and the amount that it moves."""
    amount = paid.model.amount
    if share == "rest" and paid.model.is_at_rest:
        return 0, left(paid.model.world)
    shares = {"all": amount, "half": amount // 2, "too much": amount + 1}
    asked = int(share) if share.isdigit() else shares.get(share, amount // 10)
    return asked, asked


def _ends(amount: int) -> tuple[frozenset[bool], bool]:
    """Return how a capture or refund of an amount may end, and whether its end is open at first."""
    fault = fault_of(amount)
    return frozenset({not fault.is_declined}), fault.is_pending


def _with(arguments: dict[str, Any], amount: int) -> dict[str, Any]:
    return {**arguments, "amount": euros(amount)} if amount else arguments


def _refused(request: model.Request) -> model.Request:
    """Only the part of a request's answers that leaves the world as it was."""

    def step(world: model.World) -> model.Step:
        return ((said, new) for said, new in request(world) if new == world)

    return step


def _resource(method: str, response: Any) -> str:
    if method == "create_refund":
        return str(response.refund.refund_id)
    return str(response.operation_id if method == "capture_payment" else response.payment.payment_id)


def _require(is_kept: bool, message: str) -> None:
    if not is_kept:
        raise PromiseBroken(message)
