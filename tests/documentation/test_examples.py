"""Runs the Python examples of README.md and of the guides, each as its own process: what is printed there works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import undercast.server

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/time.md", "docs/sqs.md", "docs/lambda.md", "docs/sns.md", "docs/stepfunctions.md")
DEFAULT = "http://localhost:4566"
TIMEOUT_S = 60
# A piece of somebody else's program, which tests/sdk runs whole.
FRAGMENT = "app.conf.broker_url"


def examples() -> list[tuple[str, str]]:
    """Each example, named by its page and first telling line."""
    found = []
    for page in PAGES:
        blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
        found += [(f"{page}:{number}", block) for number, block in enumerate(blocks, 1) if FRAGMENT not in block]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in examples()])
def test_example(code: str, tmp_path: Path) -> None:
    script = tmp_path / "test_it.py"
    if "def test_" in code:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(script),
        ]
    else:
        command = [sys.executable, str(script)]
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "UNDERCAST_", "PYTEST_"))
    }
    # Works from a checkout that nobody has installed, too.
    environ["PYTHONPATH"] = str(ROOT)
    with undercast.server.start() as server:
        # Only the first example of README.md asks the default port, where a developer may have a server of their own.
        script.write_text(code.replace(DEFAULT, server.endpoint), "utf-8")
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_examples() -> None:
    assert {name.split(":")[0] for name, _ in examples()} == set(PAGES)


def test_links_within_the_repository_lead_somewhere() -> None:
    pages = [*(ROOT / page for page in PAGES), *ROOT.glob("samples/**/README.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
