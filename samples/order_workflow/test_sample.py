"""Runs the sample as people do, in processes of its own, and checks what it claims."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TIMEOUT_S = 90


def run(script: str) -> subprocess.CompletedProcess[str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UNDERCAST_", "AWS_ENDPOINT_URL")) and name != "AWS_PROFILE"
    }
    env |= {"PYTHONPATH": str(HERE.parents[1]), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, HERE / script]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=TIMEOUT_S
    )


def chapter(text: str, number: int) -> list[tuple[str, str]]:
    """What a chapter says of an execution: when, and what."""
    told = re.split(r"^\d  ", text, flags=re.MULTILINE)[number]
    return re.findall(r"^ +((?:\d+ (?:d|h|min|s) ?)+)  (\S.*|  \S.*)$", told, flags=re.MULTILINE)


def test_the_saga_is_retried_approved_and_shipped_and_the_other_one_undone() -> None:
    done = run("demo.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert chapter(done.stdout, 2) == [
        ("0 s", "started"),
        ("0 s", "Charge"),
        ("0 s", "  failed: CardNetworkBusy"),
        ("20 s", "Reserve"),
        ("20 s", "Large order?"),
        ("20 s", "Approve"),
        ("20 s", "  asked, and waits for an answer"),
    ]
    ((answered, state),) = chapter(done.stdout, 3)
    assert (answered.split()[0], state) == ("16", "Hold for three days")
    shipped = chapter(done.stdout, 4)
    assert sorted(line for _, line in shipped) == ["Ship", "Ship and tell", "Tell", "succeeded"]
    assert {when[:4] for when, _ in shipped} == {"3 d "}
    assert "the customer reads: order 2001 is on its way" in done.stdout
    undone = [line for _, line in chapter(done.stdout, 5)]
    assert undone[-3:] == ["Refund", "Undone", "failed: 2002: no desk left; payment-2002 is refunded"]
