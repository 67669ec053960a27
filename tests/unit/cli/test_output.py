"""What comes from a server, a provider or a file is shown by a command, and obeyed by no terminal."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from tollbridge_server.cli import output

ESCAPES = {
    "a colour": "\x1b[31mred",
    "a title": "\x1b]0;owned\x07",
    "a one-byte escape": "\x9b2J",
    "a carriage return": "refused\rpaid   ",
    "a backspace": "refused\b\b\b\b\b\b\bpaid",
    "text from right to left": "\u202etxt.exe",
}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    # Its property would put back the stream of the moment in place of none, which stands for whatever is current.
    monkeypatch.setattr(output.errors, "_file", stream)
    monkeypatch.setattr(output.console, "_file", stream)
    return stream


def is_harmless(text: str) -> bool:
    return all(each.isprintable() or each == "\n" for each in text)


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_failure_shows_no_escape(printed: io.StringIO, text: str) -> None:
    with pytest.raises(SystemExit) as ended:
        output.fail(f"the server says {text}!", code=2)

    assert ended.value.code == 2
    assert printed.getvalue().startswith("tollbridge: the server says ")
    assert printed.getvalue().endswith("!\n")
    assert is_harmless(printed.getvalue())


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_a_line_and_a_table_show_no_escape(printed: io.StringIO, text: str) -> None:
    table = Table(text)
    table.add_row(text)
    for console in (output.console, output.errors):
        console.print(text, markup=False)
        console.print(table)

    assert len(printed.getvalue().splitlines()) >= 8
    assert is_harmless(printed.getvalue())


def test_lines_and_the_words_of_every_language_stay() -> None:
    assert output.printable("a: wrong\nb: 支付宝签名 ungültig ✓") == "a: wrong\nb: 支付宝签名 ungültig ✓"


def test_a_text_without_end_is_cut(printed: io.StringIO) -> None:
    with pytest.raises(SystemExit):
        output.fail("x" * 1_000_000)

    assert len(printed.getvalue()) < 17_000
    assert printed.getvalue().endswith("… (cut)\n")
