"""`serve`, `demo`, `simulate`, `verify`, `migrate` and `config` from an empty folder on, and what hinders them."""

from __future__ import annotations

import signal
import socket
import sqlite3
import stat
from pathlib import Path

import pytest
from tollbridge_server.development import initialize

from tests.e2e.commands import Served, run, running

FREE_PORTS = {
    "TOLLBRIDGE_SERVER__LISTEN": "127.0.0.1:0",
    "TOLLBRIDGE_NOTIFICATIONS__LISTEN": "127.0.0.1:0",
    "TOLLBRIDGE_SANDBOX__LISTEN": "127.0.0.1:0",
    "TOLLBRIDGE_SIMULATORS__ALIPAY__LISTEN": "127.0.0.1:0",
    "TOLLBRIDGE_SIMULATORS__WECHATPAY__LISTEN": "127.0.0.1:0",
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_makes_a_set_up_in_an_empty_folder_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "serve", until="pay 19.99 EUR", **FREE_PORTS) as server:
        server.send_signal(number)
        code = server.wait(30)

    log = (tmp_path / "serve.log").read_text()
    assert code == 0
    assert "Traceback" not in log
    assert (tmp_path / ".tollbridge" / "token").read_text().strip() in log
    assert stat.S_IMODE((tmp_path / ".tollbridge" / "config.toml").stat().st_mode) == 0o600


def test_demo_pays_recovers_and_finds_both_books_equal(tmp_path: Path) -> None:
    answer = run(tmp_path, "demo", "--json")

    assert answer.code == 0, answer.err
    states = {payment["what"]: payment["state"] for payment in answer.json["payments"]}
    assert sorted(states.values()) == ["CANCELED", "FAILED", *["SUCCEEDED"] * 8]
    assert states["a decline"] == "FAILED"
    assert states["authorized, then canceled"] == "CANCELED"
    assert answer.json["breaks"] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_second_server_on_the_same_file_is_refused(served: Served) -> None:
    answer = run(served.directory, "serve")

    assert answer.code == 1
    assert "tollbridge.db is in use by another server; SQLite serves one process, PostgreSQL serves many" in answer.err


@pytest.mark.parametrize("section", ["SERVER", "NOTIFICATIONS", "SANDBOX"])
def test_a_port_in_use_is_named(folder: Path, section: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = run(folder, "serve", **{f"TOLLBRIDGE_{section}__LISTEN": where})

    assert answer.code == 1
    assert where in answer.err.splitlines()[-1]
    assert "is another server running there?" in answer.err.splitlines()[-1]


def test_verify_finds_a_sound_database_sound_while_the_server_runs(served: Served) -> None:
    served.pay()

    shown, told = served.run("verify"), served.run("verify", "--json")

    assert (shown.code, told.code) == (0, 0)
    assert "every invariant holds" in shown.out
    assert told.json["is_sound"] is True
    assert told.json["payments"] > 0
    assert told.json["effects"] > 0


def test_verify_exits_with_1_on_a_break_and_names_it(folder: Path) -> None:
    with running(folder, "serve", "--json", until="grpc") as server:
        target = (folder / "serve.log").read_text().partition('"grpc": "')[2].partition('"')[0]
        payment_id = run(folder, "pay", "1", "EUR", "--json", "--target", target).json["payment_id"]
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    with sqlite3.connect(folder / ".tollbridge" / "tollbridge.db") as connection:
        connection.execute("UPDATE payments SET state = 'CANCELED'")

    shown, told = run(folder, "verify"), run(folder, "verify", "--json")

    assert (shown.code, told.code) == (1, 1)
    assert "1 break" in shown.out
    assert payment_id in shown.out
    assert told.json["is_sound"] is False
    assert [found["rule"] for found in told.json["breaks"]] == ["the state follows from the facts"]


def test_verify_says_that_there_is_no_database_yet(folder: Path) -> None:
    answer = run(folder, "verify")

    assert answer.code == 1
    assert "tollbridge.db does not exist" in answer.err


@pytest.mark.parametrize("kind", ["folder", "junk"])
def test_verify_names_a_book_that_is_none(folder: Path, kind: str) -> None:
    run(folder, "migrate")
    book = folder / "book"
    book.mkdir() if kind == "folder" else book.write_text("no database, and long enough to be seen as none")

    answer = run(folder, "verify", "--book", str(book))

    assert answer.code == 1
    assert f"{book} is no book of a sandbox acquirer" in answer.err
    assert "name the acquirer's book with --book" in answer.err


def test_migrate_brings_a_new_database_up_and_has_nothing_to_do_then(folder: Path) -> None:
    first, second = run(folder, "migrate", "--json"), run(folder, "migrate")

    assert first.json["applied"]
    assert second.out == "the database is up to date\n"
    assert (first.code, second.code) == (0, 0)


def test_a_written_configuration_is_right_and_is_not_overwritten(tmp_path: Path) -> None:
    written = run(tmp_path, "config", "init")
    checked = run(tmp_path, "config", "check")
    again = run(tmp_path, "config", "init")

    assert (written.code, checked.code, again.code) == (0, 0, 1)
    assert "is right: 1 merchant, 3 provider accounts" in checked.out
    assert ".tollbridge/config.toml exists; remove it first" in again.err


def test_mistakes_end_a_check_with_2_for_a_person_and_for_a_program(folder: Path) -> None:
    wrong = {"TOLLBRIDGE_SERVER__LISTEN": "nowhere", "TOLLBRIDGE_LOGGING__LEVEL": "LOUD"}

    shown, told = run(folder, "config", "check", **wrong), run(folder, "config", "check", "--json", **wrong)

    assert (shown.code, told.code) == (2, 2)
    assert told.json["is_valid"] is False
    assert len(told.json["mistakes"]) == 2
    assert all(mistake in shown.err for mistake in told.json["mistakes"])


def test_a_missing_configuration_names_the_command_that_writes_one(tmp_path: Path) -> None:
    answer = run(tmp_path, "serve", "--config", "none.toml")

    assert answer.code == 2
    assert "none.toml: there is no such file; `tollbridge config init` writes one" in answer.err


def test_simulate_lists_its_test_numbers(tmp_path: Path) -> None:
    shown, told = run(tmp_path, "simulate", "--list"), run(tmp_path, "simulate", "--list", "--json")

    assert "4242424242424242" in shown.out
    assert {card["number"] for card in told.json["cards"]} >= {"4242424242424242", "4000000000003220"}
    assert told.json["amounts"]


def test_simulate_serves_and_ends_at_ctrl_c(folder: Path) -> None:
    with running(folder, "simulate", "--listen", "127.0.0.1:0", until="answers on") as simulator:
        simulator.send_signal(signal.SIGINT)

        assert simulator.wait(30) == 0
    assert "Traceback" not in (folder / "simulate.log").read_text()


@pytest.mark.parametrize("listen", ["abc", "127.0.0.1", "127.0.0.1:99999"])
def test_simulate_says_how_an_address_is_written(folder: Path, listen: str) -> None:
    answer = run(folder, "simulate", "sandbox", "--listen", listen)

    assert answer.code == 2
    assert f"--listen {listen}: write host:port" in answer.err


def test_simulate_warns_before_it_listens_to_others_and_begins_an_empty_book(folder: Path) -> None:
    with running(folder, "simulate", "sandbox", "--listen", "0.0.0.0:0", until="answers on"):
        log = (folder / "simulate.log").read_text()

    assert "0.0.0.0:0 speaks plain HTTP to whoever reaches it" in log
    assert "acquirer.db does not exist yet" in log


def test_a_set_up_keeps_itself_out_of_repositories(folder: Path) -> None:
    assert (folder / ".tollbridge" / ".gitignore").read_text() == "*\n"


def test_a_wrong_account_is_named_with_the_file(folder: Path) -> None:
    path = folder / ".tollbridge" / "config.toml"
    path.write_text(path.read_text().replace("secret = ", "secrets = "))

    answer = run(folder, "config", "check")

    assert answer.code == 2
    assert (
        f"{path}: merchants.accounts (demo-sandbox): secret missing; secrets unknown; "
        "the keys of sandbox are: secret, base_url" in answer.err
    )


@pytest.mark.parametrize("command", [("serve",), ("simulate", "alipay")])
def test_a_simulators_book_of_another_version_is_named_with_the_way_out(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True)
    book = tmp_path / ".tollbridge" / "alipay" / "simulator.db"
    connection = sqlite3.connect(book)
    connection.executescript("CREATE TABLE trades (number INTEGER); PRAGMA user_version = 99")
    connection.close()

    answer = run(tmp_path, *command)

    assert answer.code in (1, 2)
    said = " ".join(answer.err.split())
    assert "is no book of" in said
    assert "take another file" in said


def test_a_token_in_place_of_its_file_is_not_shown(tmp_path: Path) -> None:
    token = "eyJhbGciOiJFZERTQSJ9.eyJtZXJjaGFudCI6ImRlbW8ifQ.c2lnbmF0dXJl"

    answer = run(tmp_path, "pay", "1.00", "EUR", "--token-file", token)

    assert answer.code == 1
    assert "eyJ" not in answer.err
    assert "--token-file" in answer.err
