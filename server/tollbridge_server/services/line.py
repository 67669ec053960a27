"""The line to a provider: one request handed over within its time, one question asked; whatever fails is silence.

It refuses to send when the time to send is over, to call a request unsent that may have arrived, and to raise for
anything that a provider or its adapter did.
"""

from __future__ import annotations

import asyncio
import logging

from tollbridge_server.domain.evidence import (
    DeclineReason,
    Evidence,
    EvidenceSource,
    Failure,
    Outcome,
    RetryAdvice,
)
from tollbridge_server.domain.merge import Case
from tollbridge_server.domain.operation import Attempt
from tollbridge_server.ports.clock import Clock
from tollbridge_server.ports.failpoint import Failpoint
from tollbridge_server.ports.provider import ProviderAccount, ProviderAccounts
from tollbridge_server.services import calls
from tollbridge_server.services.absence import Absence
from tollbridge_server.services.calls import Charge, Secrets
from tollbridge_server.services.settings import MICROSECONDS, EngineSettings

logger = logging.getLogger(__name__)


class Line:
    """Speaks with the providers of all accounts."""

    def __init__(
        self, *, accounts: ProviderAccounts, clock: Clock, settings: EngineSettings, failpoint: Failpoint
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._settings = settings
        self._failpoint = failpoint
        self._absence = Absence(settings)

    async def deliver(self, case: Case, charge: Charge, secrets: Secrets | None) -> Evidence:
        """Hand the request to the provider until it may have been sent, or provably was not."""
        account = self.account_of(case.attempt)
        attempt = case.attempt
        ends_us = attempt.send_deadline_us - int(self._settings.lease_margin_s * MICROSECONDS)
        remaining_us = min(ends_us, attempt.key_expires_at_us) - self._clock.now_us()
        if remaining_us <= 0:  # This process stood still: by now the request may be another server's to send.
            return _never_sent(case, Evidence(Outcome.UNKNOWN, unsent=True, detail="the time to send it is over"))
        unsent = 0
        try:
            async with asyncio.timeout(remaining_us / MICROSECONDS):
                while True:
                    self._failpoint("send.before")
                    is_over = self._absence.is_over(
                        charge, case.payment, account.adapter.capabilities, now_us=self._clock.now_us()
                    )
                    evidence = await calls.send(account.adapter, case, charge, secrets, is_charge_over=is_over)
                    self._failpoint("send.after")
                    if not evidence.unsent:
                        return _of_a_repeat(evidence) if attempt.sends > 1 else evidence
                    unsent += 1
                    if unsent > self._settings.unsent_retries:
                        return _never_sent(case, evidence)
                    await asyncio.sleep(self._settings.unsent_pause_s)
        except TimeoutError:
            return _silence("the provider did not answer before the send deadline")
        except Exception:
            logger.exception("sending failed", extra={"attempt_id": case.attempt.attempt_id})
            return _silence("the adapter failed while sending")

    async def ask(self, case: Case, charge: Charge, action_result: tuple[tuple[str, str], ...]) -> Evidence:
        """Return what the provider says of an attempt; no answer, or none that can be had, is UNKNOWN."""
        try:
            account = self.account_of(case.attempt)
            async with asyncio.timeout(self._settings.query_timeout_s):
                return await calls.ask(account.adapter, case, charge, action_result)
        except TimeoutError:
            return _silence("the query was not answered in time", EvidenceSource.QUERY)
        except LookupError as error:
            logger.warning("%s", error, extra={"attempt_id": case.attempt.attempt_id})
            return _silence("the account is not configured", EvidenceSource.QUERY)
        except Exception:
            logger.exception("query failed", extra={"attempt_id": case.attempt.attempt_id})
            return _silence("the adapter failed while asking", EvidenceSource.QUERY)

    def account_of(self, attempt: Attempt) -> ProviderAccount:
        """Return the provider account of an attempt; raise LookupError when the configuration lost it."""
        account = self._accounts.get(attempt.provider_account_id)
        if account is None:
            raise LookupError(
                f"provider account {attempt.provider_account_id} has unfinished payments but is not in the "
                "configuration any more; put it back until they are finished"
            )
        return account

    def send_timeout_us(self, account: ProviderAccount) -> int:
        """Return how long one sending may take at the most, in microseconds."""
        timeout_s = self._settings.send_timeout_s or account.adapter.capabilities.send_timeout_s
        return int(timeout_s * MICROSECONDS)


def _never_sent(case: Case, evidence: Evidence) -> Evidence:
    """Return a definite failure for a first sending that provably never left; otherwise keep it unknown."""
    if case.attempt.sends > 1:
        return evidence
    failure = Failure(DeclineReason.PROVIDER_UNAVAILABLE, provider_message=evidence.detail, retry=RetryAdvice.LATER)
    return Evidence(Outcome.DECLINED, failure=failure, unsent=True, detail=evidence.detail)


def _of_a_repeat(evidence: Evidence) -> Evidence:
    """Return what an answer to a second sending says: keys that are refused now say nothing of the first sending."""
    if evidence.failure is None or evidence.failure.reason is not DeclineReason.PROVIDER_CONFIGURATION:
        return evidence
    return _silence(f"sent again, and refused by configuration: {evidence.failure.provider_code}")


def _silence(detail: str, source: EvidenceSource = EvidenceSource.REPLY) -> Evidence:
    return Evidence(Outcome.UNKNOWN, source=source, detail=detail)
