"""Makes a provider's words fit for every database: NUL and lone surrogates, which none takes, become question marks."""

from __future__ import annotations

from tollbridge_server.domain.evidence import Evidence, Failure, NextAction
from tollbridge_server.domain.values import replace


def storable(evidence: Evidence) -> Evidence:
    """Return the evidence with texts that can be stored; most evidence is returned as it is."""
    if evidence.failure is None and evidence.next_action is None and _is_storable(evidence.provider_reference):
        return evidence
    return replace(
        evidence,
        provider_reference=_text(evidence.provider_reference),
        failure=_failure(evidence.failure) if evidence.failure else None,
        next_action=_next_action(evidence.next_action) if evidence.next_action else None,
    )


def _failure(failure: Failure) -> Failure:
    return replace(
        failure,
        provider_code=_text(failure.provider_code),
        provider_message=_text(failure.provider_message),
        network_advice=_text(failure.network_advice),
    )


def _next_action(action: NextAction) -> NextAction:
    return replace(
        action,
        url=_text(action.url),
        http_method=_text(action.http_method),
        fields=tuple((_text(name), _text(value)) for name, value in action.fields),
        payload=_text(action.payload),
        sdk=_text(action.sdk),
    )


def _is_storable(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))


def _text(text: str) -> str:
    return text if _is_storable(text) else text.encode("utf-8", "replace").decode().replace("\0", "?")
