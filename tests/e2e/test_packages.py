"""The wheel holds what a user needs and nothing more; README's example and the pytest fixture work as they stand."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.commands import Served, environment

ROOT = Path(__file__).parents[2]

SAMPLE = """
import tollbridge

pytest_plugins = ["tollbridge.testing"]


def test_a_shop_is_paid_through_restarts(tollbridge_server):
    with tollbridge_server.client() as client:
        method = tollbridge.PaymentMethod(
            card=tollbridge.Card(number="4000000000003220", expiry_month=12, expiry_year=2035, cvv="123")
        )
        payment = client.create_payment(amount=tollbridge.money("42", "EUR"), payment_method=method).payment
        tollbridge_server.pay_as_payer(payment.next_action)
        assert client.confirm_payment(payment_id=payment.payment_id).payment.state == tollbridge.PAYMENT_STATE_SUCCEEDED
    for again in (tollbridge_server.restart, tollbridge_server.kill):
        again()
        with tollbridge_server.client() as client:
            found = client.get_payment(payment_id=payment.payment_id).payment
            assert found.state == tollbridge.PAYMENT_STATE_SUCCEEDED
"""


def run(*words: str, directory: Path) -> str:
    """Run Python in a folder; return what it printed."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_fixture_serves_a_users_own_tests(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(SAMPLE)
    # A run that makes its own folder for temporary files closes the one that it finds to other users on the way.
    options = ("-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'basetemp'}")

    assert "1 passed" in run("-m", "pytest", *options, "test_shop.py", directory=tmp_path)


def test_the_readmes_example_runs_as_it_stands(served: Served) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    # Only the port differs: the test's server took a free one.
    assert example.count("127.0.0.1:7443") == 1

    printed = run("-c", example.replace("127.0.0.1:7443", served.target), directory=served.directory)

    assert printed.splitlines()[-1] == "PAYMENT_STATE_SUCCEEDED 500"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    directory = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(directory), directory=ROOT)
    [built] = directory.glob("tollbridge-*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_client_server_and_kit_and_no_tests(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())

    assert names >= {
        "tollbridge/py.typed",
        "tollbridge/testing.py",
        "tollbridge/v1/payment_service_pb2.pyi",
        "buf/validate/validate_pb2.py",
        "tollbridge_server/py.typed",
        "tollbridge_server/app/__init__.py",
        "tollbridge_server/cli/__init__.py",
        "tollbridge_server/storage/migrations/env.py",
        "tollbridge_server/storage/migrations/versions/0001_payments.py",
        "tollbridge_server/testing/simulators/sandbox/acquirer.py",
    }
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tollbridge", "tollbridge_server", "buf"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pem", ".key", ".db"))]


def test_the_bare_install_needs_grpc_and_protobuf_only(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    required = email.message_from_bytes(wheel.read(name)).get_all("Requires-Dist") or []

    bare = {re.split(r"[<>=!~ ]", line)[0] for line in required if "extra ==" not in line}

    assert bare == {"grpcio", "protobuf", "googleapis-common-protos"}


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]

    assert "tollbridge = tollbridge_server.__main__:main" in wheel.read(name).decode()


def test_the_command_says_what_to_install_where_only_the_client_is(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('no typer', name='typer')\n")

    done = subprocess.run(
        [sys.executable, "-c", "from tollbridge_server.__main__ import main; main()"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "pip install 'tollbridge[server]'" in done.stderr
    assert "Traceback" not in done.stderr
