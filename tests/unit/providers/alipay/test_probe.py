"""One question tells which side does not know the other, and which setting to mend; nothing comes of it at Alipay."""

from __future__ import annotations

import socket

import pytest
from tollbridge_server.ports.provider import ProbeResult, Probing
from tollbridge_server.providers.alipay.adapter import AlipayAdapter
from tollbridge_server.providers.alipay.certificates import TrustedCertificates, serial_number
from tollbridge_server.providers.alipay.client import CertificateMode
from tollbridge_server.providers.alipay.encryption import encrypt

from tests.unit.providers.alipay.gateway import (
    NO_TRADE,
    Gateway,
    Reply,
    client_of,
    envelope,
    merchant,
    node,
    serving,
)
from tests.unit.providers.alipay.keys import ALIPAY, certificate, rsa_key

QUERY = "alipay.trade.query"
ROOT = certificate("Test Root RSA G1", rsa_key("root"), authority=True)
KNOWN = certificate("Alipay", ALIPAY, issuer="Test Root RSA G1", signed_by=rsa_key("root"), serial=3)
MODE = CertificateMode("a" * 32, "b" * 32, serial_number(KNOWN), TrustedCertificates((KNOWN,), (ROOT,)))
AES_KEY = bytes(range(16))
ECHO = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：app_id=1&biz_content=secret"


async def probed(
    reply: Reply | dict[str, str], *, mode: CertificateMode | None = None, aes_key: bytes = b""
) -> ProbeResult:
    async with serving() as gateway:
        gateway.answer(QUERY, reply)
        adapter = AlipayAdapter(client_of(gateway, certificates=mode, aes_key=aes_key), merchant())
        assert isinstance(adapter, Probing)
        try:
            result = await adapter.probe()
        finally:
            await adapter.close()
        assert gateway.methods == [QUERY], "a question, and nothing else"
        return result


def refused(sub_code: str, *, code: str = "40002", message: str = "m", is_signed: bool = True) -> Reply:
    fields = {"code": code, "sub_code": sub_code, "sub_msg": message}
    return Reply(fields) if is_signed else Reply(fields, key=None)


async def test_a_signed_word_that_there_is_no_such_trade_proves_both_keys() -> None:
    result = await probed(NO_TRADE)
    assert (result.is_reached, result.is_own_key_accepted, result.is_provider_key_verified) == (True, True, True)
    assert result.mistakes == ()
    assert result.clock_ahead_s is not None


async def test_each_question_is_about_another_trade_that_nobody_made() -> None:
    async with serving() as gateway:
        gateway.answer(QUERY, NO_TRADE)
        client = client_of(gateway)
        adapter = AlipayAdapter(client, merchant())
        await adapter.probe()
        await adapter.probe()
        await adapter.close()
        asked = [each.content["out_trade_no"] for each in gateway.received]
    assert len(set(asked)) == 2
    assert all(len(reference) == 32 for reference in asked)


@pytest.mark.parametrize(
    ("reply", "setting", "own", "theirs"),
    [
        (Reply(NO_TRADE, key=rsa_key("forger")), "alipay_public_key: ", None, False),
        (refused("isv.invalid-signature", message=ECHO), "private_key: Alipay has another public key", False, True),
        (refused("isv.invalid-app-id", is_signed=False), "app_id: Alipay knows no application", None, None),
        (refused("isv.missing-app-id", is_signed=False), "app_id: Alipay knows no application", None, None),
        (refused("isv.missing-signature-config"), "private_key: Alipay has another public key", False, True),
        (refused("isv.missing-app-cert-sn", is_signed=False), "private_key, app_certificate: ", False, None),
        (refused("isv.invalid-timestamp"), "clock: ", None, True),
        (refused("isv.missing-timestamp"), "clock: ", None, True),
        (refused("isv.illegal-json"), "aes_key: ", True, True),
        (refused("isv.decryption-error-not-valid-encrypt-key"), "aes_key: ", True, True),
        (refused("isv.insufficient-isv-permissions", code="40006"), "gateway: Alipay refuses the question", True, True),
        (refused("isp.unknow-error", code="20000", is_signed=False), "gateway: Alipay refuses", None, None),
        (Reply(raw=b"<html>busy</html>"), "gateway: HTTP 200, and what came is no answer of Alipay's", None, None),
        (Reply(NO_TRADE, status=502), "gateway: HTTP 502", None, None),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_named(reply: Reply, setting: str, own: bool | None, theirs: bool | None) -> None:
    result = await probed(reply)
    [mistake] = result.mistakes
    assert mistake.startswith(setting)
    assert (result.is_reached, result.is_own_key_accepted, result.is_provider_key_verified) == (True, own, theirs)
    assert "secret" not in mistake, "what the gateway repeats of our request is not shown"


async def test_in_certificate_mode_the_certificates_are_named() -> None:
    forged = await probed(Reply(NO_TRADE, key=rsa_key("forger"), number=MODE.alipay_number), mode=MODE)
    assert forged.mistakes[0].startswith("alipay_certificate: ")


@pytest.mark.parametrize(
    "sub_code",
    ["isv.invalid-signature", "isv.invalid-signature-type", "isv.app-cert-expired", "isv.missing-app-cert-sn"],
)
async def test_in_certificate_mode_a_refused_key_or_certificate_names_both(sub_code: str) -> None:
    result = await probed(Reply({"code": "40002", "sub_code": sub_code}), mode=MODE)
    assert result.mistakes[0].startswith("private_key, app_certificate and alipay_root_certificate: ")
    assert result.is_own_key_accepted is False


async def test_an_answer_that_our_aes_key_does_not_open_names_it() -> None:
    ciphertext = b'"' + encrypt(bytes(16), node(NO_TRADE)).encode() + b'"'
    result = await probed(Reply(raw=envelope(QUERY, ciphertext, key=ALIPAY)), aes_key=AES_KEY)
    assert result.mistakes[0].startswith("aes_key: ")
    assert result.is_provider_key_verified


async def test_a_gateway_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gateway = Gateway()
        gateway.origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        adapter = AlipayAdapter(client_of(gateway), merchant())
        result = await adapter.probe()
        await adapter.close()
    assert not result.is_reached
    assert result.mistakes[0].startswith("gateway: it can not be reached")
