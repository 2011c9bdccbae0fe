"""Celery with its SQS transport: a real worker in a process of its own. Its project is in `celery_project/`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undercast.server import Server

PROJECT = Path(__file__).parent / "celery_project"
# A long poll is 20 seconds at most, and a worker on a busy machine needs some to start.
POLLS = 3
STOP_S = 30


class Workers:
    """Worker processes, and what they report."""

    def __init__(self, celery: Path, environ: dict[str, str], folder: Path, server: Server) -> None:
        self._celery = celery
        self._environ = environ
        self._folder = folder
        self._running: list[subprocess.Popen[str]] = []
        self.sqs = server.boto3("sqs")
        self._reports = self.sqs.create_queue(QueueName="reports")["QueueUrl"]

    def start(self, name: str) -> subprocess.Popen[str]:
        """A worker with one process for tasks."""
        with (self._folder / f"{name}.log").open("w") as log:
            worker = subprocess.Popen(
                [
                    self._celery,
                    "-A",
                    "post_office",
                    "worker",
                    "--concurrency=1",
                    "--loglevel=INFO",
                    f"--hostname={name}",
                ],
                env={**self._environ, "WORKER": name},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                # A group of its own: to kill a worker is to kill its processes for tasks, too.
                start_new_session=True,
            )
        self._running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[str]) -> None:
        """End it as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(STOP_S)

    def report(self) -> dict[str, Any]:
        """The next thing that a task reports."""
        for _ in range(POLLS):
            for message in self.sqs.receive_message(QueueUrl=self._reports, WaitTimeSeconds=20).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self._reports, ReceiptHandle=message["ReceiptHandle"])
                found: dict[str, Any] = json.loads(message["Body"])
                return found
        raise AssertionError(f"no report came; the workers say:\n{self.log()}")

    def log(self) -> str:
        """All that the workers have written."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def counts(self) -> tuple[int, int, int]:
        """How many tasks the broker has to receive, in flight and delayed."""
        url = self.sqs.get_queue_url(QueueName="letters")["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        names = ("", "NotVisible", "Delayed")
        visible, in_flight, delayed = (int(found[f"ApproximateNumberOfMessages{name}"]) for name in names)
        return visible, in_flight, delayed

    def close(self) -> None:
        """End whatever still runs."""
        for worker in self._running:
            self.kill(worker)
        self.sqs.close()


@pytest.fixture
def project(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of the project's processes."""
    (tmp_path / "results").mkdir()
    environ.update(PYTHONPATH=str(PROJECT), PYTHONDONTWRITEBYTECODE="1", RESULTS=str(tmp_path / "results"))
    return environ


@pytest.fixture
def workers(
    tool: Callable[[str, str], Path], project: dict[str, str], tmp_path: Path, server: Server
) -> Iterator[Workers]:
    made = Workers(tool("celery", "bin/celery"), project, tmp_path, server)
    yield made
    made.close()


@pytest.fixture
def ask(tool: Callable[[str, str], Path], project: dict[str, str], run: Callable[..., Any]) -> Callable[[str], Any]:
    """`ask(what)`: the answer of `celery_project/client.py`."""
    python = tool("celery", "bin/python")

    def ask(what: str) -> Any:
        done = run(python, PROJECT / "client.py", what)
        assert done.code == 0, done.err
        return done.json

    return ask


def test_tasks_run_and_answer(workers: Workers, ask: Callable[[str], Any]) -> None:
    workers.start("steady")

    assert ask("results") == {"add": 5, "group": [0, 2, 4, 6, 8], "chain": 13}
    assert workers.counts() == (0, 0, 0)


def test_a_task_is_retried(workers: Workers, ask: Callable[[str], Any]) -> None:
    workers.start("steady")

    assert ask("retries") == "opened"
    assert [workers.report()["retries"] for _ in range(3)] == [0, 1, 2]


def test_countdown_and_eta(workers: Workers, ask: Callable[[str], Any]) -> None:
    workers.start("steady")
    ask("eta")

    assert {workers.report()["letter"] for _ in range(2)} == {"by countdown", "by eta"}


def test_a_delay_of_the_queue_passes_when_the_clock_moves(
    workers: Workers, ask: Callable[[str], Any], server: Server
) -> None:
    ask("later")
    assert workers.counts() == (0, 0, 1)
    workers.start("steady")

    server.client.advance("10m")

    assert workers.report()["letter"] == "by delay"


def test_the_task_of_a_killed_worker_comes_back_after_its_visibility_timeout(
    workers: Workers, ask: Callable[[str], Any], server: Server
) -> None:
    doomed = workers.start("doomed")
    ask("fragile")
    assert workers.report() == {"what": "set out", "worker": "doomed", "letter": "precious", "redelivered": False}

    workers.kill(doomed)
    workers.start("heir")

    assert workers.counts() == (0, 1, 0)
    server.client.advance("29m")
    assert workers.counts() == (0, 1, 0)
    server.client.advance("2m")
    first, second = workers.report(), workers.report()
    assert (first["what"], first["worker"]) == ("set out", "heir")
    assert second == {"what": "arrived", "worker": "heir", "letter": "precious"}


def test_a_worker_that_is_asked_to_stop_stops(workers: Workers, ask: Callable[[str], Any]) -> None:
    worker = workers.start("leaver")
    ask("results")

    worker.terminate()

    assert worker.wait(STOP_S) == 0, workers.log()
