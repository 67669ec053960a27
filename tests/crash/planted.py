"""Bugs that are planted into a server's own process, to see that the kit finds them; the product has none of this."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tollbridge_server.domain.evidence import DeclineReason, Evidence, Failure, Outcome
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.operations import Intent, OperationEngine


def commit_after_sending() -> None:
    """Make the intent durable only when the provider has answered."""
    execute, new_operation, made = OperationEngine._execute, IntentFactory.new_operation, dict[str, Any]()

    class Rehearsed(Exception):
        """Rolls the first transaction back, and carries what it would have made durable."""

    def remembered(self: IntentFactory, **facts: Any) -> Any:
        operation_id = facts["operation_id"]
        if operation_id not in made:
            made[operation_id] = new_operation(self, **facts)
        return made[operation_id]

    async def sent_first(self: OperationEngine, record: Any, prepare: Any, given: Secrets | None) -> Intent:
        def rehearse(tx: Transaction) -> Intent:
            if tx.idempotency.put(record) is None:
                raise Rehearsed(prepare(tx))
            raise Rehearsed(None)

        try:
            await self._storage.write(rehearse)
        except Rehearsed as rehearsed:
            intent = rehearsed.args[0]
        if intent is None or intent.charge is None:
            return await execute(self, record, prepare, given)
        evidence = await self._deliver(intent.case, intent.charge, given)

        async def already_sent(_engine: OperationEngine, _case: Case, _charge: Charge, _given: Any) -> Evidence:
            return evidence

        late = OperationEngine.__new__(OperationEngine)
        late.__dict__.update(self.__dict__)
        _plant(late, "_deliver", already_sent.__get__(late))
        return await execute(late, record, prepare, given)

    _plant(IntentFactory, "new_operation", remembered)
    _plant(OperationEngine, "_execute", sent_first)


def take_absence_for_failure() -> None:
    """Fail an operation as soon as the provider does not know it, instead of sending it again."""
    ask = OperationEngine._ask

    async def hasty(self: OperationEngine, case: Case, charge: Charge, result: Any) -> Evidence:
        evidence = await ask(self, case, charge, result)
        if not evidence.absent:
            return evidence
        return Evidence(Outcome.DECLINED, source=evidence.source, failure=Failure(DeclineReason.PROVIDER_UNAVAILABLE))

    _plant(OperationEngine, "_ask", hasty)


def renew_reference_on_resend() -> None:
    """Send again under another reference than the first time."""
    deliver = OperationEngine._deliver

    async def renamed(self: OperationEngine, case: Case, charge: Charge, given: Secrets | None) -> Evidence:
        if case.attempt.sends > 1:
            case = replace(case, attempt=replace(case.attempt, request_reference=secrets.token_hex(16)))
        return await deliver(self, case, charge, given)

    _plant(OperationEngine, "_deliver", renamed)


def take_silence_for_failure() -> None:
    """Fail an operation whose answer is lost."""
    deliver = OperationEngine._deliver

    async def hasty(self: OperationEngine, case: Case, charge: Charge, given: Secrets | None) -> Evidence:
        evidence = await deliver(self, case, charge, given)
        if evidence.outcome is not Outcome.UNKNOWN:
            return evidence
        return Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.PROVIDER_UNAVAILABLE))

    _plant(OperationEngine, "_deliver", hasty)


def _plant(owner: object, name: str, bug: Callable[..., object]) -> None:
    assert hasattr(owner, name), f"{name} has another name by now, so nothing would be planted"
    setattr(owner, name, bug)


PLANTED: Mapping[str, Callable[[], None]] = {
    "the intent is committed after sending": commit_after_sending,
    "absence is taken for failure": take_absence_for_failure,
    "a resend has another reference": renew_reference_on_resend,
    "silence is taken for failure": take_silence_for_failure,
}
