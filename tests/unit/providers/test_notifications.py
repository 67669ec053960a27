"""A notification of the sandbox is believed only if it is authentic, fresh, readable, and for this account."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from tollbridge_server.domain.evidence import EvidenceSource, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import InboundNotification, NotificationRefused
from tollbridge_server.providers.sandbox import notifications, signing

SECRET = b"s" * 32
NOW_S = 1_800_000_000
ANSWER = {
    "reference": "r",
    "kind": "CAPTURE",
    "state": "succeeded",
    "id": "ch_1",
    "amount_minor": 1000,
    "currency": "EUR",
}
MESSAGE = {"event_id": "ev_1", "account": "acc", "answer": ANSWER}


def inbound(
    message: Any = MESSAGE, *, secret: bytes = SECRET, age_s: int = 0, context: str = signing.NOTIFICATION_CONTEXT
) -> InboundNotification:
    body = orjson.dumps(message)
    headers = {
        signing.TIMESTAMP_HEADER: str(NOW_S - age_s),
        signing.SIGNATURE_HEADER: signing.sign(secret, body, timestamp_s=NOW_S - age_s, context=context),
    }
    return InboundNotification(body, headers, "", NOW_S * 1_000_000)


def refusal(notification: InboundNotification) -> str:
    with pytest.raises(NotificationRefused) as refused:
        notifications.read(notification, account_id="acc", secret=SECRET)
    return refused.value.reason


def test_an_authentic_notification_says_what_it_says() -> None:
    read = notifications.read(inbound(), account_id="acc", secret=SECRET)

    assert (read.event_id, read.request_reference) == ("ev_1", "r")
    assert read.kinds == {OperationKind.CAPTURE}
    assert (read.evidence.outcome, read.evidence.source) == (Outcome.SUCCEEDED, EvidenceSource.NOTIFICATION)
    assert read.evidence.amount == Money(1000, "EUR")


def test_a_kind_of_operation_that_nobody_knows_is_refused() -> None:
    assert refusal(inbound({**MESSAGE, "answer": {**ANSWER, "kind": "TRANSFER"}})) == "signed, but not readable"


def test_an_altered_amount_is_refused() -> None:
    sent = inbound()
    altered = InboundNotification(sent.body.replace(b"1000", b"9000"), sent.headers, "", sent.received_at_us)

    assert refusal(altered) == "wrong signature"


def test_another_key_is_refused() -> None:
    assert refusal(inbound(secret=b"t" * 32)) == "wrong signature"


def test_an_old_notification_is_refused() -> None:
    assert refusal(inbound(age_s=signing.WINDOW_S + 1)) == "too old or too new"


@pytest.mark.parametrize("missing", [signing.TIMESTAMP_HEADER, signing.SIGNATURE_HEADER])
def test_a_missing_header_is_refused(missing: str) -> None:
    sent = inbound()
    headers = {name: value for name, value in sent.headers.items() if name != missing}

    refusal(InboundNotification(sent.body, headers, "", sent.received_at_us))


def test_a_header_that_is_no_text_is_refused() -> None:
    sent = inbound()
    headers = {**sent.headers, signing.SIGNATURE_HEADER: "\udcff"}

    assert refusal(InboundNotification(sent.body, headers, "", sent.received_at_us)) == "wrong signature"


def test_an_event_of_another_account_with_the_same_secret_is_refused() -> None:
    assert refusal(inbound({**MESSAGE, "account": "other"})) == "for another account"


def test_a_request_of_ours_sent_back_is_refused() -> None:
    assert refusal(inbound(context=signing.request_context("/v1/charges"))) == "wrong signature"


@pytest.mark.parametrize("event_id", [None, "", 7, "e" * (notifications.MAX_EVENT_ID_LENGTH + 1)])
def test_a_notification_without_a_proper_event_id_is_refused(event_id: object) -> None:
    assert refusal(inbound({**MESSAGE, "event_id": event_id})) == "signed, but without an event id"


@pytest.mark.parametrize(
    "message", [[], "text", {}, {**MESSAGE, "answer": {**ANSWER, "amount_minor": "1000"}}, {**MESSAGE, "answer": None}]
)
def test_a_signed_message_that_is_not_of_the_wire_is_refused(message: object) -> None:
    assert refusal(inbound(message)) == "signed, but not readable"
