"""Writes client/tollbridge/_facade.py: each RPC as a typed method, blocking and for asyncio; it formats nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from facade_contract import HEADER, Contract, GenerationError
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

_TIMESTAMP = ".google.protobuf.Timestamp"
_TIMEOUT = "Seconds for the call with all its repeats; the client's `timeout_s` when None."
_PAGE_TIMEOUT = "Seconds for each page with all its repeats; the client's `timeout_s` when None."
_WATCH_TIMEOUT = "Seconds for the whole watch; no limit when None."
_WATCH_NOTE = "A stream that breaks off is resumed by the client itself, after the version that came last."
_KEY = "A random UUID is made when None; keep a key of your own to repeat the call after a crash."


@dataclass(frozen=True, slots=True)
class Argument:
    """One keyword argument of a method."""

    name: str
    annotation: str
    default: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of the facade, as text."""

    name: str
    constant: str
    path: str
    request: str
    response: str
    comment: str
    arguments: tuple[Argument, ...]
    build: tuple[str, ...]
    checks: tuple[str, ...]
    is_watch: bool
    item: str | None
    """The type of what a list answers; None for other methods."""
    items_field: str


def facade(contract: Contract) -> str:
    rpcs = [
        _rpc(contract, service, method)
        for file in contract.files
        for service in file.service
        for method in service.method
    ]
    used = sorted({word for rpc in rpcs for word in _words(rpc) if word in contract.home})
    lines = [
        f'"""Every RPC of the contract as a typed method, blocking and for asyncio.\n\n{HEADER}\n"""',
        "from __future__ import annotations",
        "from collections.abc import AsyncGenerator, Generator, Mapping, Sequence",
        "from datetime import datetime",
        "from google.protobuf.timestamp_pb2 import Timestamp",
        "from tollbridge._async_calls import AsyncCalls",
        "from tollbridge._calls import Calls, Method",
        "from tollbridge._pages import AsyncPager, Pager",
        "from tollbridge._requests import exactly_one, new_idempotency_key, timestamp",
        *(f"from tollbridge.v1.{contract.home[word]} import {word}" for word in used),
        "",
        *(f'_{rpc.constant} = Method("{rpc.path}", {rpc.response}.FromString)' for rpc in rpcs),
        "class SyncMethods(Calls):",
        '    """The RPCs of the contract. Each raises TollbridgeError when it fails."""',
        *(line for rpc in rpcs for line in _method(rpc, is_async=False)),
        "class AsyncMethods(AsyncCalls):",
        '    """The RPCs of the contract for asyncio. Each raises TollbridgeError when it fails."""',
        *(line for rpc in rpcs for line in _method(rpc, is_async=True)),
    ]
    return "\n".join(lines) + "\n"


def _words(rpc: Rpc) -> Iterator[str]:
    yield from (rpc.request, rpc.response, rpc.item or "")
    for text in (*(argument.annotation for argument in rpc.arguments), *rpc.build):
        yield from re.findall(r"\w+", text)
    if rpc.is_watch:
        yield "PaymentStatus"


def _rpc(contract: Contract, service: Any, method: Any) -> Rpc:
    request, response = (kind.rpartition(".")[2] for kind in (method.input_type, method.output_type))
    if method.client_streaming:
        raise GenerationError(f"{method.name} streams requests, which the facade has no form for")
    if method.server_streaming and (request, response) != ("WatchStatusRequest", "WatchStatusResponse"):
        raise GenerationError(f"{method.name} streams answers, and only a watch of a payment's status can be resumed")
    arguments, build, checks = _arguments(contract, contract.messages[request])
    has_key = any(argument.name == "idempotency_key" for argument in arguments)
    wants_key = (
        contract.value_name("tollbridge.v1.Idempotency", contract.option(method, "tollbridge.v1.idempotency"))
        == "IDEMPOTENCY_KEY"
    )
    if has_key != wants_key:
        raise GenerationError(f"{method.name} declares an idempotency that its request does not carry out")
    item, items_field = _paged(contract.messages[response])
    timeout = _WATCH_TIMEOUT if method.server_streaming else _PAGE_TIMEOUT if item else _TIMEOUT
    arguments.append(Argument("timeout_s", "float | None", "None", timeout))
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
    return Rpc(
        name=snake,
        constant=snake.upper(),
        path=f"/tollbridge.v1.{service.name}/{method.name}",
        request=request,
        response=response,
        comment=contract.comments[f"{service.name}.{method.name}"],
        arguments=tuple(sorted(arguments, key=lambda argument: argument.default is not None)),
        build=tuple(build),
        checks=tuple(checks),
        is_watch=method.server_streaming,
        item=item,
        items_field=items_field,
    )


def _paged(response: Any) -> tuple[str | None, str]:
    if not any(field.name == "next_page_token" for field in response.field):
        return None, ""
    lists = [field for field in response.field if field.label == FieldDescriptorProto.LABEL_REPEATED]
    if len(lists) != 1:
        raise GenerationError(f"{response.name} has pages of {len(lists)} lists, not of one")
    return lists[0].type_name.rpartition(".")[2], lists[0].name


def _arguments(contract: Contract, message: Any) -> tuple[list[Argument], list[str], list[str]]:
    """Return the arguments for the fields of a request, how it is built of them, and what must be checked before."""
    arguments, build, checks = [], [], []
    for field in message.field:
        name = field.name
        if name == "lookup":
            kind = field.type_name.rpartition(".")[2]
            inner = contract.messages[kind]
            arguments += [_alternative(contract, kind, item) for item in inner.field]
            build.append(f"lookup={kind}({', '.join(f'{item.name}={item.name}' for item in inner.field)})")
            checks.append(_check(inner.field))
            continue
        if field.HasField("oneof_index") and not field.proto3_optional:
            arguments.append(_alternative(contract, message.name, field))
            build.append(f"{name}={name}")
            continue
        argument = _argument(contract, message.name, field)
        arguments.append(argument)
        build.append(f"{name}={_conversion(field)}")
    alternatives = [field for field in message.field if field.HasField("oneof_index") and not field.proto3_optional]
    if len({field.oneof_index for field in alternatives}) > 1:
        raise GenerationError(f"{message.name} has two oneofs, which flat arguments would mix")
    return arguments, build, checks + ([_check(alternatives)] if alternatives else [])


def _check(fields: Sequence[Any]) -> str:
    return f"exactly_one({', '.join(f'{field.name}={field.name}' for field in fields)})"


def _alternative(contract: Contract, owner: str, field: Any) -> Argument:
    if field.type != FieldDescriptorProto.TYPE_STRING:
        raise GenerationError(f"{owner}.{field.name} is an alternative that is no string")
    return Argument(field.name, "str | None", "None", contract.comments[f"{owner}.{field.name}"])


def _conversion(field: Any) -> str:
    if field.name == "idempotency_key":
        return "new_idempotency_key() if idempotency_key is None else idempotency_key"
    return f"timestamp({field.name})" if field.type_name == _TIMESTAMP else str(field.name)


def _argument(contract: Contract, owner: str, field: Any) -> Argument:
    comment = contract.comments[f"{owner}.{field.name}"]
    if field.name == "idempotency_key":
        return Argument(field.name, "str | None", "None", f"{comment} {_KEY}")
    annotation, default = _type(contract, field)
    if contract.is_required(field):
        return Argument(field.name, annotation.removesuffix(" | None"), None, comment)
    return Argument(field.name, annotation, default, comment)


def _type(contract: Contract, field: Any) -> tuple[str, str]:
    """Return the annotation of an optional argument, and its default."""
    scalars = {
        FieldDescriptorProto.TYPE_STRING: ("str", '""'),
        FieldDescriptorProto.TYPE_BOOL: ("bool", "False"),
        FieldDescriptorProto.TYPE_INT32: ("int", "0"),
        FieldDescriptorProto.TYPE_INT64: ("int", "0"),
    }
    kind = field.type_name.rpartition(".")[2]
    if field.type_name == _TIMESTAMP:
        kind = "datetime | Timestamp"
    elif field.type in scalars:
        kind = scalars[field.type][0]
    elif field.type_name.startswith(".tollbridge.v1.") and field.type_name.count(".") > 3:
        return "Mapping[str, str] | None", "None"  # The entry of a map is the only nested message of the contract.
    elif kind not in contract.home:
        raise GenerationError(f"{field.name} is of a type that the facade has no argument for")
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"Sequence[{kind}]", "()"
    if field.type in scalars and not field.proto3_optional:
        return scalars[field.type]
    return f"{kind} | None", "None"


def _method(rpc: Rpc, *, is_async: bool) -> Iterator[str]:
    pager, generator = ("AsyncPager", "AsyncGenerator") if is_async else ("Pager", "Generator")
    call, result = f"self._unary(_{rpc.constant}, request, timeout_s)", rpc.response
    is_coroutine = is_async and not rpc.is_watch and rpc.item is None
    if rpc.item:
        call = f"self._pages(_{rpc.constant}, request, timeout_s, lambda page: page.{rpc.items_field})"
        result = f"{pager}[{rpc.item}, {rpc.response}]"
    elif rpc.is_watch:
        call = f"self._watch(_{rpc.constant}, request, timeout_s)"
        result = f"{generator}[PaymentStatus, None]" if is_async else f"{generator}[PaymentStatus, None, None]"
    yield f"    {'async ' if is_coroutine else ''}def {rpc.name}(self, *,"
    for argument in rpc.arguments:
        yield f"        {argument.name}: {argument.annotation}{f' = {argument.default}' if argument.default else ''},"
    yield f"    ) -> {result}:"
    yield from _docstring(rpc)
    yield from (f"        {check}" for check in rpc.checks)
    yield f"        request = {rpc.request}({', '.join(rpc.build)},)"
    yield f"        return {'await ' if is_coroutine else ''}{call}"
    yield ""


def _docstring(rpc: Rpc) -> Iterator[str]:
    paragraphs = [" ".join(paragraph.split()) for paragraph in rpc.comment.split("\n\n")]
    if rpc.is_watch:
        paragraphs.append(_WATCH_NOTE)
    paragraphs[0] = f'"""{paragraphs[0]}'
    for paragraph in paragraphs:
        yield from textwrap.wrap(paragraph, 120, initial_indent=" " * 8, subsequent_indent=" " * 8)
        yield ""
    yield "        Arguments:"
    for argument in rpc.arguments:
        text = f"{argument.name}: {' '.join(argument.comment.split())}"
        yield from textwrap.wrap(text, 120, initial_indent=" " * 12, subsequent_indent=" " * 16)
    yield '        """'
