"""A provider that promises nothing of what it does not know, as Alipay and WeChat Pay do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tollbridge_server.domain.evidence import Evidence, Outcome
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.ports.provider import CancelOrder, Capabilities

from tests.unit.services.scripted import ScriptedAdapter

ABSENCE_ENDS_AFTER_S = 600.0


@dataclass
class ForgetfulAdapter(ScriptedAdapter):
    """Its cancel ends a charge only when it can not begin any more; a till's code ends after `time_to_pay_s`."""

    cancels_unsent: bool = False
    time_to_pay_s: Mapping[MethodKind, float] = field(default_factory=dict)
    refunds_captures: bool = False

    @property
    def capabilities(self) -> Capabilities:
        return replace(
            super().capabilities,
            key_lifetime_s=365 * 86400,
            absence_ends_after_s=ABSENCE_ENDS_AFTER_S,
            time_to_pay_s=self.time_to_pay_s,
            refunds_captures=self.refunds_captures,
        )


def ending(order: CancelOrder) -> Evidence:
    """Nothing is there to end; whether that is the end is the caller's to say."""
    if order.is_charge_over:
        return Evidence(Outcome.SUCCEEDED, absent=True)
    return Evidence(Outcome.PENDING)
