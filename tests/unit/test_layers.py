"""The layers hold, and each contract of import-linter fails on an import that it forbids."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
SERVER = ROOT / "server" / "tollbridge_server"

PLANTED = [
    ("layers", "tollbridge_server/rpc/planted.py", "import tollbridge_server.storage"),
    ("layers", "tollbridge_server/services/planted.py", "import tollbridge_server.rpc"),
    ("layers", "tollbridge_server/domain/planted.py", "import tollbridge_server.ports"),
    ("layers", "tollbridge_server/providers/planted.py", "import tollbridge_server.testing"),
    ("cli", "tollbridge_server/cli/planted.py", "import tollbridge_server.storage"),
    ("adapters", "tollbridge_server/storage/planted.py", "import tollbridge_server.services"),
    ("adapters", "tollbridge_server/providers/planted.py", "import tollbridge_server.services"),
    ("core", "tollbridge_server/services/planted.py", "import sqlalchemy"),
    ("core", "tollbridge_server/domain/planted.py", "import pydantic"),
    ("grpc", "tollbridge_server/webhooks/planted.py", "import grpc"),
    ("grpc", "tollbridge_server/cli/planted.py", "from tollbridge.v1 import money_pb2"),
    ("sql", "tollbridge_server/rpc/planted.py", "import sqlmodel"),
    ("http", "tollbridge_server/rpc/planted.py", "import aiohttp"),
    ("http", "tollbridge_server/storage/planted.py", "import aiohttp"),
    ("client", "tollbridge/planted.py", "import tollbridge_server.domain"),
]


def test_every_contract_is_kept() -> None:
    result = _lint_imports()

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "module", "line"), PLANTED, ids=[f"{row[0]}: {row[2]}" for row in PLANTED])
def test_a_contract_fails_on_an_import_that_it_forbids(tmp_path: Path, contract: str, module: str, line: str) -> None:
    tree = _copy(tmp_path)
    (tree / module).write_text(f"{line}\n")

    result = _lint_imports("--contract", contract, tree=tree)

    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


def test_a_provider_that_imports_another_breaks_its_contract(tmp_path: Path) -> None:
    tree = _copy(tmp_path)
    for name, line in (("planted_a", ""), ("planted_b", "import tollbridge_server.providers.planted_a\n")):
        (tree / "tollbridge_server" / "providers" / name).mkdir()
        (tree / "tollbridge_server" / "providers" / name / "__init__.py").write_text(line)

    result = _lint_imports("--contract", "providers", tree=tree)

    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


@pytest.mark.parametrize("room", ["domain", "ports"])
def test_the_core_imports_only_itself_and_the_standard_library(room: str) -> None:
    allowed = sys.stdlib_module_names | {"tollbridge_server"}

    foreign = {
        f"{file.relative_to(SERVER)}: {name}"
        for file in (SERVER / room).rglob("*.py")
        for name in _imported(file)
        if name.partition(".")[0] not in allowed
    }

    assert foreign == set()


@pytest.mark.parametrize("unclean", ["asyncio", "socket", "sqlite3", "time", "threading", "subprocess", "os", "random"])
def test_the_domain_does_no_input_or_output_and_reads_no_clock(unclean: str) -> None:
    users = [file.name for file in (SERVER / "domain").rglob("*.py") if unclean in _imported(file)]

    assert users == []


def test_importing_the_client_loads_nothing_of_the_server() -> None:
    code = (
        "import sys, tollbridge\n"
        "servers = {'tollbridge_server', 'sqlalchemy', 'sqlmodel', 'aiohttp', 'pydantic', 'typer', 'cryptography'}\n"
        "print(sorted(servers & set(sys.modules)))\n"
    )

    result = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, timeout=60, check=True)

    assert result.stdout.strip() == "[]"


def _copy(directory: Path) -> Path:
    for package in (ROOT / "client" / "tollbridge", SERVER):
        shutil.copytree(package, directory / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def _lint_imports(*arguments: str, tree: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) if tree is None else {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--config", str(ROOT / "pyproject.toml"), *arguments],
        cwd=tree or ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


def _imported(file: Path) -> set[str]:
    """Return the names of all modules that `file` imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
