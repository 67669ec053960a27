"""What the acquirer says becomes evidence; what is not understood is UNKNOWN, never a failure."""

from __future__ import annotations

import pytest
from tollbridge_server.domain.evidence import DeclineReason, Evidence, EvidenceSource, NextActionKind, Outcome
from tollbridge_server.domain.money import Money
from tollbridge_server.providers.sandbox import wire
from tollbridge_server.providers.sandbox.evidence import evidence_of
from tollbridge_server.providers.sandbox.wire import Answer
from tollbridge_server.providers.transport import Silent, Unsent


def evidence(answer: Answer | Unsent | Silent) -> Evidence:
    return evidence_of(answer, source=EvidenceSource.REPLY, reference="r")


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("succeeded", Outcome.SUCCEEDED),
        ("pending", Outcome.PENDING),
        ("declined", Outcome.DECLINED),
        ("canceled", Outcome.CANCELED),
        ("SUCCEEDED", Outcome.UNKNOWN),
        ("approved", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_a_state_has_its_outcome_and_an_unheard_one_is_unknown(state: str, outcome: Outcome) -> None:
    assert evidence(Answer("r", state)).outcome is outcome


def test_an_answer_about_another_request_is_unknown() -> None:
    assert evidence(Answer("other", "succeeded", amount_minor=1, currency="EUR")).outcome is Outcome.UNKNOWN


def test_the_amount_is_what_the_answer_says() -> None:
    assert evidence(Answer("r", "succeeded", amount_minor=999, currency="JPY")).amount == Money(999, "JPY")


def test_silence_is_unknown_and_neither_absent_nor_unsent() -> None:
    found = evidence(Silent("reset"))

    assert (found.outcome, found.absent, found.unsent) == (Outcome.UNKNOWN, False, False)


def test_what_was_not_sent_is_unknown_and_says_so() -> None:
    found = evidence(Unsent("refused"))

    assert (found.outcome, found.unsent) == (Outcome.UNKNOWN, True)


def test_not_found_is_absent_and_not_declined() -> None:
    found = evidence(Answer("r", "not_found"))

    assert (found.outcome, found.absent, found.failure) == (Outcome.UNKNOWN, True, None)


def test_a_decline_with_an_unheard_code_is_a_decline_for_another_reason() -> None:
    failure = evidence(Answer("r", "declined", code="do_not_like")).failure

    assert failure is not None
    assert (failure.reason, failure.provider_code) == (DeclineReason.OTHER, "do_not_like")


@pytest.mark.parametrize(("action", "kind"), [("redirect", NextActionKind.REDIRECT), ("qr", NextActionKind.SHOW_QR)])
def test_an_action_is_passed_on_with_its_end(action: str, kind: NextActionKind) -> None:
    url = "https://acquirer.example/pay/x"

    found = evidence(Answer("r", "requires_action", action=action, action_url=url, expires_at_us=7)).next_action

    assert found is not None
    assert (found.kind, found.url or found.payload, found.expires_at_us) == (kind, url, 7)


def test_an_action_that_is_not_understood_is_unknown() -> None:
    assert evidence(Answer("r", "requires_action", action="telepathy")).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"reference":"r"}',
        b'{"reference":"r","state":"succeeded","amount_minor":"1000"}',
        b'{"reference":"r","state":"succeeded","amount_minor":10.0}',
        b'{"reference":"r","state":"succeeded","amount_minor":true}',
        b'{"reference":"r","state":"succeeded","amount_minor":null}',
        b'{"reference":"r","state":"succeeded","surprise":1}',
        b'{"reference":"r","state":"succeeded"',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_not_exactly_of_the_wire_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_answer(body)


def test_a_request_shows_no_card_data() -> None:
    request = wire.Request("r", card_number="4242424242424242", card_expiry="2034-12", card_cvv="123")

    assert "4242" not in repr(request)
    assert "2034" not in repr(request)
    assert "123" not in repr(request)
