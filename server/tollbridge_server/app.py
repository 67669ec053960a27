"""The composition root: every part is made and wired here, from the configuration alone; nothing happens at import."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict

import prometheus_client
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from tollbridge_server.config import Config, ConfigInvalid, Loaded, is_loopback
from tollbridge_server.ports.clock import Clock, SystemClock
from tollbridge_server.ports.failpoint import FAILPOINTS, Failpoint, no_failpoint
from tollbridge_server.ports.provider import ProviderAccount
from tollbridge_server.ports.storage import Storage
from tollbridge_server.providers.registry import PROVIDERS, spec_of
from tollbridge_server.providers.sandbox import SandboxSettings
from tollbridge_server.rpc.access_log import AccessLog
from tollbridge_server.rpc.authentication import Authenticator
from tollbridge_server.rpc.metrics import RpcMetrics
from tollbridge_server.rpc.pages import PageTokens
from tollbridge_server.rpc.payments import PaymentServicer
from tollbridge_server.rpc.pipeline import Limits, Pipeline
from tollbridge_server.rpc.refunds import RefundServicer
from tollbridge_server.rpc.server import RpcServer, Servicers, Transport
from tollbridge_server.rpc.status import StatusServicer
from tollbridge_server.rpc.tls import TlsFileInvalid, server_credentials
from tollbridge_server.rpc.tokens import KeyFileInvalid, TokenVerifier, load_keys
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.payments import PaymentService
from tollbridge_server.services.refunds import RefundService
from tollbridge_server.services.resolver import Resolver
from tollbridge_server.services.settings import EngineSettings
from tollbridge_server.services.status import StatusService
from tollbridge_server.services.verification import Verification, Verifier
from tollbridge_server.storage.migrations import migrate as migrate_database
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.testing.simulators.sandbox import (
    InProcessSandbox,
    SandboxAccount,
    SandboxAcquirer,
    SandboxServer,
    read_book,
)
from tollbridge_server.webhooks.server import NotificationServer

logger = logging.getLogger(__name__)

_COLLECT_AFTER = (10_000, 20, 50)
_FURTHER_LOOKS = 2
_LOOK_AGAIN_S = 1.0
FAILPOINT_VARIABLE = "TOLLBRIDGE_FAILPOINT"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a started server listens; None where it does not."""

    grpc: str | None = None
    notifications: str | None = None
    sandbox: str | None = None
    metrics: str | None = None


class _Shared(TypedDict):
    """What most services are made of."""

    engine: OperationEngine
    storage: Storage
    accounts: Accounts
    clock: Clock
    settings: EngineSettings


class Accounts:
    """ProviderAccounts of one configuration."""

    def __init__(self, accounts: tuple[ProviderAccount, ...]) -> None:
        self._by_id = {account.account_id: account for account in accounts}
        self._by_merchant: dict[str, tuple[ProviderAccount, ...]] = {}
        for account in accounts:
            self._by_merchant[account.merchant_id] = (*self._by_merchant.get(account.merchant_id, ()), account)

    def get(self, account_id: str) -> ProviderAccount | None:
        return self._by_id.get(account_id)

    def of_merchant(self, merchant_id: str) -> tuple[ProviderAccount, ...]:
        return self._by_merchant.get(merchant_id, ())

    async def close(self) -> None:
        """Close every adapter."""
        for account in self._by_id.values():
            await account.adapter.close()


class StorageCollector(Collector):
    """The storage's own counters, as Prometheus reads them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def collect(self) -> Iterator[CounterMetricFamily]:
        statistics = self._storage.statistics()
        yield CounterMetricFamily(
            "tollbridge_storage_commits", "Transactions that changed something", value=statistics.commits
        )
        yield CounterMetricFamily("tollbridge_storage_statements", "SQL statements", value=statistics.statements)


class Application:
    """One server with everything that runs in it."""

    def __init__(
        self,
        *,
        config: Config,
        storage: Storage,
        accounts: Accounts,
        engine: OperationEngine,
        resolver: Resolver,
        rpc: RpcServer,
        notifications: NotificationServer | None,
        sandbox: InProcessSandbox | None,
        registry: CollectorRegistry,
        access_log: AccessLog,
    ) -> None:
        self._config = config
        self.storage = storage
        self._accounts = accounts
        self._engine = engine
        self._resolver = resolver
        self._rpc = rpc
        self._notifications = notifications
        self._sandbox = sandbox
        self._registry = registry
        self._access_log = access_log
        self._resolving: asyncio.Task[None] | None = None
        self._metrics_server: object = None

    async def start(self) -> Endpoints:
        """Begin to resolve and to listen; return where. Raises OSError when an address is taken."""
        sandbox = notifications = metrics = None
        if self._sandbox is not None:
            host = _host(self._config.sandbox.listen)
            sandbox = f"http://{host}:{await self._sandbox.start(host, _port(self._config.sandbox.listen))}"
        if self._notifications is not None:
            host = _host(self._config.notifications.listen or "")
            notifications = f"http://{host}:{await self._notifications.start()}"
        if self._config.metrics.listen is not None:
            metrics = self._serve_metrics(self._config.metrics.listen)
        self._resolving = asyncio.create_task(self._resolver.run(), name="resolver")
        port = await self._rpc.start()
        grpc = f"{_host(self._config.server.listen)}:{port}"
        endpoints = Endpoints(grpc, notifications, sandbox, metrics)
        logger.info("serving gRPC on %s, notifications on %s, sandbox pages on %s", grpc, notifications, sandbox)
        return endpoints

    async def stop(self) -> None:
        """Drain: refuse new work, finish every effect in flight, then close. Nothing that was begun is lost."""
        await self._rpc.drain()
        if self._resolving is not None:
            self._resolving.cancel()
            await asyncio.gather(self._resolving, return_exceptions=True)
        try:
            async with asyncio.timeout(self._config.server.drain_timeout_s):
                await self._engine.drained()
        except TimeoutError:
            logger.warning("effects are still in flight at the end of the drain; the resolver finishes them later")
        await self._rpc.stop(grace_s=2.0)
        if self._notifications is not None:
            await self._notifications.stop()
        if self._sandbox is not None:
            await self._sandbox.stop()
        await self._accounts.close()
        await self.storage.close()
        self._close_metrics()
        self._access_log.flush()
        logger.info("stopped")

    def _serve_metrics(self, address: str) -> str:
        server, _ = prometheus_client.start_http_server(_port(address), addr=_host(address), registry=self._registry)
        self._metrics_server = server
        return f"http://{_host(address)}:{server.server_port}/metrics"

    def _close_metrics(self) -> None:
        close = getattr(self._metrics_server, "shutdown", None)
        if close is not None:
            close()


async def build(loaded: Loaded, *, clock: Clock | None = None, failpoint: Failpoint | None = None) -> Application:
    """Wire a server from its configuration; nothing listens before `start`.

    Raises ConfigInvalid, and StorageUnavailable when the database can not be opened.
    """
    config = loaded.config
    clock = clock or SystemClock()
    failpoint = failpoint or failpoint_from_environment()
    authenticator = _authenticator(loaded)  # Whatever can be wrong in the files shows before the database opens.
    transport = _transport(loaded)
    account_settings = _account_settings(config)
    storage = await open_storage(loaded.storage_url, connections=config.storage.connections)
    sandbox = _in_process_sandbox(loaded, account_settings)
    accounts = Accounts(tuple(_accounts(config, account_settings, sandbox)))
    settings = engine_settings(loaded)
    engine = OperationEngine(storage=storage, accounts=accounts, clock=clock, settings=settings, failpoint=failpoint)
    shared = _Shared(engine=engine, storage=storage, accounts=accounts, clock=clock, settings=settings)
    pages = PageTokens(_derive(loaded, "page tokens"))
    access_log = AccessLog(sys.stderr.buffer if config.logging.level in ("DEBUG", "INFO") else None)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(StorageCollector(storage))
    receiver = NotificationService(engine=engine, storage=storage, accounts=accounts, failpoint=failpoint)
    if sandbox is not None:
        sandbox.deliver_to(receiver)
    rpc = RpcServer(
        transport=transport,
        pipeline=Pipeline(
            authenticator=authenticator,
            limits=_limits(config),
            metrics=RpcMetrics(registry),
            access_log=access_log,
        ),
        servicers=Servicers(
            payments=PaymentServicer(PaymentService(**shared), pages),
            refunds=RefundServicer(RefundService(**shared), pages),
            status=StatusServicer(StatusService(engine=engine, storage=storage, clock=clock)),
        ),
        is_healthy=storage.is_healthy,
    )
    return Application(
        config=config,
        storage=storage,
        accounts=accounts,
        engine=engine,
        resolver=Resolver(**shared, failpoint=failpoint),
        rpc=rpc,
        notifications=_notifications(config, receiver, clock),
        sandbox=sandbox,
        registry=registry,
        access_log=access_log,
    )


async def serve(loaded: Loaded, *, announce: Callable[[Endpoints], None]) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; `announce` is told when it listens."""
    application = await build(loaded)
    stopping = _stop_signal()
    try:
        endpoints = await application.start()
        _calm_the_collector()
        announce(endpoints)
        await stopping.wait()
    finally:
        await application.stop()


def check(loaded: Loaded) -> None:
    """Read every file that the configuration names, as a start would. Raises ConfigInvalid."""
    _authenticator(loaded)
    _transport(loaded)
    _account_settings(loaded.config)


def migrate(loaded: Loaded) -> tuple[str, ...]:
    """Migrate the configured database; return the revisions that were applied. Raises StorageUnavailable."""
    return migrate_database(loaded.storage_url)


async def verify(loaded: Loaded, *, book: Path | None, progress: Callable[[int], None]) -> Verification:
    """Check every invariant over the configured database, and over the sandbox's book where it can be read.

    Database and book can not be read at one moment, so a server at work may look broken: only what is still broken in
    two further looks is a break.
    """
    path = book or loaded.path(loaded.config.sandbox.book_file)
    storage = await open_storage(loaded.storage_url, connections=1, is_reader=True)

    async def look() -> Verification:
        return await Verifier(storage, read_book(path) if path.exists() else {}).verify(progress)

    try:
        found = await look()
        for _ in range(_FURTHER_LOOKS):
            if not found.breaks:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
            lasting = {(broken.payment_id, broken.rule) for broken in found.breaks}
            found = await look()
            found.breaks = [b for b in found.breaks if (b.payment_id, b.rule) in lasting]
        return found
    finally:
        await storage.close()


def engine_settings(loaded: Loaded) -> EngineSettings:
    """Return the engine's settings of a configuration."""
    engine = loaded.config.engine
    return EngineSettings(
        fingerprint_key=_derive(loaded, "request fingerprints"),
        lease_margin_s=engine.lease_margin_s,
        check_schedule_s=engine.check_schedule_s,
        give_up_after_s=engine.give_up_after_s,
        not_found_grace_s=engine.not_found_grace_s,
        send_timeout_s=engine.send_timeout_s,
        query_timeout_s=engine.query_timeout_s,
        default_expiry_s=engine.default_expiry_s,
        idempotency_lifetime_s=engine.idempotency_lifetime_s,
        resolver_interval_s=engine.resolver_interval_s,
    )


def failpoint_from_environment() -> Failpoint:
    """Return the failpoint that TOLLBRIDGE_FAILPOINT arms (`name` or `name:nth`), which kills this very process.

    Raises ConfigInvalid for a name that does not exist: a crash test that crashes nothing proves nothing.
    """
    wanted = os.environ.get(FAILPOINT_VARIABLE, "")
    if not wanted:
        return no_failpoint
    name, _, place = wanted.partition(":")
    if name not in FAILPOINTS:
        raise ConfigInvalid([f"{FAILPOINT_VARIABLE}: {name!r} is no failpoint; there are: {', '.join(FAILPOINTS)}"])
    remaining = int(place or "1")

    def kill(reached: str) -> None:
        nonlocal remaining
        if reached == name:
            remaining -= 1
            if remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return kill


def _authenticator(loaded: Loaded) -> Authenticator:
    config = loaded.config
    own = {merchant.id: merchant.key_files for merchant in config.merchants if merchant.key_files}
    everyone = frozenset(merchant.id for merchant in config.merchants)

    def verifier(files: tuple[Path, ...], merchants: frozenset[str]) -> TokenVerifier:
        return TokenVerifier(
            load_keys([loaded.path(file) for file in files]),
            issuer=config.authentication.issuer,
            audience=config.authentication.audience,
            leeway_s=config.authentication.leeway_s,
            clock=time.time,
            known_merchants=merchants,
        )

    try:
        shared_files = config.authentication.key_files
        shared = verifier(shared_files, everyone - own.keys()) if shared_files else None
        verifiers = {merchant: verifier(files, frozenset({merchant})) for merchant, files in own.items()}
    except KeyFileInvalid as error:
        raise ConfigInvalid([str(error)]) from error
    tls = config.server.tls
    identities: Mapping[str, frozenset[str]] | None = None
    if tls is not None and tls.client_ca_file is not None:
        identities = {merchant.id: frozenset(merchant.certificate_names) for merchant in config.merchants}
    return Authenticator(shared, verifiers, identities)


def _account_settings(config: Config) -> dict[str, Any]:
    """Return each account's own settings as its provider's type. Raises ConfigInvalid with every mistake."""
    mistakes, settings = [], {}
    for merchant in config.merchants:
        for account in merchant.accounts:
            key = f"merchants.accounts ({account.id})"
            spec = spec_of(account.provider)
            if spec is None:
                known = ", ".join(provider.name for provider in PROVIDERS)
                mistakes.append(f"{key}: there is no provider {account.provider!r}; there are: {known}")
                continue
            unserved = [method.value for method in account.methods if method not in spec.capabilities.methods]
            if unserved:
                mistakes.append(f"{key}: {spec.name} does not serve the methods {', '.join(unserved)}")
            try:
                settings[account.id] = spec.settings(**account.settings)
            except TypeError:
                expected = ", ".join(field.name for field in fields(spec.settings))
                mistakes.append(f"{key}: the keys of a {spec.name} account are: {expected}")
            except ValueError as error:
                mistakes.append(f"{key}: {error}")
    if mistakes:
        raise ConfigInvalid(mistakes)
    return settings


def _in_process_sandbox(loaded: Loaded, settings: Mapping[str, Any]) -> InProcessSandbox | None:
    """Return the acquirer for the accounts that name no base_url, where there are any."""
    inside = {
        account_id: own.secret.encode()
        for account_id, own in settings.items()
        if isinstance(own, SandboxSettings) and not own.base_url
    }
    return InProcessSandbox(loaded.path(loaded.config.sandbox.book_file), inside) if inside else None


def _accounts(
    config: Config, settings: Mapping[str, Any], sandbox: InProcessSandbox | None
) -> Iterator[ProviderAccount]:
    for merchant in config.merchants:
        for account in merchant.accounts:
            spec, own = spec_of(account.provider), settings[account.id]
            if spec is None:
                continue
            is_inside = sandbox is not None and isinstance(own, SandboxSettings) and not own.base_url
            link = sandbox.link(account.id) if sandbox is not None and is_inside else None
            yield ProviderAccount(
                account_id=account.id,
                merchant_id=merchant.id,
                provider=spec.name,
                adapter=spec.build(account.id, own, link),
                methods=frozenset(account.methods) or spec.capabilities.methods,
                currencies=frozenset(account.currencies),
            )


async def simulate_sandbox(
    loaded: Loaded, *, listen: str, book: Path, notifications_url: str, announce: Callable[[Endpoints], None]
) -> None:
    """Run the sandbox acquirer for the accounts of a configuration until SIGTERM or SIGINT."""
    base = notifications_url or f"http://{loaded.config.notifications.listen}"
    accounts = {
        account_id: SandboxAccount(account_id, own.secret.encode(), f"{base}/notifications/sandbox/{account_id}")
        for account_id, own in _account_settings(loaded.config).items()
        if isinstance(own, SandboxSettings)
    }
    server = SandboxServer(SandboxAcquirer(book), accounts)
    stopping = _stop_signal()
    port = await server.start(_host(listen), _port(listen))
    try:
        announce(Endpoints(sandbox=f"http://{_host(listen)}:{port}"))
        await stopping.wait()
    finally:
        await server.stop()


def _calm_the_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process; going through it costs a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def _transport(loaded: Loaded) -> Transport:
    server = loaded.config.server
    credentials = None
    if server.tls is not None:
        authority = server.tls.client_ca_file
        try:
            credentials = server_credentials(
                certificate_path=loaded.path(server.tls.certificate_file),
                key_path=loaded.path(server.tls.key_file),
                client_ca_path=loaded.path(authority) if authority else None,
                require_client_certificate=authority is not None,
            )
        except TlsFileInvalid as error:
            raise ConfigInvalid([f"server.tls: {error}"]) from error
    if credentials is None and not is_loopback(server.listen):
        raise ConfigInvalid([f"server.listen: {server.listen} needs [server.tls]"])
    return Transport(server.listen, credentials, max_message_bytes=server.max_message_bytes)


def _limits(config: Config) -> Limits:
    return Limits(
        max_in_flight=config.server.max_in_flight,
        max_streams=config.server.max_streams,
        min_deadline_s=config.server.min_deadline_s,
        max_deadline_s=config.server.max_deadline_s,
    )


def _notifications(config: Config, service: NotificationService, clock: Clock) -> NotificationServer | None:
    listen = config.notifications.listen
    if listen is None:
        return None
    return NotificationServer(service=service, clock=clock, host=_host(listen), port=_port(listen))


def _derive(loaded: Loaded, purpose: str) -> bytes:
    """Return the key for one purpose: one secret is configured, and no two uses share a key."""
    return hmac.digest(loaded.fingerprint_key.get_secret_value(), purpose.encode(), hashlib.sha256)


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
