"""A refund that did not arrive is sent to another account, whose data only WeChat Pay can read."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from tollbridge_server.providers.wechatpay.encryption import seal_for
from tollbridge_server.providers.wechatpay.signing import SERIAL_HEADER

from tests.conformance.alipay import key_of
from tests.integration.wechatpay.desk import NUMBER, REFUNDS, WAIT_S, Answer, Desk, refund

TOTAL = 20_000
ACCOUNT, NAME = "6225880137006621", "测试"  # A card number that is in no use: its check digit is wrong.


async def serial(desk: Desk) -> str:
    return (await desk.call("GET", "/v3/certificates")).headers["wechatpay-serial"]


def card(key: str = "platform", **changes: Any) -> dict[str, Any]:
    content = {
        "out_refund_no": "R1",
        "type": "USER_BANK_CARD",
        "bank_type": "CMB_DEBIT",
        "bank_account": seal_for(key_of(key).public_key(), ACCOUNT),
        "real_name": seal_for(key_of(key).public_key(), NAME),
    } | changes
    return {name: value for name, value in content.items() if value is not None}


async def directed(desk: Desk, refund_id: str, content: dict[str, Any], *, under: str) -> Answer:
    path, body = f"{REFUNDS}/{refund_id}/apply-abnormal-refund", orjson.dumps(content)
    headers = desk.headers("POST", path, body) | ({SERIAL_HEADER: under} if under else {})
    return await desk.send("POST", path, body, headers)


async def has_become(desk: Desk, status: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while (answer := await desk.call("GET", f"{REFUNDS}/R1")).json["status"] != status:
            await asyncio.sleep(0.02)
    found: dict[str, Any] = answer.json
    return found


async def abnormal(desk: Desk) -> str:
    """Refund what does not arrive; return the refund's number at WeChat Pay."""
    await desk.paid(total=TOTAL)
    await desk.event()
    await refund(desk, "R1", 9102, total=TOTAL)
    number: str = (await has_become(desk, "ABNORMAL"))["refund_id"]
    assert (await desk.event())[1]["refund_status"] == "ABNORMAL"
    return number


async def test_a_refund_goes_to_the_card_that_is_named(desk: Desk) -> None:
    number = await abnormal(desk)

    accepted = await directed(desk, number, card(), under=await serial(desk))

    assert (accepted.status, accepted.json["status"]) == (200, "PROCESSING")
    done = await has_become(desk, "SUCCESS")
    assert (done["channel"], done["user_received_account"]) == ("OTHER_BANKCARD", "CMB_DEBIT6621")
    _, told = await desk.event()
    assert (told["refund_status"], told["refund_id"]) == ("SUCCESS", number)
    assert ACCOUNT not in orjson.dumps(told).decode()


async def test_a_refund_goes_back_to_the_merchant(desk: Desk) -> None:
    number = await abnormal(desk)

    accepted = await directed(desk, number, {"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"}, under="")

    assert accepted.json["status"] == "PROCESSING"
    await has_become(desk, "SUCCESS")


async def test_the_same_again_is_the_same_refund_and_another_account_is_refused(desk: Desk) -> None:
    number, under = await abnormal(desk), await serial(desk)
    await directed(desk, number, card(), under=under)

    again = await directed(desk, number, card(), under=under)
    other = await directed(
        desk, number, card(bank_account=seal_for(key_of("platform").public_key(), "6225880137006622")), under=under
    )

    assert (again.status, again.json["refund_id"]) == (200, number)
    assert (other.status, other.json["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (card("merchant"), "/bank_account"),
        (card(bank_account=ACCOUNT), "/bank_account"),
        (card(real_name="not encrypted"), "/real_name"),
        (card(bank_account=seal_for(key_of("platform").public_key(), "no number")), "/bank_account"),
        (card(bank_type=None), "/bank_type"),
        (card(real_name=None), "/real_name"),
        (card(type="CASH"), "/type"),
    ],
)
async def test_what_wechat_pay_can_not_read_or_use_is_refused_and_never_shown(
    desk: Desk, content: dict[str, Any], field: str
) -> None:
    number = await abnormal(desk)

    answer = await directed(desk, number, content, under=await serial(desk))

    assert (answer.status, answer.json["code"], answer.json["detail"]["field"]) == (400, "PARAM_ERROR", field)
    assert ACCOUNT not in answer.body.decode()
    assert (await desk.call("GET", f"{REFUNDS}/R1")).json["status"] == "ABNORMAL"


@pytest.mark.parametrize("under", ["", "00" * 20, "PUB_KEY_ID_0119000000012026010200000000000001"])
async def test_the_key_that_encrypted_has_to_be_named(desk: Desk, under: str) -> None:
    answer = await directed(desk, await abnormal(desk), card(), under=under)

    assert (answer.status, answer.json["code"]) == (400, "PARAM_ERROR")


async def test_a_refund_that_is_not_abnormal_is_not_directed(desk: Desk) -> None:
    await desk.paid(total=TOTAL)
    number = (await refund(desk, "R1", 100, total=TOTAL)).json["refund_id"]

    answer = await directed(desk, number, card(), under=await serial(desk))

    assert (answer.status, answer.json["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("number", ["50" + "0" * 27, None])
async def test_both_numbers_have_to_be_the_refunds(desk: Desk, number: str | None) -> None:
    known = await abnormal(desk)

    answer = await directed(
        desk, number or known, card(out_refund_no="R1" if number else NUMBER), under=await serial(desk)
    )

    assert (answer.status, answer.json["code"]) == (404, "RESOURCE_NOT_EXISTS")
