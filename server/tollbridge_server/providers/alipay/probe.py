"""One harmless question to Alipay: does it know this application, does its key fit, and do we believe its answer?

It asks for a trade that nobody made, so that nothing can come of it. Refuses to conclude anything from an answer whose
signature does not fit: then it says which setting to look at.
"""

from __future__ import annotations

import secrets
from typing import assert_never

from tollbridge_server.domain.ids import REFERENCE_ENTROPY_BYTES, request_reference
from tollbridge_server.ports.provider import ProbeResult
from tollbridge_server.providers.alipay import wire
from tollbridge_server.providers.alipay.answers import Answer
from tollbridge_server.providers.alipay.client import Client, Exchange, Identity, NotAuthentic, wrong_key_advice
from tollbridge_server.providers.alipay.codes import SUCCESS, Concern, concern_of, names_no_trade, without_echo
from tollbridge_server.providers.alipay.encryption import CiphertextInvalid

_MAX_SHOWN = 96


async def probe(client: Client) -> ProbeResult:
    """Ask, and return what the answer proves. It never raises for what Alipay said or did not say."""
    reference = request_reference(entropy=secrets.token_bytes(REFERENCE_ENTROPY_BYTES))
    found = await client.exchange(wire.query(reference))
    is_accepted, mistake = _reading(found, client.identity)
    ahead_s = None if found.answered_s is None else client.now_us / 1_000_000 - found.answered_s
    return ProbeResult(
        address=client.identity.gateway,
        is_reached=bool(found.status),
        is_own_key_accepted=is_accepted,
        is_provider_key_verified=found.is_verified,
        clock_ahead_s=ahead_s,
        mistakes=(mistake,) if mistake else (),
    )


def _reading(found: Exchange, identity: Identity) -> tuple[bool | None, str]:
    """Return whether our own key was accepted (None: not told), and what to mend."""
    if not found.status:
        reason = found.result.reason if not isinstance(found.result, Answer) else ""
        return None, f"gateway: it can not be reached ({reason}); check the address, and whether a proxy is in between"
    if isinstance(found.doubt, NotAuthentic):
        setting = identity.key_setting
        return None, f"{setting}: what came is signed with another key; {wrong_key_advice(identity)}"
    if isinstance(found.doubt, CiphertextInvalid):
        return True, f"aes_key: {found.doubt}; copy the AES key of the application's console"
    if found.doubt is not None or not isinstance(found.result, Answer):
        return None, f"gateway: HTTP {found.status}, and what came is no answer of Alipay's; check the address"
    return _answered(found.result, identity)


def _answered(answer: Answer, identity: Identity) -> tuple[bool | None, str]:
    if answer.is_signed and (answer.code == SUCCESS or names_no_trade(answer.sub_code)):
        return True, ""
    return _refused(answer, identity)


def _refused(answer: Answer, identity: Identity) -> tuple[bool | None, str]:
    said = f"{answer.code} {answer.sub_code[:64]} {without_echo(answer.sub_msg)[:_MAX_SHOWN]}".rstrip(" ：，")
    match concern_of(answer.sub_code):
        case Concern.APPLICATION:
            return None, (
                f"app_id: Alipay knows no application {identity.app_id} here ({said}); its sandbox and production have "
                "different ones, see gateway"
            )
        case Concern.KEY if identity.certificates is None:
            return False, (
                f"private_key: Alipay has another public key for app_id {identity.app_id} ({said}); upload the public "
                "half of private_key in the console"
            )
        case Concern.CERTIFICATES if identity.certificates is None:
            return False, (
                f"private_key, app_certificate: this application is in certificate mode ({said}); give its three "
                "certificates"
            )
        case Concern.KEY | Concern.CERTIFICATES:
            return False, (
                f"private_key, app_certificate and alipay_root_certificate: Alipay has others ({said}); give the "
                "console's present ones"
            )
        case Concern.CLOCK:
            return None, f"clock: Alipay refuses our time ({said}); synchronise this machine's clock"
        case Concern.CONTENT:
            return True, f"aes_key: Alipay can not read our content ({said}); give the console's AES key, or remove it"
        case Concern.CONTRACT | None:
            accepted = True if answer.is_signed else None
            return accepted, (
                f"gateway: Alipay refuses the question ({said}); look at the application's contract in the console"
            )
        case never:
            assert_never(never)
