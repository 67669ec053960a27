"""Runs the server with one known bug planted, by patching its code in its own process before it starts.

A kit that finds nothing in a server that is known to be wrong proves nothing about one that is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tollbridge_server.testing.processes import ServerProcess

from tests.planting import plant

VARIABLE = "PLANTED_BUG"
_ROOT = Path(__file__).parents[3]


class PlantedServer(ServerProcess):
    """A ServerProcess whose server has the bug that its environment names."""

    def __init__(self, config_path: Path, *, environment: Mapping[str, str] | None = None) -> None:
        # Python imports this module before anything else, in the server's process only.
        startup = config_path.with_name("startup")
        startup.mkdir()
        (startup / "sitecustomize.py").write_text(f"from {__name__} import plant_named\n\nplant_named()\n")
        path = os.pathsep.join(filter(None, [str(startup), str(_ROOT), os.environ.get("PYTHONPATH")]))
        super().__init__(config_path, environment={**(environment or {}), "PYTHONPATH": path})


def _capture_without_reservation() -> None:
    """Two captures at once may take more than there is; the outcome's release of nothing is hidden."""
    from tollbridge_server.domain import advance
    from tollbridge_server.services import payments

    change, right = payments.change_payment, advance.capture

    def change_payment(tx: Any, before: Any, changed: Any, clock: Any) -> Any:
        return change(tx, before, replace(changed, capture_reserved_minor=before.capture_reserved_minor), clock)

    def capture(payment: Any, operation: Any, old: Any, new: Any) -> Any:
        after = right(payment, operation, old, new)
        return replace(after, capture_reserved_minor=max(after.capture_reserved_minor, 0))

    plant(payments, "change_payment", change_payment)
    plant(advance, "capture", capture)


def _forgotten_keys() -> None:
    """Every idempotency key looks new."""
    from tollbridge_server.storage.repositories import IdempotencyKeys

    right = IdempotencyKeys.put

    def put(self: Any, record: Any) -> None:
        right(self, record)

    plant(IdempotencyKeys, "put", put)


def _refund_kept_reserved() -> None:
    """A declined refund keeps its amount reserved."""
    from tollbridge_server.domain import advance

    right = advance.refund

    def refund(payment: Any, present: Any, operation: Any, attempt: Any, old: Any, *, now_us: int) -> Any:
        after, changed = right(payment, present, operation, attempt, old, now_us=now_us)
        if attempt.state is advance.AttemptState.DECLINED:
            after = replace(after, refund_reserved_minor=payment.refund_reserved_minor)
        return after, changed

    plant(advance, "refund", refund)


def _silence_is_a_decline() -> None:
    """An outcome that is not known is taken for a decline."""
    from tollbridge_server.domain import merge

    merge._OBSERVED[merge.Outcome.UNKNOWN] = merge.AttemptState.DECLINED


def _refunds_are_not_bounded() -> None:
    """What was refunded already is forgotten when the next refund is checked."""
    from tollbridge_server.domain.payment import Payment

    Payment.refundable_minor = property(lambda self: self.captured_minor)  # type: ignore[method-assign, assignment]


def _reads_lag() -> None:
    """A read shows the amounts as if nothing had been refunded."""
    from tollbridge_server.services import status

    right = status._status

    def stale(tx: Any, payment: Any) -> Any:
        return right(tx, replace(payment, refunded_minor=0))

    plant(status, "_status", stale)


PLANTS: dict[str, Callable[[], None]] = {
    "capture without reservation": _capture_without_reservation,
    "forgotten keys": _forgotten_keys,
    "refund kept reserved": _refund_kept_reserved,
    "silence is a decline": _silence_is_a_decline,
    "refunds are not bounded": _refunds_are_not_bounded,
    "reads lag": _reads_lag,
}


def plant_named() -> None:
    """Plant the bug that the environment names into this process."""
    PLANTS[os.environ[VARIABLE]]()
