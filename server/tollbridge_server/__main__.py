"""`python -m tollbridge_server` is the command `tollbridge`."""

from tollbridge_server.cli import main

main()
