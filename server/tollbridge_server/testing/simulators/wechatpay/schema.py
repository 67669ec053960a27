"""Checks a request field by field and says what is wrong in WeChat Pay's own words, with the field in the detail.

Fields that WeChat Pay does not know are let through, as it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tollbridge_server.testing.simulators.wechatpay import times
from tollbridge_server.testing.simulators.wechatpay.replies import Refused

_MOST_NUMBER = 2**53 - 1


class Kind(Enum):
    """What a field is made of."""

    TEXT = auto()
    NUMBER = auto()
    FLAG = auto()
    TIME = auto()
    OBJECT = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """One field: its Chinese name, what it is made of, and its bounds (of length, or of value)."""

    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    least: int = 0
    most: int = 0
    pattern: str = ""
    choices: frozenset[str] = frozenset()
    fields: Mapping[str, Rule] = field(default_factory=dict)
    item: Rule | None = None


def text(label: str, most: int, *, least: int = 1, required: bool = False, pattern: str = "") -> Rule:
    """Return the rule of a text of so many characters."""
    return Rule(label, least=least, most=most, required=required, pattern=pattern)


def number(label: str, *, least: int = 0, required: bool = False) -> Rule:
    """Return the rule of a whole number, at most one that every reader of JSON keeps exactly."""
    return Rule(label, Kind.NUMBER, least=least, most=_MOST_NUMBER, required=required)


def choice(label: str, *choices: str, required: bool = False) -> Rule:
    """Return the rule of a text that is one of a few."""
    return Rule(label, choices=frozenset(choices), required=required)


def group(label: str, fields: Mapping[str, Rule], *, required: bool = False) -> Rule:
    """Return the rule of an object."""
    return Rule(label, Kind.OBJECT, fields=fields, required=required)


def several(label: str, item: Rule, *, most: int = 0) -> Rule:
    """Return the rule of a list; `most` 0 means any length."""
    return Rule(label, Kind.LIST, item=item, most=most)


def check(content: Mapping[str, Any], fields: Mapping[str, Rule], *, location: str = "body", path: str = "") -> None:
    """Check an object against the rules of its fields. Raises Refused with PARAM_ERROR."""
    for name, rule in fields.items():
        pointer = f"{path}/{name}"
        value = content.get(name)
        if value is None or (value == "" and rule.required):
            if rule.required:
                issue = "必填性规则校验失败，此字段为必填项"
                raise param_error(f"映射到字段“{rule.label}”{issue}", pointer, value, location)
            continue
        _check_value(rule, value, pointer, location)


def param_error(issue: str, pointer: str, value: object, location: str = "body") -> Refused:
    """Return the refusal of one field; `issue` is what follows its place in the message."""
    shown = value if isinstance(value, str | int) and not isinstance(value, bool) else ""
    detail = {"field": pointer, "value": shown, "issue": issue, "location": location}
    return Refused(400, "PARAM_ERROR", f"输入源“/{location}{pointer}”{issue}", detail=detail, tail=268435457)


def _check_value(rule: Rule, value: Any, pointer: str, location: str) -> None:
    match rule.kind:
        case Kind.NUMBER if _is_whole(value):
            if value < rule.least:
                issue = f"映射到数值字段“{rule.label}”规则校验失败，值低于最小值 {rule.least}"
                raise param_error(issue, pointer, value, location)
            if value > rule.most:
                issue = f"映射到数值字段“{rule.label}”规则校验失败，值高于最大值 {rule.most}"
                raise param_error(issue, pointer, value, location)
        case Kind.FLAG if isinstance(value, bool):
            pass
        case Kind.OBJECT if isinstance(value, dict):
            check(value, rule.fields, location=location, path=pointer)
        case Kind.LIST if isinstance(value, list):
            _check_list(rule, value, pointer, location)
        case Kind.TEXT if isinstance(value, str):
            _check_text(rule, value, pointer, location)
        case Kind.TIME if isinstance(value, str):
            _check_time(rule, value, pointer, location)
        case _:
            raise param_error(f"映射到字段“{rule.label}”类型校验失败，类型不正确", pointer, value, location)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_list(rule: Rule, value: list[Any], pointer: str, location: str) -> None:
    if rule.most and len(value) > rule.most:
        issue = f"映射到数组字段“{rule.label}”规则校验失败，元素个数 {len(value)}，大于最大值 {rule.most}"
        raise param_error(issue, pointer, "", location)
    if rule.item is not None:
        for index, entry in enumerate(value):
            _check_value(rule.item, entry, f"{pointer}/{index}", location)


def _check_text(rule: Rule, value: str, pointer: str, location: str) -> None:
    prefix = f"映射到值字段“{rule.label}”字符串规则校验失败"
    if len(value) < rule.least:
        raise param_error(f"{prefix}，字符数 {len(value)}，小于最小值 {rule.least}", pointer, value, location)
    if rule.most and len(value) > rule.most:
        raise param_error(f"{prefix}，字符数 {len(value)}，大于最大值 {rule.most}", pointer, value, location)
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        raise param_error(f"{prefix}，值不匹配正则表达式 {rule.pattern}", pointer, value, location)
    if rule.choices and value not in rule.choices:
        issue = f"映射到枚举字段“{rule.label}”规则校验失败，值不在可选范围内"
        raise param_error(issue, pointer, value, location)


def _check_time(rule: Rule, value: str, pointer: str, location: str) -> None:
    try:
        times.read(value)
    except (ValueError, OverflowError):
        issue = f"映射到时间字段“{rule.label}”规则校验失败，须为RFC3339格式"
        raise param_error(issue, pointer, value, location) from None
