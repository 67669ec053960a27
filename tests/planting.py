"""Puts a bug in the place of what is right, for the tests that have to see it found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def plant(owner: Any, name: str, bug: Callable[..., object]) -> None:
    """Replace `owner.name` by `bug`. Raises AssertionError unless it can be called as what it replaces is.

    A bug that fails because its place has changed is found, too, but proves nothing.
    """
    assert hasattr(owner, name), f"{name} has another name by now, so nothing would be planted"
    right, wrong = (list(inspect.signature(each).parameters.values()) for each in (getattr(owner, name), bug))
    takes_anything = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in wrong)
    fits = takes_anything or [(each.name, each.kind) for each in right] == [(each.name, each.kind) for each in wrong]
    assert fits, f"{name} takes ({', '.join(map(str, right))}) by now, the bug ({', '.join(map(str, wrong))})"
    setattr(owner, name, bug)
