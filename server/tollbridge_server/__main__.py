"""`python -m tollbridge_server` is the command `tollbridge`; it says what to install where only the client is there."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, which needs the server's libraries."""
    try:
        from tollbridge_server.cli import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tollbridge"):
            raise
        sys.exit(
            f"tollbridge: this install is the client alone ({error.name} is missing); "
            "the command needs the server: pip install 'tollbridge[server]'"
        )
    run()


if __name__ == "__main__":
    main()
