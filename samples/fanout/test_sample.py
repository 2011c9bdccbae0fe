"""Runs the sample as people do, in processes of its own, and checks what it claims."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENDPOINTS = (
    "UNDERCAST_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_PROFILE",
)
TIMEOUT_S = 90


def run(script: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ENDPOINTS}
    env |= {"PYTHONPATH": str(HERE.parents[1]), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, HERE / script]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=TIMEOUT_S
    )


def test_each_queue_gets_its_share_and_the_function_what_is_shipped() -> None:
    done = run("demo.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"\| (order .*)", done.stdout) == ["order 1001: 2 to DE", "order 1003: 9 to FR"]
    assert "archive: all 4" in done.stdout
    assert "review: 1003" in done.stdout
    assert re.findall(r"(\w+) was not one of", done.stdout) == ["country", "event"]
