"""Values for rows: built from the types, every field distinct from its default and from its neighbours."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import replace
from enum import Enum
from itertools import count
from typing import Any, TypeVar

from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import Attempt, Operation
from tollbridge_server.domain.payment import Payment
from tollbridge_server.domain.refund import Refund
from tollbridge_server.ports.storage import Storage, Transaction

T = TypeVar("T")
_numbers = count(1_000)


def distinct(kind: type[T], **given: Any) -> T:
    """Return a dataclass in which every field that is not given has a value that no other field has."""
    hints = typing.get_type_hints(kind)
    names = [f.name for f in dataclasses.fields(typing.cast("Any", kind))]
    values = {name: given[name] if name in given else _value(hints[name]) for name in names}
    return kind(**values)


def _value(kind: Any) -> Any:
    number = next(_numbers)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _value(next(a for a in arguments if a is not types.NoneType))
    if origin is tuple:
        kinds = (arguments[0], arguments[0]) if arguments[-1] is Ellipsis else arguments
        return tuple(_value(each) for each in kinds)
    if dataclasses.is_dataclass(kind):
        return distinct(typing.cast("type[Any]", kind))
    if issubclass(kind, Enum):
        others = list(kind)[1:]  # The first member is the default wherever there is one.
        return others[number % len(others)]
    simple = {bool: True, int: number, str: f"word-{number}-ü%s'\"", bytes: b"\x00\xff%d" % number}
    return simple[kind]


def payment(**given: Any) -> Payment:
    """Return a payment whose sums hold and whose identifiers are new."""
    sums = {
        "amount_minor": 100_001,
        "authorized_minor": 100_000,
        "captured_minor": 50_000,
        "capture_reserved_minor": 7_000,
        "refunded_minor": 20_000,
        "refund_reserved_minor": 3_000,
    }
    return distinct(Payment, **(sums | given))


def operation(parent: Payment, **given: Any) -> Operation:
    return distinct(Operation, **({"payment_id": parent.payment_id, "amount": Money(next(_numbers), "CNY")} | given))


def attempt(parent: Operation, **given: Any) -> Attempt:
    ids = {"operation_id": parent.operation_id, "payment_id": parent.payment_id}
    return distinct(Attempt, **(ids | given))


def refund(parent: Payment, **given: Any) -> Refund:
    return distinct(Refund, **({"payment_id": parent.payment_id, "amount": Money(next(_numbers), "CNY")} | given))


def insert_payments(tx: Transaction, *payments: Payment) -> None:
    for each in payments:
        tx.payments.insert(each)


async def stored_payment(storage: Storage, **given: Any) -> Payment:
    """Return a payment that is in the storage."""
    made = payment(**given)
    await storage.write(lambda tx: tx.payments.insert(made))
    return made


async def stored_operation(storage: Storage) -> Operation:
    """Return an operation that is in the storage, with its payment."""
    made = operation(await stored_payment(storage))
    await storage.write(lambda tx: tx.operations.insert(made))
    return made


def at_next_version(value: Payment, **changes: Any) -> Payment:
    return replace(value, version=value.version + 1, **changes)
