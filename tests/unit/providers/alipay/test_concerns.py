"""A refusal of our configuration is about one thing, and names the setting; our own request is not shown with it."""

from __future__ import annotations

import logging

import pytest
from tollbridge_server.providers.alipay.codes import (
    Concern,
    Task,
    concern_of,
    reading_of,
    setting_to_check,
    without_echo,
)

CONCERNS = {
    Concern.APPLICATION: "isv.invalid-app-id isv.missing-app-id",
    Concern.KEY: (
        "isv.invalid-signature isv.missing-signature isv.invalid-signature-type isv.missing-signature-key "
        "isv.missing-signature-config"
    ),
    Concern.CERTIFICATES: "isv.missing-app-cert-sn isv.missing-alipay-root-cert-sn isv.app-cert-expired",
    Concern.CLOCK: "isv.invalid-timestamp isv.missing-timestamp",
    Concern.CONTENT: (
        "isv.illegal-json isv.invalid-encrypt isv.invalid-encrypt-type isv.missing-encrypt-type "
        "isv.missing-encrypt-key isv.decryption-error-missing-encrypt-type isv.decryption-error-not-valid-encrypt-key"
    ),
    Concern.CONTRACT: (
        "ACQ.ACCESS_FORBIDDEN ACCESS_FORBIDDEN ACQ.HAS_NO_PRIVILEGE isv.insufficient-isv-permissions "
        "isv.insufficient-user-permissions"
    ),
}


@pytest.mark.parametrize("concern", Concern)
def test_each_code_of_our_configuration_has_its_concern_and_a_setting_to_check(concern: Concern) -> None:
    for sub_code in CONCERNS[concern].split():
        assert concern_of(sub_code) is concern, sub_code
        assert setting_to_check(sub_code), sub_code


@pytest.mark.parametrize("sub_code", ["", "isv.", "isv.suspected-attack", "ACQ.SYSTEM_ERROR", "invalid-signature.x"])
def test_a_code_that_is_about_no_setting_concerns_none(sub_code: str) -> None:
    assert concern_of(sub_code) is None
    assert setting_to_check(sub_code) == ""


@pytest.mark.parametrize(
    ("sub_code", "setting"),
    [
        ("isv.invalid-signature", "private_key"),
        ("isv.invalid-signature-type", "private_key"),
        ("isv.missing-timestamp", "clock"),
        ("isv.illegal-json", "aes_key"),
        ("isv.missing-signature-config", "private_key"),
        ("isv.invalid-app-id", "app_id and gateway"),
        ("isv.invalid-timestamp", "clock"),
        ("isv.missing-app-cert-sn", "app_certificate"),
        ("isv.missing-alipay-root-cert-sn", "alipay_root_certificate"),
        ("isv.app-cert-expired", "app_certificate"),
        ("isv.invalid-encrypt-type", "aes_key"),
        ("isv.decryption-error-missing-encrypt-type", "aes_key"),
        ("ACQ.ACCESS_FORBIDDEN", "contract"),
        ("ACCESS_FORBIDDEN", "contract"),
        ("isv.insufficient-isv-permissions", "contract"),
    ],
)
def test_a_refusal_of_our_configuration_names_what_to_check(sub_code: str, setting: str) -> None:
    assert setting in setting_to_check(sub_code)


def test_a_refusal_that_is_about_no_setting_names_none() -> None:
    assert setting_to_check("isv.suspected-attack") == ""


def test_the_operator_reads_one_line_with_the_account_and_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    said = "无效的AppID参数"
    reading = reading_of(
        Task.CHARGE,
        code="40002",
        sub_code="isv.invalid-app-id",
        sub_message=said,
        is_signed=False,
        account_id="shop-alipay",
    )
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message.isascii()
    assert "app_id and gateway" in record.message
    assert record.__dict__["provider_account_id"] == "shop-alipay"
    assert reading.failure is not None
    assert reading.failure.provider_message == said


def test_the_request_that_the_gateway_repeats_is_neither_kept_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    said = '验签出错 网关生成的验签字符串为 biz_content={"auth_code":"281234567890123456"}'
    reading = reading_of(Task.CHARGE, code="40002", sub_code="isv.invalid-signature", sub_message=said, is_signed=True)
    assert reading.failure is not None
    assert reading.failure.provider_message == "验签出错 "
    assert "281234567890123456" not in caplog.text


@pytest.mark.parametrize(
    ("message", "rest"),
    [
        ("验签出错，网关生成的验签字符串为：app_id=1", "验签出错，"),
        ("验签出错，验签字符串为：app_id=1", "验签出错，"),
        ("验签字符串为：app_id=1，网关生成的验签字符串为：app_id=2", ""),
        ("无效的AppID参数", "无效的AppID参数"),
        ("", ""),
    ],
)
def test_what_the_gateway_repeats_of_our_request_is_cut_off(message: str, rest: str) -> None:
    assert without_echo(message) == rest
