"""The typed configuration: one TOML file, overridden by environment variables, checked as a whole before any start.

Every mistake is named at once, with file, key and the way to mend it. Refuses keys that it does not know, secrets
that are missing, and an address that others can reach without TLS. No secret appears in a repr.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretBytes, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from tollbridge_server.domain.money import is_known_currency
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.logs import Level

ENVIRONMENT_PREFIX = "TOLLBRIDGE_"
DEFAULT_PATH = Path(".tollbridge/config.toml")

_ID_PATTERN = r"^[0-9A-Za-z._-]{1,64}$"
_Id = Annotated[str, Field(pattern=_ID_PATTERN)]
_Seconds = Annotated[float, Field(gt=0, le=10 * 365 * 86400)]
_MIN_KEY_BYTES = 32


class ConfigInvalid(Exception):
    """The configuration can not be used; `mistakes` has one line for each thing to mend."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("write host:port, such as 127.0.0.1:7443 or [::1]:7443")
    return value


def _currency(value: str) -> str:
    if not is_known_currency(value):
        raise ValueError(f"{value!r} is no ISO 4217 currency")
    return value


Address = Annotated[str, AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(_Section):
    """Certificate and key of the server, and the authority of client certificates (mutual TLS) where one is asked for.

    The files are PEM, and are read again when they change.
    """

    certificate_file: Path
    key_file: Path
    client_ca_file: Path | None = None


class Server(_Section):
    """The gRPC side. Times in seconds."""

    listen: Address = "127.0.0.1:7443"
    tls: Tls | None = None
    max_in_flight: int = Field(512, ge=1)
    max_streams: int = Field(4096, ge=1)
    max_message_bytes: int = Field(1024 * 1024, ge=4096, le=64 * 1024 * 1024)
    min_deadline_s: _Seconds = 0.05
    max_deadline_s: _Seconds = 60.0
    drain_timeout_s: _Seconds = 60.0


class Notifications(_Section):
    """The HTTP side that providers send notifications to; put a TLS proxy before it to face the internet."""

    listen: Address | None = "127.0.0.1:7480"


class Metrics(_Section):
    """Where Prometheus scrapes; None serves no metrics."""

    listen: Address | None = None


class Logging(_Section):
    """How much is logged."""

    level: Level = "INFO"


class StorageSection(_Section):
    """The database: `sqlite:///file` (relative to the configuration file) or `postgresql://…`."""

    url: str = Field("sqlite:///tollbridge.db", pattern=r"^(sqlite:///.+|postgresql://.+)$")
    connections: int = Field(8, ge=1, le=256)


class Authentication(_Section):
    """Whose tokens are believed: PEM public keys or JWKS files, issuer and audience."""

    issuer: str = Field(min_length=1)
    audience: str = Field("tollbridge", min_length=1)
    key_files: tuple[Path, ...] = ()
    leeway_s: int = Field(30, ge=0, le=300)


class Engine(_Section):
    """The exactly-once engine. Times in seconds; see EngineSettings for their meaning."""

    fingerprint_key_file: Path
    check_schedule_s: tuple[_Seconds, ...] = Field((5, 15, 60, 300, 1800, 7200, 21600), min_length=1)
    give_up_after_s: _Seconds = 7 * 86400
    lease_margin_s: _Seconds = 5.0
    not_found_grace_s: _Seconds | None = None
    send_timeout_s: _Seconds | None = None
    query_timeout_s: _Seconds = 15.0
    default_expiry_s: _Seconds = 86400
    idempotency_lifetime_s: _Seconds = 30 * 86400
    resolver_interval_s: _Seconds = 1.0


class Account(BaseModel):
    """A merchant's account at a provider; keys beyond these are the provider's own (see its README)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: _Id
    provider: str
    methods: tuple[MethodKind, ...] = ()
    currencies: tuple[Annotated[str, AfterValidator(_currency)], ...] = ()

    def __repr__(self) -> str:
        return f"Account(id={self.id!r}, provider={self.provider!r})"  # The provider's own keys may be secret.

    __str__ = __repr__

    @property
    def settings(self) -> dict[str, Any]:
        """The provider's own keys, as they stand in the file."""
        return dict(self.model_extra or {})


class Merchant(_Section):
    """A merchant: who may call for it, and its provider accounts in the order in which they are tried.

    `key_files` are keys that sign tokens of this merchant only; `certificate_names` are the DNS or URI names that
    its client certificates may carry.
    """

    id: _Id
    key_files: tuple[Path, ...] = ()
    certificate_names: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()


class SandboxSection(_Section):
    """The sandbox acquirer inside this process, for accounts without a base_url: its book and its payer's pages."""

    book_file: Path = Path("sandbox.db")
    listen: Address = "127.0.0.1:7481"


class Config(BaseSettings):
    """Everything that a server is told; paths are absolute after `load`."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    server: Server = Server()
    notifications: Notifications = Notifications()
    metrics: Metrics = Metrics()
    logging: Logging = Logging()
    storage: StorageSection = StorageSection()
    authentication: Authentication
    engine: Engine
    sandbox: SandboxSection = SandboxSection()
    merchants: tuple[Merchant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Config:
        _require_unique("merchants.id", [merchant.id for merchant in self.merchants])
        _require_unique("merchants.accounts.id", [a.id for merchant in self.merchants for a in merchant.accounts])
        if not self.authentication.key_files and not any(merchant.key_files for merchant in self.merchants):
            raise ValueError(
                "authentication.key_files: nobody could call this server; name a PEM or JWKS file with the public "
                "keys of your token issuer (`tollbridge config init` makes a pair for development)"
            )
        self._require_safe_addresses()
        return self

    def _require_safe_addresses(self) -> None:
        if not is_loopback(self.server.listen) and self.server.tls is None:
            raise ValueError(
                f"server.listen: {self.server.listen} can be reached from other machines, and card data would cross "
                "the network in the clear; add [server.tls] with certificate_file and key_file, or listen on 127.0.0.1"
            )
        if not is_loopback(self.sandbox.listen):
            raise ValueError("sandbox.listen: the sandbox moves no money and knows no callers; keep it on 127.0.0.1")


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect to host:port."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_unique(key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{key}: {value!r} is used more than once; every one needs a name of its own")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration with its files read: what app.build needs."""

    config: Config
    directory: Path
    fingerprint_key: SecretBytes

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
    try:
        tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigInvalid([f"{path}: there is no such file; `tollbridge config init` writes one"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid([f"{path}: can not be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid([f"{path}: is no TOML: {error}"]) from error

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
            return (env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path))

    try:
        config = FileConfig()
    except ValidationError as error:
        raise ConfigInvalid([_mistake(path, detail) for detail in error.errors()]) from None
    key = _read_key(path, config.engine.fingerprint_key_file)
    loaded = Loaded(config, path.parent, key)
    mistakes = [f"{path}: {line}" for line in _file_mistakes(loaded)]
    if mistakes:
        raise ConfigInvalid(mistakes)
    return loaded


def _read_key(path: Path, key_file: Path) -> SecretBytes:
    key_path = key_file if key_file.is_absolute() else path.parent / key_file
    try:
        key = key_path.read_bytes().strip()
    except OSError as error:
        raise ConfigInvalid(
            [f"{path}: engine.fingerprint_key_file: {key_path}: {error.strerror}; `tollbridge config init` makes one"]
        ) from error
    if len(key) < _MIN_KEY_BYTES:
        raise ConfigInvalid(
            [f"{path}: engine.fingerprint_key_file: {key_path} is too short; give it {_MIN_KEY_BYTES} random bytes"]
        )
    return SecretBytes(key)


def _file_mistakes(loaded: Loaded) -> list[str]:
    """Return one line for each file that is named and can not be read."""
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
    return [
        f"{key}: {loaded.path(file)} can not be read; correct the path or the file's permissions"
        for key, file in named
        if not os.access(loaded.path(file), os.R_OK)
    ]


def _mistake(path: Path, detail: Any) -> str:
    """Return one line for one of pydantic's errors, without the value: it may be a secret."""
    key = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "is not a key of this section; check its spelling"
    elif detail["type"] == "missing":
        message = "is missing; add it"
    variable = ENVIRONMENT_PREFIX + key.upper().replace(".", "__")
    where = f"{variable} (environment)" if variable in os.environ else str(path)
    return f"{where}: {key}: {message}" if key else f"{where}: {message}"
