"""boto3 1.26, which speaks the Query protocol to SQS: form in, XML out. The checks are in `old_boto3/checks.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from undercast.server import Server

SCRIPT = Path(__file__).parent / "old_boto3" / "checks.py"


@pytest.mark.parametrize(
    "check",
    [
        "speaks_query",
        "send_and_receive",
        "attributes_and_system_attributes",
        "batches",
        "queue_attributes_and_tags",
        "fifo",
        "listing",
        "errors",
        "permissions",
        "dead_letters",
    ],
)
def test_old_boto3(check: str, tool: Callable[[str, str], Path], run: Callable[..., Any]) -> None:
    done = run(tool("old-boto3", "bin/python"), "-W", "ignore::DeprecationWarning", SCRIPT, check)

    assert done.code == 0, done.err
    assert done.out.strip() == f"{check} ok"


def test_the_clock_moves_for_it_too(tool: Callable[[str, str], Path], run: Callable[..., Any], server: Server) -> None:
    python = tool("old-boto3", "bin/python")
    assert run(python, SCRIPT, "send_and_keep_in_flight").code == 0
    assert run(python, SCRIPT, "nothing_to_receive").code == 0

    server.client.advance(30)

    done = run(python, SCRIPT, "receive_it_again")
    assert done.code == 0, done.err
