"""Wires a server from its configuration alone; nothing listens, and nothing is sent, before it is started."""

from __future__ import annotations

import logging
import sys
from typing import TypedDict

from prometheus_client import CollectorRegistry, ProcessCollector

from tollbridge_server.app.accounts import Accounts, accounts_of, in_process_sandbox
from tollbridge_server.app.addresses import host_of, port_of
from tollbridge_server.app.application import Application, StorageCollector
from tollbridge_server.app.checking import checked
from tollbridge_server.app.failpoints import failpoint_from_environment
from tollbridge_server.app.security import derive_key, limits_of
from tollbridge_server.config import Config, Loaded
from tollbridge_server.ports.clock import Clock, SystemClock
from tollbridge_server.ports.failpoint import Failpoint
from tollbridge_server.ports.storage import Storage
from tollbridge_server.rpc.access_log import AccessLog
from tollbridge_server.rpc.metrics import RpcMetrics
from tollbridge_server.rpc.pages import PageTokens
from tollbridge_server.rpc.payments import PaymentServicer
from tollbridge_server.rpc.pipeline import Pipeline
from tollbridge_server.rpc.refunds import RefundServicer
from tollbridge_server.rpc.server import RpcServer, Servicers
from tollbridge_server.rpc.status import StatusServicer
from tollbridge_server.services.notifications import NotificationService
from tollbridge_server.services.operations import OperationEngine
from tollbridge_server.services.payments import PaymentService
from tollbridge_server.services.refunds import RefundService
from tollbridge_server.services.resolver import Resolver
from tollbridge_server.services.settings import EngineSettings
from tollbridge_server.services.status import StatusService
from tollbridge_server.storage.opening import open_storage
from tollbridge_server.webhooks.connections import limits_of_this_process
from tollbridge_server.webhooks.server import NotificationServer

logger = logging.getLogger(__name__)


class _Shared(TypedDict):
    """What most services are made of."""

    engine: OperationEngine
    storage: Storage
    accounts: Accounts
    clock: Clock
    settings: EngineSettings


async def build(loaded: Loaded, *, clock: Clock | None = None, failpoint: Failpoint | None = None) -> Application:
    """Wire a server from its configuration; nothing listens before `start`.

    Raises ConfigInvalid, and StorageUnavailable when the database can not be opened.
    """
    config = loaded.config
    clock = clock or SystemClock()
    failpoint = failpoint or failpoint_from_environment()
    known = checked(loaded)  # Whatever can be wrong in the files shows before the database opens.
    for warning in known.warnings:
        logger.warning("%s", warning)
    storage = await open_storage(loaded.storage_url, connections=config.storage.connections)
    simulators = tuple(
        (provider, section, make(loaded.path(section.book_file))) for provider, section, make in known.simulators
    )
    sandbox = in_process_sandbox(loaded, known.settings)
    accounts = Accounts(tuple(accounts_of(config, known.settings, sandbox)))
    settings = engine_settings(loaded)
    engine = OperationEngine(storage=storage, accounts=accounts, clock=clock, settings=settings, failpoint=failpoint)
    shared = _Shared(engine=engine, storage=storage, accounts=accounts, clock=clock, settings=settings)
    pages = PageTokens(derive_key(loaded, "page tokens"))
    access_log = AccessLog(sys.stderr.buffer if config.logging.level in ("DEBUG", "INFO") else None)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(StorageCollector(storage))
    receiver = NotificationService(engine=engine, storage=storage, accounts=accounts, clock=clock, failpoint=failpoint)
    if sandbox is not None:
        sandbox.deliver_to(receiver)
    rpc = RpcServer(
        transport=known.transport,
        pipeline=Pipeline(
            authenticator=known.authenticator,
            limits=limits_of(config),
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
        simulators=simulators,
        registry=registry,
        access_log=access_log,
    )


def engine_settings(loaded: Loaded) -> EngineSettings:
    """Return the engine's settings of a configuration."""
    engine = loaded.config.engine
    return EngineSettings(
        fingerprint_key=derive_key(loaded, "request fingerprints"),
        lease_margin_s=engine.lease_margin_s,
        check_schedule_s=engine.check_schedule_s,
        give_up_after_s=engine.give_up_after_s,
        not_found_grace_s=engine.not_found_grace_s,
        absence_ends_after_s=engine.absence_ends_after_s,
        send_timeout_s=engine.send_timeout_s,
        query_timeout_s=engine.query_timeout_s,
        default_expiry_s=engine.default_expiry_s,
        idempotency_lifetime_s=engine.idempotency_lifetime_s,
        resolver_interval_s=engine.resolver_interval_s,
        max_sending_per_account=engine.max_sending_per_account,
    )


def _notifications(config: Config, service: NotificationService, clock: Clock) -> NotificationServer | None:
    listen = config.notifications.listen
    if listen is None:
        return None
    return NotificationServer(
        service=service, clock=clock, host=host_of(listen), port=port_of(listen), limits=limits_of_this_process()
    )
