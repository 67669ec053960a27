"""Both simulators serve accounts in certificate mode by configuration alone, and say which key does not match."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tollbridge_server.development import initialize
from tollbridge_server.testing import payer
from tollbridge_server.testing.processes import ServerProcess

from tests.conformance.alipay import key_of, private_pem, public_pem
from tests.conformance.alipay_certificates import AES_KEY, ROOT, alipays, application, root
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


def issued(
    subject: str, key: str, *, serial: int, root: str = "root", issuer: str = ROOT, until_days: int = 365
) -> str:
    """Return a certificate, PEM, for the key of that name, signed with the key `root`."""
    now, organization = datetime.now(UTC), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Financial")

    def named(common_name: str) -> x509.Name:
        if common_name == ROOT:
            return x509.load_pem_x509_certificate(alipays().encode()).issuer
        return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key_of(key).public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=until_days))
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    )
    return builder.sign(key_of(root), SHA256()).public_bytes(Encoding.PEM).decode()


def changed(config: Path, **changes: str) -> None:
    """Replace the lines that begin with a key by others."""
    lines = config.read_text().splitlines()
    for key, line in changes.items():
        assert sum(each.startswith(f"{key} =") for each in lines) == 1, key
        lines = [line if each.startswith(f"{key} =") else each for each in lines]
    config.write_text("\n".join(lines) + "\n")


def certify(config: Path) -> None:
    """Let both accounts have certificates."""
    for name, content in FILES.items():
        (config.parent / name).write_text(content())
    changed(config, alipay_public_key_file=CERTIFIED, public_key_id="", public_key_file="")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return initialize(tmp_path / ".tollbridge" / "config.toml", has_free_ports=True, has_simulators=True).config_path


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set-up with certificates, to be copied and spoiled."""
    folder = tmp_path_factory.mktemp("certified")
    made = initialize(folder / "config.toml", has_free_ports=True, has_simulators=True).config_path
    certify(made)
    return made


def test_accounts_with_certificates_and_encryption_pay_at_their_simulators(tmp_path: Path, config: Path) -> None:
    certify(config)

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
    setting = {"alipay": "alipay_public_key_file", "wechatpay": "public_key_file"}[provider]
    assert f"merchants.accounts (demo-{provider}): {setting}: it does not belong to simulators.{provider}" in complaint
    assert run(tmp_path, "config", "check").err == answer.err


OTHER_ROOT = "Test Financial Root RSA G2"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "root.crt",
            lambda: issued(OTHER_ROOT, "another root", serial=1, root="another root", issuer=OTHER_ROOT),
            "alipay_root_certificate_file: alipay_certificate_file does not lead to any root in it",
        ),
        ("root.crt", alipays, "alipay_root_certificate_file: no certificate in it is a root"),
        ("root.crt", lambda: root()[:300], "alipay_root_certificate_file: the PEM text begins but does not end"),
        (
            "root.crt",
            lambda: issued(ROOT, "root", serial=1, until_days=-1),
            f"alipay_root_certificate_file: {ROOT} in it is valid from",
        ),
        (
            "alipay.crt",
            lambda: issued("2088000000000009-2021000000000009", "another shop", serial=7),
            "alipay_certificate_file: this is the certificate of an application",
        ),
        ("alipay.crt", application, "alipay_certificate_file: this is the application's own certificate"),
        (
            "app.crt",
            lambda: issued("Test Shop", "application", serial=2, root="another root", issuer=OTHER_ROOT),
            f"app_certificate_file: {OTHER_ROOT}, which alipay_certificate_file and alipay_root_certificate_file know",
        ),
        (
            "app.crt",
            lambda: issued("Test Shop", "application", serial=2, until_days=-1),
            "app_certificate_file: it expired on",
        ),
    ],
)
def test_certificates_that_do_not_belong_together_are_named(
    tmp_path: Path, certified: Path, file: str, content: Callable[[], str], said: str
) -> None:
    config = Path(shutil.copytree(certified.parent, tmp_path / ".tollbridge")) / certified.name
    (config.parent / "alipay" / file).write_text(content())

    answer = run(tmp_path, "config", "check")

    assert answer.code == 2
    assert f"merchants.accounts (demo-alipay): {said}" in " ".join(answer.err.split())


def test_a_simulators_times_are_shortened_by_configuration(tmp_path: Path, config: Path) -> None:
    text = config.read_text()
    for provider in ("alipay", "wechatpay"):
        line = f'key_file = "{provider}/simulator-key.pem"'
        text = text.replace(line, f"{line}\ntime_scale = 1000")
    config.write_text(text)

    with ServerProcess(config, environment=environment()) as process:
        served = Served(tmp_path, process.target)
        for provider, method in (("alipay", "alipay-qr"), ("wechatpay", "wechat-native")):
            control, account = f"{process.endpoints[provider]}/control", f"demo-{provider}"
            nowhere = urllib.request.Request(
                f"{control}/notify?account={account}&url=http://127.0.0.1:1/", method="POST"
            )
            urllib.request.urlopen(nowhere).close()
            paid = served.pay("12.34", "CNY", "--method", method)
            payer.decide(paid["next_action"]["show_qr"]["payload"], "approve")
            # At the provider's own pace the third try comes after a quarter of an hour, or half a minute.
            deadline = time.monotonic() + 20
            while tries_of(control, account) < 3:
                assert time.monotonic() < deadline, f"{provider} takes its time"
                time.sleep(0.1)


def tries_of(control: str, account: str) -> int:
    """Return how often the latest notification of an account was tried."""
    with urllib.request.urlopen(f"{control}/notifications?account={account}") as answer:
        listed = json.load(answer)["notifications"]
    return max((each["tries"] for each in listed), default=0)
