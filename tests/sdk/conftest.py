"""Real clients, each in an environment of its own below `.venv-sdk` (`install.sh` makes them)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import undercast.server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undercast.server import Server

TOOLS = Path(__file__).resolve().parents[2] / ".venv-sdk"
# Of the developer's own environment a client gets this much, and no AWS_* profile, proxy or PYTHONPATH.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
TIMEOUT_S = 60
NOWHERE = "http://127.0.0.1:9"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.sdk)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def tool() -> Callable[[str, str], Path]:
    """`tool(name, path)`: a file of an installed client. Its absence skips; in CI, where it was installed, it fails."""

    def find(name: str, path: str) -> Path:
        found = TOOLS / name / path
        # Written last by install.sh: without it, the installation has not ended.
        if not (TOOLS / name / ".installed").exists() or not found.exists():
            said = f"{name} is not installed: run tests/sdk/install.sh {name}"
            if os.environ.get("CI") == "true":
                pytest.fail(said)
            pytest.skip(said)
        return found

    return find


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with undercast.server.start(time="manual") as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """A server with no state, whose clock stands still. A bug of the server's fails the test that met it."""
    running.client.reset()
    before = len(running.log)
    yield running
    said = running.log[before:]
    assert " ERROR " not in said, said


@pytest.fixture
def environ(server: Server, tmp_path: Path) -> dict[str, str]:
    """The environment of a client's process: the server's address, and nothing of the developer's."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # A client that looks for AWS anywhere but at our address fails at once, without leaving this machine.
        "http_proxy": NOWHERE,
        "https_proxy": NOWHERE,
        "no_proxy": "127.0.0.1,localhost",
    }


@dataclass(frozen=True)
class Ran:
    """A client's process that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout, read as JSON; None when it is empty."""
        return json.loads(self.out) if self.out.strip() else None


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    """`run(*command, **more environment)`: a client's process from start to end, in an empty folder."""

    def run(*command: str | Path, **more: str) -> Ran:
        done = subprocess.run(
            [str(part) for part in command],
            env={**environ, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
