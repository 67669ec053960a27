"""A signature of the sandbox holds for exactly one message, place and time; everything else is refused."""

from __future__ import annotations

import pytest
from tollbridge_server.providers.sandbox import signing

SECRET = b"s" * 32
BODY = b'{"amount_minor":1000}'
CONTEXT = signing.request_context("/v1/charges")
NOW_S = 1_800_000_000
SIGNATURE = signing.sign(SECRET, BODY, timestamp_s=NOW_S, context=CONTEXT)


def verify(
    *,
    secret: bytes = SECRET,
    body: bytes = BODY,
    timestamp: str = str(NOW_S),
    signature: str = SIGNATURE,
    context: str = CONTEXT,
    now_s: float = NOW_S,
) -> None:
    signing.verify(secret, body, timestamp=timestamp, signature=signature, context=context, now_s=now_s)


@pytest.mark.parametrize("age_s", [-signing.WINDOW_S, 0, signing.WINDOW_S])
def test_an_authentic_message_inside_the_window_is_accepted(age_s: int) -> None:
    verify(now_s=NOW_S + age_s)


def test_an_altered_amount_is_refused() -> None:
    with pytest.raises(signing.SignatureInvalid):
        verify(body=BODY.replace(b"1000", b"1001"))


def test_another_key_is_refused() -> None:
    with pytest.raises(signing.SignatureInvalid):
        verify(secret=b"t" * 32)


def test_another_path_is_refused() -> None:
    with pytest.raises(signing.SignatureInvalid):
        verify(context=signing.request_context("/v1/refunds"))


def test_a_request_is_no_notification() -> None:
    with pytest.raises(signing.SignatureInvalid):
        verify(context=signing.NOTIFICATION_CONTEXT)


def test_an_answer_to_another_request_is_refused() -> None:
    signature = signing.sign(SECRET, BODY, timestamp_s=NOW_S, context=signing.answer_context("a" * 64, 200))

    with pytest.raises(signing.SignatureInvalid):
        verify(signature=signature, context=signing.answer_context("b" * 64, 200))


def test_a_timestamp_that_was_not_signed_is_refused() -> None:
    with pytest.raises(signing.SignatureInvalid):
        verify(timestamp=str(NOW_S + 1))


@pytest.mark.parametrize("age_s", [-signing.WINDOW_S - 1, signing.WINDOW_S + 1])
def test_an_authentic_message_outside_the_window_is_refused(age_s: int) -> None:
    with pytest.raises(signing.SignatureInvalid, match="too old or too new"):
        verify(now_s=NOW_S + age_s)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "٣", "9" * 5000])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    with pytest.raises(signing.SignatureInvalid, match="no timestamp"):
        verify(timestamp=timestamp)


@pytest.mark.parametrize("signature", ["", SIGNATURE.upper(), SIGNATURE[:-1], "\udcff", "é", "0" * 10_000])
def test_a_signature_that_is_missing_or_malformed_is_refused(signature: str) -> None:
    with pytest.raises(signing.SignatureInvalid, match="wrong signature"):
        verify(signature=signature)
