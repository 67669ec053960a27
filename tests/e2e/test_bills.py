"""`tollbridge bill` fetches what a provider says it did on a day, and says what is wrong where there is no bill."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tollbridge_server.development import initialize
from tollbridge_server.testing import payer
from tollbridge_server.testing.processes import ServerProcess
from tollbridge_server.testing.simulators.frame.billing import CHINA

from tests.e2e.commands import Served, environment, run

METHODS = {"alipay": "alipay-qr", "wechatpay": "wechat-native"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, ServerProcess]]:
    """A development server with the simulators of both providers inside."""
    directory = tmp_path_factory.mktemp("billed")
    made = initialize(directory / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True)
    with ServerProcess(made.config_path, environment=environment()) as process:
        yield Served(directory, process.target), process


def closed_at(simulator: str) -> str:
    """Close today's books of a simulator; return the day."""
    day = f"{datetime.now(CHINA):%Y-%m-%d}"
    with urllib.request.urlopen(f"{simulator}/control/bill?date={day}", data=b"") as answer:
        assert answer.status == 200
    return day


@pytest.mark.parametrize("provider", METHODS)
def test_a_bill_lists_the_payments_and_refunds_of_a_day(shop: tuple[Served, ServerProcess], provider: str) -> None:
    served, process = shop
    paid = served.pay("12.34", "CNY", "--method", METHODS[provider])
    payer.decide(paid["next_action"]["show_qr"]["payload"], "approve")
    assert served.run("watch", paid["payment_id"]).code == 0
    refund = served.run("refund", paid["payment_id"], "1.00")
    assert refund.code == 0, refund.err

    day = closed_at(process.endpoints[provider])
    bill, shown = (served.run("bill", f"demo-{provider}", day, *more) for more in (("--json",), ()))

    rows = bill.json["rows"]
    assert [(row["kind"], row["amount_minor"], row["currency"]) for row in rows] == [
        ("PAYMENT", 1234, "CNY"),
        ("REFUND", -100, "CNY"),
    ]
    assert rows[0]["provider_reference"] == rows[1]["provider_reference"]
    assert "12.34" in shown.out
    assert "-1.00" in shown.out
    assert "2 rows" in shown.out


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("nobody", "2026-01-02"), 2, "nobody is no account of this configuration; accounts with bills: demo-alipay"),
        (("demo-sandbox", "2026-01-02"), 2, "demo-sandbox has no bills to fetch; accounts with bills: demo-alipay"),
        (("demo-alipay", "02.01.2026"), 2, "does not match the formats '%Y-%m-%d'"),
        (("demo-alipay", "2999-01-02"), 1, "demo-alipay has no bill of 2999-01-02: 40004 INVAILID_ARGUMENTS; the day"),
        (("demo-wechatpay", "2999-01-02"), 1, "the day has to be over there"),
    ],
)
def test_a_bill_that_can_not_be_had_is_explained(
    shop: tuple[Served, ServerProcess], words: tuple[str, str], code: int, complaint: str
) -> None:
    answer = shop[0].run("bill", *words)

    assert (answer.code, answer.out) == (code, "")
    assert complaint in " ".join(answer.err.split())


@pytest.mark.parametrize(
    ("provider", "key"), [("alipay", "app-private-key.pem"), ("wechatpay", "merchant-private-key.pem")]
)
def test_a_refusal_of_the_configuration_names_what_to_check_and_not_the_day(
    shop: tuple[Served, ServerProcess], tmp_path: Path, provider: str, key: str
) -> None:
    folder = tmp_path / ".tollbridge"
    shutil.copytree(shop[0].directory / ".tollbridge", folder, ignore=shutil.ignore_patterns("*.db*", "*.sock"))
    initialize(tmp_path / "other" / "config.toml", has_free_ports=True, has_simulators=True)
    shutil.copy(tmp_path / "other" / provider / key, folder / provider / key)

    answer = run(tmp_path, "bill", f"demo-{provider}", "2026-01-02")

    told = " ".join(answer.err.split())
    assert answer.code == 1, told
    assert "private_key" in told
    assert "the day has to be over there" not in told


def test_without_a_bill_the_object_says_whether_it_may_come(tmp_path: Path) -> None:
    initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True)

    unreached = run(tmp_path, "bill", "demo-alipay", "2026-01-02", "--json")

    assert (unreached.code, unreached.json["is_retryable"], unreached.json["is_day_refused"]) == (1, True, False)
