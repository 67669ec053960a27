"""What WeChat Pay signs and what we sign (API v3): the exact texts, and the headers that carry the signatures.

Refuses headers that are missing, doubtful or older than five minutes, and the probes that WeChat Pay sends with wrong
signatures to learn who checks. It compares no signature: whoever holds the keys does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
PUBLIC_KEY_ID_PREFIX = "PUB_KEY_ID_"
MAX_CLOCK_SKEW_S = 300

TIMESTAMP_HEADER = "Wechatpay-Timestamp"
NONCE_HEADER = "Wechatpay-Nonce"
SIGNATURE_HEADER = "Wechatpay-Signature"
SERIAL_HEADER = "Wechatpay-Serial"
TYPE_HEADER = "Wechatpay-Signature-Type"

_ATTRIBUTE = re.compile(r'([a-z_]+)="([^"]*)"')
_ATTRIBUTES = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})
_SECONDS = re.compile(r"[0-9]{1,12}")


class SealInvalid(ValueError):
    """Headers that carry no usable signature; the text is for the log."""


class SealStale(SealInvalid):
    """A signature that is too old or too new; WeChat Pay's clock or ours may be wrong."""


class AuthorizationInvalid(ValueError):
    """An Authorization header that is not of WeChat Pay's form; the text is for the log."""


class SchemeUnknown(AuthorizationInvalid):
    """An Authorization header of another scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What a request's Authorization header says: who signed it, with which key, when, and the signature (base64)."""

    mchid: str
    serial_no: str
    timestamp: str
    nonce: str
    signature: str = field(repr=False)

    def header(self) -> str:
        """Return the header's value."""
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{self.nonce}",signature="{self.signature}",'
            f'timestamp="{self.timestamp}",serial_no="{self.serial_no}"'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The signature of an answer or a notification as its headers carry it; nothing of it is verified yet."""

    timestamp: str
    nonce: str
    serial: str
    signature: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the seal; those of a notification, which name the signature's type too."""
        return {
            TIMESTAMP_HEADER: self.timestamp,
            NONCE_HEADER: self.nonce,
            SERIAL_HEADER: self.serial,
            SIGNATURE_HEADER: self.signature,
            TYPE_HEADER: SCHEME,
        }

    def text(self, body: bytes) -> bytes:
        """Return what the seal has to be the signature of, if it came with `body`."""
        return answer_text(self.timestamp, self.nonce, body)

    def require_fresh(self, now_s: float) -> None:
        """Raise SealStale if the seal's time is more than five minutes from `now_s` (seconds), in either direction."""
        skew_s = int(self.timestamp) - now_s
        if abs(skew_s) >= MAX_CLOCK_SKEW_S:
            direction = "ahead of" if skew_s > 0 else "behind"
            raise SealStale(
                f"its time is {abs(skew_s):.0f} s {direction} ours: our clock may be wrong, or it is a replay"
            )


def request_text(verb: str, path: str, *, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what a request's signature is about. `path` holds the query, exactly as both are sent."""
    return b"%s\n%s\n%s\n%s\n%s\n" % (verb.encode(), path.encode(), timestamp.encode(), nonce.encode(), body)


def answer_text(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what the signature of an answer or a notification is about; `body` is the raw bytes, empty with a 204."""
    return b"%s\n%s\n%s\n" % (timestamp.encode(), nonce.encode(), body)


def invocation_text(app_id: str, *, timestamp: str, nonce: str, package: str) -> bytes:
    """Return what is signed for the payer's device.

    `package` is `prepay_id=…` for JSAPI and mini programs, and the bare prepay_id for apps.
    """
    return f"{app_id}\n{timestamp}\n{nonce}\n{package}\n".encode()


def read_authorization(header: str) -> Authorization:
    """Return the parts of an Authorization header. Raises AuthorizationInvalid; SchemeUnknown for another scheme."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme != SCHEME:
        raise SchemeUnknown("another scheme")
    parts: dict[str, str] = {}
    for piece in rest.split(","):
        matched = _ATTRIBUTE.fullmatch(piece.strip())
        if matched is None or matched[1] in parts:
            raise AuthorizationInvalid("an attribute is malformed or occurs twice")
        parts[matched[1]] = matched[2]
    if parts.keys() != _ATTRIBUTES or not all(parts.values()):
        raise AuthorizationInvalid("it does not have exactly the five attributes")
    if _SECONDS.fullmatch(parts["timestamp"]) is None:
        raise AuthorizationInvalid("the timestamp is no number of seconds")
    return Authorization(
        mchid=parts["mchid"],
        serial_no=parts["serial_no"],
        timestamp=parts["timestamp"],
        nonce=parts["nonce_str"],
        signature=parts["signature"],
    )


def has_seal(headers: Mapping[str, str]) -> bool:
    """Whether any of a seal's headers is there (names in lower case): an incomplete seal is one, and a wrong one."""
    return any(name.lower() in headers for name in (TIMESTAMP_HEADER, NONCE_HEADER, SERIAL_HEADER, SIGNATURE_HEADER))


def read_seal(headers: Mapping[str, str]) -> Seal:
    """Return the seal in `headers` (names in lower case). Raises SealInvalid, also for a probe."""
    found = {
        name: headers.get(name.lower(), "")
        for name in (TIMESTAMP_HEADER, NONCE_HEADER, SERIAL_HEADER, SIGNATURE_HEADER)
    }
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise SealInvalid(f"{', '.join(missing)} missing; does a proxy before us strip headers?")
    if not all(value.isascii() for value in found.values()):
        raise SealInvalid("a header is not ASCII")
    if headers.get(TYPE_HEADER.lower(), SCHEME) != SCHEME:
        raise SealInvalid("a signature of another type")
    if found[SIGNATURE_HEADER].startswith(PROBE_PREFIX):
        raise SealInvalid("a probe: WeChat Pay tests whether signatures are checked")
    if _SECONDS.fullmatch(found[TIMESTAMP_HEADER]) is None:
        raise SealInvalid("the timestamp is no number of seconds")
    return Seal(
        timestamp=found[TIMESTAMP_HEADER],
        nonce=found[NONCE_HEADER],
        serial=found[SERIAL_HEADER],
        signature=found[SIGNATURE_HEADER],
    )
