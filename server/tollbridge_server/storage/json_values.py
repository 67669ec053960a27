"""Nested values as JSON text and back; refuses text that does not fit the type (it was not written by us)."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

import orjson

T = TypeVar("T")


def encode(value: object) -> str:
    """Return a dataclass as JSON text, or the empty string for None."""
    return "" if value is None else orjson.dumps(value).decode()


def decode(kind: type[T], text: str) -> T | None:
    """Return the `kind` that `encode` wrote; None for the empty string."""
    if not text:
        return None
    build: Callable[[Any], T] = _builder(cast("Any", kind))
    return build(orjson.loads(text))


@cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    """Return the function that builds `kind` from parsed JSON, made once for each type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        present = _builder(next(a for a in arguments if a is not types.NoneType))
        return lambda parsed: None if parsed is None else present(parsed)
    if origin is tuple:
        return _tuple_builder(arguments)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        builders = {f.name: _builder(hints[f.name]) for f in dataclasses.fields(kind)}
        make = cast("Callable[..., Any]", kind)
        return lambda parsed: make(**{name: builders[name](value) for name, value in parsed.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _same


def _tuple_builder(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _builder(arguments[0])
        return lambda parsed: tuple(item(value) for value in parsed)
    items = [_builder(argument) for argument in arguments]
    return lambda parsed: tuple(build(value) for build, value in zip(items, parsed, strict=True))


def _same(parsed: Any) -> Any:
    return parsed
