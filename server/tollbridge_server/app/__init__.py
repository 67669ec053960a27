"""The composition root: every part is made and wired here, from the configuration alone; nothing happens at import."""

from __future__ import annotations

from tollbridge_server.app.application import Application, Endpoints
from tollbridge_server.app.bills import NoSuchBill, fetch_bill
from tollbridge_server.app.building import build
from tollbridge_server.app.failpoints import FAILPOINT_VARIABLE
from tollbridge_server.app.probing import Probed, probe
from tollbridge_server.app.running import serve, simulate, simulate_sandbox
from tollbridge_server.app.upkeep import check, migrate, verify

__all__ = [
    "FAILPOINT_VARIABLE",
    "Application",
    "Endpoints",
    "NoSuchBill",
    "Probed",
    "build",
    "check",
    "fetch_bill",
    "migrate",
    "probe",
    "serve",
    "simulate",
    "simulate_sandbox",
    "verify",
]
