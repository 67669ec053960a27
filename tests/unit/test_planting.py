"""A bug is planted only where it can be called as what it replaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.planting import plant


class Place:
    def add(self, first: int, *, second: int) -> int:
        return first + second


def test_a_bug_takes_the_place_of_what_it_can_be_called_as(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "add", Place.add)

    def add(self: Place, first: int, *, second: int) -> int:
        return first - second

    plant(Place, "add", add)
    assert Place().add(3, second=1) == 2


@pytest.mark.parametrize(
    ("name", "bug"),
    [
        pytest.param("add", lambda self, first: 0, id="a parameter less"),
        pytest.param("add", lambda self, first, second: 0, id="another kind of parameter"),
        pytest.param("sum", lambda self: 0, id="nothing of that name"),
    ],
)
def test_a_bug_that_does_not_fit_is_refused(name: str, bug: Any) -> None:
    with pytest.raises(AssertionError, match=name):
        plant(Place, name, bug)
    assert Place().add(3, second=1) == 4
