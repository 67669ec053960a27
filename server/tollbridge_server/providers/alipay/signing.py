"""What Alipay signs and what we sign (RSA2): the exact texts of requests, answers and notifications.

Refuses an answer whose signed part is not beyond doubt: names that occur twice, two nodes, broken JSON. The signed
part is cut from the raw bytes; reading and writing it again would change escapes and order, and so the signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus

import orjson

MAX_NOTIFICATION_FIELDS = 100
_NODE_SUFFIX = "_response"
_WHITE = b" \t\r\n"
_PLAIN_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^",\s\[\]{}]+')
_TO_NEXT_MARK = re.compile(rb'[^"\[\]{}]*+')
_UNSIGNED_NOTIFICATION_FIELDS = frozenset({"sign", "sign_type"})
_CERTIFICATE_NUMBER = "alipay_cert_sn"


class EnvelopeInvalid(ValueError):
    """Bytes that are no answer or no notification of Alipay's form; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer, not verified yet: the node's name, its raw bytes, the signature and the certificate's number."""

    node: str
    raw: bytes = field(repr=False)
    signature: str = field(repr=False)
    certificate_number: str


def request_text(parameters: Mapping[str, str]) -> bytes:
    """Return what a request's signature is about: all parameters but `sign`, sorted, without the empty ones.

    `sign_type` is part of it. The values are raw, not URL-encoded.
    """
    return _joined({name: value for name, value in parameters.items() if name != "sign"})


def form_of(parameters: Mapping[str, str]) -> str:
    """Return the parameters sorted and URL-encoded, `sign` last: a form body, a query, and an app's order string."""
    ordered = sorted(parameters.items(), key=lambda item: (item[0] == "sign", item[0]))
    return "&".join(f"{name}={quote_plus(value)}" for name, value in ordered if value)


def notification_text(fields: Mapping[str, str]) -> bytes:
    """Return what a notification's signature is most likely about; see notification_texts."""
    return notification_texts(fields)[0]


def notification_texts(fields: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return what a notification's signature may be about, the most likely text first.

    All fields but `sign` and `sign_type` are in it. Alipay's documents do not agree whether empty fields are, and do
    not say whether the certificate's number is; neither can change what the rest says, and one of the texts has to be
    signed as it stands.
    """
    given = {name: value for name, value in fields.items() if name not in _UNSIGNED_NOTIFICATION_FIELDS}
    unnumbered = {name: value for name, value in given.items() if name != _CERTIFICATE_NUMBER}
    texts = (
        _joined(unnumbered),
        _joined(given),
        _joined(unnumbered, is_whole=True),
        _joined(given, is_whole=True),
    )
    return tuple(dict.fromkeys(texts))


_HALF_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
"""Decoding a body full of them takes long, and whoever sends it has signed nothing yet."""


def notification_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a posted form, decoded exactly once.

    Raises EnvelopeInvalid for a field that occurs twice: its sender could mean the one that we do not read.
    """
    if _HALF_ESCAPE.search(body):
        raise EnvelopeInvalid("the body is no form: a % without its two digits")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_NOTIFICATION_FIELDS
        )
    except ValueError as error:
        raise EnvelopeInvalid("the body is no form in UTF-8") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise EnvelopeInvalid("a field occurs twice")
    return fields


def open_envelope(body: bytes, *, method: str) -> Envelope:
    """Return the parts of the answer to `method`. Raises EnvelopeInvalid."""
    members = _members(body)
    nodes = [name for name in members if name.endswith(_NODE_SUFFIX)]
    if len(nodes) != 1:
        raise EnvelopeInvalid(f"{len(nodes)} nodes instead of one")
    node = nodes[0]
    if node not in (method.replace(".", "_") + _NODE_SUFFIX, "error_response"):
        raise EnvelopeInvalid("the node belongs to another method")
    return Envelope(node, members[node], _text(members, "sign"), _text(members, "alipay_cert_sn"))


def _joined(parameters: Mapping[str, str], *, is_whole: bool = False) -> bytes:
    """Return the fields as one text; the empty ones are in it when it `is_whole`."""
    return "&".join(f"{name}={value}" for name, value in sorted(parameters.items()) if value or is_whole).encode()


def _text(members: Mapping[str, bytes], name: str) -> str:
    raw = members.get(name)
    if raw is None:
        return ""
    value = orjson.loads(raw)
    if not isinstance(value, str):
        raise EnvelopeInvalid(f"{name} is no text")
    return value


def _members(body: bytes) -> dict[str, bytes]:
    """Return the members of the root object with their values as raw bytes. Raises EnvelopeInvalid."""
    try:
        is_object = isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError as error:
        raise EnvelopeInvalid("not JSON") from error
    if not is_object:
        raise EnvelopeInvalid("not an object")
    # The body is known to be sound JSON from here on, so that the scan only has to find where values end.
    members: dict[str, bytes] = {}
    place = _skip_white(body, body.index(b"{") + 1)
    while body[place] != ord("}"):
        name_end = _value_end(body, place)
        name = orjson.loads(body[place:name_end])
        start = _skip_white(body, _skip_white(body, name_end) + 1)
        end = _value_end(body, start)
        if name in members:
            raise EnvelopeInvalid("a name occurs twice")
        members[name] = body[start:end]
        place = _skip_white(body, end)
        if body[place] == ord(","):
            place = _skip_white(body, place + 1)
    return members


def _skip_white(body: bytes, place: int) -> int:
    while body[place] in _WHITE:
        place += 1
    return place


def _value_end(body: bytes, start: int) -> int:
    """Return the place after the JSON value that starts at `start`."""
    if body[start] not in b"{[":
        return _end_of(_PLAIN_VALUE, body, start)
    depth, place = 0, start
    while True:
        # A brace inside a text (an order's subject, for example) is no brace: texts are stepped over as a whole.
        place = _end_of(_TO_NEXT_MARK, body, place)
        mark = body[place]
        if mark == ord('"'):
            place = _end_of(_PLAIN_VALUE, body, place)
            continue
        depth += 1 if mark in b"{[" else -1
        place += 1
        if depth == 0:
            return place


def _end_of(pattern: re.Pattern[bytes], body: bytes, start: int) -> int:
    matched = pattern.match(body, start)
    if matched is None:
        raise EnvelopeInvalid("not JSON")
    return matched.end()
