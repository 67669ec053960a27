"""Runs a provider's public SDK in a process of its own, with the packages of that SDK and nothing else before ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"
PATIENCE_S = 90


def drive(sdk: str, driver: str, **request: Any) -> Any:
    """Give `request` to a driver as JSON and return the JSON that it answers. Raises AssertionError with its log.

    Two SDKs may share an import name, so each stands in a folder of its own, which `make test` fills.
    """
    packages = ROOT / ".venv" / "sdks" / sdk
    if not packages.is_dir():
        raise AssertionError(f"the SDK {sdk} is not installed, which `make test` does; run: make test")
    done = subprocess.run(
        [sys.executable, DRIVERS / driver],
        input=json.dumps(request).encode(),
        capture_output=True,
        timeout=PATIENCE_S,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(packages)},
        check=False,
    )
    assert done.returncode == 0, f"{driver} ended with {done.returncode}: {done.stderr.decode()}"
    return json.loads(done.stdout)
