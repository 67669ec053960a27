"""Every mistake is found and named once, and a check that failed keeps no other from running."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tollbridge_server.providers.settings_checks import Mistakes, SettingsInvalid


def found(mistakes: Mistakes) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        mistakes.require_none()
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


def failing(text: str) -> Callable[[], int]:
    def check() -> int:
        raise ValueError(text)

    return check


def test_every_mistake_is_found_in_its_order_and_once() -> None:
    mistakes = Mistakes()
    for text in ("a: wrong", "b: wrong", "a: wrong"):
        mistakes.note(failing(text))
    assert found(mistakes) == ("a: wrong", "b: wrong")


def test_the_mistakes_of_a_check_that_found_several_stay_several() -> None:
    def check() -> None:
        raise SettingsInvalid(["a: wrong", "b: wrong"])

    mistakes = Mistakes()
    mistakes.note(check)
    assert found(mistakes) == ("a: wrong", "b: wrong")


def test_without_a_mistake_every_result_is_there() -> None:
    mistakes = Mistakes()
    passed, nothing = mistakes.note(lambda: 7), mistakes.note(lambda: None)
    mistakes.require_none()
    assert (passed.result, passed.known, nothing.result) == (7, 7, None)


def test_the_result_of_a_check_that_failed_is_its_mistake_again() -> None:
    failed = Mistakes().note(failing("a: wrong"))
    assert failed.known is None
    with pytest.raises(ValueError, match=r"^a: wrong$"):
        print(failed.result)


def test_a_check_that_needs_one_that_failed_adds_no_mistake_of_its_own() -> None:
    mistakes = Mistakes()
    failed = mistakes.note(failing("a: wrong"))
    assert mistakes.note(lambda: failed.result + 1).known is None
    assert found(mistakes) == ("a: wrong",)


def test_what_is_no_mistake_of_the_settings_is_not_hidden() -> None:
    def broken() -> None:
        raise TypeError("a defect")

    with pytest.raises(TypeError):
        Mistakes().note(broken)
