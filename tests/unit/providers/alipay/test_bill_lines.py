"""A line's values are found whichever of Alipay's forms it has, and never guessed."""

from __future__ import annotations

import pytest
from tollbridge_server.providers.alipay import bill_lines
from tollbridge_server.providers.alipay.bill_lines import Columns

from tests.unit.providers.alipay.test_bills import HEADER, line

KIND, REFUND, AMOUNT, RECEIVED, FEE = (
    "业务类型",
    "退款批次号/请求号",
    "订单金额（元）",
    "商家实收（元）",
    "服务费（元）",
)


def published(*, subject: str = "两本书", shop: str = "", voucher: str = "", remark: str = "") -> str:
    """Return a line as in bills that merchants have published: a tab behind numbers and names only."""
    return (
        f"t1\t,charge\t,退款\t,{subject},2026-01-02 15:00:00,2026-01-02 15:00:05,\t,{shop}\t,\t,\t,*某(137****0000)\t,"
        f"-20.00,-19.00,0.00,0.00,0.00,0.00,0.00,{voucher},0.00\t,0.00,re1\t,0.12,0.00,{remark}"
    )


def read(text: str) -> tuple[str, ...]:
    cells = Columns(HEADER).cells(text)
    columns = ("支付宝交易号", "商户订单号", KIND, "完成时间", AMOUNT, RECEIVED, REFUND, FEE)
    return tuple(cells[name] for name in columns)


FORGED = (
    "x,2026-01-02 15:00:00,2026-01-02 15:00:05,,,,,y,-1.00,-1.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,re2,0.00,0.00,"
)
TABBED = FORGED.replace(",", "\t,")
EXPECTED = ("t1", "charge", "退款", "2026-01-02 15:00:05", "-20.00", "-19.00", "re1", "0.12")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(published(), id="no commas"),
        pytest.param(published(subject="Tea, black"), id="a subject with one"),
        pytest.param(published(subject='"Tea, black"'), id="a subject in quotation marks"),
        pytest.param(published(subject='"Tea'), id="a quotation mark that is not closed"),
        pytest.param(published(subject=",,,"), id="a subject of nothing else"),
        pytest.param(published(subject="1.00,2.00,3.00"), id="amounts in a subject"),
        pytest.param(published(shop="Shop, north"), id="a shop with one"),
        pytest.param(published(voucher="10% off, today"), id="a voucher with one"),
        pytest.param(published(remark="room 1, bed 2, 3 nights"), id="a remark with some"),
        pytest.param(published(subject="a,b", shop="c,d", voucher="e,f", remark="g,h"), id="one in each"),
    ],
)
def test_values_are_found_by_their_form_where_tabs_do_not_mark_them(text: str) -> None:
    assert read(text) == EXPECTED
    assert read(text.replace("\t", "")) == EXPECTED


@pytest.mark.parametrize("subject", ["Tea, black", '"Tea', FORGED])
def test_tabs_behind_all_values_mark_them(subject: str) -> None:
    found = read(line("退款", "-20.00", "0.12", refund="re1", subject=subject))
    assert found == ("t1", "charge", "退款", "2026-01-02 15:00:05", "-20.00", "-20.00", "re1", "0.12")


@pytest.mark.parametrize("where", ["subject", "remark"])
def test_a_text_that_looks_like_the_rest_of_a_line_is_not_taken_for_it(where: str) -> None:
    with pytest.raises(ValueError, match="more than one way"):
        read(published(**{where: FORGED}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(published().rpartition(",")[0], "too short", id="a value is missing"),
        pytest.param(line("退款", "-20.00", "0.12") + ",more\t", "more values", id="a value more, behind tabs"),
        pytest.param(published(subject="a,b").replace("-20.00", "-20"), "do not have the forms", id="another amount"),
        pytest.param(published(subject="a,b").replace("15:00:05", "soon"), "do not have the forms", id="another time"),
        pytest.param(
            published(subject="a,b").rpartition(",")[0], "do not have the forms", id="a value less and a comma"
        ),
        pytest.param(published(subject=TABBED), "more than one way", id="tabs and amounts in a subject"),
        pytest.param(published(subject="a\t,b") + "\t", "not a tab behind each", id="a tab at the end alone"),
        pytest.param(published(voucher="1.00,1.00").replace("re1", "1.00"), "more than one way", id="amounts move"),
    ],
)
def test_a_line_that_does_not_fit_its_columns_in_one_way_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_line_is_fitted_to_its_columns_up_to_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    text = published(subject="Tea, black")
    monkeypatch.setattr(bill_lines, "MAX_FITTED_LENGTH", len(text))
    assert read(text) == EXPECTED
    with pytest.raises(ValueError, match="too long"):
        read(published(subject="Tea, black!"))
