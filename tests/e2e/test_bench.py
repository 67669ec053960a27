"""`tollbridge bench` measures every load and compares each with the echo; how fast they are is no test's business."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.commands import arguments, environment

LOADS = {
    "create_payment_sandbox",
    "get_status",
    "create_payment_http",
    "create_payment_alipay",
    "create_payment_wechatpay",
    "wechatpay_beside_slow_alipay",
}


@pytest.mark.timeout(300)
def test_a_short_bench_measures_every_load(tmp_path: Path) -> None:
    done = subprocess.run(
        arguments("bench", "--rounds", "1", "--seconds", "0.5", "--in-flight", "8", "--json"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report["ratios"]) == LOADS
    assert set(report["rates"]) == {"echo", *LOADS}
    assert report["beside_slow_ratio"] > 0
