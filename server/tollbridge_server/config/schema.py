"""The typed sections of the configuration, and what must hold between them.

Refuses keys that it does not know, and an address that others can reach without TLS. No secret appears in a repr.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tollbridge_server.domain import hosts
from tollbridge_server.domain.money import is_known_currency
from tollbridge_server.domain.payment_method import MethodKind
from tollbridge_server.logs import Level

ENVIRONMENT_PREFIX = "TOLLBRIDGE_"

ID_PATTERN = r"[0-9A-Za-z._-]{1,64}"
_Seconds = Annotated[float, Field(gt=0, le=10 * 365 * 86400)]


def check_address(value: str) -> str:
    """Return `value` if it is host:port. Raises ValueError."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("write host:port, such as 127.0.0.1:7443 or [::1]:7443")
    return value


def _currency(value: str) -> str:
    if not is_known_currency(value):
        raise ValueError(f"{value!r} is no ISO 4217 currency")
    return value


def _id(value: str) -> str:
    if not re.fullmatch(ID_PATTERN, value):
        raise ValueError("write 1 to 64 letters, digits, dots, hyphens and underscores")
    return value


def _database(value: str) -> str:
    if not re.fullmatch(r"sqlite:///.+|postgresql://.+", value):
        raise ValueError("write sqlite:///file or postgresql://user@host/database")
    return value


Address = Annotated[str, AfterValidator(check_address)]
_Id = Annotated[str, AfterValidator(_id)]


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

    # Not in the repr: it may hold a password.
    url: Annotated[str, AfterValidator(_database)] = Field("sqlite:///tollbridge.db", repr=False)
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
    absence_ends_after_s: _Seconds | None = None
    send_timeout_s: _Seconds | None = None
    query_timeout_s: _Seconds = 15.0
    default_expiry_s: _Seconds = 86400
    idempotency_lifetime_s: _Seconds = 30 * 86400
    resolver_interval_s: _Seconds = 1.0
    max_sending_per_account: int = Field(256, ge=1)


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


class SimulatorSection(_Section):
    """A provider's simulator, for every account of the provider whose address is on this machine.

    `book_file` is its own book, `key_file` the private key with which it signs as the provider does. With `in_server`
    false it runs apart, by `tollbridge simulate`. `time_scale` divides the times that it lets pass as the provider
    does, such as the pauses between the deliveries of a notification; the provider's README names them.
    """

    listen: Address
    book_file: Path
    key_file: Path
    in_server: bool = True
    time_scale: float = Field(1.0, ge=1, le=1_000_000)


class AlipaySimulatorSection(SimulatorSection):
    """Alipay's simulator. `reissued_certificate_file`: answers name it once the fault `reissued` is armed."""

    reissued_certificate_file: Path | None = None


class Simulators(_Section):
    """The simulators of providers that have a wire protocol of their own; none runs that has no section."""

    alipay: AlipaySimulatorSection | None = None
    wechatpay: SimulatorSection | None = None

    def sections(self) -> Iterator[tuple[str, SimulatorSection]]:
        """Yield provider and section of those that are configured."""
        for provider in type(self).model_fields:
            section = getattr(self, provider)
            if section is not None:
                yield provider, section


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
    simulators: Simulators = Simulators()
    merchants: tuple[Merchant, ...] = Field(min_length=1)


_NOBODY = (
    "nobody could call this server; name a PEM or JWKS file with the public keys of your token issuer "
    "(`tollbridge config init` makes a pair for development)"
)
_IN_THE_CLEAR = (
    "can be reached from other machines, and card data would cross the network in the clear; "
    "add [server.tls] with certificate_file and key_file, or listen on 127.0.0.1"
)


def inconsistencies(config: Config) -> Iterator[tuple[str, str]]:
    """Yield key and remedy of whatever no single section can see to be wrong."""
    for merchant_id in _repeated([merchant.id for merchant in config.merchants]):
        yield "merchants.id", f"{merchant_id!r} is used more than once; every merchant needs an id of its own"
    for account_id in _repeated([account.id for merchant in config.merchants for account in merchant.accounts]):
        yield "merchants.accounts.id", f"{account_id!r} is used more than once; every account needs an id of its own"
    if not config.authentication.key_files and not any(merchant.key_files for merchant in config.merchants):
        yield "authentication.key_files", _NOBODY
    if not is_loopback(config.server.listen) and config.server.tls is None:
        yield "server.listen", f"{config.server.listen} {_IN_THE_CLEAR}"
    if not is_loopback(config.sandbox.listen):
        yield "sandbox.listen", "the sandbox moves no money and knows no callers; keep it on 127.0.0.1"
    for provider, section in config.simulators.sections():
        if not is_loopback(section.listen):
            yield f"simulators.{provider}.listen", "a simulator moves no money; keep it on 127.0.0.1"


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect to host:port."""
    return hosts.is_loopback(address.rpartition(":")[0].strip("[]"))


def _repeated(values: list[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})
