"""The client believes what Alipay signed, says Silent to everything else, and follows a re-issued certificate."""

from __future__ import annotations

import asyncio
import base64
import socket
from urllib.parse import parse_qsl, urlsplit

import pytest
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.certificates import TrustedCertificates, serial_number
from tollbridge_server.providers.alipay.client import MAX_REISSUED, CertificateMode
from tollbridge_server.providers.alipay.encryption import encrypt
from tollbridge_server.providers.alipay.signing import request_text
from tollbridge_server.providers.rsa_keys import is_signed, sign
from tollbridge_server.providers.transport import Silent, Unsent

from tests.unit.providers.alipay.gateway import (
    APP_ID,
    NOTIFY_URL,
    Gateway,
    Reply,
    client_of,
    envelope,
    node,
    serving,
)
from tests.unit.providers.alipay.keys import ALIPAY, APPLICATION, certificate, pem, rsa_key

QUERY = "alipay.trade.query"
DOWNLOAD = "alipay.open.app.alipaycert.download"
PAID = {"out_trade_no": "charge", "trade_status": "TRADE_SUCCESS", "total_amount": "1.00", "trade_no": "t1"}
AES_KEY = bytes(range(16))

ROOT = certificate("Test Root RSA G1", rsa_key("root"), authority=True)
KNOWN = certificate("Alipay", ALIPAY, issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=3)
MODE = CertificateMode("a" * 32, "b" * 32, serial_number(KNOWN), TrustedCertificates((KNOWN,), (ROOT,)))
FRESH = certificate("Alipay", rsa_key("next"), issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=4)
FRESH_NUMBER = serial_number(FRESH)


async def asked(*replies: Reply, mode: CertificateMode | None = None, aes_key: bytes = b"") -> Answer | Unsent | Silent:
    async with serving() as gateway:
        gateway.answer(QUERY, *replies)
        client = client_of(gateway, certificates=mode, aes_key=aes_key)
        try:
            return await client.call(wire.query("charge"))
        finally:
            await client.close()


async def test_a_signed_answer_is_read() -> None:
    answer = await asked(Reply(PAID))
    assert isinstance(answer, Answer)
    assert answer.is_success
    assert (answer.trade_status, answer.total_amount) == ("TRADE_SUCCESS", "1.00")


async def test_the_bytes_as_they_came_are_what_was_signed() -> None:
    spaced = b'{ "code" : "10000", "out_trade_no":"ch\\u0061rge", "subject":"}\\",\\"sign\\":\\"x", "qr_code":"a\\/b" }'
    answer = await asked(Reply(raw=envelope(QUERY, spaced, key=ALIPAY)))
    assert isinstance(answer, Answer)
    assert (answer.out_trade_no, answer.qr_code) == ("charge", "a/b")


async def test_an_error_without_a_signature_is_handed_on_as_such() -> None:
    answer = await asked(Reply({"code": "40002", "sub_code": "isv.invalid-app-id"}, key=None))
    assert isinstance(answer, Answer)
    assert (answer.code, answer.is_signed, answer.is_success) == ("40002", False, False)


async def test_an_error_before_routing_is_handed_on_unsigned() -> None:
    raw = b'{"error_response":{"code":"40002","msg":"Invalid Arguments"},"sign":""}'
    answer = await asked(Reply(raw=raw))
    assert isinstance(answer, Answer)
    assert not answer.is_signed


GENUINE = envelope(QUERY, node(PAID), key=ALIPAY)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(PAID, key=None), id="a success without a signature"),
        pytest.param(Reply({"code": "10003"}, key=None), id="in process without a signature"),
        pytest.param(Reply(PAID, key=rsa_key("forger")), id="signed by a stranger"),
        pytest.param(Reply(PAID, key=APPLICATION), id="signed with our own key"),
        pytest.param(Reply(raw=GENUINE.replace(b'"1.00"', b'"9.00"')), id="changed after signing"),
        pytest.param(
            Reply(raw=b'{"alipay_trade_query_response":' + node(PAID) + b"," + GENUINE[1:]), id="the node occurs twice"
        ),
        pytest.param(Reply(raw=b'{"error_response":{"code":"40004"},' + GENUINE[1:]), id="two nodes"),
        pytest.param(Reply(raw=envelope("alipay.trade.pay", node(PAID), key=ALIPAY)), id="another method's node"),
        pytest.param(Reply(raw=GENUINE[:-30]), id="cut off"),
        pytest.param(Reply(raw=b"<html>busy</html>"), id="a page"),
        pytest.param(Reply(raw=b""), id="nothing"),
        pytest.param(Reply(raw=b"[]"), id="a list"),
        pytest.param(Reply({**PAID, "total_amount": True}), id="an amount that is neither text nor number"),
        pytest.param(Reply(raw=envelope(QUERY, b"[1]", key=ALIPAY)), id="a node that is no object"),
        pytest.param(Reply(raw=envelope(QUERY, b'"QUJD"', key=ALIPAY)), id="encrypted, and we have no key"),
        pytest.param(Reply(PAID, status=502), id="not HTTP 200"),
    ],
)
async def test_what_proves_nothing_is_silence(reply: Reply) -> None:
    assert isinstance(await asked(reply), Silent)


@pytest.mark.parametrize(
    ("mode", "setting"),
    [(None, "is alipay_public_key Alipay's own key"), (MODE, "is alipay_certificate Alipay's present certificate")],
)
async def test_a_wrong_signature_is_logged_once_with_the_setting_and_the_account(
    mode: CertificateMode | None, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    number = MODE.alipay_number if mode else ""
    async with serving() as gateway:
        gateway.answer(QUERY, Reply(PAID, key=rsa_key("forger"), number=number))
        client = client_of(gateway, certificates=mode, account_id="shop")
        assert isinstance(await client.call(wire.query("charge")), Silent)
        await client.close()
    [record] = caplog.records
    assert setting in record.message
    assert vars(record)["provider_account_id"] == "shop"


async def test_a_gateway_that_can_not_be_reached_was_sent_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gateway = Gateway()
        gateway.origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = client_of(gateway)
        assert isinstance(await client.call(wire.query("charge")), Unsent)
        await client.close()


async def test_a_request_carries_the_common_parameters_and_no_empty_one() -> None:
    async with serving() as gateway:
        gateway.answer(QUERY, PAID)
        client = client_of(gateway)
        await client.call(wire.query("charge"))
        await client.close()
        parameters = gateway.last(QUERY).parameters
    assert set(parameters) == {
        "app_id", "method", "format", "charset", "sign_type", "timestamp", "version", "biz_content", "sign",
    }  # fmt: skip
    assert (parameters["app_id"], parameters["sign_type"]) == (APP_ID, "RSA2")
    assert parameters["timestamp"] == "2026-01-02 15:04:05"


async def test_certificate_mode_names_both_certificates() -> None:
    async with serving() as gateway:
        gateway.answer(QUERY, Reply(PAID, number=MODE.alipay_number))
        client = client_of(gateway, certificates=MODE)
        assert isinstance(await client.call(wire.query("charge")), Answer)
        await client.close()
        parameters = gateway.last(QUERY).parameters
    assert (parameters["app_cert_sn"], parameters["alipay_root_cert_sn"]) == ("a" * 32, "b" * 32)


async def test_content_is_encrypted_and_decrypted() -> None:
    ciphertext = b'"' + encrypt(AES_KEY, node(PAID)).encode() + b'"'
    answer = await asked(Reply(raw=envelope(QUERY, ciphertext, key=ALIPAY)), aes_key=AES_KEY)
    assert isinstance(answer, Answer)
    assert answer.trade_no == "t1"


async def test_an_error_in_clear_to_an_encrypted_request_is_read() -> None:
    answer = await asked(Reply({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}), aes_key=AES_KEY)
    assert isinstance(answer, Answer)
    assert answer.sub_code == "ACQ.TRADE_NOT_EXIST"


async def test_content_for_another_aes_key_is_silence() -> None:
    ciphertext = b'"' + encrypt(bytes(16), node(PAID)).encode() + b'"'
    assert isinstance(await asked(Reply(raw=envelope(QUERY, ciphertext, key=ALIPAY)), aes_key=AES_KEY), Silent)


def download(*chain: object, content: str | None = None, key_name: str = "next", raw: bytes | None = None) -> Reply:
    text = content if content is not None else base64.b64encode(pem(*chain).encode()).decode()  # type: ignore[arg-type]
    return Reply({"alipay_cert_content": text}, key=rsa_key(key_name), number=FRESH_NUMBER, raw=raw)


async def test_a_reissued_certificate_is_downloaded_once_even_by_many_at_the_same_time() -> None:
    async with serving() as gateway:
        gateway.answer(QUERY, Reply(PAID, key=rsa_key("next"), number=FRESH_NUMBER))
        gateway.answer(DOWNLOAD, download(FRESH))
        client = client_of(gateway, certificates=MODE)
        answers = await asyncio.gather(*(client.call(wire.query("charge")) for _ in range(5)))
        posted = {"app_id": APP_ID}
        posted["sign"] = sign(rsa_key("next"), f"app_id={APP_ID}".encode())
        assert client.is_authentic(posted)
        await client.close()
        downloads = [each for each in gateway.received if each.method == DOWNLOAD]
    assert all(isinstance(answer, Answer) and answer.is_success for answer in answers)
    assert [each.content for each in downloads] == [{"alipay_cert_sn": FRESH_NUMBER}]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(
            download(
                certificate("Alipay", rsa_key("next"), issuer="Test Root RSA G1", signed_by=rsa_key("x"), serial=4)
            ),
            id="a chain to nowhere",
        ),
        pytest.param(download(KNOWN), id="another certificate"),
        pytest.param(download(content="%%%"), id="no base64"),
        pytest.param(download(FRESH, raw=b"{}"), id="no answer"),
        pytest.param(Reply({}, status=500), id="an error of HTTP"),
        pytest.param(Reply({"code": "40004"}), id="a refusal"),
    ],
)
async def test_an_answer_under_a_certificate_that_proves_nothing_is_silence(reply: Reply) -> None:
    async with serving() as gateway:
        gateway.answer(QUERY, Reply(PAID, key=rsa_key("next"), number=FRESH_NUMBER))
        gateway.answer(DOWNLOAD, reply)
        client = client_of(gateway, certificates=MODE)
        assert isinstance(await client.call(wire.query("charge")), Silent)
        await client.close()


async def test_reissued_certificates_are_kept_in_a_bounded_number() -> None:
    fresh = [
        certificate("Alipay", ALIPAY, issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=100 + i)
        for i in range(MAX_REISSUED + 2)
    ]
    async with serving() as gateway:
        numbers = [serial_number(each) for each in fresh]
        gateway.answer(QUERY, *(Reply(PAID, number=number) for number in (*numbers, numbers[-1], numbers[0])))
        gateway.answer(DOWNLOAD, *(download(each) for each in (*fresh, fresh[0])))
        client = client_of(gateway, certificates=MODE)
        for _ in range(len(fresh) + 2):
            assert isinstance(await client.call(wire.query("charge")), Answer)
        await client.close()
        downloads = [each.content["alipay_cert_sn"] for each in gateway.received if each.method == DOWNLOAD]
    assert downloads == [*numbers, numbers[0]], "the newest is kept, the oldest is asked for again"


async def test_a_browsers_url_is_signed_as_a_whole() -> None:
    async with serving() as gateway:
        client = client_of(gateway)
        request = wire.Request(
            "alipay.trade.page.pay", b'{"a":"b c&d"}', is_notified=True, return_url="https://a.b/?c=1"
        )
        url = await client.browser_url(request)
        await client.close()
    parameters = dict(parse_qsl(urlsplit(url).query))
    assert (parameters["notify_url"], parameters["return_url"]) == (NOTIFY_URL, "https://a.b/?c=1")
    assert is_signed(APPLICATION.public_key(), request_text(parameters), parameters["sign"])
