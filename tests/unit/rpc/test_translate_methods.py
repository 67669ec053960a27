"""Payment methods on their way in: each kind of the contract becomes its kind of the domain, with all that it holds."""

from __future__ import annotations

import pytest
from tollbridge.v1 import payment_method_pb2
from tollbridge_server.domain.payment_method import Card, MethodKind
from tollbridge_server.rpc import requests

from tests.unit.rpc.samples import METHODS, create_request, unset_fields


@pytest.mark.parametrize("kind", MethodKind)
def test_each_payment_method_arrives_with_its_kind_and_all_it_holds(kind: MethodKind) -> None:
    message, parameters = METHODS[kind]
    card = Card("4242424242424242", 12, 2035, "123", "A PAYER") if kind is MethodKind.CARD else None
    arrived = requests.create_payment(create_request(message)).method
    assert (arrived.kind, arrived.card, dict(arrived.parameters)) == (kind, card, parameters)
    assert len(arrived.parameters) == len(parameters)


@pytest.mark.parametrize("kind", MethodKind)
def test_the_sample_of_each_payment_method_leaves_no_field_of_the_contract_out(kind: MethodKind) -> None:
    assert unset_fields(METHODS[kind][0]) == set()


def test_the_samples_hold_every_payment_method_of_the_contract() -> None:
    in_contract = set()
    for field in payment_method_pb2.PaymentMethod.DESCRIPTOR.fields:
        products = field.message_type.oneofs_by_name.get("product")
        in_contract |= {(field.name, product.name) for product in products.fields} if products else {(field.name, "")}
    in_samples = set()
    for message, _ in METHODS.values():
        name = message.WhichOneof("method") or ""
        chosen = getattr(message, name)
        in_samples.add((name, chosen.WhichOneof("product") if chosen.DESCRIPTOR.oneofs else ""))
    assert in_samples == in_contract


def test_a_payment_method_never_shows_its_secrets_in_a_repr() -> None:
    secrets = ("4242424242424242", "123", "A PAYER", "2812345678901234", "101234567890123456", "tok_1", "o-1")
    shown = "".join(repr(requests.create_payment(create_request(message))) for message, _ in METHODS.values())
    assert [secret for secret in secrets if f"'{secret}'" in shown] == []
