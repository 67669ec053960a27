"""The checks, one promise each. They are plain coroutines, so that pytest runs them and the wheel needs no pytest.

Everything is checked in the provider's own book, under the references that the adapter was given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tollbridge_server.domain.evidence import Outcome
from tollbridge_server.domain.operation import CancelCause, OperationKind
from tollbridge_server.domain.payment_method import MethodKind, PaymentMethod
from tollbridge_server.ports.provider import (
    CancelOrder,
    ChargeOrder,
    InboundNotification,
    NotificationRefused,
    UnsupportedOperation,
)
from tollbridge_server.testing.conformance.desk import Desk, reference
from tollbridge_server.testing.conformance.subject import BOOKED_FAULTS, UNBOOKED_FAULTS, Fault, Subject

STALE_S = 3600


class ConformanceKit(Desk):
    """Inherit, and give the fixture `subject`."""

    # Operations.

    async def test_an_authorization_is_booked_once_under_our_reference(self, subject: Subject) -> None:
        order = self.charge_order(subject)
        evidence = await subject.adapter.charge(order)
        assert evidence.outcome is Outcome.SUCCEEDED
        assert evidence.amount == order.amount
        assert evidence.provider_reference
        assert await self.taken(subject, self.of(order)) == self.opened(subject)

    async def test_a_sale_takes_the_money_at_once(self, subject: Subject) -> None:
        charge = await self.authorized(subject, kind=OperationKind.SALE)
        assert await self.taken(subject, charge) == (1000, 1000, 0)

    async def test_captures_add_up_and_the_last_one_releases_the_rest(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        for amount_minor, is_final in ((300, False), (200, True)):
            evidence = await subject.adapter.capture(
                self.capture_order(subject, charge, amount_minor, is_final=is_final)
            )
            assert evidence.outcome is Outcome.SUCCEEDED
            assert evidence.amount == self.money(subject, amount_minor)
        assert await self.taken(subject, charge) == (1000, 500, 0)
        late = await subject.adapter.capture(self.capture_order(subject, charge, 100))
        assert late.outcome is Outcome.DECLINED
        assert await self.taken(subject, charge) == (1000, 500, 0)

    async def test_more_than_is_authorized_is_never_captured(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        evidence = await subject.adapter.capture(self.capture_order(subject, charge, 1001))
        assert evidence.outcome is Outcome.DECLINED
        assert evidence.failure is not None
        assert await self.taken(subject, charge) == (1000, 0, 0)

    async def test_refunds_add_up_and_never_exceed_what_was_captured(self, subject: Subject) -> None:
        charge = await self.authorized(subject, kind=OperationKind.SALE)
        for amount_minor in (300, 700):
            evidence = await self.given_back(subject, self.refund_order(subject, charge, amount_minor))
            assert evidence.outcome is Outcome.SUCCEEDED
            assert evidence.amount == self.money(subject, amount_minor)
        too_much = await subject.adapter.refund(self.refund_order(subject, charge, 1))
        assert too_much.outcome is Outcome.DECLINED
        assert await self.taken(subject, charge) == (1000, 1000, 1000)

    async def test_each_capture_is_given_back_in_parts_and_no_further(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        small, large = (self.capture_order(subject, charge, amount_minor) for amount_minor in (300, 500))
        for capture in (small, large):
            assert (await subject.adapter.capture(capture)).outcome is Outcome.SUCCEEDED
        for capture, amount_minor in ((large, 200), (small, 300), (large, 300)):
            evidence = await self.given_back(subject, self.refund_order(subject, charge, amount_minor, of=capture))
            assert evidence.outcome is Outcome.SUCCEEDED
            assert evidence.amount == self.money(subject, amount_minor)
        too_much = await subject.adapter.refund(self.refund_order(subject, charge, 1, of=large))
        assert too_much.outcome is Outcome.DECLINED
        assert await self.taken(subject, charge) == (1000, 800, 800)

    async def test_a_cancel_voids_the_authorization_and_the_query_says_so(self, subject: Subject) -> None:
        order = self.charge_order(subject)
        charge = self.of(order, await subject.adapter.charge(order))
        evidence = await subject.adapter.cancel(CancelOrder(reference(), charge, CancelCause.CALLER))
        assert evidence.outcome is Outcome.SUCCEEDED
        late = await subject.adapter.capture(self.capture_order(subject, charge, 100))
        assert late.outcome is Outcome.DECLINED
        assert (await self.ask(subject, order)).outcome is Outcome.CANCELED

    async def test_a_cancel_of_money_that_was_taken_is_declined(self, subject: Subject) -> None:
        charge = await self.authorized(subject, kind=OperationKind.SALE)
        evidence = await subject.adapter.cancel(CancelOrder(reference(), charge, CancelCause.CALLER))
        assert evidence.outcome is Outcome.DECLINED
        assert await self.taken(subject, charge) == (1000, 1000, 0)

    async def test_a_cancel_keeps_a_charge_that_never_arrived_from_arriving_late(self, subject: Subject) -> None:
        if not subject.adapter.capabilities.cancels_unsent:
            return  # It is not declared, so the engine never relies on it.
        order = self.charge_order(subject)
        evidence = await subject.adapter.cancel(CancelOrder(reference(), self.of(order), CancelCause.NOT_PROCESSED))
        assert evidence.outcome is Outcome.SUCCEEDED
        late = await subject.adapter.charge(order)
        assert late.outcome in (Outcome.CANCELED, Outcome.DECLINED)
        booked = await subject.booked(order.request_reference)
        assert booked is None or booked.authorized_minor == 0

    async def test_every_declined_method_has_its_reason_code_and_advice(self, subject: Subject) -> None:
        for decline in subject.declines():
            order = self.charge_order(subject, method=decline.method)
            evidence = await subject.adapter.charge(order)
            assert evidence.outcome is Outcome.DECLINED
            assert evidence.failure is not None
            assert evidence.failure.reason is decline.reason
            assert evidence.failure.provider_code
            booked = await subject.booked(order.request_reference)
            assert booked is None or booked.authorized_minor == 0

    async def test_what_is_not_declared_raises(self, subject: Subject) -> None:
        for kind in set(MethodKind) - subject.adapter.capabilities.methods:
            order = self.charge_order(subject, method=PaymentMethod(kind))
            try:
                await subject.adapter.charge(order)
            except UnsupportedOperation:
                continue
            raise AssertionError(f"{kind} is not declared, and was sent all the same")

    # The payer's part.

    async def test_a_payer_who_acts_pays(self, subject: Subject) -> None:
        order = self.charge_order(subject, kind=OperationKind.SALE, method=subject.acting())
        opened = await subject.adapter.charge(order)
        assert opened.outcome is Outcome.REQUIRES_ACTION
        assert opened.next_action is not None
        asked = await self.ask(subject, order)
        if subject.opens_with_payer:
            assert asked.absent
        else:
            assert asked.outcome in (Outcome.REQUIRES_ACTION, Outcome.PENDING)
        await subject.act(opened.next_action, is_approved=True)
        paid = await self.ask(subject, order)
        assert paid.outcome is Outcome.SUCCEEDED
        assert paid.amount == order.amount

    async def test_a_payer_who_refuses_is_declined(self, subject: Subject) -> None:
        order = self.charge_order(subject, kind=OperationKind.SALE, method=subject.acting())
        opened = await subject.adapter.charge(order)
        assert opened.next_action is not None
        await subject.act(opened.next_action, is_approved=False)
        refused = await self.ask(subject, order)
        assert refused.outcome is Outcome.DECLINED
        assert refused.failure is not None

    async def test_a_canceled_action_can_not_be_paid_any_more(self, subject: Subject) -> None:
        order = self.charge_order(subject, kind=OperationKind.SALE, method=subject.acting())
        opened = await subject.adapter.charge(order)
        assert opened.next_action is not None
        closed = await subject.adapter.cancel(CancelOrder(reference(), self.of(order, opened), CancelCause.CALLER))
        assert closed.outcome is Outcome.SUCCEEDED
        await subject.act(opened.next_action, is_approved=True)
        asked = await self.ask(subject, order)
        assert asked.absent if subject.opens_with_payer else asked.outcome is Outcome.CANCELED
        booked = await subject.booked(order.request_reference)
        assert booked is None or booked.captured_minor == 0

    # Repeats.

    async def test_the_same_reference_again_has_the_same_answer_and_one_effect(self, subject: Subject) -> None:
        order = self.charge_order(subject)
        first, second = await subject.adapter.charge(order), await subject.adapter.charge(order)
        assert (first.outcome, first.provider_reference) == (second.outcome, second.provider_reference)
        assert await self.taken(subject, self.of(order)) == self.opened(subject)

    async def test_the_same_capture_again_takes_once(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        capture = self.capture_order(subject, charge, 400)
        for _ in range(2):
            assert (await subject.adapter.capture(capture)).outcome is Outcome.SUCCEEDED
        assert await self.taken(subject, charge) == (1000, 400, 0)

    async def test_the_same_refund_again_gives_back_once(self, subject: Subject) -> None:
        charge = await self.authorized(subject, kind=OperationKind.SALE)
        refund = self.refund_order(subject, charge, 150)
        for _ in range(2):
            assert (await self.given_back(subject, refund)).outcome is Outcome.SUCCEEDED
        assert await self.taken(subject, charge) == (1000, 1000, 150)

    async def test_the_same_reference_with_other_content_never_succeeds(self, subject: Subject) -> None:
        order = self.charge_order(subject)
        await subject.adapter.charge(order)
        other = await subject.adapter.charge(replace(order, amount=self.money(subject, 2000)))
        assert other.outcome is not Outcome.SUCCEEDED or other.amount == order.amount
        assert await self.taken(subject, self.of(order)) == self.opened(subject)

    # Silence.

    async def test_what_was_not_booked_is_unknown_and_then_absent(self, subject: Subject) -> None:
        for fault in UNBOOKED_FAULTS:
            order = self.charge_order(subject)
            await subject.arm(fault)
            evidence = await subject.adapter.charge(order)
            assert evidence.outcome is Outcome.UNKNOWN, f"{fault} became {evidence.outcome}"
            assert not evidence.unsent, f"{fault} may have arrived"
            asked = await self.ask(subject, order)
            assert asked.outcome is Outcome.UNKNOWN
            assert asked.absent

    async def test_what_was_booked_in_silence_is_unknown_and_then_found(self, subject: Subject) -> None:
        for fault in BOOKED_FAULTS:
            order = self.charge_order(subject)
            await subject.arm(fault)
            evidence = await subject.adapter.charge(order)
            assert evidence.outcome is Outcome.UNKNOWN, f"{fault} became {evidence.outcome}"
            assert not evidence.unsent, f"{fault} did arrive"
            assert (await self.ask(subject, order)).outcome is Outcome.SUCCEEDED
            assert (await subject.adapter.charge(order)).outcome is Outcome.SUCCEEDED
            assert await self.taken(subject, self.of(order)) == self.opened(subject)

    async def test_a_capture_and_a_cancel_survive_silence_too(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        capture = self.capture_order(subject, charge, 400)
        await subject.arm(Fault.BOOKED_RESET)
        assert (await subject.adapter.capture(capture)).outcome is Outcome.UNKNOWN
        cancel = CancelOrder(reference(), charge, CancelCause.CALLER)
        await subject.arm(Fault.BOOKED_RESET)
        assert (await subject.adapter.cancel(cancel)).outcome is Outcome.UNKNOWN
        for kind, asked, amount in (
            (OperationKind.CAPTURE, capture.request_reference, capture.amount),
            (OperationKind.CANCEL, cancel.request_reference, charge.amount),
        ):
            evidence = await subject.adapter.query(self.inquiry(kind, asked, charge, amount))
            assert evidence.outcome is Outcome.SUCCEEDED, f"{kind}: {evidence}"
        assert await self.taken(subject, charge) == (1000, 400, 0)

    async def test_a_refund_survives_silence_too(self, subject: Subject) -> None:
        charge = await self.authorized(subject, kind=OperationKind.SALE)
        refund = self.refund_order(subject, charge, 100)
        await subject.arm(Fault.BOOKED_RESET)
        assert (await subject.adapter.refund(refund)).outcome is Outcome.UNKNOWN
        evidence = await self.settled(subject, refund)
        assert evidence.outcome is Outcome.SUCCEEDED, f"{evidence}"
        assert await self.taken(subject, charge) == (1000, 1000, 100)

    async def test_a_refund_of_a_capture_survives_silence_too(self, subject: Subject) -> None:
        charge = await self.authorized(subject)
        capture = self.capture_order(subject, charge, 400)
        assert (await subject.adapter.capture(capture)).outcome is Outcome.SUCCEEDED
        refund = self.refund_order(subject, charge, 100, of=capture)
        await subject.arm(Fault.BOOKED_RESET)
        assert (await subject.adapter.refund(refund)).outcome is Outcome.UNKNOWN
        assert (await self.settled(subject, refund)).outcome is Outcome.SUCCEEDED
        assert await self.taken(subject, charge) == (1000, 400, 100)

    async def test_only_what_provably_never_left_is_called_unsent(self, subject: Subject) -> None:
        evidence = await subject.unreachable.charge(self.charge_order(subject))
        assert evidence.outcome is Outcome.UNKNOWN
        assert evidence.unsent

    async def test_a_reference_that_was_never_sent_is_absent(self, subject: Subject) -> None:
        asked = await self.ask(subject, self.charge_order(subject))
        assert asked.outcome is Outcome.UNKNOWN
        assert asked.absent

    # Notifications.

    async def test_an_authentic_notification_speaks_of_our_reference(self, subject: Subject) -> None:
        order, inbound = await self.notified(subject)
        (notification,) = subject.adapter.read_notification(inbound)
        assert notification.request_reference == order.request_reference
        assert notification.evidence.outcome is Outcome.SUCCEEDED
        assert notification.evidence.amount == order.amount
        (again,) = subject.adapter.read_notification(inbound)
        assert again.event_id == notification.event_id

    async def test_a_notification_with_one_byte_changed_is_refused(self, subject: Subject) -> None:
        _, inbound = await self.notified(subject)
        for place in range(0, len(inbound.body), max(1, len(inbound.body) // 40)):
            body = bytearray(inbound.body)
            body[place] ^= 1
            self.refused(subject.adapter.read_notification, replace(inbound, body=bytes(body)))
        self.refused(subject.adapter.read_notification, replace(inbound, body=inbound.body[:-1]))

    async def test_a_notification_without_its_signature_is_refused(self, subject: Subject) -> None:
        _, inbound = await self.notified(subject)
        self.refused(subject.adapter.read_notification, subject.unsigned(inbound))

    async def test_a_notification_of_another_account_is_refused(self, subject: Subject) -> None:
        _, inbound = await self.notified(subject)
        self.refused(subject.other_account().read_notification, inbound)

    async def test_a_stale_notification_is_refused(self, subject: Subject) -> None:
        _, inbound = await self.notified(subject)
        for age_s in (STALE_S, -STALE_S):
            stale = subject.resigned(inbound, body=None, age_s=age_s)
            if stale is not None:
                self.refused(subject.adapter.read_notification, stale)

    async def test_a_signed_notification_that_can_not_be_read_is_refused(self, subject: Subject) -> None:
        _, inbound = await self.notified(subject)
        for body in (b"", b"{}", b"[]", b"null", b"\xff\xfe", inbound.body[: len(inbound.body) // 2]):
            signed = subject.resigned(inbound, body=body, age_s=0)
            if signed is not None:
                self.refused(subject.adapter.read_notification, signed)

    async def test_the_provider_hears_yes_and_no_differently(self, subject: Subject) -> None:
        adapter = subject.adapter
        yes, no = adapter.notification_reply(accepted=True), adapter.notification_reply(accepted=False)
        assert (yes.status, yes.body) != (no.status, no.body)

    # Secrets.

    async def test_nothing_secret_is_logged_or_shown(self, subject: Subject, caplog: Any) -> None:
        caplog.set_level(logging.DEBUG)
        order = self.charge_order(subject)
        await subject.adapter.charge(order)
        await subject.arm(Fault.BOOKED_RESET)
        await subject.adapter.charge(self.charge_order(subject))
        shown = caplog.text + repr(subject.adapter) + repr(order)
        for secret in subject.secrets:
            assert secret not in shown

    async def test_an_exemption_names_a_check_of_the_kit(self, subject: Subject) -> None:
        for name in subject.exempt:
            assert hasattr(ConformanceKit, f"test_{name}"), f"{name} is no check"
            assert subject.exempt[name].strip(), f"{name} is exempt without a reason"

    async def notified(self, subject: Subject) -> tuple[ChargeOrder, InboundNotification]:
        """Return a payment that the payer has just made, and the notification of it as it arrived."""
        order = self.charge_order(subject, kind=OperationKind.SALE, method=subject.acting())
        opened = await subject.adapter.charge(order)
        assert opened.next_action is not None
        await subject.act(opened.next_action, is_approved=True)
        return order, await subject.notification()

    def refused(self, read: Callable[[InboundNotification], object], inbound: InboundNotification) -> None:
        try:
            read(inbound)
        except NotificationRefused:
            return
        raise AssertionError("a notification that is not authentic was believed")
