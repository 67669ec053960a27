"""Generates the client's typed methods, errors and exports in client/tollbridge from protos/; it reads no stub.

`python protos/codegen/facade.py` writes them, `--check` compares the committed ones and exits 1 on any difference. The
pinned grpcio-tools compiles the protos and the pinned ruff formats what is written, so these two decide the bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from facade_contract import Contract, GenerationError
from facade_errors import errors, exports
from facade_methods import facade

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
PACKAGE = ROOT / "client" / "tollbridge"

# What is ours is said here, because ruff would otherwise look for it in the directories around.
_OURS = 'lint.isort.known-first-party = ["tollbridge"]'
_SORT = ("check", "--select=I,RUF022", "--fix-only", "--no-cache", "--quiet", "--config", _OURS)
_FORMAT = ("format", "--no-cache")


def main(arguments: list[str] | None = None) -> int:
    """Write or check the generated modules; return the exit code: 0, or 1 on a difference or an unusable proto."""
    parser = argparse.ArgumentParser(description="Generate the client's facade from the protos.")
    parser.add_argument("--check", action="store_true", help="compare, change nothing, exit 1 on a difference")
    options = parser.parse_args(arguments)
    try:
        fresh = generate()
    except GenerationError as error:
        print(f"facade: {error}", file=sys.stderr)
        return 1
    different = [name for name, content in fresh.items() if _committed(PACKAGE / name) != content]
    if not options.check:
        for name in different:
            (PACKAGE / name).write_bytes(fresh[name])
        print(f"facade: {len(fresh)} files written")
        return 0
    for name in different:
        print(f"facade: tollbridge/{name} differs from what the protos say", file=sys.stderr)
    if different:
        print("facade: run `make generate` and commit what it wrote", file=sys.stderr)
        return 1
    print(f"facade: {len(fresh)} files are what the protos say")
    return 0


def generate(protos: Path = PROTOS) -> dict[str, bytes]:
    """Return every generated module by its name in client/tollbridge. Raises GenerationError."""
    contract = Contract(protos)
    texts = {
        "_contract.py": exports(contract),
        "_errors_generated.py": errors(contract),
        "_facade.py": facade(contract),
    }
    return {name: _formatted(name, text) for name, text in texts.items()}


def _formatted(name: str, text: str) -> bytes:
    """Sort imports and format with the project's ruff."""
    source = text.encode()
    file = f"--stdin-filename=client/tollbridge/{name}"
    for command in (_SORT, _FORMAT):
        done = subprocess.run(  # noqa: S603 -- nothing in the command comes from outside.
            [sys.executable, "-m", "ruff", *command, file, "-"],
            input=source,
            capture_output=True,
            cwd=ROOT,
            check=False,
        )
        if done.returncode != 0:
            raise GenerationError(f"ruff refuses {name}: {done.stderr.decode().strip()}")
        source = done.stdout
    return source


def _committed(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
