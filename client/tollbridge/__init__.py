"""Tollbridge's client: everything a caller needs is a name of this package, and nothing here imports the server.

Begin with Client or AsyncClient. Their methods are the RPCs of the contract, the arguments the fields of its requests;
a failed call raises a TollbridgeError, which says what it may have done.
"""

from __future__ import annotations

from tollbridge import _contract, _errors_generated
from tollbridge._client import AsyncClient, Client
from tollbridge._contract import *  # noqa: F403  # The names are generated, and listed in the module's own __all__.
from tollbridge._error_details import error_from_status
from tollbridge._errors import Effect, TollbridgeError, Violation
from tollbridge._errors_generated import *  # noqa: F403  # As above.
from tollbridge._metadata import AsyncTokenSource, MetadataHook, TokenSource
from tollbridge._money import decimal_amount, money
from tollbridge._pages import AsyncPager, Pager
from tollbridge._retry import RetryPolicy

__all__ = [
    "AsyncClient",
    "AsyncPager",
    "AsyncTokenSource",
    "Client",
    "Effect",
    "MetadataHook",
    "Pager",
    "RetryPolicy",
    "TokenSource",
    "TollbridgeError",
    "Violation",
    "decimal_amount",
    "error_from_status",
    "money",
]
__all__ += _contract.__all__
__all__ += _errors_generated.__all__
