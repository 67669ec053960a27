"""The commands for a person pay, refund, show and follow; their errors end with a sentence that says what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tollbridge_server.cli import main
from tollbridge_server.testing import payer

from tests.e2e.commands import Served, run


def test_a_payment_is_made_refunded_shown_and_followed(served: Served) -> None:
    payment_id = served.pay("19.99", "eur", "--reference", "order-7")["payment_id"]
    refund = served.run("refund", payment_id, "5", "--json")
    shown = served.run("status", "order-7", "--reference")
    followed = served.run("watch", payment_id, "--json")

    assert refund.json["refund"]["state"] == "REFUND_STATE_SUCCEEDED"
    assert payment_id in shown.out
    assert "REFUND" in shown.out
    assert "5.00 EUR" in shown.out
    assert json.loads(followed.out.splitlines()[-1])["refunded_amount"]["amount_minor"] == "500"
    assert {shown.code, refund.code, followed.code} == {0}


def test_a_challenge_shows_the_payers_page_and_how_to_follow(served: Served) -> None:
    shown = served.run("pay", "42", "EUR", "--card", "4000000000003220")
    [page] = [line.removeprefix("The payer opens ") for line in shown.out.splitlines() if "payer opens" in line]
    [follow] = [line for line in shown.out.splitlines() if line.startswith("Follow it with: tollbridge watch pay_")]

    payer.decide(page, "approve")
    followed = served.run("watch", follow.rpartition(" ")[2])

    assert followed.code == 0
    assert "SUCCEEDED" in followed.out.splitlines()[-1]


def test_a_decline_is_an_answer_with_its_reason(served: Served) -> None:
    shown = served.run("pay", "7", "EUR", "--card", "4000000000009995")

    assert shown.code == 0
    assert "FAILED" in shown.out
    assert "funds" in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pay", "19.999", "EUR"), "write an amount like 19.99 EUR"),
        (("pay", "much", "EUR"), "write an amount like 19.99 EUR"),
        (("pay", "1", "EUR", "--token-file", "/dev/null"), "is empty"),
        (("token", "--scope", "all"), "no RPC asks for the scope 'all'; there are: payments:read"),
        (("pay", "99999999999999999999", "EUR"), "more than any payment can be"),
        (("pay", "1", "EUR", "--target", "127.0.0.1:abc"), "--target 127.0.0.1:abc: write host:port"),
        (("pay", "0", "EUR"), "write an amount above zero"),
        (("pay", "1", "XXQ"), "'XXQ' is no ISO 4217 currency"),
        (("pay", "1", "EUR", "--method", "cash"), "there are card, alipay-qr"),
        (("pay", "1", "EUR", "--card", "4242424242424241"), "CARD_NUMBER_INVALID"),
        (("pay", "1", "EUR", "--card", "4242"), "payment_method.card.number"),
        (("status", "pay_none"), "PAYMENT_NOT_FOUND"),
        (("refund", "pay_none", "1"), "PAYMENT_NOT_FOUND"),
        (("pay", "1", "EUR", "--token-file", "none"), "there is no token in none; `tollbridge serve` makes one"),
        (("pay", "1", "EUR", "--target", "nonsense"), "write host:port"),
        (("token", "--merchant", "nobody"), "has no merchant 'nobody'; it has: demo"),
    ],
)
def test_a_mistake_ends_with_a_sentence_that_says_what_to_do(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    # Inside this process: to start one for every mistake would take longer than all other tests here.
    monkeypatch.chdir(served.directory)
    monkeypatch.setenv("TOLLBRIDGE_TARGET", served.target)
    monkeypatch.setattr(sys, "argv", ["tollbridge", *words])

    with pytest.raises(SystemExit) as ended:
        main()

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert err.startswith("tollbridge: ")
    assert said in err
    assert "4242" not in err
    assert err.count(said) == 1


COMMANDS = [
    *("serve", "demo", "simulate", "token", "migrate", "verify", "pay", "refund", "status", "watch", "bench"),
    *("config check", "config init"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["tollbridge", *command.split(), "--help"])

    with pytest.raises(SystemExit) as ended:
        main()

    out, _ = capsys.readouterr()
    assert ended.value.code == 0
    assert f"Usage: tollbridge {command}" in out
    assert "\n\n  " in out


def test_a_missing_server_is_said_at_once_with_the_command_that_starts_one(folder: Path) -> None:
    answer = run(folder, "pay", "1", "EUR", "--target", "127.0.0.1:1")

    assert answer.code == 1
    assert (
        answer.err
        == "tollbridge: no server answers on 127.0.0.1:1 (Connection refused); `tollbridge serve` starts one\n"
    )


def test_a_word_that_is_no_command_is_a_wrong_use(tmp_path: Path) -> None:
    assert run(tmp_path, "payy").code == 2


def test_a_minted_token_is_taken_by_the_server(served: Served) -> None:
    minted = served.run("token", "--scope", "payments:read", "--json").json
    (served.directory / "reader").write_text(minted["token"])

    answer = served.run("pay", "1", "EUR", "--token-file", "reader")

    assert minted["merchant"] == "demo"
    assert answer.code == 1
    assert "SCOPE_MISSING" in answer.err
