"""The server's handle of a nursery: the small process that forks functions' processes (`guest/nursery.py`)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = logging.getLogger("undercast.lambda")

GUEST = Path(__file__).parent / "guest"


class Order(NamedTuple):
    """A process to be started."""

    argv: Sequence[str]
    """A program's path and its arguments; empty: the Python function is run in the forked interpreter itself."""
    environment: Mapping[str, str]
    folder: str
    """Its working directory, as it sees it."""
    binds: Sequence[tuple[str, str, str]]
    """What it sees where, if the nursery mounts: (the machine's folder, the place, `ro` or `rw`)."""
    mark: str
    """In the environment of this process and its descendants and of no others."""
    python: Mapping[str, str] | None = None
    """task, opt, site and handler, without `argv`."""


class Owner(Protocol):
    """Whose process it is."""

    def born(self, pid: int, failure: tuple[int, str] | None) -> None:
        """It runs; or could not be started, for `failure` (errno and text), and ends at once."""

    def died(self, status: int, max_memory: int) -> None:
        """It has ended; `status` as wait(2) has it, memory in bytes."""


class Hello(NamedTuple):
    """What a nursery can do."""

    mounted: bool
    """Functions see their folders at /var/task, /opt and /tmp."""
    why: str
    """Why not."""


class Child:
    """One process in a nursery."""

    def __init__(self, nursery: Nursery, number: int, owner: Owner) -> None:
        self._nursery = nursery
        self._number = number
        self.owner = owner

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Signal it; SIGKILL goes to all that it has started, too."""
        self._nursery.tell({"do": "kill", "number": self._number, "signal": int(how)}, ())


class Nursery:
    """One nursery process and its children."""

    def __init__(self, python: str, root: str, runtime: str, kept: Sequence[str]) -> None:
        """`root` is an empty folder for mounts (empty: don't mount), `runtime` what is to be seen at /var/runtime."""
        self._loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        self._socket = ours
        bootstrap = str(GUEST / "bootstrap.py")
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [python, "-I", "-S", "-X", "utf8", str(GUEST / "nursery.py"), root, runtime, bootstrap, *kept],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=None if log.isEnabledFor(logging.DEBUG) else subprocess.DEVNULL,
                env={"LANG": "en_US.UTF-8", "PATH": os.defpath},
                cwd="/",
                start_new_session=True,
            )
        self.hello: asyncio.Future[Hello] = self._loop.create_future()
        self._children: dict[int, Child] = {}
        self._pids: dict[int, int] = {}
        self._numbers = 0
        self._received = b""
        self._waiting: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._loop.add_reader(ours.fileno(), self._read)

    @property
    def pid(self) -> int:
        """The nursery's own process."""
        return self._process.pid

    def is_unknown(self, pid: int) -> bool:
        """Whether this is none of the processes that were ordered, as far as has been told."""
        return pid not in self._pids.values()

    def start(self, order: Order, output: int, owner: Owner) -> Child:
        """Start a process whose output goes to the descriptor `output`, which is closed here."""
        self._numbers += 1
        child = Child(self, self._numbers, owner)
        self._children[self._numbers] = child
        told = {"do": "start", "number": self._numbers, "descriptors": 1, **order._asdict()}
        self.tell(told, (output,))
        return child

    def tell(self, order: Mapping[str, Any], descriptors: tuple[int, ...]) -> None:
        """Send an order; the descriptors are closed here."""
        text = json.dumps(order).encode()
        self._waiting.append((len(text).to_bytes(4, "big") + text, descriptors))
        if len(self._waiting) == 1:
            self._write()

    async def close(self) -> None:
        """End it, and so everything in it."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
        await asyncio.to_thread(self._end)
        self._lost()

    def _end(self) -> None:
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # -- the socket

    def _write(self) -> None:
        while self._waiting:
            text, descriptors = self._waiting[0]
            try:
                sent = socket.send_fds(self._socket, [text], descriptors) if descriptors else self._socket.send(text)
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._write)
                return
            except OSError:
                sent = len(text)
            for descriptor in descriptors:
                os.close(descriptor)
            if sent < len(text):
                self._waiting[0] = (text[sent:], ())
            else:
                self._waiting.popleft()
        if self._socket.fileno() >= 0:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._lost()
            return
        *reports, self._received = (self._received + data).split(b"\n")
        for report in reports:
            self._take(json.loads(report))

    def _take(self, report: dict[str, Any]) -> None:
        event = report["event"]
        if event == "hello":
            if not self.hello.done():
                self.hello.set_result(Hello(report["mounted"], report["why"]))
            return
        number = report["number"]
        child = self._children[number]
        if event == "started":
            self._pids[number] = report["pid"]
            failure = report["failure"]
            child.owner.born(report["pid"], (failure[0], failure[1]) if failure else None)
        else:
            del self._children[number]
            self._pids.pop(number, None)
            child.owner.died(report["status"], report["max_memory"])

    def _lost(self) -> None:
        """The nursery is gone. Linux has killed its children; elsewhere we do."""
        if not self.hello.done():
            self.hello.set_result(Hello(mounted=False, why="the process that starts functions has ended"))
        for _, descriptors in self._waiting:
            for descriptor in descriptors:
                os.close(descriptor)
        self._waiting.clear()
        for pid in self._pids.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._pids.clear()
        children, self._children = self._children, {}
        for child in children.values():
            child.owner.died(signal.SIGKILL, 0)

    @property
    def alive(self) -> bool:
        """Whether orders are obeyed."""
        return self._socket.fileno() >= 0
