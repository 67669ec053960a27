"""Writes the client's _errors_generated.py (an exception for each reason) and _contract.py (exports); formats none."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from facade_contract import HEADER, Contract, GenerationError

_NOT_EXPORTED = ("error_reason.proto", "options.proto")
_TRANSPORT_CODES = ("CANCELLED", "UNIMPLEMENTED", "UNKNOWN")


def errors(contract: Contract) -> str:
    codes: dict[str, list[tuple[str, str, str]]] = {}
    enum = next(enum for file in contract.files for enum in file.enum_type if enum.name == "ErrorReason")
    for value in enum.value[1:]:
        traits = contract.option(value, "tollbridge.v1.error_traits")
        code = contract.value_name("google.rpc.Code", traits.grpc_code)
        effect = contract.value_name("tollbridge.v1.Effect", traits.effect).removeprefix("EFFECT_")
        if code == "OK" or effect == "UNSPECIFIED":
            raise GenerationError(f"{value.name} says no gRPC code or no effect")
        reason = value.name.removeprefix("ERROR_REASON_")
        codes.setdefault(code, []).append((reason, effect, contract.comments[value.name]))
    for code in _TRANSPORT_CODES:
        codes.setdefault(code, [])
    lines = [
        f'"""One exception for each ErrorReason below one for each gRPC code.\n\n{HEADER}\n"""',
        '# ruff: noqa: D404 -- the docstrings are the contract\'s comments, which may begin with "This".',
        "from __future__ import annotations",
        "import grpc",
        "from tollbridge._errors import Effect, TollbridgeError",
    ]
    for code in sorted(codes):
        lines += [f"class {_code_class(code)}(TollbridgeError):", f'    """The call ended with {code}."""']
    for code, reasons in sorted(codes.items()):
        for reason, effect, comment in reasons:
            lines += [f"class {_reason_class(reason, code)}({_code_class(code)}):", *_error_docstring(comment)]
            lines += [f'    REASON = "{reason}"', f"    DEFAULT_EFFECT = Effect.{effect}"]
    lines += ["ERROR_BY_CODE: dict[grpc.StatusCode, type[TollbridgeError]] = {"]
    lines += [*(f"    grpc.StatusCode.{code}: {_code_class(code)}," for code in sorted(codes)), "}"]
    named = sorted((reason, _reason_class(reason, code)) for code, reasons in codes.items() for reason, _, _ in reasons)
    lines += ["ERROR_BY_REASON: dict[str, type[TollbridgeError]] = {"]
    lines += [*(f'    "{reason}": {name},' for reason, name in named), "}"]
    names = [_code_class(code) for code in codes] + [name for _, name in named]
    return "\n".join([*lines, *_all(names)]) + "\n"


def _error_docstring(comment: str) -> Iterator[str]:
    first, *more = [" ".join(paragraph.split()) for paragraph in comment.split("\n\n")]
    wrapped = textwrap.wrap(f'"""{first}', 120, initial_indent="    ", subsequent_indent="    ")
    for paragraph in more:
        wrapped += ["", *textwrap.wrap(paragraph, 120, initial_indent="    ", subsequent_indent="    ")]
    yield from wrapped
    yield '    """'


def _code_class(code: str) -> str:
    return "Canceled" if code == "CANCELLED" else _camel(code)


def _reason_class(reason: str, code: str) -> str:
    # INTERNAL is a reason and a code; the reason's class gives way.
    return _camel(reason) + ("Error" if _camel(reason) == _code_class(code) else "")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def exports(contract: Contract) -> str:
    requests = {
        method.input_type.rpartition(".")[2]
        for file in contract.files
        for service in file.service
        for method in service.method
    }
    names: list[str] = []
    lines = [
        f'"""The messages, enums and enum values that a caller needs.\n\n{HEADER}\n"""',
        "from __future__ import annotations",
    ]
    for file in contract.files:
        if file.name.endswith(_NOT_EXPORTED):
            continue
        own = [message.name for message in file.message_type if message.name not in requests]
        own += [name for enum in file.enum_type for name in (enum.name, *(value.name for value in enum.value))]
        if own:
            lines.append(f"from tollbridge.v1.{Path(file.name).stem}_pb2 import {', '.join(sorted(own))}")
        names += own
    return "\n".join([*lines, *_all(names)]) + "\n"


def _all(names: Sequence[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise GenerationError("two things of the contract would have the same name")
    return ["__all__ = [", *(f'    "{name}",' for name in names), "]"]
