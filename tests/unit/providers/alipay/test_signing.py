"""The signed texts are those of the published example, byte for byte, and a doubtful answer is not opened."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlencode

import pytest
from tollbridge_server.providers.alipay import signing
from tollbridge_server.providers.alipay.signing import EnvelopeInvalid, open_envelope
from tollbridge_server.providers.rsa_keys import is_signed, sign

from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION

ORDER = (
    '{"out_trade_no":"T20260101001","total_amount":"88.88","subject":"测试商品 A+B","product_code":"QR_CODE_OFFLINE"}'
)
REQUEST = {
    "version": "1.0",
    "method": "alipay.trade.precreate",
    "app_id": "2021000000000001",
    "biz_content": ORDER,
    "charset": "utf-8",
    "format": "JSON",
    "notify_url": "https://shop.example.com/alipay/notify",
    "return_url": "",
    "sign_type": "RSA2",
    "timestamp": "2026-01-02 15:04:05",
    "sign": "is no part of it",
}
REQUEST_SIGNATURE = (
    "TmY1wNOr7E0sb9SFOlcP44z6TtMZ/WSs0UdADGXM6MxYRpadmFjp95RkhLatJTgmJyOzJA4ebGoYsod8IU3md9dcAHCKQwXfXk4YBWBdmMvnQw55"
    "0wf2scwtyfSqYANw302dHqF9HcE4qq5ZgCDiccNDVcNkkQlWnFCbQB7DKmftzJRHF3XegiUA96az9yWGTadZCWD3NZJUXA5ilqg6n7VBcuAGh3Nd"
    "sqoibbEmdMQgqtoPKHK0XgyGC8CQG92AFu/sQeycepfrJyKRlIwFhlnfWZtqMWkWeuD0RBT0waRPVBaUUBzB3Ket4qWR9GBqZhuLog/zHNvb1BF0"
    "fq430w=="
)
NODE = (
    r'{"code":"10000","msg":"Success","out_trade_no":"T20260101001",'
    r'"qr_code":"https:\/\/qr.alipay.com\/bax00000000000000000"}'
)
NODE_SIGNATURE = (
    "LQdLmDDSgkZ8sNJwauBn3gTT5KyCUGotlvL6TtYDvOkGODqpOlHxssqpwOK1//IG30m+wdqs+9c0uo25EJiBSVWhpm6XG8ld+wNCo8GC3qrh9Hmi"
    "Ea1bSAuVXayyWzFAyo/HAkjCfQCEaRDt+3A6hY/6+F+p7x8PsogDx9bIXFgkyoP4zlHP1WJYr4qsI7NFUdpWeEft46IkejhBY6wf8ZXerBJxNqgT"
    "pO45DDHPCJV69xlgOyn50oLc1xonGwW6sB4PtKpn15+jqAB/wm0Yq1D3ikbSkIctQYeETpv/OAyS2suFhrQIlIlyZhE11YUah8Db6CnmYbi/9RsH"
    "IqBAcA=="
)
NOTIFICATION = {
    "app_id": "2021000000000001",
    "auth_app_id": "2021000000000001",
    "buyer_id": "2088000000000002",
    "buyer_pay_amount": "88.88",
    "charset": "utf-8",
    "fund_bill_list": '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
    "gmt_create": "2026-01-02 15:04:10",
    "gmt_payment": "2026-01-02 15:04:31",
    "invoice_amount": "88.88",
    "notify_id": "2026010200222150432000000000000001",
    "notify_time": "2026-01-02 15:04:32",
    "notify_type": "trade_status_sync",
    "out_trade_no": "T20260101001",
    "point_amount": "0.00",
    "receipt_amount": "88.88",
    "seller_id": "2088000000000001",
    "subject": "测试商品 A+B",
    "total_amount": "88.88",
    "trade_no": "2026010222001400000000000001",
    "trade_status": "TRADE_SUCCESS",
    "version": "1.0",
}
NOTIFICATION_SIGNATURE = (
    "LZ6WVaeYjnbWctkvorZ35+vuCmAgmemZYZAGwTx+JLe5Qt8yDCmVxemd443xc4O5mkj0OJwtxl6iV1yhEcoE5bgkoKoAOx/z7rHMwNZYMJMMLzbb"
    "Lsv1D98rxsznubwma91/RaflMcR3/qCOtaH6T/9PH5H2hSYp68jsK5UK3exeuN0REBKM437BwlNlFNFz+/kXBsxOC8cJRMUJKeHTSglNVeP+gZh/"
    "N90agWCv977iWJqouvTnIbklJHoN6RQc74VWSFBOIHUU8buK1RrPnp5lrK07p5uv75jsD+/ngFofjteZFruTORtQQSnKbkyZD6rE3FHjL3AlpABf"
    "aA4O1Q=="
)


def test_the_request_text_is_the_examples() -> None:
    text = signing.request_text(REQUEST)
    assert hashlib.sha256(text).hexdigest() == "20a81e863d967e24ab79d49ac89b4be492ba1008912a21faed3a363f4c2bc9a3"


def test_the_request_signature_is_the_examples() -> None:
    assert sign(APPLICATION, signing.request_text(REQUEST)) == REQUEST_SIGNATURE


def test_a_form_carries_what_was_signed_and_nothing_that_was_left_out() -> None:
    sent = dict(parse_qsl(signing.form_of({**REQUEST, "sign": REQUEST_SIGNATURE}), keep_blank_values=True))
    assert "return_url" not in sent
    assert sent.pop("sign") == REQUEST_SIGNATURE
    assert signing.request_text(sent) == signing.request_text(REQUEST)


def test_a_form_ends_with_the_signature_and_escapes_its_plus_signs() -> None:
    assert signing.form_of({"version": "1.0", "sign": "a+b="}) == "version=1.0&sign=a%2Bb%3D"


def test_the_answers_raw_node_verifies_as_in_the_example() -> None:
    body = f'{{"alipay_trade_precreate_response":{NODE},"sign":"{NODE_SIGNATURE}"}}'.encode()
    envelope = open_envelope(body, method="alipay.trade.precreate")
    assert envelope.raw == NODE.encode()
    assert is_signed(ALIPAY.public_key(), envelope.raw, envelope.signature)


def test_a_node_with_plain_slashes_does_not_verify() -> None:
    plain = NODE.replace(r"\/", "/").encode()
    assert hashlib.sha256(plain).hexdigest() == "ad40e877709c10181901b647e667efbbd03c14b2fa5c7c00c814bb5f35631c1f"
    assert not is_signed(ALIPAY.public_key(), plain, NODE_SIGNATURE)


@pytest.mark.parametrize(
    "node",
    [
        r'{"subject":"a } b"}',
        r'{"subject":"a\",\"sign\":\"x\"}"}',
        r'{"subject":"a\\","next":{"list":["]}",{"deep":"{"}]}}',
        '{ "a" : 1 ,\n "b" : [ true , null ] }',
        '"AAECAwQFBgcICQoLDA0ODw=="',
        "{}",
    ],
)
def test_a_node_is_cut_out_whole_and_unchanged(node: str) -> None:
    body = f' {{ "alipay_trade_query_response" : {node} , "alipay_cert_sn" : "no" , "sign" : "s" }} '.encode()
    envelope = open_envelope(body, method="alipay.trade.query")
    assert (envelope.raw, envelope.certificate_number, envelope.signature) == (node.encode(), "no", "s")


def test_a_gateways_error_node_without_a_signature_is_opened() -> None:
    envelope = open_envelope(b'{"error_response":{"code":"40002"}}', method="alipay.trade.query")
    assert (envelope.node, envelope.signature) == ("error_response", "")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"alipay_trade_query_response":{},"alipay_trade_query_response":{},"sign":"s"}', "twice"),
        (rb'{"alipay_trade_query_response":{},"alipay_trade_query\u005fresponse":{},"sign":"s"}', "twice"),
        (b'{"alipay_trade_query_response":{},"sign":"s","sign":"t"}', "twice"),
        (b'{"alipay_trade_query_response":{},"error_response":{},"sign":"s"}', "2 nodes"),
        (b'{"alipay_trade_pay_response":{},"sign":"s"}', "another method"),
        (b'{"sign":"s"}', "0 nodes"),
        (b"{}", "0 nodes"),
        (b'{"alipay_trade_query_response":{},"sign":7}', "no text"),
        (b'{"alipay_trade_query_response":{"code":"1', "not JSON"),
        (b'{"alipay_trade_query_response":{}} trailing', "not JSON"),
        (b'{"alipay_trade_query_response":"\xff"}', "not JSON"),
        (b"<html>502</html>", "not JSON"),
        (b'["alipay_trade_query_response"]', "not an object"),
        (b"", "not JSON"),
    ],
)
def test_a_doubtful_answer_is_not_opened(body: bytes, word: str) -> None:
    with pytest.raises(EnvelopeInvalid, match=word):
        open_envelope(body, method="alipay.trade.query")


def test_the_notification_text_is_the_examples() -> None:
    posted = urlencode({**NOTIFICATION, "sign_type": "RSA2", "sign": NOTIFICATION_SIGNATURE, "body": ""}).encode()
    fields = signing.notification_fields(posted)
    text = signing.notification_text(fields)
    assert hashlib.sha256(text).hexdigest() == "4fac3749d3ee0f31cd29d880a313f4e4523c885445f3b8dbc43e537c9bd09e6c"
    assert is_signed(ALIPAY.public_key(), text, fields["sign"])


@pytest.mark.parametrize(
    "text",
    [
        b"app_id=1&notify_id=n",
        b"app_id=1&body=&notify_id=n",
        b"alipay_cert_sn=c&app_id=1&notify_id=n",
        b"alipay_cert_sn=c&app_id=1&body=&notify_id=n",
    ],
)
def test_a_notification_may_be_signed_with_or_without_empty_fields_and_the_certificates_number(text: bytes) -> None:
    fields = {
        "notify_id": "n",
        "app_id": "1",
        "body": "",
        "alipay_cert_sn": "c",
        "sign": "s",
        "sign_type": "RSA2",
    }
    texts = signing.notification_texts(fields)
    assert text in texts
    assert len(texts) == 4
    assert all(b"sign" not in each for each in texts)


def test_a_notification_without_such_fields_has_one_text() -> None:
    assert signing.notification_texts({"app_id": "1", "sign": "s"}) == (b"app_id=1",)


def test_a_notifications_field_is_decoded_once() -> None:
    assert signing.notification_fields(b"passback_params=a%2526b") == {"passback_params": "a%26b"}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=%ff", b"\xff=1", b"&".join(b"f%d=1" % n for n in range(101))])
def test_a_form_that_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        signing.notification_fields(body)
