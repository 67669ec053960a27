"""The committed facade is what the protos say, and a change of the protos, or of the facade, is seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GENERATED = ["_contract.py", "_errors_generated.py", "_facade.py"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the protos, their generators and the client that a test may change."""
    shutil.copytree(ROOT / "protos", tmp_path / "protos", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "client" / "tollbridge"
    package.mkdir(parents=True)
    for name in GENERATED:
        shutil.copy(ROOT / "client" / "tollbridge" / name, package)
    return tmp_path


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "protos" / "codegen" / "facade.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def change(copy: Path, proto: str, before: str, after: str) -> None:
    path = copy / "protos" / "tollbridge" / "v1" / proto
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def read(copy: Path, name: str) -> str:
    return (copy / "client" / "tollbridge" / name).read_text()


def test_the_committed_facade_is_what_the_protos_say() -> None:
    done = run(ROOT, "--check")

    assert done.returncode == 0, done.stderr


def test_an_edited_and_a_missing_file_are_reported_and_not_touched(copy: Path) -> None:
    edited = copy / "client" / "tollbridge" / "_facade.py"
    edited.write_text(edited.read_text() + "\n")
    (copy / "client" / "tollbridge" / "_contract.py").unlink()

    done = run(copy, "--check")

    assert done.returncode == 1
    assert "_facade.py differs" in done.stderr
    assert "_contract.py differs" in done.stderr
    assert "_errors_generated.py" not in done.stderr
    assert not (copy / "client" / "tollbridge" / "_contract.py").exists()


def test_writing_mends_every_difference(copy: Path) -> None:
    (copy / "client" / "tollbridge" / "_facade.py").write_text("edited")

    assert run(copy).returncode == 0
    assert read(copy, "_facade.py") == (ROOT / "client" / "tollbridge" / "_facade.py").read_text()
    assert run(copy, "--check").returncode == 0


def test_a_new_field_becomes_an_argument_of_both_clients(copy: Path) -> None:
    change(
        copy,
        "payment_service.proto",
        "  bool final_capture = 4;",
        "  bool final_capture = 4;\n\n  // New.\n  int32 added = 5;",
    )

    assert run(copy).returncode == 0
    assert read(copy, "_facade.py").count("        added: int = 0,\n") == 2


def test_a_new_reason_becomes_an_exception(copy: Path) -> None:
    value = (
        "\n  // New.\n  ERROR_REASON_MOON_IS_FULL = 99 [(error_traits) = {\n"
        "    grpc_code: ABORTED\n    effect: EFFECT_DONE\n  }];\n"
    )
    change(copy, "error_reason.proto", "  ERROR_REASON_UNSPECIFIED = 0;\n", f"  ERROR_REASON_UNSPECIFIED = 0;\n{value}")

    assert run(copy).returncode == 0
    assert "class MoonIsFull(Aborted):" in read(copy, "_errors_generated.py")


@pytest.mark.parametrize(
    ("proto", "before", "after", "complaint"),
    [
        (
            "error_reason.proto",
            "  ERROR_REASON_UNSPECIFIED = 0;\n",
            "  ERROR_REASON_UNSPECIFIED = 0;\n  ERROR_REASON_MUTE = 99;\n",
            "ERROR_REASON_MUTE says no gRPC code",
        ),
        (
            "payment_service.proto",
            "option (idempotency) = IDEMPOTENCY_KEY",
            "option (idempotency) = IDEMPOTENCY_READ",
            "CreatePayment declares an idempotency",
        ),
        (
            "payment_service.proto",
            "returns (GetPaymentResponse)",
            "returns (stream GetPaymentResponse)",
            "GetPayment streams answers",
        ),
        ("money.proto", "message Money {", "message {", "protoc ended"),
    ],
    ids=["no-traits", "no-key", "stream", "broken"],
)
def test_a_contract_that_the_facade_can_not_express_is_refused(
    proto: str, before: str, after: str, complaint: str, copy: Path
) -> None:
    change(copy, proto, before, after)

    done = run(copy)

    assert done.returncode == 1
    assert complaint in done.stderr
