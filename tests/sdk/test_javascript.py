"""The AWS SDK for JavaScript v3 on Node.js. The checks are in `javascript/checks.cjs`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).parent / "javascript" / "checks.cjs"


@pytest.fixture
def node(tool: Callable[[str, str], Path], run: Callable[..., Any]) -> Callable[..., Any]:
    """`node(check)`: runs one check."""
    modules = tool("javascript", "node_modules")
    program = shutil.which("node")
    if program is None:
        said = "Node.js is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    return lambda check: run(program, SCRIPT, check, NODE_PATH=str(modules))


@pytest.mark.parametrize(
    "check",
    [
        "attributes",
        "batch",
        "longPoll",
        "abortedLongPoll",
        "visibility",
        "fifo",
        "errors",
        "pagination",
        "concurrency",
    ],
)
def test_javascript(check: str, node: Callable[..., Any]) -> None:
    done = node(check)

    assert done.code == 0, done.err
    assert done.out.strip() == f"{check} ok"
