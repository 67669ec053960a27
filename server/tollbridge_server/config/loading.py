"""Reads the configuration file and the environment, and names every mistake at once: where, which key, how to mend it.

Refuses keys that it does not know, and files that are named and can not be read. No message repeats a value that may
be a secret.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretBytes, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, TomlConfigSettingsSource

from tollbridge_server.config.schema import ENVIRONMENT_PREFIX, ID_PATTERN, Config, inconsistencies
from tollbridge_server.shown_paths import shown_path

DEFAULT_PATH = Path(".tollbridge/config.toml")

_MIN_KEY_BYTES = 32
_NO_JSON = object()
_WORDS = {
    "int_parsing": "has to be a whole number",
    "int_type": "has to be a whole number",
    "float_parsing": "has to be a number",
    "float_type": "has to be a number",
    "bool_parsing": "has to be true or false",
    "bool_type": "has to be true or false",
    "string_type": "has to be a text in quotes",
}
"""What to do about pydantic's errors whose own words say it to a programmer only."""


class ConfigInvalid(Exception):
    """The configuration can not be used; `mistakes` has one line for each thing to mend."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration with its files read: what app.build needs."""

    config: Config
    file: Path
    fingerprint_key: SecretBytes

    @property
    def directory(self) -> Path:
        """The file's folder, at which relative paths start."""
        return self.file.parent

    def mistake(self, key: str, message: str) -> str:
        """Return the line that names a mistake: file, key, and how to mend it."""
        return f"{self.file}: {key}: {message}"

    def path(self, path: Path) -> Path:
        """Return a path of the file as an absolute one; relative paths start at the file's folder."""
        return path if path.is_absolute() else self.directory / path

    @property
    def storage_url(self) -> str:
        """The database with an absolute path."""
        url = self.config.storage.url
        if url.startswith("sqlite:///"):
            return f"sqlite:///{self.path(Path(url.removeprefix('sqlite:///')))}"
        return url


def load(path: Path) -> Loaded:
    """Read, override by the environment, and check. Raises ConfigInvalid with every mistake."""
    path = path.absolute()
    content = _read(path)
    variables = {name.upper(): value for name, value in os.environ.items()}
    wrong = dict(_wrong_variables(variables))
    mistakes = [f"{name} (environment): {message}" for name, message in wrong.items()]
    try:
        config = _validate(path, without=wrong.keys())
    except ValidationError as error:
        found = [(_named(content, detail["loc"]), _explained(detail)) for detail in _own_mistakes(error)]
        raise ConfigInvalid(mistakes + [_line(path, variables, key, message) for key, message in found]) from None
    key, key_mistake = _read_key(path.parent / config.engine.fingerprint_key_file)
    loaded = Loaded(config, path, SecretBytes(key))
    found = [*inconsistencies(config)]
    if key_mistake:
        found.append(("engine.fingerprint_key_file", key_mistake))
    found += _unreadable_files(loaded)
    mistakes += [_line(path, variables, key_name, message) for key_name, message in found]
    if mistakes:
        raise ConfigInvalid(mistakes)
    return loaded


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigInvalid([f"{path}: there is no such file; `tollbridge config init` writes one"]) from None
    except OSError as error:
        raise ConfigInvalid([f"{path}: can not be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalid([f"{path}: can not be read: it is no UTF-8 text"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid([f"{path}: is no TOML: {error}"]) from error


def _validate(path: Path, *, without: Collection[str]) -> Config:
    """Return the file's values, overridden by those environment variables that are not in `without`."""

    class FileConfig(Config):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = EnvSettingsSource(settings_cls)
            environment.env_vars = {n: v for n, v in environment.env_vars.items() if n.upper() not in without}
            return (environment, TomlConfigSettingsSource(settings_cls, toml_file=path))

    return FileConfig()


def _wrong_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that name no key, or hold no JSON where a list or a table is due."""
    for name in sorted(variables):
        parts = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not name.startswith(ENVIRONMENT_PREFIX) or (len(parts) == 1 and parts[0] not in Config.model_fields):
            continue  # Others, such as TOLLBRIDGE_TOKEN_FILE, belong to the commands.
        annotation: Any = Config
        for part in parts:
            section = _section_of(annotation)
            if section is None or part not in section.model_fields:
                yield name, "is not a key of the configuration; check its spelling"
                break
            annotation = section.model_fields[part].annotation
        else:
            is_compound = get_origin(annotation) is tuple or _section_of(annotation) is not None
            if is_compound and _parsed(variables[name]) is _NO_JSON:
                yield name, 'holds a list or a table, and needs JSON, such as ["a", "b"] or {"key": "value"}'


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a field holds, optional or not; None for a value and for a list."""
    if get_origin(annotation) is tuple:
        return None
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _parsed(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return _NO_JSON


def _named(content: dict[str, Any], location: tuple[int | str, ...]) -> str:
    """Return pydantic's location as a key; merchants and accounts go by their ids, or by their place from 1."""
    names: list[str] = []
    here: Any = content
    for part in location:
        here = here[part] if _has(here, part) else {}
        identity = here.get("id") if isinstance(part, int) and isinstance(here, dict) else None
        if isinstance(identity, str) and re.fullmatch(ID_PATTERN, identity):
            names.append(identity)
        else:
            names.append(f"#{part + 1}" if isinstance(part, int) else part)
    return ".".join(names)


def _has(container: Any, part: int | str) -> bool:
    if isinstance(container, list):
        return isinstance(part, int) and part < len(container)
    return isinstance(container, dict) and part in container


def _own_mistakes(error: ValidationError) -> list[Any]:
    """Return pydantic's errors without the lists that it calls empty only because what stands in them is wrong."""
    details = error.errors()
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(other is not detail and other["loc"][: len(detail["loc"])] == detail["loc"] for other in details)
    ]


def _explained(detail: Any) -> str:
    """Return what to do about one of pydantic's errors, without the value: it may be a secret."""
    if detail["type"] == "extra_forbidden":
        return "is not a key of this section; check its spelling"
    if detail["type"] == "missing":
        return "is missing; add it"
    if detail["type"] == "too_short":
        return "is empty; add at least one"
    if detail["type"] in _WORDS:
        return _WORDS[detail["type"]]
    message: str = detail["msg"]
    return message.removeprefix("Value error, ").removeprefix("Input ").replace("valid dictionary", "table").strip()


def _line(path: Path, variables: Mapping[str, str], key: str, message: str) -> str:
    variable = _variable_of(variables, key)
    return f"{variable} (environment): {message}" if variable else f"{path}: {key}: {message}"


def _variable_of(variables: Mapping[str, str], key: str) -> str:
    """Return the environment variable that gave a key its value, by itself or as a part of its JSON, or nothing."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        name = ENVIRONMENT_PREFIX + "__".join(parts[:length]).upper()
        if name not in variables:
            continue
        value, rest = _parsed(variables[name]), parts[length:]
        if not rest or isinstance(value, list) or (isinstance(value, dict) and rest[0] in value):
            return name
    return ""


def _read_key(path: Path) -> tuple[bytes, str]:
    """Return the key, and what is wrong with it."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        return b"", f"{shown_path(path)}: {error.strerror}; `tollbridge config init` makes one"
    if len(key) < _MIN_KEY_BYTES:
        return b"", f"{shown_path(path)} is too short; give it {_MIN_KEY_BYTES} random bytes"
    return key, ""


def _unreadable_files(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Yield each file that is named and can not be read."""
    config = loaded.config
    named = [("authentication.key_files", file) for file in config.authentication.key_files]
    named += [(f"merchants.{merchant.id}.key_files", f) for merchant in config.merchants for f in merchant.key_files]
    if config.server.tls is not None:
        named += [
            ("server.tls.certificate_file", config.server.tls.certificate_file),
            ("server.tls.key_file", config.server.tls.key_file),
        ]
        if config.server.tls.client_ca_file is not None:
            named.append(("server.tls.client_ca_file", config.server.tls.client_ca_file))
    for key, file in named:
        try:
            loaded.path(file).open("rb").close()
        except OSError as error:
            yield key, f"{shown_path(loaded.path(file))}: {error.strerror}; correct the path or the file's permissions"
