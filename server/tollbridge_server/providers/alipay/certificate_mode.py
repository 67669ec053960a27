"""Certificate mode of the configuration: three files that have to belong together, and to this application.

Refuses certificates that lead to no configured root, have expired, or are another merchant's. Alipay does not hand out
every certificate of a chain, so what its files leave open is refused only where they never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID

from tollbridge_server.providers.alipay.certificates import (
    CertificateInvalid,
    ChainExpired,
    ChainOpen,
    TrustedCertificates,
    name_of,
    public_key_of,
    read_certificates,
    read_roots,
    require_chain,
    root_serial_number,
    roots_in,
    serial_number,
)
from tollbridge_server.providers.alipay.client import CertificateMode
from tollbridge_server.providers.rsa_keys import public_text_of
from tollbridge_server.providers.settings_checks import Mistakes, is_this_machine, require_valid, text_of

NAMES = ("app_certificate", "alipay_certificate", "alipay_root_certificate")

_APPLICATIONS = re.compile(r"(2088[0-9]{12})-([0-9]{16,32})", re.ASCII)
_ALIPAYS = re.compile(r".*-(2088[0-9]{12})", re.ASCII | re.DOTALL)
_SANDBOX = re.compile(r"(?:.+\.)?alipaydev\.com", re.ASCII)
_THEIRS = "Alipay's (alipayCertPublicKey_RSA2.crt) belongs here"
_ROOTS = "download alipayRootCert.crt from the console"


@dataclass(frozen=True, slots=True)
class _File:
    """The certificates of one file, and the setting that gave them."""

    setting: str
    certificates: tuple[x509.Certificate, ...]

    @property
    def first(self) -> x509.Certificate:
        return self.certificates[0]


def read_certificate_mode(
    settings: Any, own: RSAPrivateKey | None, *, now: datetime
) -> tuple[CertificateMode, RSAPublicKey] | None:
    """Return the certificates and the key in Alipay's, None in key mode.

    `own` is the application's key, None where it can not be read. Raises SettingsInvalid with every mistake.
    """
    given = {name: text_of(settings, name) for name in NAMES}
    if not any(text for _, text in given.values()):
        return None
    mistakes = Mistakes()
    for setting, text in given.values():
        if not text:
            mistakes.note(partial(_missing, setting))
    mistakes.note(lambda: _require_no_key(settings))
    mistakes.require_none()
    app = mistakes.note(lambda: _read(read_certificates, *given["app_certificate"]))
    alipay = mistakes.note(lambda: _read(read_certificates, *given["alipay_certificate"]))
    roots = mistakes.note(lambda: _read(read_roots, *given["alipay_root_certificate"]))
    mistakes.note(lambda: _require_own(app.result, own, settings.app_id, now=now))
    key = mistakes.note(lambda: _alipays_key(alipay.result, app.known, own, now=now))
    number = mistakes.note(lambda: _root_number(roots.result))
    mistakes.require_none()
    mistakes.note(lambda: _require_alipays_chain(alipay.result, roots.result, settings.gateway, now=now))
    mistakes.note(lambda: _require_own_chain(app.result, alipay.result, roots.result, settings.gateway, now=now))
    mistakes.require_none()
    mode = CertificateMode(
        app_number=serial_number(app.result.first),
        root_number=number.result,
        alipay_number=serial_number(alipay.result.first),
        trusted=TrustedCertificates(alipay.result.certificates, roots.result.certificates),
    )
    return mode, key.result


def chain_doubts(mode: CertificateMode, *, setting: str, now: datetime) -> tuple[str, ...]:
    """Return what the files leave open although they can be used: Alipay's sandbox hands out no whole chain."""
    try:
        require_chain(mode.trusted.alipay[0], mode.trusted.alipay[1:], mode.trusted.roots, now=now)
    except ChainOpen as error:
        missing = name_of(error.last.issuer)
        return (f"{setting}: {missing} is in no file, so a certificate that Alipay re-issues will not be believed",)
    except CertificateInvalid:
        return ()
    return ()


def _missing(setting: str) -> None:
    raise ValueError(f"{setting}: certificate mode needs all of {', '.join(NAMES)}; this one is missing")


def _require_no_key(settings: Any) -> None:
    setting, text = text_of(settings, "alipay_public_key")
    if text:
        raise ValueError(f"{setting}: remove it; in certificate mode the key comes from alipay_certificate")


def _read(read: Callable[..., tuple[x509.Certificate, ...]], setting: str, text: str) -> _File:
    return _File(setting, read(text, setting=setting))


def _require_own(app: _File, own: RSAPrivateKey | None, app_id: str, *, now: datetime) -> None:
    if own is not None and public_text_of(public_key_of(app.first, setting=app.setting)) != public_text_of(own):
        raise ValueError(f"{app.setting}: this certificate is for another key than private_key")
    named = _APPLICATIONS.fullmatch(name_of(app.first.subject))
    if named is not None and named[2] != app_id:
        raise ValueError(f"{app.setting}: this is the certificate of application {named[2]}, and app_id is another")
    require_valid(app.first, app.setting, now=now)


def _alipays_key(alipay: _File, app: _File | None, own: RSAPrivateKey | None, *, now: datetime) -> RSAPublicKey:
    key = public_key_of(alipay.first, setting=alipay.setting)
    if own is not None and public_text_of(key) == public_text_of(own):
        raise ValueError(f"{alipay.setting}: this is the application's own certificate; {_THEIRS}")
    subject = name_of(alipay.first.subject)
    if _APPLICATIONS.fullmatch(subject):
        raise ValueError(f"{alipay.setting}: this is the certificate of an application, {subject}; {_THEIRS}")
    # Alipay has a certificate for each merchant, and both name the merchant.
    theirs, ours = _ALIPAYS.fullmatch(subject), _APPLICATIONS.fullmatch(name_of(app.first.subject)) if app else None
    if theirs is not None and ours is not None and theirs[1] != ours[1]:
        raise ValueError(
            f"{alipay.setting}: this is Alipay's certificate for merchant {theirs[1]}, and app_certificate is of "
            f"{ours[1]}; download both from one application's console"
        )
    require_valid(alipay.first, alipay.setting, now=now)
    return key


def _root_number(roots: _File) -> str:
    """Return the roots' number. Raises ValueError for a file that has none, or no root."""
    number = root_serial_number(roots.certificates, setting=roots.setting)
    if not roots_in(roots.certificates):
        raise ValueError(f"{roots.setting}: no certificate in it is a root; {_ROOTS}")
    return number


def _require_alipays_chain(alipay: _File, roots: _File, gateway: str, *, now: datetime) -> None:
    try:
        require_chain(alipay.first, alipay.certificates[1:], roots.certificates, now=now)
    except ChainOpen as error:
        if not _is_sandbox(gateway):
            raise ValueError(
                f"{roots.setting}: {alipay.setting} does not lead to any root in it, {name_of(error.last.issuer)} is "
                f"missing; {_ROOTS}, and alipayCertPublicKey_RSA2.crt whole"
            ) from None
    except ChainExpired as error:
        raise ValueError(_expired(error, alipay, roots)) from None
    except CertificateInvalid as error:
        raise ValueError(f"{roots.setting}: {alipay.setting} does not lead to it, {error}; {_ROOTS}") from None


def _require_own_chain(app: _File, alipay: _File, roots: _File, gateway: str, *, now: datetime) -> None:
    others = app.certificates[1:] + alipay.certificates[1:]
    try:
        require_chain(app.first, others, roots.certificates, now=now)
    except ChainOpen as error:
        # Alipay hands out the issuer of its own certificate, and mostly not that of the application's.
        organizations = {_organization(root.subject) for root in roots_in(roots.certificates)}
        is_possible = _organization(error.last.issuer) in organizations and not is_this_machine(gateway)
        if error.last.issuer == error.last.subject or not (is_possible or _is_sandbox(gateway)):
            raise ValueError(
                f"{app.setting}: {name_of(error.last.issuer)}, which {alipay.setting} and {roots.setting} know nothing "
                "of, has issued it; download appCertPublicKey_<app_id>.crt from the console"
            ) from None
    except ChainExpired as error:
        raise ValueError(_expired(error, app, roots)) from None
    except CertificateInvalid as error:
        raise ValueError(
            f"{app.setting}: it does not lead to {roots.setting}, {error}; download both from the console"
        ) from None


def _expired(error: ChainExpired, leaf: _File, roots: _File) -> str:
    member = error.member
    setting = roots.setting if member in roots.certificates else leaf.setting
    times = f"from {member.not_valid_before_utc:%Y-%m-%d} to {member.not_valid_after_utc:%Y-%m-%d}"
    return f"{setting}: {name_of(member.subject)} in it is valid {times} only; download the present files"


def _organization(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def _is_sandbox(gateway: str) -> bool:
    return _SANDBOX.fullmatch(urlsplit(gateway).hostname or "") is not None
