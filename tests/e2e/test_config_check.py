"""`tollbridge config check` names every mistake with the setting to mend, and says "right" only of what can serve."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tollbridge_server.development import initialize
from tollbridge_server.testing.processes import ServerProcess

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.e2e.commands import Answer, environment, run

CONFIG = Path(".tollbridge") / "config.toml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a development set-up and both simulators."""
    folder = tmp_path_factory.mktemp("made")
    initialize(folder / CONFIG, has_free_ports=True, has_simulators=True)
    return folder


@pytest.fixture(scope="module")
def serving(made: Path) -> Iterator[ServerProcess]:
    with ServerProcess(made / CONFIG, environment=environment()) as process:
        yield process


@pytest.fixture
def folder(tmp_path: Path, made: Path) -> Path:
    """A copy of the set-up, which leads to the same addresses; no server is its own."""
    copied = tmp_path / "copy"
    shutil.copytree(made, copied, ignore=shutil.ignore_patterns("*.db*", "*.log", "*.lock"))
    return copied


def changed(folder: Path, **settings: str | None) -> None:
    """Give settings of accounts other values; None removes one. What a setting holds is text."""
    path = folder / CONFIG
    text = path.read_text()
    for name, value in settings.items():
        line = "" if value is None else f'{name} = "{value}"'
        text, count = re.subn(rf"^{name} = .*$", line, text, flags=re.MULTILINE)
        assert count == 1, f"{name} stands there {count} times"
    path.write_text(text)


def without_simulators(folder: Path) -> None:
    """Remove the sections of the simulators, so that only the wire can tell what their keys are."""
    path = folder / CONFIG
    text = path.read_text()
    before, _, rest = text.partition("[simulators.alipay]")
    path.write_text(before + "[[merchants]]" + rest.partition("[[merchants]]")[2])


def check(folder: Path, *words: str) -> Answer:
    return run(folder, "config", "check", *words)


def plain(text: str) -> str:
    return " ".join(text.split())


def test_every_mistake_of_every_account_is_named_in_one_run(folder: Path) -> None:
    changed(
        folder,
        seller_id="1",
        gateway="https://openapi.alipay.com",
        alipay_public_key_file="alipay/nowhere.pem",
        mchid="shop",
        serial_no="5",
        api_v3_key="short",
        base_url="https://api.mch.weixin.qq.com/v3",
    )
    (folder / ".tollbridge/wechatpay/merchant-private-key.pem").write_text("-----BEGIN PRIVATE KEY-----\nMIIE")

    answer = check(folder)

    assert answer.code == 2
    complaint = plain(answer.err)
    for said in (
        "(demo-alipay): seller_id: write the merchant's PID",
        "(demo-alipay): gateway: write the whole URL, which ends in /gateway.do",
        f"(demo-alipay): alipay_public_key_file: the file can not be read: No such file or directory: {folder}",
        "(demo-wechatpay): mchid: write the merchant number",
        "(demo-wechatpay): serial_no: write the serial number",
        "(demo-wechatpay): api_v3_key: write the APIv3 key of the console, 32 characters; this has 5",
        "(demo-wechatpay): base_url: write scheme and host without a path",
        "(demo-wechatpay): private_key_file: the PEM text begins but does not end",
    ):
        assert said in complaint
    assert str(folder / ".tollbridge/alipay/nowhere.pem") in answer.err


def test_app_ids_of_the_wrong_kind_are_named(folder: Path) -> None:
    path = folder / CONFIG
    text = path.read_text().replace('"2021000000000001"', '"2088000000000001"').replace('"wx0000000000000001"', '"wx1"')
    path.write_text(text)

    complaint = plain(check(folder).err)

    assert "(demo-alipay): app_id: this is a merchant's PID, which is seller_id" in complaint
    assert "(demo-wechatpay): app_id: write an app's identifier, wx and 16 letters and digits" in complaint


def test_what_keeps_a_server_from_serving_is_no_right_configuration(folder: Path) -> None:
    (folder / ".tollbridge/alipay/simulator-key.pem").unlink()
    (folder / ".tollbridge/wechatpay/simulator-key.pem").write_text("garbage!")

    checking, serving = check(folder), run(folder, "serve")

    assert (checking.code, serving.code) == (2, 2)
    assert checking.err == serving.err
    assert "simulators.alipay.key_file: " in checking.err
    assert "simulators.wechatpay.key_file: " in checking.err


def test_two_simulators_at_one_address_are_no_right_configuration(folder: Path) -> None:
    path = folder / CONFIG
    alipay, wechatpay = re.findall(r'^listen = "(127\.0\.0\.1:[1-9]\d*)"$', path.read_text(), flags=re.MULTILINE)
    path.write_text(path.read_text().replace(f'listen = "{alipay}"', f'listen = "{wechatpay}"'))

    checking, serving = check(folder), run(folder, "serve")

    assert (checking.code, serving.code) == (2, 2)
    for answer in (checking, serving):
        said = f"simulators.wechatpay.listen: {wechatpay} is the address of simulators.alipay.listen too"
        assert said in plain(answer.err)


def test_what_may_not_be_meant_is_a_warning_and_no_mistake(folder: Path) -> None:
    changed(folder, gateway=None)

    answer, told = check(folder), check(folder, "--json")

    assert answer.code == 0
    assert "is right" in answer.out
    warnings = plain(answer.err)
    assert "(demo-alipay): notify_url: the provider can not reach a loopback address" in warnings
    assert "simulators.alipay: no account leads to" in warnings
    assert told.json["is_valid"]
    assert len(told.json["warnings"]) == 2


def test_a_notify_url_of_another_account_is_a_warning(folder: Path) -> None:
    path = folder / CONFIG
    path.write_text(path.read_text().replace("/notifications/alipay/demo-alipay", "/alipay"))

    answer = check(folder)

    assert answer.code == 0
    assert "takes notifications of the account at /notifications/alipay/demo-alipay" in plain(answer.err)


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    key = folder / ".tollbridge/alipay/app-private-key.pem"
    key.write_bytes(b"\xef\xbb\xbf" + key.read_bytes())

    assert check(folder).code == 0


def test_online_both_providers_prove_the_accounts(made: Path, serving: ServerProcess) -> None:
    answer, told = check(made, "--online"), check(made, "--online", "--json")

    assert answer.code == 0
    assert re.search(r"demo-alipay: http\S+ reached; own key accepted; provider's key verified; clock", answer.out)
    assert re.search(r"demo-wechatpay: http\S+ reached; own key accepted; provider's key: not told; clock", answer.out)
    assert "demo-sandbox: not asked" in answer.out
    alipay, wechatpay, sandbox = told.json["accounts"]
    assert (alipay["account_id"], alipay["result"]["is_provider_key_verified"]) == ("demo-alipay", True)
    assert wechatpay["result"]["is_own_key_accepted"]
    assert sandbox["result"] is None


def test_online_a_server_that_does_not_run_is_named_with_the_command(folder: Path) -> None:
    path = folder / CONFIG
    text = path.read_text()
    for port in set(re.findall(r'^listen = "127\.0\.0\.1:([1-9]\d*)"$', text, flags=re.MULTILINE)):
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{int(port) - 10_000}")
    path.write_text(text)

    answer = check(folder, "--online")

    assert answer.code == 2
    assert "demo-alipay: " in answer.out
    assert " not reached" in answer.out
    complaint = plain(answer.err)
    assert "(demo-alipay): gateway: it can not be reached" in complaint
    assert "[simulators.wechatpay] runs with `tollbridge serve`: start that first" in complaint


def wrong_private_keys(folder: Path) -> None:
    for name in ("alipay/app-private-key.pem", "wechatpay/merchant-private-key.pem"):
        (folder / ".tollbridge" / name).write_text(private_pem(key_of("somebody else's")))


def wrong_numbers(folder: Path) -> None:
    path = folder / CONFIG
    path.write_text(path.read_text().replace('"2021000000000001"', '"2021000000000009"'))
    changed(folder, mchid="1900000009")


def wrong_serial_and_alipays_key(folder: Path) -> None:
    changed(folder, serial_no="A" * 40)
    (folder / ".tollbridge/alipay/alipay-public-key.pem").write_text(public_pem(key_of("somebody else's")))


@pytest.mark.parametrize(
    ("spoil", "alipay", "wechatpay"),
    [
        (
            wrong_private_keys,
            "private_key: Alipay has another public key for app_id 2021000000000001",
            "private_key: it is not the key of certificate",
        ),
        (wrong_numbers, "app_id: Alipay knows no application 2021000000000009 here", "serial_no: merchant 1900000009"),
        (
            wrong_serial_and_alipays_key,
            "alipay_public_key: what came is signed with another key",
            f"has no API certificate in use with the serial number {'A' * 40}",
        ),
    ],
)
def test_online_what_does_not_fit_is_named(
    folder: Path, serving: ServerProcess, spoil: object, alipay: str, wechatpay: str
) -> None:
    assert callable(spoil)
    without_simulators(folder)
    spoil(folder)

    answer = check(folder, "--online")

    assert answer.code == 2
    complaint = plain(answer.err)
    assert f"(demo-alipay): {alipay}" in complaint
    assert wechatpay in complaint


def test_a_wrong_api_v3_key_is_found_online_where_there_are_certificates(tmp_path: Path) -> None:
    config = initialize(tmp_path / CONFIG, has_free_ports=True, has_simulators=True).config_path
    changed(tmp_path, public_key_id=None, public_key_file=None)
    elsewhere = tmp_path / "elsewhere"
    with ServerProcess(config, environment=environment()):
        right = check(tmp_path, "--online")
        shutil.copytree(config.parent, elsewhere / ".tollbridge", ignore=shutil.ignore_patterns("*.db*", "*.log"))
        without_simulators(elsewhere)
        changed(elsewhere, api_v3_key="f" * 32)
        wrong = check(elsewhere, "--online")

    assert right.code == 0
    assert re.search(r"demo-wechatpay: http\S+ reached; own key accepted; provider's key verified", right.out)
    assert wrong.code == 2
    assert "(demo-wechatpay): api_v3_key: a certificate in the list" in plain(wrong.err)


def test_a_notification_to_nobody_is_refused_and_logged(serving: ServerProcess) -> None:
    url = f"{serving.endpoints['notifications']}/notifications/alipay/nobody"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="POST"))

    assert refused.value.code == 404
    [line] = [line for line in serving.log().splitlines() if "path that is none of an account's" in line]
    assert "/notifications/alipay/nobody" in line


def test_an_option_that_a_simulator_does_not_have_is_refused(folder: Path) -> None:
    answer = run(folder, "simulate", "alipay", "--notifications-url", "http://127.0.0.1:1")

    assert answer.code == 2
    assert "--notifications-url is for the sandbox; alipay notifies each account at its notify_url" in plain(answer.err)


def test_the_list_says_with_what_a_payment_code_begins(folder: Path) -> None:
    assert "begins with 25 to 30" in plain(run(folder, "simulate", "alipay", "--list").out)
