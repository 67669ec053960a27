"""A few questions tell which side does not know the other, and which setting to mend; nothing comes of them."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from tollbridge_server.ports.provider import ProbeResult, Probing
from tollbridge_server.providers.wechatpay.adapter import WechatPayAdapter
from tollbridge_server.providers.wechatpay.merchant import Merchant

from tests.unit.providers.wechatpay.keys import NOW, certificate_list, rsa_key
from tests.unit.providers.wechatpay.platform import (
    APP_ID,
    CERTIFICATE,
    CERTIFICATES,
    MCHID,
    NO_CERTIFICATES,
    PUBLIC_KEY_ID,
    Reply,
    client_of,
    serving,
)

ORDERS = "/v3/pay/transactions/out-trade-no/"
BILL = "/v3/bill/tradebill"
MERCHANT = Merchant(MCHID, APP_ID, "https://shop.example.com/x")
NO_ORDER = Reply(b'{"code":"ORDER_NOT_EXIST","message":"m"}', status=404, key=None)
NO_BILL = Reply(b'{"code":"NO_STATEMENT_EXIST","message":"m"}', status=400, key=None)
LISTED = Reply(certificate_list(CERTIFICATE))
LINK = b'{"download_url":"https://x","hash_type":"SHA1","hash_value":"0"}'


class ByPrefix(dict[str, list[Reply]]):
    """Replies by the beginning of a path: the number of the order and the day of the bill are not known before."""

    def __missing__(self, path: str) -> list[Reply]:
        return next(replies for known, replies in self.items() if path.startswith(known))


async def probed(
    order: Reply = NO_ORDER, certificates: Reply = LISTED, bill: Reply = NO_BILL, *, public_key: bool = False
) -> tuple[ProbeResult, list[str]]:
    """Return what was found, and the paths that were asked, without the order's number."""
    async with serving() as platform:
        answers = ByPrefix({ORDERS: [order], CERTIFICATES: [certificates], BILL: [bill]})
        platform._replies = answers
        adapter = WechatPayAdapter(client_of(platform.origin, public_key=public_key), MERCHANT)
        assert isinstance(adapter, Probing)
        try:
            result = await adapter.probe()
        finally:
            await adapter.close()
        assert all(each.verb == "GET" for each in platform.received), "questions, and nothing else"
        return result, [next(path for path in answers if each.startswith(path)) for each in platform.paths]


def refused(message: str, *, status: int = 401, code: str = "SIGN_ERROR", **headers: str) -> Reply:
    dated = {"Date": format_datetime(NOW, usegmt=True), **headers}
    return Reply(f'{{"code":"{code}","message":"{message}"}}'.encode(), status=status, key=None, headers=dated)


async def test_an_account_with_certificates_is_proven_whole() -> None:
    result, asked = await probed()
    assert (result.is_reached, result.is_own_key_accepted, result.is_provider_key_verified) == (True, True, True)
    assert result.mistakes == ()
    assert asked == [ORDERS, CERTIFICATES]


async def test_a_public_key_is_proven_by_a_bill_where_nothing_else_is_signed() -> None:
    result, asked = await probed(certificates=NO_CERTIFICATES, bill=Reply(LINK, serial=PUBLIC_KEY_ID), public_key=True)
    assert (result.is_own_key_accepted, result.is_provider_key_verified, result.mistakes) == (True, True, ())
    assert asked == [ORDERS, CERTIFICATES, BILL]


async def test_without_a_signed_answer_the_public_key_stays_untold() -> None:
    result, _ = await probed(certificates=NO_CERTIFICATES, public_key=True)
    assert (result.is_own_key_accepted, result.is_provider_key_verified, result.mistakes) == (True, None, ())
    assert any("public_key is proven by the first payment" in remark for remark in result.remarks)
    assert any("api_v3_key is proven by the first notification" in remark for remark in result.remarks)


async def test_an_unsigned_answer_is_no_proof_of_the_public_key() -> None:
    result, _ = await probed(certificates=NO_CERTIFICATES, bill=Reply(LINK, key=None), public_key=True)
    assert result.is_provider_key_verified is None


async def test_a_signed_error_about_the_order_proves_the_public_key() -> None:
    order = Reply(NO_ORDER.body, status=404, serial=PUBLIC_KEY_ID)
    result, asked = await probed(order, certificates=NO_CERTIFICATES, public_key=True)
    assert result.is_provider_key_verified
    assert BILL not in asked


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        (Reply(LINK, key=rsa_key("forger"), serial=PUBLIC_KEY_ID), "public_key: wrong signature; is public_key"),
        (Reply(LINK, serial="PUB_KEY_ID_2"), f"check public_key_id (it is {PUBLIC_KEY_ID}) and public_key"),
    ],
)
async def test_a_wrong_public_key_or_id_is_named(bill: Reply, said: str) -> None:
    result, _ = await probed(certificates=NO_CERTIFICATES, bill=bill, public_key=True)
    [mistake] = result.mistakes
    assert mistake.startswith("public_key: ")
    assert said in mistake
    assert result.is_provider_key_verified is False


@pytest.mark.parametrize(
    ("order", "said", "own"),
    [
        (refused("签名错误"), "private_key: it is not the key of certificate", False),
        (refused("商户证书序列号有误。请使用签名私钥匹配的证书序列号"), "serial_no: merchant 1900000001 has no", False),
        (refused("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"), "clock: ", False),
        (refused("商户未设置APIv3密钥。"), "api_v3_key: set an APIv3 key", False),
        (refused("m", status=404, code="MCH_NOT_EXISTS"), "mchid: WeChat Pay knows no merchant 1900000001", False),
        (refused("m", status=403, code="NO_AUTH"), "mchid: WeChat Pay refuses the question (HTTP 403 NO_AUTH m)", True),
        (refused("m", status=500, code="SYSTEM_ERROR"), "mchid: WeChat Pay refuses the question", None),
        (Reply(b"<html>", status=502, key=None), "base_url: HTTP 502, and what came is no answer", None),
    ],
)
async def test_what_does_not_fit_on_our_side_is_named(order: Reply, said: str, own: bool | None) -> None:
    result, _ = await probed(order)
    assert result.mistakes[0].startswith(said)
    assert result.is_own_key_accepted is own


async def test_nothing_more_is_asked_of_whom_our_key_is_not_accepted() -> None:
    _, asked = await probed(refused("签名错误"))
    assert asked == [ORDERS]


async def test_another_clock_is_told_in_seconds_and_suspected_of_a_refusal() -> None:
    late = format_datetime(NOW - timedelta(seconds=400), usegmt=True)
    result, _ = await probed(refused("签名错误", Date=late))
    assert result.clock_ahead_s == pytest.approx(400, abs=1)
    assert result.mistakes[0].startswith("clock: ")


async def test_an_api_v3_key_that_does_not_open_the_certificates_is_named() -> None:
    altered = Reply(certificate_list(CERTIFICATE).replace(b"d215b0511e9c", b"another12345"))
    result, _ = await probed(certificates=altered)
    [mistake] = result.mistakes
    assert mistake.startswith("api_v3_key: ")
    assert result.is_own_key_accepted
    assert not result.is_provider_key_verified


async def test_an_account_without_certificates_and_public_key_is_told_what_it_lacks() -> None:
    result, _ = await probed(certificates=NO_CERTIFICATES)
    [mistake] = result.mistakes
    assert mistake.startswith("public_key: no platform certificates came")
    assert "such an account needs public_key and public_key_id" in mistake


async def test_a_stale_list_accuses_the_clock_and_not_the_key() -> None:
    result, _ = await probed(certificates=Reply(certificate_list(CERTIFICATE), late_s=400))
    [mistake] = result.mistakes
    assert mistake.startswith("clock: ")
    assert result.is_provider_key_verified


async def test_in_transition_a_list_that_a_certificate_signs_does_not_accuse_the_public_key() -> None:
    result, _ = await probed(public_key=True)
    assert (result.mistakes, result.is_provider_key_verified) == ((), None)


async def test_an_address_where_nobody_is_is_named() -> None:
    adapter = WechatPayAdapter(client_of("http://127.0.0.1:1", public_key=True), MERCHANT)
    result = await adapter.probe()
    await adapter.close()
    assert not result.is_reached
    assert result.mistakes[0].startswith("base_url: it can not be reached")
