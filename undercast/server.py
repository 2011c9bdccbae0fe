"""Start a server from a program or a test, or take hold of one that runs.

with undercast.server.start(time="manual") as server:
    sqs = server.boto3("sqs")
    server.client.advance("3d")
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from typing import IO, TYPE_CHECKING, Any, Self

from undercast import launch
from undercast.client import ControlClient
from undercast.errors import StartError, UndercastError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_READY = re.compile(r"ready at (https?://\S+)")
_START_TIMEOUT_S = 30.0
_STOP_GRACE_S = 5.0


class Server:
    """A handle on a server: one that `start` started, or a running one that `attach` found.

    As a context manager it stops what `start` started when the block ends, and leaves alone what it only found.
    """

    def __init__(self, endpoint: str, process: subprocess.Popen[str] | None = None, log: IO[str] | None = None) -> None:
        self.endpoint = endpoint
        """Such as `http://127.0.0.1:45231`: what boto3 takes as `endpoint_url`."""
        self.client = ControlClient(endpoint)
        """Asks and moves it: `server.client.advance("3d")`, `server.client.reset()`."""
        self._process = process
        self._log = log
        self._owner = os.getpid()
        self._session: Any = None
        self._region = ""

    @property
    def pid(self) -> int | None:
        """The process id; None for a server that `attach` found."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> str:
        """What the server has written to stderr so far; empty for one that `attach` found, or once it is closed."""
        return _tail(self._log) if self._log and not self._log.closed else ""

    def boto3(self, service: str, **options: Any) -> Any:
        """A boto3 client of `service` for this server, with credentials and region that need no set-up.

        `options` are `boto3.client`'s and win: `aws_access_key_id="111111111111"` works in that account,
        `region_name` in that region. Raises UndercastError when boto3 is not installed.
        """
        try:
            from boto3.session import Session
            from botocore.config import Config
        except ImportError:
            raise UndercastError("boto3 is not installed in this environment: pip install boto3") from None
        if self._session is None:
            # Kept: a session reads each service's model once.
            self._session, self._region = Session(), self.client.health().region
        # A proxy of the environment would be asked for localhost. Some operations have a host name of their own
        # (`sync-states...`), which below localhost would lead nowhere.
        config = Config(proxies={}, inject_host_prefix=False)
        given = options.get("config")
        defaults = {
            "endpoint_url": self.endpoint,
            "region_name": self._region,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        return self._session.client(
            service, **{**defaults, **options, "config": config.merge(given) if given is not None else config}
        )

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait until the server that `start` started has ended; its exit code. Raises TimeoutError."""
        if self._process is None:
            raise UndercastError("Only a server that this process started can be waited for")
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"The server has not ended within {timeout_s:g} seconds") from None

    def stop(self, grace_s: float = _STOP_GRACE_S) -> None:
        """End the server: SIGTERM, and SIGKILL after `grace_s`. One that `attach` found is asked to shut down.

        Harmless when it has ended already.
        """
        if self._process is None:
            self.client.shutdown()
            return
        atexit.unregister(self.stop_at_exit)
        _end(self._process, grace_s)
        if self._log:
            self._log.close()

    def stop_at_exit(self) -> None:
        """Stop, unless this is a fork of the process that started the server."""
        if os.getpid() == self._owner:
            self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    def __repr__(self) -> str:
        return f"<undercast.server.Server {self.endpoint}{f' pid {self.pid}' if self.pid else ''}>"


def start(
    port: int = 0,
    time: str = "real",
    seed: int | None = None,
    *,
    executable: str | Path | None = None,
    timeout_s: float = _START_TIMEOUT_S,
    **settings: str | float | bool | None,
) -> Server:
    """Start a server as a child process and return once it answers. `port` 0 picks a free one.

    `settings` are the options of `undercast start`, with underscores: `region="eu-west-1"`, `relax_cooldowns=True`.
    `executable` is the `undercast` command of another environment (a path, or a name on PATH). The child ends with this
    process, even if that is killed. Raises StartError, with what the server had to say.
    """
    options = {"port": port, "time": time, "seed": seed, **settings}
    arguments = [text for name, value in options.items() for text in _option(name, value)]
    environ = {**os.environ, "UNDERCAST_LIFELINE": "stdin"}
    with contextlib.ExitStack() as undone:
        log = undone.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
        process, endpoint = _spawn(_command(executable, arguments), environ, log, timeout_s, stdin=subprocess.PIPE)
        # From here on the log is the handle's to close.
        undone.pop_all()
    server = Server(endpoint, process, log)
    atexit.register(server.stop_at_exit)
    return server


def start_detached(arguments: list[str], log: IO[str], timeout_s: float = _START_TIMEOUT_S) -> tuple[str, int]:
    """Start a server that outlives this process, with the arguments of `undercast start`: its endpoint and pid.

    Raises StartError, with what the server had to say.
    """
    process, endpoint = _spawn(
        _command(None, arguments), dict(os.environ), log, timeout_s, stdin=subprocess.DEVNULL, start_new_session=True
    )
    # Nobody waits for it here, and it is not to be taken for forgotten.
    process.returncode = 0
    return endpoint, process.pid


def attach(endpoint: str | None = None) -> Server:
    """A handle on a running server: at `endpoint`, else UNDERCAST_ENDPOINT, AWS_ENDPOINT_URL, http://localhost:4566.

    Raises NoServerError when no Undercast answers there.
    """
    client = ControlClient(endpoint)
    client.health()
    return Server(client.endpoint)


def _option(name: str, value: str | float | bool | None) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    return [flag] if value is True else [f"{flag}={value}"]


def _command(executable: str | Path | None, arguments: list[str]) -> list[str]:
    try:
        if executable is None:
            return launch.command(arguments)
    except FileNotFoundError as error:
        raise StartError(str(error)) from None
    found = shutil.which(executable)
    if found is None:
        raise StartError(f"There is no command {executable}")
    return [found, "start", *arguments]


def _spawn(
    command: list[str], environ: dict[str, str], log: IO[str], timeout_s: float, **options: Any
) -> tuple[subprocess.Popen[str], str]:
    """A running server process and its endpoint. stdout carries one line, so the pipe can stay unread after it."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environ, text=True, **options)
    except OSError as error:
        raise StartError(f"Cannot run {command[0]}: {error.strerror or error}") from None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
            if _READY.search(line):
                return
        lines.put("")

    reader = threading.Thread(target=read, name="undercast-ready", daemon=True)
    reader.start()
    with contextlib.ExitStack() as undone:
        undone.callback(_give_up, process, reader)
        endpoint = _await_ready(process, lines, log, timeout_s)
        undone.pop_all()
    return process, endpoint


def _await_ready(process: subprocess.Popen[str], lines: queue.SimpleQueue[str], log: IO[str], timeout_s: float) -> str:
    while True:
        try:
            line = lines.get(timeout=timeout_s)
        except queue.Empty:
            text = _tail(log)
            raise StartError(
                f"The server was not ready within {timeout_s:g} seconds{_said(text)}", stderr=text
            ) from None
        if found := _READY.search(line):
            return reachable(found[1])
        if not line:
            raise _failure(process, log)


def _give_up(process: subprocess.Popen[str], reader: threading.Thread) -> None:
    process.terminate()
    # It reads until the pipe's end, and closing the pipe under it would be an error of its own.
    reader.join(_STOP_GRACE_S)
    _end(process, 0.0)


def _failure(process: subprocess.Popen[str], log: IO[str]) -> StartError:
    code = process.wait(_STOP_GRACE_S)
    text = _tail(log)
    return StartError(f"The server did not start (exit code {code}){_said(text)}", code, text)


def _said(text: str) -> str:
    return f":\n{text.strip()}" if text.strip() else ""


def _tail(log: IO[str], most: int = 20_000) -> str:
    # By descriptor, for the child writes through the same one and the position is shared.
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), most, max(0, size - most)).decode("utf-8", "replace")


def _end(process: subprocess.Popen[str], grace_s: float) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def reachable(endpoint: str) -> str:
    """`endpoint` as a client addresses it: a server that listens on every address is reached on the loopback one."""
    parts = urllib.parse.urlsplit(endpoint)
    loopback = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(parts.hostname or "")
    return endpoint if loopback is None else f"{parts.scheme}://{loopback}:{parts.port}"


__all__ = ["Server", "attach", "start"]

if sys.platform == "win32":
    raise ImportError("Undercast's server runs on Linux and macOS")
