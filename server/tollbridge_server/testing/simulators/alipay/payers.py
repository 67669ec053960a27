"""Who pays at the Alipay simulator, and whether that is whom a merchant wants, by what a sale or a freeze says of it.

Refuses a description of the payer that Alipay could not compare. The number of the test payer's identity card has a
wrong check digit, so that it can be nobody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tollbridge_server.testing.simulators.alipay.fields import Content

BUYER_ID = "2088000000000002"
BUYER_LOGON_ID = "tes***@example.com"

DOCUMENT_TYPES = frozenset({"IDENTITY_CARD", "PASSPORT", "OFFICER_CARD", "SOLDIER_CARD", "HOKOU"})


@dataclass(frozen=True, slots=True)
class TestPayer:
    """The one who pays whatever is paid here, as a merchant has to describe whom Alipay shall let pay."""

    name: str
    cert_type: str
    cert_no: str
    age: int


TEST_PAYER = TestPayer(name="测试买家", cert_type="IDENTITY_CARD", cert_no="110101199003070000", age=36)

_FIELD = "ext_user_info"
_COMPARED = ("name", "cert_type", "cert_no")
_MEMBERS = frozenset({*_COMPARED, "mobile", "min_age", "fix_buyer", "need_check_info", "identity_hash"})
_SWITCHES = ("T", "F", "")
_FREEZE_FIELD = "identity_params"
_FREEZE_MEMBERS = frozenset({"identity_hash", "alipay_user_id"})


def is_wanted(content: Content) -> bool:
    """Return whether the test payer may pay an order. Raises Refused for a description that is none."""
    found = content.object(_FIELD)
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    if len(texts) != len(found) or not _MEMBERS.issuperset(found):
        raise content.wrong(_FIELD)
    _require_sound(content, texts)
    if texts.get("fix_buyer") != "T" and texts.get("need_check_info") != "T":
        return True
    is_hash_alone = texts.get("need_check_info") == "T" and not any(texts.get(name) for name in _COMPARED)
    if is_hash_alone and not _is_hash_of_payer(texts.get("identity_hash", "")):
        return False
    is_old_enough = texts.get("need_check_info") != "T" or int(texts.get("min_age") or "0") <= TEST_PAYER.age
    return is_old_enough and all(texts.get(name, "") in ("", getattr(TEST_PAYER, name)) for name in _COMPARED)


def is_wanted_for_freeze(content: Content) -> bool:
    """Return whether the test payer may have an amount frozen. Raises Refused for a description that is none.

    A freeze compares the hash of name and document, and the payer's number at Alipay, as far as they are given.
    """
    text = content.text(_FREEZE_FIELD)
    try:
        found = orjson.loads(text or "{}")
    except ValueError:
        raise content.wrong(_FREEZE_FIELD) from None
    is_sound = isinstance(found, dict) and _FREEZE_MEMBERS.issuperset(found)
    if not is_sound or not all(isinstance(value, str) for value in found.values()):
        raise content.wrong(_FREEZE_FIELD)
    return _is_hash_of_payer(found.get("identity_hash", "")) and found.get("alipay_user_id", "") in ("", BUYER_ID)


def _is_hash_of_payer(digest: str) -> bool:
    """Whether a hash is that of the test payer, or none is given; Alipay writes hexadecimal digits in either case."""
    own = hashlib.sha256(f"{TEST_PAYER.name}{TEST_PAYER.cert_no}".encode()).hexdigest()
    return digest.lower() in ("", own)


def _require_sound(content: Content, texts: Mapping[str, Any]) -> None:
    """Raise Refused unless Alipay could compare what is given; who has to be somebody needs a name and a document."""
    is_sound = (
        texts.get("cert_type", "") in ("", *DOCUMENT_TYPES)
        and (not texts.get("min_age") or (texts["min_age"].isascii() and texts["min_age"].isdigit()))
        and len(texts.get("min_age", "")) <= 3
        and all(texts.get(name, "") in _SWITCHES for name in ("fix_buyer", "need_check_info"))
        and (texts.get("fix_buyer") != "T" or all(texts.get(name) for name in _COMPARED))
    )
    if not is_sound:
        raise content.wrong(_FIELD)
