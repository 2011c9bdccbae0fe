"""Runs the sample as people do, in processes of its own, and checks what it claims."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENDPOINTS = ("UNDERCAST_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_LAMBDA", "AWS_PROFILE")
TIMEOUT_S = 90


def run(script: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ENDPOINTS}
    env |= {"PYTHONPATH": str(HERE.parents[1]), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, HERE / script]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=TIMEOUT_S
    )


def test_the_good_orders_are_invoiced_and_the_poison_message_is_put_aside() -> None:
    done = run("demo.py")

    assert done.returncode == 0, done.stdout + done.stderr
    said = re.findall(r"\| order (\d+), receive (\d): (.*)", done.stdout)
    # Several workers write at the same standing instant, each to a stream of its own: no order between them.
    assert sorted(said[:4]) == [
        ("1001", "1", "invoiced 48.00"),
        ("1002", "1", "invoiced 31.50"),
        ("1003", "1", "'18,90' is not a price"),
        ("1004", "1", "invoiced 36.00"),
    ]
    assert said[4:] == [("1003", "2", "'18,90' is not a price"), ("1003", "3", "'18,90' is not a price")]
    assert "1003 is in orders-dlq after 1 min 30 s" in done.stdout
