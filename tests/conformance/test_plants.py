"""The kit can fail: each broken adapter is caught by the check that is there for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.providers.sandbox import codes, notifications, signing
from tollbridge_server.providers.sandbox.adapter import SandboxAdapter
from tollbridge_server.testing.conformance import ConformanceKit
from tollbridge_server.testing.conformance.desk import reference

from tests.conformance.sandbox import HttpSubject

KIT = ConformanceKit()
Check = Callable[[Any], Awaitable[None]]


def _changing(verb: str, change: Callable[[Evidence], Evidence]) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        real = getattr(SandboxAdapter, verb)

        async def broken(self: SandboxAdapter, order: Any) -> Evidence:
            return change(await real(self, order))

        patch.setattr(SandboxAdapter, verb, broken)

    return plant


def silence_is_a_decline(patch: pytest.MonkeyPatch) -> None:
    def change(evidence: Evidence) -> Evidence:
        return replace(evidence, outcome=Outcome.DECLINED) if evidence.outcome is Outcome.UNKNOWN else evidence

    _changing("charge", change)(patch)


def a_new_reference_at_each_send(patch: pytest.MonkeyPatch) -> None:
    real = SandboxAdapter.charge

    async def broken(self: SandboxAdapter, order: Any) -> Evidence:
        return await real(self, replace(order, request_reference=reference()))

    patch.setattr(SandboxAdapter, "charge", broken)


def the_amount_is_not_reported(patch: pytest.MonkeyPatch) -> None:
    _changing("charge", lambda evidence: replace(evidence, amount=None))(patch)


def notifications_are_not_verified(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(notifications.signing, "verify", lambda *_, **__: None)


def a_reset_is_called_unsent(patch: pytest.MonkeyPatch) -> None:
    _changing("charge", lambda e: replace(e, unsent=True) if e.outcome is Outcome.UNKNOWN else e)(patch)


def a_missing_charge_is_not_called_absent(patch: pytest.MonkeyPatch) -> None:
    _changing("query", lambda evidence: replace(evidence, absent=False))(patch)


def answers_are_not_verified(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signing, "verify", lambda *_, **__: None)


def every_decline_has_one_reason(patch: pytest.MonkeyPatch) -> None:
    real = codes.failure_of
    import tollbridge_server.providers.sandbox.evidence as evidence

    patch.setattr(evidence, "failure_of", lambda code: real("generic_decline"))


PLANTS: list[tuple[Callable[[pytest.MonkeyPatch], None], Check]] = [
    (silence_is_a_decline, KIT.test_what_was_not_booked_is_unknown_and_then_absent),
    (silence_is_a_decline, KIT.test_what_was_booked_in_silence_is_unknown_and_then_found),
    (a_new_reference_at_each_send, KIT.test_an_authorization_is_booked_once_under_our_reference),
    (the_amount_is_not_reported, KIT.test_an_authorization_is_booked_once_under_our_reference),
    (notifications_are_not_verified, KIT.test_a_notification_with_one_byte_changed_is_refused),
    (notifications_are_not_verified, KIT.test_a_stale_notification_is_refused),
    (a_reset_is_called_unsent, KIT.test_what_was_booked_in_silence_is_unknown_and_then_found),
    (a_missing_charge_is_not_called_absent, KIT.test_a_reference_that_was_never_sent_is_absent),
    (answers_are_not_verified, KIT.test_what_was_booked_in_silence_is_unknown_and_then_found),
    (every_decline_has_one_reason, KIT.test_every_declined_method_has_its_reason_code_and_advice),
]


@pytest.mark.parametrize(("plant", "check"), PLANTS, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_broken_adapter_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], check: Check, sandbox_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = await sandbox_at(HttpSubject)
    await check(subject)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await check(subject)
