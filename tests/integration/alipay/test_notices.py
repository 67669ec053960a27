"""Refunds and orders whose time is over are notified where the contract has that, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.alipay.desk import Desk, opened
from tests.integration.alipay.orders import code, frozen, refund, scanned, shown

PAY, REFUND = "alipay.trade.pay", "alipay.trade.refund"


async def paid(desk: Desk) -> None:
    await desk.call(PAY, scanned(), notify_url=desk.notify_url)
    assert (await desk.heard())["trade_status"] == "TRADE_SUCCESS"


async def test_a_partial_refund_is_told_as_a_success_with_the_sum_of_refunds(desk: Desk) -> None:
    await paid(desk)
    await desk.call(REFUND, refund("R1", "4.00"))
    first = await desk.heard()
    await desk.call(REFUND, refund("R2", "3.00"))
    second = await desk.heard()

    assert [(each["trade_status"], each["out_biz_no"], each["refund_fee"]) for each in (first, second)] == [
        ("TRADE_SUCCESS", "R1", "4.00"),
        ("TRADE_SUCCESS", "R2", "7.00"),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", first["gmt_refund"])
    assert first["total_amount"] == "10.00"
    assert "gmt_payment" in first
    assert "gmt_close" not in first


async def test_a_full_refund_is_told_as_the_end_of_a_paid_trade(desk: Desk) -> None:
    await paid(desk)
    await desk.call(REFUND, refund())
    fields = await desk.heard()

    assert (fields["trade_status"], fields["refund_fee"], fields["out_biz_no"]) == ("TRADE_CLOSED", "10.00", "R1")
    assert {"gmt_payment", "gmt_refund", "gmt_close"} <= set(fields)


async def test_a_refund_that_is_asked_for_again_is_told_once(desk: Desk) -> None:
    await paid(desk)
    for _ in range(2):
        await desk.call(REFUND, refund())
    await desk.heard()
    await desk.settled()

    assert desk.arrived.empty()


async def test_a_cancel_of_what_was_paid_is_told_as_its_refund(desk: Desk) -> None:
    await paid(desk)
    await desk.call("alipay.trade.cancel", {"out_trade_no": "T1"})

    assert ((await desk.heard())["trade_status"]) == "TRADE_CLOSED"


async def test_an_order_whose_time_is_over_is_told_without_a_word_of_a_payment(desk: Desk) -> None:
    order = scanned("T1", "0001", timeout_express="5m")
    await desk.call(PAY, order, notify_url=desk.notify_url)
    desk.clock.ahead_s = 301
    fields = await desk.heard()

    assert (fields["trade_status"], fields["total_amount"]) == ("TRADE_CLOSED", "10.00")
    assert not {"gmt_payment", "gmt_refund", "buyer_pay_amount", "refund_fee", "fund_bill_list"} & set(fields)


async def test_a_code_that_nobody_opened_is_no_trade_and_is_not_told(desk: Desk) -> None:
    content = shown(timeout_express="5m")
    answer = await desk.call("alipay.trade.precreate", content, notify_url=desk.notify_url)
    desk.clock.ahead_s = 301
    assert "The time to pay is over" in await desk.shown(answer["qr_code"])

    assert await desk.notifications() == []


async def test_an_order_that_the_merchant_closes_is_not_told(desk: Desk) -> None:
    await desk.call(PAY, scanned("T1", "0001"), notify_url=desk.notify_url)
    await desk.call("alipay.trade.close", {"out_trade_no": "T1"})

    assert await desk.notifications() == []


async def test_an_order_without_an_address_is_told_nothing(desk: Desk) -> None:
    await desk.call(PAY, scanned())
    await desk.call(REFUND, refund())

    assert await desk.notifications() == []


async def test_without_the_contract_refunds_and_ends_are_told_to_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path, notifies_all=False) as desk:
        await paid(desk)
        await desk.call(REFUND, refund())
        await desk.call(PAY, scanned("T2", "0001", timeout_express="5m"), notify_url=desk.notify_url)
        desk.clock.ahead_s = 301
        assert await desk.status("T2") == "TRADE_CLOSED"

        assert len(await desk.notifications()) == 1


async def test_a_refund_s_notification_can_be_duplicated(desk: Desk) -> None:
    await paid(desk)
    await desk.arm("duplicate_notifications")
    await desk.call(REFUND, refund())

    assert len({(await desk.heard())["notify_id"] for _ in range(3)}) == 1


async def test_a_freeze_and_its_release_are_told(desk: Desk) -> None:
    content = frozen(auth_code=code(), auth_code_type="bar_code")
    answer = await desk.call("alipay.fund.auth.order.freeze", content, notify_url=desk.notify_url)
    release = {"auth_no": answer["auth_no"], "out_request_no": "U1", "amount": "4.00", "remark": "done"}
    await desk.call("alipay.fund.auth.order.unfreeze", release)
    first, second = await desk.heard(), await desk.heard()

    assert (first["notify_type"], first["amount"], first["rest_amount"]) == ("fund_auth_freeze", "10.00", "10.00")
    assert (second["notify_type"], second["amount"], second["rest_amount"]) == ("fund_auth_unfreeze", "4.00", "6.00")


TOLD_BACK = {"body": "Two kinds of tea & a cup", "passback_params": "order%3D7%26till%3D2"}


async def test_what_the_merchant_gave_for_itself_is_told_back_as_it_came(desk: Desk) -> None:
    await desk.call(PAY, scanned(**TOLD_BACK), notify_url=desk.notify_url)
    await desk.call(REFUND, refund())
    told = [await desk.heard() for _ in range(2)]

    assert [{name: fields[name] for name in TOLD_BACK} for fields in told] == [TOLD_BACK] * 2


async def test_of_a_code_that_was_shown_it_is_told_back_too(desk: Desk) -> None:
    url = (await desk.call("alipay.trade.precreate", shown(**TOLD_BACK), notify_url=desk.notify_url))["qr_code"]
    await desk.shown(url, "approve")
    fields = await desk.heard()

    assert {name: fields[name] for name in TOLD_BACK} == TOLD_BACK


async def test_what_the_merchant_did_not_give_is_not_told(desk: Desk) -> None:
    await desk.call(PAY, scanned(), notify_url=desk.notify_url)

    assert not set(TOLD_BACK) & set(await desk.heard())


async def test_a_query_tells_back_where_and_for_what_was_paid(desk: Desk) -> None:
    given = {"store_id": "NJ_001", "terminal_id": "till-2", "passback_params": TOLD_BACK["passback_params"]}
    await desk.call(PAY, scanned(**given))
    await desk.call(PAY, scanned("T2"))
    first, second = [await desk.call("alipay.trade.query", {"out_trade_no": number}) for number in ("T1", "T2")]

    assert {name: first[name] for name in given} == given
    assert not set(given) & set(second)
