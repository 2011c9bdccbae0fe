"""Signatures of SNS, verified by the public npm package `sns-validator`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).parent / "javascript" / "sns_validator.cjs"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_public_validator_believes_us(
    version: str, tool: Callable[[str, str], Path], run: Callable[..., Any]
) -> None:
    modules = tool("javascript", "node_modules/sns-validator").parent
    program = shutil.which("node")
    if program is None:
        said = "Node.js is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    done = run(program, SCRIPT, version, NODE_PATH=str(modules))

    assert done.code == 0, done.err
    assert done.out.strip() == f"version {version} ok"
