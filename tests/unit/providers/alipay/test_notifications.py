"""A notification counts when Alipay signed it, and it is for this application and this seller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tollbridge_server.domain.evidence import EvidenceSource, Outcome
from tollbridge_server.domain.operation import OperationKind
from tollbridge_server.ports.provider import InboundNotification, Notification, NotificationRefused
from tollbridge_server.providers.alipay.adapter import AlipayAdapter
from tollbridge_server.providers.alipay.certificates import TrustedCertificates
from tollbridge_server.providers.alipay.client import CertificateMode
from tollbridge_server.providers.alipay.signing import notification_text, notification_texts
from tollbridge_server.providers.rsa_keys import sign

from tests.unit.providers.alipay.gateway import APP_ID, SELLER_ID, Gateway, client_of, merchant
from tests.unit.providers.alipay.keys import ALIPAY, rsa_key
from tests.unit.providers.alipay.orders import cny

PAID = {
    "app_id": APP_ID,
    "buyer_pay_amount": "88.88",
    "charset": "utf-8",
    "fund_bill_list": '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
    "gmt_payment": "2026-01-02 15:04:31",
    "notify_id": "2026010200222150432000000000000001",
    "notify_type": "trade_status_sync",
    "out_trade_no": "charge",
    "seller_id": SELLER_ID,
    "subject": "测试商品 A+B",
    "total_amount": "88.88",
    "trade_no": "t1",
    "trade_status": "TRADE_SUCCESS",
    "body": "",
}
FROZEN = {
    "app_id": APP_ID,
    "notify_id": "n2",
    "notify_type": "fund_auth_freeze",
    "auth_no": "a1",
    "out_order_no": "charge",
    "out_request_no": "charge",
    "amount": "88.88",
    "status": "SUCCESS",
    "payee_user_id": SELLER_ID,
}


@pytest.fixture
async def adapter() -> AsyncIterator[AlipayAdapter]:
    gateway = Gateway()
    gateway.origin = "http://127.0.0.1:9"
    made = AlipayAdapter(client_of(gateway), merchant())
    yield made
    await made.close()


def posted(fields: dict[str, str], *, key: RSAPrivateKey = ALIPAY) -> bytes:
    signed = {**fields, "sign_type": "RSA2", "sign": sign(key, notification_text(fields))}
    return urlencode(signed).encode()


def read(adapter: AlipayAdapter, body: bytes, query: str = "") -> tuple[Notification, ...]:
    return adapter.read_notification(InboundNotification(body, {}, query, 0))


def test_a_payment_is_reported_under_our_reference(adapter: AlipayAdapter) -> None:
    (notification,) = read(adapter, posted(PAID))
    assert (notification.event_id, notification.request_reference) == (PAID["notify_id"], "charge")
    assert notification.kinds == {OperationKind.SALE, OperationKind.CAPTURE}
    evidence = notification.evidence
    assert (evidence.outcome, evidence.source) == (Outcome.SUCCEEDED, EvidenceSource.NOTIFICATION)
    assert (evidence.amount, evidence.provider_reference) == (cny(8888), "t1")


@pytest.mark.parametrize("text", range(4))
def test_a_notification_counts_whether_empty_fields_and_the_certificates_number_are_signed_or_not(
    adapter: AlipayAdapter, text: int
) -> None:
    numbered = {**PAID, "alipay_cert_sn": "c"}
    signature = sign(ALIPAY, notification_texts(numbered)[text])
    (notification,) = read(adapter, urlencode({**numbered, "sign_type": "RSA2", "sign": signature}).encode())
    assert notification.evidence.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("text", range(4))
@pytest.mark.parametrize("change", [{"total_amount": "88.89"}, {"added": "1"}, {"body": "other"}, {"trade_status": ""}])
def test_no_field_that_is_read_is_free_whichever_text_is_signed(
    adapter: AlipayAdapter, text: int, change: dict[str, str]
) -> None:
    numbered = {**PAID, "alipay_cert_sn": "c"}
    signature = sign(ALIPAY, notification_texts(numbered)[text])
    with pytest.raises(NotificationRefused, match="wrong signature"):
        read(adapter, urlencode({**numbered, **change, "sign_type": "RSA2", "sign": signature}).encode())


def test_a_payment_after_our_close_is_a_success_for_the_core_to_undo(adapter: AlipayAdapter) -> None:
    closed = posted({**PAID, "trade_status": "TRADE_CLOSED", "buyer_pay_amount": "0.00", "gmt_payment": ""})
    outcomes = [read(adapter, body)[0].evidence.outcome for body in (closed, posted(PAID))]
    assert outcomes == [Outcome.CANCELED, Outcome.SUCCEEDED]


def test_a_freeze_is_reported_under_our_reference(adapter: AlipayAdapter) -> None:
    (notification,) = read(adapter, posted(FROZEN))
    assert (notification.request_reference, notification.kinds) == ("charge", {OperationKind.AUTHORIZE})
    assert (notification.evidence.outcome, notification.evidence.amount) == (Outcome.SUCCEEDED, cny(8888))


def test_a_release_is_reported_under_the_cancels_reference(adapter: AlipayAdapter) -> None:
    released = {**FROZEN, "notify_type": "fund_auth_unfreeze", "out_request_no": "cancel"}
    (notification,) = read(adapter, posted(released))
    assert (notification.request_reference, notification.evidence.outcome) == ("cancel", Outcome.SUCCEEDED)
    assert notification.kinds == {OperationKind.CANCEL}


def test_a_release_under_the_freezes_own_number_authorizes_nothing(adapter: AlipayAdapter) -> None:
    released = {**FROZEN, "notify_type": "fund_auth_unfreeze", "out_request_no": "charge"}
    (notification,) = read(adapter, posted(released))
    assert (notification.request_reference, notification.evidence.outcome) == ("charge", Outcome.UNKNOWN)


def test_a_repeat_has_the_same_event_id(adapter: AlipayAdapter) -> None:
    assert read(adapter, posted(PAID)) == read(adapter, posted(PAID))


def test_a_long_event_id_is_shortened_without_meeting_another(adapter: AlipayAdapter) -> None:
    ids = {read(adapter, posted({**PAID, "notify_id": "n" * 100 + last}))[0].event_id for last in "ab"}
    assert len(ids) == 2
    assert all(len(each) == 64 for each in ids)


def test_other_news_are_taken_and_say_nothing(adapter: AlipayAdapter) -> None:
    assert read(adapter, posted({**PAID, "notify_type": "dut_user_sign"})) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"app_id": "2021000000000009"}, "for another application: app_id '2021000000000009' came; check app_id"),
        ({"seller_id": "2088000000000009"}, "for another seller: seller_id '2088000000000009' came; check seller_id"),
        ({"seller_id": ""}, "for another seller: seller_id '' came"),
        ({"app_id": "9" * 99}, "for another application: app_id '9{40}' came"),
        ({"notify_id": ""}, "without a notify_id"),
        ({"out_trade_no": ""}, "without a reference"),
    ],
)
def test_signed_news_that_are_not_ours_are_refused(adapter: AlipayAdapter, change: dict[str, str], reason: str) -> None:
    with pytest.raises(NotificationRefused, match=reason):
        read(adapter, posted({**PAID, **change}))


def test_a_freeze_for_another_payee_is_refused(adapter: AlipayAdapter) -> None:
    with pytest.raises(NotificationRefused, match="for another seller: payee_user_id '2088000000000009' came"):
        read(adapter, posted({**FROZEN, "payee_user_id": "2088000000000009"}))


def test_a_wrong_signature_names_the_setting_and_nothing_that_came(adapter: AlipayAdapter) -> None:
    with pytest.raises(NotificationRefused) as refused:
        read(adapter, posted({**PAID, "app_id": "2021000000000009"}, key=rsa_key("forger")))
    assert refused.value.reason.startswith("wrong signature; if Alipay sent it: is alipay_public_key Alipay's own key")
    assert "2021000000000009" not in refused.value.reason, "what nobody signed is not repeated"


async def test_in_certificate_mode_a_wrong_signature_names_the_certificate() -> None:
    gateway = Gateway()
    gateway.origin = "http://127.0.0.1:9"
    mode = CertificateMode("a" * 32, "b" * 32, "c" * 32, TrustedCertificates((), ()))
    made = AlipayAdapter(client_of(gateway, certificates=mode), merchant())
    with pytest.raises(NotificationRefused, match="is alipay_certificate Alipay's present certificate"):
        read(made, posted(PAID, key=rsa_key("forger")))
    await made.close()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(posted(PAID, key=rsa_key("forger")), id="a stranger's signature"),
        pytest.param(urlencode(PAID).encode(), id="no signature"),
        pytest.param(posted(PAID).replace(b"88.88", b"99.99"), id="changed"),
        pytest.param(posted(PAID) + b"&trade_status=TRADE_CLOSED", id="a field twice"),
        pytest.param(posted(PAID) + b"&added=1", id="a field added"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"&".join(b"f%d=1" % i for i in range(200)), id="too many fields"),
    ],
)
def test_what_alipay_did_not_sign_is_refused(adapter: AlipayAdapter, body: bytes) -> None:
    with pytest.raises(NotificationRefused):
        read(adapter, body)


def test_the_query_of_our_own_address_is_not_alipays_word(adapter: AlipayAdapter) -> None:
    (notification,) = read(adapter, posted(PAID), query="trade_status=TRADE_CLOSED")
    assert notification.evidence.outcome is Outcome.SUCCEEDED


def test_alipay_hears_exactly_success_or_tries_again(adapter: AlipayAdapter) -> None:
    yes, no = adapter.notification_reply(accepted=True), adapter.notification_reply(accepted=False)
    assert (yes.status, yes.body) == (200, b"success")
    assert no.body != b"success"
    assert no.status != 200


def test_a_form_with_a_half_escape_is_refused_before_it_is_decoded(adapter: AlipayAdapter) -> None:
    with pytest.raises(NotificationRefused, match="%"):
        read(adapter, b"a=" + b"%" * 1000)
