"""Lines of a bill as values by column: Alipay puts commas between values and does not mark those inside of one.

Refuses a line that is too short, and one whose values can not be told apart for certain: an amount is never read from
the wrong column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

MAX_FITTED_LENGTH = 4096
"""How long a line may be, in characters, whose commas have to be fitted to its columns; a usual one has 300."""

_NUMBERS = frozenset({"支付宝交易号", "商户订单号", "业务类型", "退款批次号/请求号"})
_OF_AN_AMOUNT, _OF_A_TIME = "（元）", "时间"
_NUMBER = r"([^,]*)"
_AMOUNT = r"([ \t]*-?[0-9]+\.[0-9]{2}[ \t]*)"
_TIME = r"([ \t]*[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[ \t]*)"


class Columns:
    """The columns that a bill's header names."""

    def __init__(self, header: str) -> None:
        self._names = tuple(name.strip() for name in header.split(","))
        self._fixed = tuple(name for name in self._names if _form_of(name))
        self._shortest, self._longest = (re.compile(self._pattern(text)) for text in (".*?", ".*"))

    def cells(self, line: str) -> dict[str, str]:
        """Return the values of a line by their columns; free texts may be missing. Raises ValueError.

        Documents show a tab behind each value, the last one too, and bills that others have published show it behind
        numbers and names only. A product's name may hold commas and quotation marks in both, since nobody promises that
        they are replaced.
        """
        values = line.split(",")
        if len(values) < len(self._names):
            raise ValueError("it is too short")
        if len(values) == len(self._names):
            return self._formed(values)
        if line.endswith("\t"):
            return self._formed(line.split("\t,"))
        return self._fitted(line)

    def _formed(self, values: list[str]) -> dict[str, str]:
        """Return as many values as there are columns, each of its column's form. Raises ValueError."""
        if len(values) > len(self._names):
            raise ValueError("it has more values than there are columns")
        if len(values) < len(self._names):
            raise ValueError("it has commas inside of values, and not a tab behind each value")
        cells = dict(zip(self._names, (value.strip() for value in values), strict=True))
        if not all(re.fullmatch(_form_of(name), cells[name]) for name in self._fixed):
            raise ValueError("its values do not have the forms of their columns")
        return cells

    def _fitted(self, line: str) -> dict[str, str]:
        """Return the values with a form of their own, where they can stand in one way only. Raises ValueError."""
        if len(line) > MAX_FITTED_LENGTH:
            raise ValueError("it has commas inside of values, and is too long to tell where")
        first, last = self._shortest.fullmatch(line), self._longest.fullmatch(line)
        if first is None or last is None:
            raise ValueError("its values do not have the forms of their columns")
        # These are the first and the last of all ways to cut the line, so that there is one way when they are equal.
        if first.regs != last.regs:
            raise ValueError("its commas can be read in more than one way")
        return dict(zip(self._fixed, (value.strip() for value in first.groups()), strict=True))

    def _pattern(self, free: str) -> str:
        return ",".join(self._patterns(free))

    def _patterns(self, free: str) -> Iterator[str]:
        """Yield what each column looks like; free texts that follow each other are one, with the commas between."""
        for is_free, names in groupby(self._names, key=lambda name: not _form_of(name)):
            if is_free:
                yield f"(?:[^,]*,){{{len(tuple(names)) - 1}}}{free}"
            else:
                yield from map(_form_of, names)


def _form_of(name: str) -> str:
    """Return the pattern of a column's values, nothing for a free text."""
    if name in _NUMBERS:
        return _NUMBER
    if name.endswith(_OF_AN_AMOUNT):
        return _AMOUNT
    return _TIME if name.endswith(_OF_A_TIME) else ""
