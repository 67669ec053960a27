"""The checks that all providers' settings share name the setting first, and say what to put there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from tollbridge_server.providers.settings_checks import (
    MAX_CONNECTIONS,
    MAX_FILE_BYTES,
    SettingsInvalid,
    is_this_machine,
    notify_url_doubts,
    origin_of,
    require_notify_url,
    require_origin,
    require_pool,
    require_types,
    require_url,
    require_valid,
    text_of,
)

KEY = "a key's text"
EXAMPLE = "https://api.example.com"
NOW = datetime(2026, 1, 2, 7, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Settings with a field of each type."""

    shop: str = "1"
    key: str = ""
    key_file: str = ""
    is_strict: bool = False
    connect_timeout_s: float = 3.0
    timeout_s: float = 15.0
    max_connections: int = 64


def account(**changes: Any) -> Account:
    return Account(**changes)


def refused(check: Callable[[], object]) -> tuple[str, ...]:
    """Return what a check finds; it has to find something."""
    with pytest.raises(ValueError, match=r"^\w+: ") as caught:
        check()
    return caught.value.mistakes if isinstance(caught.value, SettingsInvalid) else (str(caught.value),)


def test_settings_of_the_right_types_are_taken() -> None:
    require_types(account(timeout_s=15))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shop": 1}, "shop: write it as text, in quotes"),
        ({"shop": None}, "shop: write it as text, in quotes"),
        ({"is_strict": "yes"}, "is_strict: write true or false"),
        ({"is_strict": 1}, "is_strict: write true or false"),
        ({"max_connections": 1.5}, "max_connections: write a whole number"),
        ({"max_connections": True}, "max_connections: write a whole number"),
        ({"timeout_s": "15"}, "timeout_s: write a number of seconds"),
        ({"timeout_s": True}, "timeout_s: write a number of seconds"),
    ],
)
def test_a_value_of_another_type_is_named(changes: dict[str, Any], message: str) -> None:
    assert refused(lambda: require_types(account(**changes))) == (message,)


def test_a_value_of_a_wrong_type_keeps_no_other_from_being_named() -> None:
    wrong = account(shop=1, timeout_s="15", is_strict="yes")
    assert [each.split(":")[0] for each in refused(lambda: require_types(wrong))] == ["shop", "is_strict", "timeout_s"]


def test_a_key_may_stand_in_its_place_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"\n{KEY}\n")
    assert text_of(account(key=f" {KEY}\n"), "key") == ("key", KEY)
    assert text_of(account(key_file=str(tmp_path / "key")), "key") == ("key_file", KEY)
    assert text_of(account(), "key") == ("key", "")


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"A" * MAX_FILE_BYTES)
    assert text_of(account(key_file=str(tmp_path / "key")), "key") == ("key_file", "A" * MAX_FILE_BYTES)


def test_a_byte_order_mark_before_a_key_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbf" + KEY.encode())
    assert text_of(account(key_file=str(tmp_path / "key")), "key") == ("key_file", KEY)
    assert text_of(account(key=f"\ufeff{KEY}"), "key") == ("key", KEY)


def test_a_key_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    both = account(key=KEY, key_file=str(tmp_path / "key"))
    assert refused(lambda: text_of(both, "key")) == ("key_file: give key or key_file, not both",)


def test_a_file_that_is_not_there_is_named_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "missing.pem"
    [found] = refused(lambda: text_of(account(key_file=str(path)), "key"))
    reason = f"the file can not be read: No such file or directory: {path}"
    assert found == f"key_file: {reason}; correct the path or the file's permissions"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "key_file: the file is empty: "),
        (b"\xef\xbb\xbf \n", "key_file: the file is empty: "),
        (b"\xff\xfe\x00", "key_file: the file is no text; give PEM or base64: "),
        (b"A" * (MAX_FILE_BYTES + 1), f"key_file: the file is larger than {MAX_FILE_BYTES} bytes; "),
    ],
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "key").write_bytes(content)
    [found] = refused(lambda: text_of(account(key_file=str(tmp_path / "key")), "key"))
    assert found.startswith(message)


@pytest.mark.parametrize(
    "changes", [{}, {"timeout_s": 20.0}, {"connect_timeout_s": 15.0}, {"max_connections": 1}, {"max_connections": 1024}]
)
def test_a_pool_whose_calls_end_before_the_send_is_taken(changes: dict[str, Any]) -> None:
    require_pool(account(**changes), send_timeout_s=20.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout_s": 20.5}, "timeout_s: write 0 < connect_timeout_s <= timeout_s <= 20 (seconds); "),
        ({"connect_timeout_s": 0}, "timeout_s: write 0 < "),
        ({"connect_timeout_s": -1.0}, "timeout_s: write 0 < "),
        ({"connect_timeout_s": 16.0}, "timeout_s: write 0 < "),
        ({"timeout_s": float("nan")}, "timeout_s: write 0 < "),
        ({"max_connections": 0}, f"max_connections: write 1 to {MAX_CONNECTIONS}"),
        ({"max_connections": 1025}, f"max_connections: write 1 to {MAX_CONNECTIONS}"),
    ],
)
def test_a_pool_that_can_not_work_is_named(changes: dict[str, Any], message: str) -> None:
    [found] = refused(lambda: require_pool(account(**changes), send_timeout_s=20.0))
    assert found.startswith(message)


@pytest.mark.parametrize("url", ["https://api.example.com/a/b.do", "http://127.0.0.1:8090/b.do", "http://[::1]:80/"])
def test_an_address_is_taken_and_in_the_clear_on_this_machine_only(url: str) -> None:
    require_url(url, setting="gateway", example=EXAMPLE)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", f"gateway: write a URL without query and fragment, such as {EXAMPLE}"),
        ("https://api.example.com/x?x=1", "gateway: write a URL without query"),
        ("https://api.example.com/#x", "gateway: write a URL without query"),
        ("https://api.example.com/a b", "gateway: write a URL without query"),
        ("https://api.example.com/é", "gateway: write a URL without query"),
        ("http://api.example.com/x", "gateway: http://api.example.com would send payment data in the clear"),
        ("http://128.0.0.1/x", "gateway: http://128.0.0.1 would send payment data in the clear"),
        ("api.example.com", "gateway: this is no origin"),
        ("https://user:word@api.example.com/", "gateway: this is no origin"),
        ("https://[::1/x", "gateway: "),
    ],
)
def test_an_address_that_leads_nowhere_or_in_the_clear_is_named(url: str, message: str) -> None:
    [found] = refused(lambda: require_url(url, setting="gateway", example=EXAMPLE))
    assert found.startswith(message)
    assert "word" not in found


def test_an_origin_has_no_path() -> None:
    for url in (EXAMPLE, f"{EXAMPLE}/"):
        require_origin(url, setting="base_url", example=EXAMPLE)
    found = refused(lambda: require_origin(f"{EXAMPLE}/v3", setting="base_url", example=EXAMPLE))
    assert found == (f"base_url: write scheme and host without a path, such as {EXAMPLE}",)
    [found_too] = refused(lambda: require_origin(f"{EXAMPLE}?x=1", setting="base_url", example=EXAMPLE))
    assert found_too.startswith("base_url: write a URL without query")


@pytest.mark.parametrize(
    "url", ["https://shop.example.com/".ljust(64, "a"), "http://127.0.0.1:7480/n", "http://[::1]/"]
)
def test_an_address_for_notifications_is_taken(url: str) -> None:
    require_notify_url(url, provider="Some Pay", max_length=64)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "notify_url: write the address at which Some Pay reaches this server"),
        ("https://shop.example.com/notify?shop=1", "notify_url: write the address"),
        ("https://shop.example.com/#x", "notify_url: write the address"),
        ("https://shop.example.com/a b", "notify_url: write the address"),
        ("https://shop.example.com/".ljust(65, "a"), "notify_url: write the address"),
        ("http://shop.example.com/notify", "notify_url: write an https:// address; http:// only for this machine"),
        ("https://user:word@shop.example.com/", "notify_url: write an https:// address"),
        ("shop.example.com", "notify_url: write an https:// address"),
    ],
)
def test_an_address_at_which_no_notification_arrives_is_named(url: str, message: str) -> None:
    [found] = refused(lambda: require_notify_url(url, provider="Some Pay", max_length=64))
    assert found.startswith(message)
    assert "word" not in found


@pytest.mark.parametrize(
    ("url", "is_simulated", "doubts"),
    [
        ("https://shop.example.com/notifications/somepay/shop", False, 0),
        ("https://shop.example.com/pay/notifications/somepay/shop/", False, 0),
        ("https://shop.example.com/notifications/somepay/another", False, 1),
        ("https://shop.example.com/notifications/somepay/shops", False, 1),
        ("https://shop.example.com/notifications/otherpay/shop", False, 1),
        ("http://127.0.0.1:7480/notifications/somepay/shop", False, 1),
        ("http://127.0.0.1:7480/notifications/somepay/shop", True, 0),
        ("http://[::1]:7480/notifications/somepay/shop", False, 1),
        ("https://localhost/somepay", False, 2),
    ],
)
def test_an_address_at_which_notifications_may_not_arrive_is_doubted(url: str, is_simulated: bool, doubts: int) -> None:
    found = notify_url_doubts(url, provider="somepay", account_id="shop", is_simulated=is_simulated)
    assert len(found) == doubts
    assert all(doubt.startswith("notify_url: ") for doubt in found)


@pytest.mark.parametrize("url", ["http://localhost:1/x", "https://LOCALHOST", "http://127.0.0.2", "http://[::1]:80/x"])
def test_an_address_on_this_machine_is_known(url: str) -> None:
    assert is_this_machine(url)


@pytest.mark.parametrize("url", ["", "https://api.example.com", "https://localhost.example.com", "http://0.0.0.0:80"])
def test_an_address_elsewhere_is_not_this_machine(url: str) -> None:
    assert not is_this_machine(url)


def test_an_origin_is_what_stands_before_the_path() -> None:
    assert origin_of("https://api.example.com:8443/a/b.do") == "https://api.example.com:8443"


def certificate(*, from_days: float, to_days: float) -> x509.Certificate:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    valid = builder.not_valid_before(NOW + timedelta(days=from_days)).not_valid_after(NOW + timedelta(days=to_days))
    return valid.sign(key, SHA256())


def test_a_certificate_is_valid_from_its_first_second_to_its_last() -> None:
    require_valid(certificate(from_days=0, to_days=1), "certificate", now=NOW)
    require_valid(certificate(from_days=-1, to_days=0), "certificate", now=NOW)


def test_an_expired_certificate_says_when_and_where_a_new_one_comes_from() -> None:
    found = refused(lambda: require_valid(certificate(from_days=-9, to_days=-2), "certificate", now=NOW))
    assert found == (
        "certificate: it expired on 2025-12-31; apply for a new one in the provider's console, and put it here",
    )


def test_a_certificate_that_is_not_valid_yet_suspects_the_clock() -> None:
    found = refused(lambda: require_valid(certificate(from_days=2, to_days=9), "certificate", now=NOW))
    assert found == ("certificate: it is valid from 2026-01-04 07:04 UTC; is the clock right?",)
