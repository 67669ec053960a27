"""Calls a server with bytes, as any program may, and reads the whole answer: code, reason, facts, fields.

The generated client would hide what a stranger can send, so these tests go below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from tollbridge_server.rpc.methods import declared_methods

M = TypeVar("M", bound=Message)

METHODS = declared_methods()
PATHS = {method.name: path for path, method in METHODS.items()}
STREAMS = frozenset({PATHS["WatchStatus"], "/grpc.health.v1.Health/Watch"})
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended; `bodies` holds what was answered before that."""

    code: grpc.StatusCode
    message: str = ""
    bodies: tuple[bytes, ...] = ()
    reason: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    details: bytes = b""

    def read(self, kind: type[M]) -> M:
        """The one answer, as a message."""
        assert self.code is grpc.StatusCode.OK, self
        (body,) = self.bodies
        return kind.FromString(body)

    @property
    def refusal(self) -> tuple[grpc.StatusCode, str]:
        return self.code, self.reason

    def told(self, given: str) -> tuple[Any, ...]:
        """All that a caller learns, but for the correlation id and the `given` name, which the answer repeats."""
        facts = {name: value for name, value in self.facts.items() if name != "correlation_id" and value != given}
        return (
            self.code,
            self.message.replace(given, "…"),
            self.bodies,
            self.reason,
            set(self.facts),
            facts,
            self.fields,
        )


def call(
    channel: grpc.Channel,
    path: str,
    request: bytes | Message = b"",
    *,
    token: str | None = None,
    metadata: tuple[tuple[str, str], ...] = (),
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Call `path` (or a method of ours by its name); a stream is read until it ends, at most one message of it."""
    path = PATHS.get(path, path)
    body = request.SerializeToString() if isinstance(request, Message) else request
    if token is not None:
        metadata = (*metadata, ("authorization", f"Bearer {token}"))
    bodies: list[bytes] = []
    try:
        for answered in _answers(channel, path, body, metadata, timeout_s):
            bodies.append(answered)
            if path == REFLECTION or path in STREAMS:
                break
    except grpc.RpcError as error:
        return refused(error, tuple(bodies))
    return Answer(grpc.StatusCode.OK, bodies=tuple(bodies))


def refused(error: Any, bodies: tuple[bytes, ...] = ()) -> Answer:
    """What a failed call tells."""
    trailing = dict(error.trailing_metadata() or ())
    details = trailing.get("grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(details)
    reason, facts, fields = read_details(status)
    return Answer(error.code(), error.details() or "", bodies, reason, facts, fields, details)


def read_details(status: status_pb2.Status) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The reason, the facts and the fields of a google.rpc.Status."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, dict(info.metadata), tuple(violation.field for violation in bad.field_violations)


def _answers(
    channel: grpc.Channel, path: str, body: bytes, metadata: tuple[tuple[str, str], ...], timeout_s: float
) -> Iterator[bytes]:
    options: dict[str, Any] = {"timeout": timeout_s, "metadata": metadata}
    if path == REFLECTION:
        stream = channel.stream_stream(path)(iter([body]), **options)
    elif path in STREAMS:
        stream = channel.unary_stream(path)(body, **options)
    else:
        yield channel.unary_unary(path)(body, **options)
        return
    try:
        yield from stream
    finally:
        stream.cancel()
