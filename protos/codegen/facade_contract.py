"""Compiles protos/tollbridge/v1 with its comments for the generators of the client; it imports no stub.

A client that does not fit a changed contract could not even be imported to be mended, so the contract's own options are
read through classes that are made here, of the compiled protos.
"""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path
from typing import Any

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

HEADER = """Generated from protos/tollbridge/v1 by protos/codegen/facade.py; never edited by hand."""


class GenerationError(RuntimeError):
    """The protos can not be turned into a facade; the message says why."""


class Contract:
    """The protos of tollbridge.v1, compiled with their comments."""

    def __init__(self, protos: Path) -> None:
        self._compiled = _compile(protos)
        # Parsed by classes of the pool's own, so that the contract's options are known without any stub.
        self._pool = DescriptorPool()
        for plain in FileDescriptorSet.FromString(self._compiled).file:
            self._pool.Add(plain)
        descriptors = GetMessageClass(self._pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
        everything: Any = descriptors.FromString(self._compiled)
        self.files = [file for file in everything.file if file.package == "tollbridge.v1"]
        self.messages: dict[str, Any] = {}
        self.home: dict[str, str] = {}
        self.comments: dict[str, str] = {}
        for file in self.files:
            self._index(file)

    def option(self, owner: Any, name: str) -> Any:
        """Return the value of an extension of `owner.options`, its default when it is not set."""
        return owner.options.Extensions[self._pool.FindExtensionByName(name)]

    def value_name(self, enum: str, number: int) -> str:
        """Return the name of a value of an enum, which may be a third party's."""
        return self._pool.FindEnumTypeByName(enum).values_by_number[number].name

    def is_required(self, field: Any) -> bool:
        """Tell whether the field is marked (google.api.field_behavior) = REQUIRED."""
        behaviors = self.option(field, "google.api.field_behavior")
        return any(self.value_name("google.api.FieldBehavior", number) == "REQUIRED" for number in behaviors)

    def _index(self, file: Any) -> None:
        module = Path(file.name).stem + "_pb2"
        paths: dict[tuple[int, ...], str] = {}
        for i, message in enumerate(file.message_type):
            self.messages[message.name], self.home[message.name] = message, module
            paths.update({(4, i, 2, j): f"{message.name}.{field.name}" for j, field in enumerate(message.field)})
        for i, enum in enumerate(file.enum_type):
            self.home[enum.name] = module
            paths.update({(5, i, 2, j): value.name for j, value in enumerate(enum.value)})
        for i, service in enumerate(file.service):
            paths.update({(6, i, 2, j): f"{service.name}.{method.name}" for j, method in enumerate(service.method)})
        for location in file.source_code_info.location:
            name = paths.get(tuple(location.path))
            if name:
                self.comments[name] = textwrap.dedent(location.leading_comments).strip()


def _compile(protos: Path) -> bytes:
    sources = sorted(path.relative_to(protos).as_posix() for path in (protos / "tollbridge" / "v1").glob("*.proto"))
    if not sources:
        raise GenerationError("there are no protos in tollbridge/v1")
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "descriptors.binpb"
        flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={out}"]
        code = protoc.main(["protoc", f"--proto_path={protos}", f"--proto_path={well_known}", *flags, *sources])
        if code != 0:
            raise GenerationError(f"protoc ended with code {code}")
        return out.read_bytes()
