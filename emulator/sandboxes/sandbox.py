"""One sandbox: a runtime's process, its extensions, its Runtime API, and the limits that act on them.

    starting -> init -> idle -> busy -> finishing -> idle -> ...      (from anywhere: ending -> gone)

*Starting* is ours (listener, folders); *init* is the function's and measured. *Finishing* lasts from the response until
the runtime and every extension ask for more. All times here are real: a function's process knows no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emulator.clock import machine_time, stopwatch
from emulator.sandboxes import endings, environment, peers, runtimes
from emulator.sandboxes.connection import RuntimeConnection, ServerState
from emulator.sandboxes.debugging import Debugger
from emulator.sandboxes.extensions import Extensions
from emulator.sandboxes.memory import Gauge, descendants
from emulator.sandboxes.nursery import Nursery, Order
from emulator.sandboxes.process import Process
from emulator.sandboxes.runtime_api import RuntimeApi
from emulator.sandboxes.telemetry import Telemetry
from services.ports import Usage

if TYPE_CHECKING:
    from emulator.sandboxes.environment import Places
    from emulator.sandboxes.supplier import ProcessSandboxes
    from services.ports import Hold, SandboxEvents, SandboxSpec, Work

log = logging.getLogger("undercast.lambda")

INIT_S: Final = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""
PROVISIONED_INIT_S: Final = 900.0
SHUTDOWN_S: Final = {"external": 2.0, "internal": 0.5}
"""What extensions have for their end; without any there is none: same page."""
FAREWELL_S: Final = 1.0
"""For a runtime that has reported why it could not begin."""
WATCH_S: Final = 0.05
"""How often a working process's memory is looked at."""
PROCESSES_MAX: Final = 1_024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_MB: Final = 1024 * 1024


class Phase(Enum):
    """What a sandbox does."""

    STARTING = "starting"
    INIT = "init"
    IDLE = "idle"
    BUSY = "busy"
    FINISHING = "finishing"
    ENDING = "ending"
    GONE = "gone"


class ProcessSandbox:
    """services.ports.Sandbox; the supplier makes it and it runs itself."""

    def __init__(self, supplier: ProcessSandboxes, spec: SandboxSpec, events: SandboxEvents) -> None:
        self._supplier = supplier
        self._spec = spec
        self._keys = supplier.identify(spec)
        self._events = events
        self._loop = asyncio.get_running_loop()
        self.phase = Phase.STARTING
        self._hold: Hold | None = supplier.clock.hold()
        self._work: Work | None = None
        self._began = stopwatch()
        """Of the init, or of the invocation."""
        self._init_ms: float | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._limit_s = INIT_S
        self._watch: asyncio.TimerHandle | None = None
        # Processes and what they see.
        self._nursery: Nursery | None = None
        self._places: Places | None = None
        self._runtime: Process | None = None
        self._extension_processes: dict[str, Process] = {}
        self._pids: dict[Process, int] = {}
        """Of those that were born and live."""
        self._entry_point = ""
        self._gauge: Gauge | None = None
        self._peak = 0
        self._tmp: Path | None = None
        self._opt: Path | None = None
        self._debugger = Debugger.of(spec)
        # How it ends.
        self._reason = ""
        """Why we ended it; without one, the process's own status tells."""
        self._told = False
        """Whether `exited` has been told."""
        self._repeats_init = False
        """The init was ended and is about to begin again."""
        self._may_repeat_init = spec.initialization_type == "on-demand"
        # HTTP.
        self._address = ""
        self._server: asyncio.Server | None = None
        self._connections = ServerState()
        self.extensions = Extensions(self, spec, supplier.new_id)
        self.telemetry = Telemetry(self.extensions.knows)
        self.api = RuntimeApi(self, self.extensions, self.telemetry)
        self._task = self._loop.create_task(self._begin())
        self._task.add_done_callback(self._begun)

    @property
    def ending(self) -> bool:
        """Whether it is about to be gone."""
        return self.phase is Phase.ENDING

    # -- services.ports.Sandbox

    def give(self, work: Work) -> None:
        """Hand out an invocation."""
        assert self.phase is Phase.IDLE, self.phase
        self.phase = Phase.BUSY
        self._work = work
        self._hold = self._supplier.clock.hold()
        self._began = stopwatch()
        deadline_ms = int((machine_time() + work.deadline_s) * 1000)
        self.telemetry.tell("platform.start", {"requestId": work.request_id, "version": self._spec.version})
        self._limit_s = work.deadline_s
        self._limit = self._loop.call_later(work.deadline_s, self._too_long)
        self._watch = self._loop.call_later(WATCH_S, self._look)
        self.extensions.invoke(work, deadline_ms)
        self.api.give(work, deadline_ms)

    def shut_down(self, reason: str) -> None:
        """End it."""
        if self.phase in {Phase.ENDING, Phase.GONE}:
            return
        self._reason = endings.SHUT_DOWN
        self._end(reason)

    # -- the beginning

    async def _begin(self) -> None:
        supplier, spec = self._supplier, self._spec
        nursery = self._nursery = supplier.nursery(spec.runtime)
        listening = listen()
        host, port = listening.getsockname()
        self._address = f"{host}:{port}"
        self._server = await self._loop.create_server(
            lambda: RuntimeConnection(self.api, server_state=self._connections), sock=listening
        )
        hello = await nursery.hello
        if len(spec.layers) > 1:
            self._opt = await asyncio.to_thread(supplier.folders.merge, spec.layers)
        else:
            self._opt = supplier.folders.merge(spec.layers)
        if self.phase is not Phase.STARTING:
            self._gone()
            return
        tmp = self._tmp = supplier.folders.take_tmp(spec)
        opt = str(self._opt or supplier.nothing)
        real = environment.Places(spec.code.folder, opt, str(tmp), str(supplier.site(spec.runtime)))
        self._places = environment.MOUNTED if hello.mounted else real
        names = external_extensions(Path(opt))
        self.extensions.expect(names)
        self._begin_init(PROVISIONED_INIT_S if not self._may_repeat_init else INIT_S)
        for name in names:
            order = self._order((f"{self._places.opt}/extensions/{name}",), {}, "/")
            self._extension_processes[name] = Process(self, nursery, order, name)
        if not names:
            self._start_runtime()

    def _begun(self, task: asyncio.Task[None]) -> None:
        """What could not even begin ends here: a folder that can't be made, no nursery."""
        if task.cancelled() or task.exception() is None:
            return
        log.error("a sandbox of %s could not begin", self._spec.function_name, exc_info=task.exception())
        self._reason = "exit status 1"
        if self.phase is Phase.STARTING:
            self.phase = Phase.INIT
        self._end("failure")

    def _begin_init(self, limit_s: float) -> None:
        self.phase = Phase.INIT
        self._began = stopwatch()
        self._limit_s = limit_s
        self._limit = self._loop.call_later(limit_s, self._too_long)
        self._watch = self._loop.call_later(WATCH_S, self._look)
        spec = self._spec
        record = {"initializationType": spec.initialization_type, "phase": "init", "functionName": spec.function_name}
        self.telemetry.tell("platform.initStart", record | {"functionVersion": spec.version})

    def _start_runtime(self) -> None:
        assert self._places is not None
        assert self._nursery is not None
        plan = runtimes.plan(self._spec, self._places, Path(self._spec.code.folder), self._opt, self._debugger.port)
        if plan.tried:
            self._no_entry_point(f"Couldn't find valid bootstrap(s): [{' '.join(plan.tried)}]")
            self._reason = "exit status 127"
            self._end("failure")
            return
        self._entry_point = plan.argv[0] if plan.entry_point else ""
        self._debugger.announce(self._spec)
        variables = dict(plan.environment)
        if not plan.entry_point:
            variables["_LAMBDA_TELEMETRY_LOG_FD"] = environment.LOG_DESCRIPTOR
        order = self._order(plan.argv, variables, self._places.task)
        self._runtime = Process(self, self._nursery, order)

    def _order(self, argv: tuple[str, ...], variables: dict[str, str], folder: str) -> Order:
        places, spec = self._places, self._spec
        assert places is not None
        binds: list[tuple[str, str, str]] = []
        if places.mounted:
            binds.append((os.path.realpath(spec.code.folder), "/var/task", "ro"))
            if self._opt is not None:
                binds.append((os.path.realpath(self._opt), "/opt", "ro"))
            binds.append((str(self._tmp), "/tmp", "rw"))  # noqa: S108 (their own)
        python = {"task": places.task, "opt": places.opt, "site": places.runtime, "handler": spec.handler}
        return Order(
            argv=argv,
            environment=environment.build(spec, places, self._keys, self._address, self._supplier.endpoint())
            | variables,
            folder=folder,
            binds=binds,
            mark=self._mark,
            python=python,
        )

    @property
    def _mark(self) -> str:
        return f"AWS_LAMBDA_RUNTIME_API={self._address}"

    # -- emulator.sandboxes.process.Owner

    def process_born(self, process: Process, pid: int, failure: tuple[int, str] | None) -> None:
        """It runs, or could not be started."""
        if failure is not None:
            log.warning("%s: %s could not be started: %s", self._spec.function_name, process.argv[0], failure[1])
        else:
            self._pids[process] = pid
        if process.name:
            return
        if failure is None:
            self._gauge = Gauge(pid)
        elif self._entry_point:
            self._no_entry_point(endings.could_not_start(self._entry_point, *failure))

    def process_wrote(self, process: Process, text: bytes) -> None:
        """One event of the log."""
        if self.phase is not Phase.GONE:
            self._events.output(text)
            kind = "extension" if process.name else "function"
            self.telemetry.tell(kind, text.decode("utf-8", "replace"))

    def process_died(self, process: Process, status: int, max_memory: int) -> None:
        """It has ended."""
        self._pids.pop(process, None)
        if process.name:
            self._extension_died(process, status)
            return
        self._peak = max(self._peak, max_memory)
        if self._gauge is not None:
            self._gauge.close()
            self._gauge = None
        if self._repeats_init and self.phase is Phase.INIT:
            # As on AWS: an init that did not end in time is repeated as a part of the invocation.
            self._repeats_init = False
            self._stop_timers()
            self._begin_init(self._spec.timeout_s)
            self._start_runtime()
            return
        self._reason = self._reason or endings.reason(status)
        if self.phase is Phase.ENDING:
            self._ended_if_all_have()
        elif self.phase is not Phase.GONE:
            self._end("failure")

    def _extension_died(self, process: Process, status: int) -> None:
        del self._extension_processes[process.name]
        if self.phase is Phase.ENDING:
            self._ended_if_all_have()
        elif self.phase is not Phase.GONE:
            error = _error("Extension.Crash", f"Error: {endings.reason(status)}")
            self.extension_failed("Extension.Crash", error)

    # -- emulator.sandboxes.runtime_api.Runtime

    def hold(self) -> Hold:
        """Keep the clock."""
        return self._supplier.clock.hold()

    def owns(self, client: peers.Address, server: peers.Address) -> bool:
        """Whether the client is a process of ours, or nobody can tell."""
        socket_number = peers.inode(client, server)
        if socket_number == 0 or self._nursery is None:
            return True
        nursery, ours = self._nursery, set(self._pids.values())
        # First those who most likely are: this is asked in every cold start. None: we may not look.
        if any(peers.holds(pid, socket_number) is not False for pid in ours):
            return True
        holders = {pid for pid in descendants(nursery.pid) if peers.holds(pid, socket_number)}
        if any(holders & descendants(pid) for pid in ours):
            return True
        started = [*self._extension_processes.values(), *([self._runtime] if self._runtime else [])]
        if any(process.alive and process not in self._pids for process in started):
            # The nursery has not told of that one yet.
            return any(nursery.is_unknown(pid) for pid in holders)
        mark = self._mark.encode()
        return any(peers.is_of(pid, one, nursery.pid, mark) for pid in holders for one in ours)

    def asks(self) -> None:
        """The runtime asks for an invocation."""
        self._ready_if_all_ask()

    def responded(self, work: Work, payload: bytes) -> None:
        """The response, whole."""
        if self._finishes(work):
            self._events.response(work.request_id, payload, self._usage())

    def failed(self, work: Work, payload: bytes, error_type: str) -> None:
        """The handler raised."""
        if self._finishes(work):
            self._events.error(work.request_id, payload, error_type, self._usage())

    def stream_begins(self, work: Work, content_type: str) -> None:
        """A streamed response."""
        if self.phase is Phase.BUSY:
            self._events.stream_begins(work.request_id, content_type)

    def stream_chunk(self, work: Work, data: bytes) -> None:
        """A part of it."""
        if self.phase is Phase.BUSY:
            self._events.stream_chunk(work.request_id, data)

    def stream_ends(self, work: Work, error_type: str, error: bytes) -> None:
        """Its end."""
        if self._finishes(work):
            self._events.stream_ends(work.request_id, self._usage(), error_type, error)

    def failed_init(self, payload: bytes, error_type: str) -> None:
        """The runtime could not begin; its process ends by itself."""
        if self.phase is Phase.INIT:
            self._drain()
            self._events.init_error(payload, error_type)
            if self._limit is not None:
                self._limit.cancel()
            # Should it not end by itself.
            self._limit = self._loop.call_later(FAREWELL_S, self._kill)

    # -- emulator.sandboxes.extensions.Listener

    def extension_moved(self) -> None:
        """One has registered or asks for the next event."""
        if self.phase is Phase.INIT and self._runtime is None and self.extensions.all_registered:
            self._start_runtime()
        self._ready_if_all_ask()

    def extension_failed(self, error_type: str, payload: bytes) -> None:
        """One can't go on, and so nothing can."""
        if self.phase is Phase.INIT:
            self._events.init_error(payload or _error(error_type, "Error: extension failed"), error_type)
        if self.phase not in {Phase.ENDING, Phase.GONE}:
            self._reason = self._reason or "exit status 1"
            self._end("failure")

    # -- phases

    def _ready_if_all_ask(self) -> None:
        if self.phase not in {Phase.INIT, Phase.FINISHING} or not self.api.asking or not self.extensions.all_asking:
            return
        if self.phase is Phase.INIT:
            self._init_ms = (stopwatch() - self._began) * 1000
            record = {"initializationType": self._spec.initialization_type, "phase": "init", "status": "success"}
            self.telemetry.tell("platform.initRuntimeDone", record)
            self.telemetry.tell("platform.initReport", record | {"metrics": {"durationMs": round(self._init_ms, 3)}})
        self._drain()
        self.phase = Phase.IDLE
        self._stop_timers()
        self._release()
        self._events.ready()

    def _finishes(self, work: Work) -> bool:
        """The runtime has answered. False if that no longer counts."""
        if self.phase is not Phase.BUSY or self._work is not work:
            return False
        self._drain()
        if self._over_the_limit():
            self._out_of_memory()
            return False
        self._work = None
        self.phase = Phase.FINISHING
        metrics = {"durationMs": round((stopwatch() - self._began) * 1000, 3)}
        record = {"requestId": work.request_id, "status": "success", "metrics": metrics}
        self.telemetry.tell("platform.runtimeDone", record)
        return True

    def _usage(self) -> Usage:
        """Of what ran until now."""
        if self._gauge is not None:
            self._peak = max(self._peak, self._gauge.read().peak)
        init_ms, self._init_ms = self._init_ms, None
        most = max(1, -(-self._peak // _MB))
        return Usage((stopwatch() - self._began) * 1000, min(most, self._spec.memory_mb), init_ms)

    def _too_long(self) -> None:
        """The real time of an init or an invocation is over."""
        if self._debugger.suspends():
            # Somebody is looking at a breakpoint.
            self._limit = self._loop.call_later(self._limit_s, self._too_long)
            return
        if self.phase is Phase.INIT and self._may_repeat_init and self._runtime and not self._extension_processes:
            self._may_repeat_init = False
            self._repeats_init = True
            self._kill()
            return
        finishing = self.phase is Phase.FINISHING
        self.phase = Phase.ENDING
        self._stop_timers()
        self._kill()
        self._drain()
        self._reason = self._reason or "timeout"
        if not finishing:
            self._events.timed_out(self._work.request_id if self._work is not None else "", self._usage())
        self._end("timeout")

    def _no_entry_point(self, text: str) -> None:
        self._events.init_error(_error("Runtime.InvalidEntrypoint", f"Error: {text}"), "Runtime.InvalidEntrypoint")

    # -- memory

    def _look(self) -> None:
        """While it works: is it within its limits?"""
        self._watch = self._loop.call_later(WATCH_S, self._look)
        if self._gauge is None:
            return
        family = self._gauge.of_family()
        if family.held > self._spec.memory_mb * _MB:
            self._out_of_memory()
        elif family.members > PROCESSES_MAX:
            # Its whole group at once: one by one, it would start others faster.
            self._kill()

    def _over_the_limit(self) -> bool:
        """Whether it ever was: what comes and goes between two looks counts too."""
        if self._gauge is None:
            return False
        found = self._gauge.read()
        self._peak = max(self._peak, found.peak)
        return found.peak_own > self._spec.memory_mb * _MB

    def _out_of_memory(self) -> None:
        self._peak = max(self._peak, self._spec.memory_mb * _MB)
        self._reason = endings.OUT_OF_MEMORY
        self._kill()

    # -- the end

    def _kill(self) -> None:
        if self._runtime is not None:
            self._runtime.kill()

    def _kill_all(self) -> None:
        self._kill()
        for process in self._extension_processes.values():
            process.kill()

    def _drain(self) -> None:
        """What the function wrote before it responded precedes the response."""
        if self._runtime is not None:
            self._runtime.drain()

    def _end(self, reason: str) -> None:
        """The runtime is to end, or has; extensions are told and have a moment."""
        starting = self.phase is Phase.STARTING
        self.phase = Phase.ENDING
        self._stop_timers()
        if starting:
            # `_begin` sees it and clears up.
            self._tell_exited()
            return
        grace_s = 0.0
        if self.extensions.any:
            grace_s = SHUTDOWN_S["external" if self.extensions.any_external else "internal"]
            self.extensions.shut_down(reason, int((machine_time() + grace_s) * 1000))
            self.telemetry.flush()
        if grace_s and self._runtime is not None and reason == "spindown":
            self._runtime.kill(signal.SIGTERM)
        elif grace_s:
            self._kill()
        if grace_s:
            self._limit = self._loop.call_later(grace_s, self._kill_all)
        else:
            self._kill_all()
        self._ended_if_all_have()

    def _ended_if_all_have(self) -> None:
        if self._runtime is None or not self._runtime.alive:
            self._tell_exited()
            if not self._extension_processes:
                self._gone()

    def _tell_exited(self) -> None:
        """The runtime is gone: whoever waits hears of it now, whatever extensions still do."""
        if not self._told:
            self._told = True
            self._events.exited(self._reason or endings.SHUT_DOWN, self._usage())

    def _gone(self) -> None:
        if self.phase is Phase.GONE:
            return
        self.phase = Phase.GONE
        self._stop_timers()
        self._release()
        self.telemetry.close()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.connections):
            connection.shutdown()
        if self._gauge is not None:
            self._gauge.close()
        if self._tmp is not None:
            self._supplier.tmp_is_free(self._spec, self._tmp, keep=self._reason != endings.SHUT_DOWN)
        self._supplier.forget(self)

    def abandon(self) -> None:
        """The server ends: nobody is told, and the nursery does the killing."""
        self._told = True
        self._task.cancel()
        self._gone()
        for process in [*self._extension_processes.values(), *([self._runtime] if self._runtime else [])]:
            process.close()

    def _stop_timers(self) -> None:
        for timer in (self._limit, self._watch):
            if timer is not None:
                timer.cancel()
        self._limit = self._watch = None

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()
            self._hold = None


def listen() -> socket.socket:
    """A listening socket on loopback, for one sandbox.

    On Linux all of 127.0.0.0/8 is loopback: the address is drawn from it (by the system, not from our seed), so that
    another function's process can't guess it.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    drawn = os.urandom(3)
    address = f"127.{drawn[0]}.{drawn[1]}.{drawn[2] % 253 + 1}"
    with contextlib.suppress(OSError):
        listening.bind((address, 0))
    if listening.getsockname()[1] == 0:
        listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    listening.setblocking(False)
    return listening


def external_extensions(opt: Path) -> list[str]:
    """The external extensions: executables, by name."""
    try:
        return sorted(
            path.name for path in (opt / "extensions").iterdir() if path.is_file() and os.access(path, os.X_OK)
        )
    except OSError:
        return []


def _error(error_type: str, text: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": text}, separators=(",", ":")).encode()
