"""Bugs that are planted into a server's own process, to see that the kit finds them; the product has none of this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tollbridge_server.domain.evidence import DeclineReason, Evidence, Failure, Outcome
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.values import replace
from tollbridge_server.ports.storage import Transaction
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.intents import IntentFactory
from tollbridge_server.services.line import Line
from tollbridge_server.services.operations import Intent, OperationEngine

from tests.planting import plant


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

    async def sent_first(self: OperationEngine, record: Any, prepare: Any, secrets: Secrets | None) -> Intent:
        def rehearse(tx: Transaction) -> Intent:
            if tx.idempotency.put(record) is None:
                raise Rehearsed(prepare(tx))
            raise Rehearsed(None)

        try:
            await self._storage.write(rehearse)
        except Rehearsed as rehearsed:
            intent = rehearsed.args[0]
        if intent is None or intent.charge is None:
            return await execute(self, record, prepare, secrets)
        evidence = await self.line.deliver(intent.case, intent.charge, secrets)

        async def already_sent(case: Case, charge: Charge, secrets: Secrets | None) -> Evidence:
            return evidence

        late, line = OperationEngine.__new__(OperationEngine), Line.__new__(Line)
        line.__dict__.update(self.line.__dict__)
        late.__dict__.update(self.__dict__, line=line)
        plant(line, "deliver", already_sent)
        return await execute(late, record, prepare, secrets)

    plant(IntentFactory, "new_operation", remembered)
    plant(OperationEngine, "_execute", sent_first)


def take_absence_for_failure() -> None:
    """Fail an operation as soon as the provider does not know it, instead of sending it again."""
    ask = Line.ask

    async def hasty(self: Line, case: Case, charge: Charge, action_result: Any) -> Evidence:
        evidence = await ask(self, case, charge, action_result)
        if not evidence.absent:
            return evidence
        return Evidence(Outcome.DECLINED, source=evidence.source, failure=Failure(DeclineReason.PROVIDER_UNAVAILABLE))

    plant(Line, "ask", hasty)


def renew_reference_on_resend() -> None:
    """Send again under another reference than the first time."""
    deliver = Line.deliver

    async def renamed(self: Line, case: Case, charge: Charge, secrets: Secrets | None) -> Evidence:
        if case.attempt.sends > 1:
            case = replace(case, attempt=replace(case.attempt, request_reference=uuid4().hex))
        return await deliver(self, case, charge, secrets)

    plant(Line, "deliver", renamed)


def take_silence_for_failure() -> None:
    """Fail an operation whose answer is lost."""
    deliver = Line.deliver

    async def hasty(self: Line, case: Case, charge: Charge, secrets: Secrets | None) -> Evidence:
        evidence = await deliver(self, case, charge, secrets)
        if evidence.outcome is not Outcome.UNKNOWN:
            return evidence
        return Evidence(Outcome.DECLINED, failure=Failure(DeclineReason.PROVIDER_UNAVAILABLE))

    plant(Line, "deliver", hasty)


PLANTED: Mapping[str, Callable[[], None]] = {
    "the intent is committed after sending": commit_after_sending,
    "absence is taken for failure": take_absence_for_failure,
    "a resend has another reference": renew_reference_on_resend,
    "silence is taken for failure": take_silence_for_failure,
}
