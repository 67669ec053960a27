"""Both simulators serve accounts in certificate mode by configuration alone, and say which key does not match."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollbridge_server.development import initialize
from tollbridge_server.testing import payer
from tollbridge_server.testing.processes import ServerProcess

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.alipay_certificates import AES_KEY, alipays, application, root
from tests.e2e.commands import Served, environment, run

FILES = {
    "alipay/app-private-key.pem": lambda: private_pem(key_of("application")),
    "alipay/simulator-key.pem": lambda: private_pem(key_of("alipay")),
    "alipay/app.crt": application,
    "alipay/alipay.crt": alipays,
    "alipay/root.crt": root,
    "alipay/aes-key": lambda: AES_KEY,
}
CERTIFIED = """\
app_certificate_file = "alipay/app.crt"
alipay_certificate_file = "alipay/alipay.crt"
alipay_root_certificate_file = "alipay/root.crt"
aes_key_file = "alipay/aes-key"
"""


def changed(config: Path, **changes: str) -> None:
    """Replace the lines that begin with a key by others."""
    lines = config.read_text().splitlines()
    for key, line in changes.items():
        assert sum(each.startswith(f"{key} =") for each in lines) == 1, key
        lines = [line if each.startswith(f"{key} =") else each for each in lines]
    config.write_text("\n".join(lines) + "\n")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True).config_path


def test_accounts_with_certificates_and_encryption_pay_at_their_simulators(tmp_path: Path, config: Path) -> None:
    for name, content in FILES.items():
        (config.parent / name).write_text(content())
    changed(config, alipay_public_key_file=CERTIFIED, public_key_id="", public_key_file="")

    with ServerProcess(config, environment=environment()) as process:
        served = Served(tmp_path, process.target)
        for method in ("alipay-qr", "wechat-native"):
            paid = served.pay("12.34", "CNY", "--method", method)
            payer.decide(paid["next_action"]["show_qr"]["payload"], "approve")
            assert served.run("watch", paid["payment_id"]).code == 0
            assert served.run("status", paid["payment_id"], "--json").json["state"] == "PAYMENT_STATE_SUCCEEDED"


@pytest.mark.parametrize(
    ("provider", "key_file"), [("alipay", "alipay-public-key.pem"), ("wechatpay", "wechatpay-public-key.pem")]
)
def test_a_simulator_whose_key_an_account_does_not_believe_does_not_start(
    tmp_path: Path, config: Path, provider: str, key_file: str
) -> None:
    (config.parent / provider / key_file).write_text(public_pem(key_of("somebody else's")))

    answer = run(tmp_path, "serve")

    assert answer.code == 2
    complaint = " ".join(answer.err.split())
    assert f"simulators.{provider}: key_file: account demo-{provider} verifies with another key" in complaint
