"""Generates the Python stubs in client/ from protos/, byte for byte the same on every machine; it formats nothing.

`python protos/codegen/stubs.py` writes them, `--check` compares the committed ones and exits 1 on any difference.
The pinned grpcio-tools carries protoc, so its version alone decides the bytes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
CLIENT = ROOT / "client"

PACKAGES = ("tollbridge/v1", "buf/validate")
"""Directories below protos/ that get stubs. Those of google/ come with googleapis-common-protos."""

SUFFIXES = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")

V1_INIT = '"""The contract\'s messages and stubs, generated from protos/tollbridge/v1; never edited by hand."""\n'


class GenerationError(RuntimeError):
    """protoc refused the protos; what it had to say is on standard error."""


def main(arguments: list[str] | None = None) -> int:
    """Write or check the stubs, and return the exit code: 0, or 1 if `--check` found a difference."""
    parser = argparse.ArgumentParser(description="Generate the Python stubs from the protos.")
    parser.add_argument("--check", action="store_true", help="compare, change nothing, exit 1 on a difference")
    options = parser.parse_args(arguments)
    try:
        fresh = generate()
    except GenerationError as error:
        print(error, file=sys.stderr)
        return 1
    if not options.check:
        write(fresh, CLIENT)
        print(f"stubs: {len(fresh)} files written")
        return 0
    differences = compare(fresh, CLIENT)
    for difference in differences:
        print(f"stubs: {difference}", file=sys.stderr)
    if differences:
        print("stubs: run `make generate` and commit what it wrote", file=sys.stderr)
        return 1
    print(f"stubs: {len(fresh)} files are what the protos say")
    return 0


def generate(protos: Path = PROTOS) -> dict[str, bytes]:
    """Return every stub that `protos` asks for, by its path below client/.

    Raises GenerationError if protoc refuses a file, and if there is none.
    """
    sources = sorted(
        source.relative_to(protos).as_posix() for package in PACKAGES for source in (protos / package).glob("*.proto")
    )
    if not sources:
        raise GenerationError(f"there are no protos below {', '.join(PACKAGES)}")
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        descriptors = out / "descriptors.binpb"
        _run_protoc(protos, out, descriptors, sources)
        serving = _files_with_services(descriptors.read_bytes())
        fresh = {name: (out / name).read_bytes() for name in sorted(_expected(sources, serving))}
    fresh["tollbridge/v1/__init__.py"] = V1_INIT.encode()
    return fresh


def compare(fresh: dict[str, bytes], client: Path) -> list[str]:
    """Return one sentence for each stub in `client` that is missing, different, or left over from a removed proto."""
    differences = []
    for name, content in sorted(fresh.items()):
        committed = client / name
        if not committed.is_file():
            differences.append(f"{name} is missing")
        elif committed.read_bytes() != content:
            differences.append(f"{name} differs from what the protos say")
    differences.extend(f"{name} belongs to no proto" for name in _leftovers(fresh, client))
    return differences


def write(fresh: dict[str, bytes], client: Path) -> None:
    """Make `client` hold exactly `fresh`: changed stubs are written, left-over ones removed."""
    for name in _leftovers(fresh, client):
        (client / name).unlink()
    for name, content in fresh.items():
        target = client / name
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _run_protoc(protos: Path, out: Path, descriptors: Path, sources: list[str]) -> None:
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(
        [
            "protoc",
            f"--proto_path={protos}",
            f"--proto_path={well_known}",
            f"--python_out={out}",
            f"--pyi_out={out}",
            f"--grpc_python_out={out}",
            f"--descriptor_set_out={descriptors}",
            *sources,
        ]
    )
    if code != 0:
        raise GenerationError(f"protoc ended with code {code}")


def _files_with_services(descriptors: bytes) -> set[str]:
    return {file.name for file in FileDescriptorSet.FromString(descriptors).file if file.service}


def _expected(sources: Iterable[str], serving: set[str]) -> Iterable[str]:
    """Name the files to keep: the gRPC plugin also writes an empty module for a proto without a service."""
    for source in sources:
        stem = source.removesuffix(".proto")
        yield f"{stem}_pb2.py"
        yield f"{stem}_pb2.pyi"
        if source in serving:
            yield f"{stem}_pb2_grpc.py"


def _leftovers(fresh: dict[str, bytes], client: Path) -> list[str]:
    found = {
        stub.relative_to(client).as_posix()
        for package in PACKAGES
        for suffix in SUFFIXES
        for stub in (client / package).glob(f"*{suffix}")
    }
    return sorted(found - fresh.keys())


if __name__ == "__main__":
    sys.exit(main())
