"""The typed configuration: one TOML file, overridden by environment variables, checked as a whole before any start."""

from tollbridge_server.config.loading import DEFAULT_PATH, ConfigInvalid, Loaded, load
from tollbridge_server.config.schema import (
    ENVIRONMENT_PREFIX,
    AlipaySimulatorSection,
    Config,
    SimulatorSection,
    check_address,
    is_loopback,
)

__all__ = [
    "DEFAULT_PATH",
    "ENVIRONMENT_PREFIX",
    "AlipaySimulatorSection",
    "Config",
    "ConfigInvalid",
    "Loaded",
    "SimulatorSection",
    "check_address",
    "is_loopback",
    "load",
]
