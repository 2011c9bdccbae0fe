"""Servers to measure: which there are (peers.toml), and one running process of each."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bench import proc
from bench.client import CallError, Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

OURS = "undercast"
_REPOSITORY = Path(__file__).resolve().parents[2]
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 5.0
_KEYS = {"command", "env", "files", "version", "install", "services"}


class PeersError(Exception):
    """The peers file cannot be read, or says something that has no meaning."""


class ServerError(Exception):
    """A server did not start, or ended by itself."""


@dataclass(frozen=True)
class Spec:
    """How one server is started. `skipped` says why it cannot be; `command` is as written, `program` as found."""

    name: str
    command: tuple[str, ...]
    program: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    version: tuple[str, ...] = ()
    folder: Path | None = None
    skipped: str = ""
    services: tuple[str, ...] = ("sqs",)

    def ask_version(self) -> str:
        """Its version as it tells it itself, else nothing."""
        if not self.version or self.skipped:
            return ""
        command = [part.replace("{bin}", str(Path(self.program).parent)) for part in self.version]
        try:
            said = subprocess.run(
                command, capture_output=True, text=True, timeout=30, check=True, cwd=self.folder
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return ""
        return said.strip().splitlines()[-1] if said.strip() else ""


def undercast(command: str | None) -> Spec:
    """The server of this repository, by the Python that runs the benchmark; or whatever command was given for it."""
    if command is not None:
        words = tuple(shlex.split(command))
        return Spec(OURS, words, program=shutil.which(words[0]) or words[0], folder=Path.cwd())
    return Spec(
        OURS,
        ("python", "-m", "undercast", "start", "--port", "{port}"),
        program=sys.executable,
        version=(sys.executable, "-c", "from undercast import __version__; print(__version__)"),
        # `-m` looks in the current folder first: a checkout is measured even when a release is installed.
        folder=_REPOSITORY,
    )


def peers(file: Path, folders: Sequence[Path], service: str) -> list[Spec]:
    """The servers of a peers file that have a service, marked when not installed. PeersError for a senseless file."""
    try:
        tables = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PeersError(f"{file}: {error}") from None
    specs = [_spec(name, table, file, _places(folders)) for name, table in tables.items()]
    return [spec for spec in specs if service in spec.services]


def _spec(name: str, table: Any, file: Path, places: str) -> Spec:
    if not isinstance(table, dict) or not table.get("command") or not table.keys() <= _KEYS:
        raise PeersError(f"{file}: [{name}] must have a command, and of {', '.join(sorted(_KEYS))} nothing else")
    if name == OURS:
        raise PeersError(f"{file}: [{OURS}] is always measured; choose its command with --undercast")
    words = tuple(shlex.split(table["command"]))
    program = shutil.which(words[0], path=places)
    return Spec(
        name,
        words,
        program=program or words[0],
        env=table.get("env", {}),
        files=table.get("files", {}),
        version=tuple(table.get("version", ())),
        services=tuple(table.get("services", ("sqs",))),
        skipped="" if program else f"not installed ({table.get('install', words[0] + ' not found')})",
    )


def _places(folders: Sequence[Path]) -> str:
    found: list[Path] = []
    for folder in folders:
        found += [folder, folder / "bin", *sorted(folder.glob("*/bin"))]
        found += [folder / "node_modules" / ".bin", *sorted(folder.glob("*/node_modules/.bin"))]
    return os.pathsep.join([*map(str, found), os.environ.get("PATH", os.defpath)])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One running server, pinned to a core. `ready_s` is the time from its start to its first answered request."""

    def __init__(self, spec: Spec, core: int | None, nice: int = 0) -> None:
        self.spec = spec
        self.name = spec.name
        self.nice = nice
        self.port = _free_port()
        self._work = tempfile.TemporaryDirectory(prefix="undercast-bench-")
        self._log = Path(self._work.name) / "server.log"
        try:
            self._process, self.ready_s = self._start(core)
        except BaseException:
            self._work.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process that was started; it may have others below it."""
        return self._process.pid

    def client(self) -> Client:
        """A connection of one's own."""
        return Client(self.port)

    def stop(self) -> None:
        """End the server, gently at first, and all that it started."""
        _end(self._process)
        self._work.cleanup()

    def _start(self, core: int | None) -> tuple[subprocess.Popen[bytes], float]:
        spec = self.spec
        for name, text in spec.files.items():
            (Path(self._work.name) / name).write_text(self._fill(text))
        environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        environment |= {name: self._fill(value) for name, value in spec.env.items()}
        command = [spec.program, *map(self._fill, spec.command[1:])]
        with self._log.open("wb") as log, proc.pinned(core):
            started = time.perf_counter()
            try:
                process = subprocess.Popen(
                    command,
                    env=environment,
                    cwd=spec.folder or self._work.name,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C is for the benchmark, which then ends its servers one by one.
                    start_new_session=True,
                )
            except OSError as error:
                raise ServerError(f"{spec.name}: {error}") from None
        try:
            proc.hurry(process.pid, self.nice)
            self._await_answer(process, started + _START_LIMIT_S)
            return process, time.perf_counter() - started
        except BaseException:
            _end(process)
            raise

    def _await_answer(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        with Client(self.port, timeout_s=10.0) as client:
            request = client.encode("ListQueues")
            said = ""
            while process.poll() is None and time.perf_counter() < deadline:
                try:
                    client.exchange(request)
                except (OSError, CallError) as error:
                    client.close()
                    said = str(error)
                    time.sleep(0.001)
                else:
                    return
        tail = self._log.read_text(errors="replace")[-1000:].strip()
        ended = "did not answer" if process.poll() is None else f"ended with code {process.returncode}"
        raise ServerError(f"{self.name} {ended} ({said}); it said:\n{tail}")

    def _fill(self, text: str) -> str:
        words = {"{port}": str(self.port), "{work}": self._work.name, "{bin}": str(Path(self.spec.program).parent)}
        for word, value in words.items():
            text = text.replace(word, value)
        return text


def _end(process: subprocess.Popen[bytes]) -> None:
    family = proc.tree(process.pid) if process.poll() is None else []
    if family:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_LIMIT_S)
    if process.poll() is None:
        process.kill()
    process.wait()
    # What the server started and left behind has no one else to end it.
    for member in family[1:]:
        with contextlib.suppress(OSError):
            os.kill(member, signal.SIGKILL)
