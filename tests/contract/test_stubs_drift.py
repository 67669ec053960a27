"""The committed stubs are what protos/ says, byte for byte, and the comparison sees every kind of difference."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

_STUBS = runpy.run_path(str(ROOT / "protos" / "codegen" / "stubs.py"))
generate: Callable[..., dict[str, bytes]] = _STUBS["generate"]
compare: Callable[[dict[str, bytes], Path], list[str]] = _STUBS["compare"]
write: Callable[[dict[str, bytes], Path], None] = _STUBS["write"]
generation_error: Any = _STUBS["GenerationError"]


@pytest.fixture(scope="module")
def fresh() -> dict[str, bytes]:
    return generate()


def test_committed_stubs_are_what_the_protos_say(fresh: dict[str, bytes]) -> None:
    assert compare(fresh, ROOT / "client") == []


def test_generation_is_deterministic(fresh: dict[str, bytes]) -> None:
    assert generate() == fresh


def test_every_proto_of_ours_has_a_stub_with_types(fresh: dict[str, bytes]) -> None:
    for proto in (ROOT / "protos" / "tollbridge" / "v1").glob("*.proto"):
        assert f"tollbridge/v1/{proto.stem}_pb2.py" in fresh
        assert f"tollbridge/v1/{proto.stem}_pb2.pyi" in fresh


def test_only_protos_with_a_service_have_a_service_stub(fresh: dict[str, bytes]) -> None:
    serving = {name for name in fresh if name.endswith("_pb2_grpc.py")}

    assert "tollbridge/v1/payment_service_pb2_grpc.py" in serving
    assert all(name.endswith("_service_pb2_grpc.py") for name in serving)


def test_an_edited_a_missing_and_a_left_over_stub_are_each_reported(fresh: dict[str, bytes], tmp_path: Path) -> None:
    write(fresh, tmp_path)
    package = tmp_path / "tollbridge" / "v1"
    (package / "money_pb2.py").write_bytes(fresh["tollbridge/v1/money_pb2.py"] + b"\n")
    (package / "payment_pb2.pyi").unlink()
    (package / "removed_pb2.py").touch()

    assert compare(fresh, tmp_path) == [
        "tollbridge/v1/money_pb2.py differs from what the protos say",
        "tollbridge/v1/payment_pb2.pyi is missing",
        "tollbridge/v1/removed_pb2.py belongs to no proto",
    ]


def test_writing_mends_every_difference(fresh: dict[str, bytes], tmp_path: Path) -> None:
    package = tmp_path / "tollbridge" / "v1"
    package.mkdir(parents=True)
    (package / "money_pb2.py").write_bytes(b"edited")
    (package / "removed_pb2_grpc.py").touch()

    write(fresh, tmp_path)

    assert compare(fresh, tmp_path) == []


def test_a_changed_proto_changes_the_stubs(fresh: dict[str, bytes], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "protos", tmp_path / "protos", ignore=shutil.ignore_patterns("codegen"))
    money = tmp_path / "protos" / "tollbridge" / "v1" / "money.proto"
    money.write_text(money.read_text() + "\n// One more.\nmessage Planted {}\n")

    changed = {name for name, content in generate(tmp_path / "protos").items() if content != fresh[name]}

    assert changed == {"tollbridge/v1/money_pb2.py", "tollbridge/v1/money_pb2.pyi"}


def test_a_proto_that_protoc_refuses_is_an_error(tmp_path: Path) -> None:
    package = tmp_path / "tollbridge" / "v1"
    package.mkdir(parents=True)
    (package / "broken.proto").write_text('syntax = "proto3";\nmessage {\n')

    with pytest.raises(generation_error):
        generate(tmp_path)
