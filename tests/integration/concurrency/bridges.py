"""Set-ups with one or two real servers on one database, and an acquirer in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tollbridge
from tollbridge_server import app
from tollbridge_server.config import load
from tollbridge_server.development import initialize
from tollbridge_server.services.verification import Verification
from tollbridge_server.testing.processes import ServerProcess, SimulatorProcess

from tests.integration.machine.shop import QUICK


@dataclass(frozen=True, slots=True)
class Bridges:
    """Running servers of one configuration, and the acquirer that they share."""

    servers: tuple[ServerProcess, ...]
    sandbox: SimulatorProcess
    config_path: Path
    token: str

    def client(self, number: int = 0, **options: int) -> tollbridge.AsyncClient:
        """A client of one of the servers; without `max_attempts` it shows every refusal."""
        policy = tollbridge.RetryPolicy(max_attempts=options.get("max_attempts", 1))
        server = self.servers[number % len(self.servers)]
        return tollbridge.AsyncClient(server.target, token=self.token, retry=policy)

    async def verified(self) -> Verification:
        """Check database and acquirer's book, as `tollbridge verify` does."""
        return await app.verify(load(self.config_path), book=self.sandbox.book_path, progress=lambda _: None)


@contextmanager
def bridges(directory: Path, *, servers: int, database_url: str) -> Iterator[Bridges]:
    """Run the acquirer and so many servers until the block ends; a killed one stays dead."""
    made = initialize(directory / "config.toml", has_free_ports=True)
    text = made.config_path.read_text().replace("sqlite:///tollbridge.db", database_url)
    made.config_path.write_text(text)
    with ExitStack() as stack:
        sandbox = stack.enter_context(SimulatorProcess(made.config_path))
        text = text.replace('# base_url = "http://127.0.0.1:7490"', f'base_url = "{sandbox.base_url}"')
        made.config_path.write_text(text)
        app.migrate(load(made.config_path))
        running = tuple(stack.enter_context(ServerProcess(made.config_path, environment=QUICK)) for _ in range(servers))
        yield Bridges(running, sandbox, made.config_path, made.token_path.read_text().strip())


async def settled(client: tollbridge.AsyncClient, payment_ids: list[str], *, timeout_s: float = 60.0) -> None:
    """Wait until no operation of these payments is on its way. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        for payment_id in payment_ids:
            while True:
                payment = (await client.get_payment(payment_id=payment_id)).payment
                if all(o.state != tollbridge.OPERATION_STATE_PROCESSING for o in payment.operations):
                    break
                await asyncio.sleep(0.1)
