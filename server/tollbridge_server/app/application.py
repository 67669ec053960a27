"""One server with everything that runs in it: started together, drained and stopped in the order that loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from tollbridge_server.app.accounts import Accounts
from tollbridge_server.app.addresses import host_of, port_of
from tollbridge_server.app.simulators import Simulator
from tollbridge_server.config import Config, SimulatorSection
from tollbridge_server.ports.storage import Storage
from tollbridge_server.rpc.access_log import AccessLog
from tollbridge_server.rpc.server import RpcServer
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.resolver import Resolver
from tollbridge_server.testing.simulators.sandbox import InProcessSandbox
from tollbridge_server.webhooks.server import NotificationServer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a started server listens; None where it does not."""

    grpc: str | None = None
    notifications: str | None = None
    sandbox: str | None = None
    metrics: str | None = None
    alipay: str | None = None
    wechatpay: str | None = None


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
        simulators: tuple[tuple[str, SimulatorSection, Simulator], ...],
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
        self._simulators = simulators
        self._registry = registry
        self._access_log = access_log
        self._running: tuple[asyncio.Task[None], ...] = ()
        self._metrics_server: object = None

    async def start(self) -> Endpoints:
        """Begin to resolve and to listen; return where. Raises OSError when an address is taken."""
        sandbox = notifications = metrics = None
        if self._sandbox is not None:
            host = host_of(self._config.sandbox.listen)
            sandbox = f"http://{host}:{await self._sandbox.start(host, port_of(self._config.sandbox.listen))}"
        simulated = {}
        for provider, section, simulator in self._simulators:
            host = host_of(section.listen)
            simulated[provider] = f"http://{host}:{await simulator.start(host, port_of(section.listen))}"
        if self._notifications is not None:
            host = host_of(self._config.notifications.listen or "")
            notifications = f"http://{host}:{await self._notifications.start()}"
        if self._config.metrics.listen is not None:
            metrics = self._serve_metrics(self._config.metrics.listen)
        # A provider that is down must not keep the others waiting, so nobody waits for the warming.
        self._running = (
            asyncio.create_task(self._accounts.warm(), name="warming"),
            asyncio.create_task(self._resolver.run(), name="resolver"),
        )
        port = await self._rpc.start()
        grpc = f"{host_of(self._config.server.listen)}:{port}"
        endpoints = Endpoints(grpc, notifications, sandbox, metrics, **simulated)
        logger.info("serving gRPC on %s, notifications on %s, sandbox pages on %s", grpc, notifications, sandbox)
        return endpoints

    async def stop(self) -> None:
        """Drain: refuse new work, finish every effect in flight, then close. Nothing that was begun is lost."""
        await self._rpc.drain()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
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
        for _, _, simulator in self._simulators:
            await simulator.stop()
        await self._accounts.close()
        await self.storage.close()
        self._close_metrics()
        self._access_log.flush()
        logger.info("stopped")

    def _serve_metrics(self, address: str) -> str:
        server, _ = prometheus_client.start_http_server(
            port_of(address), addr=host_of(address), registry=self._registry
        )
        self._metrics_server = server
        return f"http://{host_of(address)}:{server.server_port}/metrics"

    def _close_metrics(self) -> None:
        close = getattr(self._metrics_server, "shutdown", None)
        if close is not None:
            close()
