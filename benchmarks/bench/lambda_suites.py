"""Suites about functions: warm and cold invocations, a queue drained through a mapping, memory of idle functions."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import socket
import statistics
import sys
import threading
import time
import urllib.request
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from bench import proc, wrk
from bench.client import CallError
from bench.results import Metric
from bench.run import BATCH, Sizes
from bench.server import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from bench.client import Client
    from bench.run import Run
    from bench.server import Server

_FUNCTIONS = "/2015-03-31/functions"
_MAPPINGS = "/2015-03-31/event-source-mappings"
_RATE = "Invocations of an empty Python function, a second"
_CPU = "CPU of the server and its functions, µs an invocation"
_P50 = "Median latency of an invocation, ms"
_P99 = "99th percentile of latency of an invocation, ms"
_COLD = "Cold start: the first invocation of a new function"
_DRAIN = f"A queue drained through a mapping of batch size {BATCH}"
_MEMORY = "Memory (PSS) of functions"
_CALLERS = (1, 8)
_RETIRED_AFTER_S = 1200
"""Of Undercast's clock: an idle worker is gone by then."""
_WITHOUT_FUNCTIONS = 2
"""Processes then: the server, and the one that forks functions' processes."""
_PATIENCE_S = 30.0
_LATECOMERS_S = 0.5

_ANSWER = '"ok"'
_EMPTY = "def handler(event, context):\n    return 'ok'\n"
# Tells the benchmark which messages it was given, over a connection: files and logs are each server's own affair.
_TELLER = """
import os, socket
def handler(event, context):
    with socket.create_connection(("127.0.0.1", int(os.environ["TELL"]))) as line:
        line.sendall("".join(record["body"] + "\\n" for record in event["Records"]).encode())
"""


@dataclass(frozen=True)
class LambdaSizes(Sizes):
    """How much of everything: `fresh` functions for cold starts, `messages` to drain, `functions` idle at once."""

    warm_up_s: int
    fresh: int
    messages: int
    functions: int


FULL = LambdaSizes(
    rounds=5, seconds=4, fill_limit_s=60, settle_s=2.0, warm_up_s=2, fresh=20, messages=1000, functions=50
)
QUICK = LambdaSizes(
    rounds=1, seconds=2, fill_limit_s=30, settle_s=1.0, warm_up_s=1, fresh=8, messages=1000, functions=50
)


class _Functions:
    """Makes and calls functions on one server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, name: str, source: str = _EMPTY, **variables: str) -> None:
        """A function, Active."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            # No two functions share their code.
            package.writestr("main.py", f"{source}# {name}\n")
        request = {
            "FunctionName": name,
            "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "Role": "arn:aws:iam::000000000000:role/bench",
            "Handler": "main.handler",
            "Timeout": 30,
            "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()},
            "Environment": {"Variables": variables},
        }
        self.call("POST", _FUNCTIONS, request)
        _until(lambda: self.call("GET", f"{_FUNCTIONS}/{name}/configuration")["State"] == "Active", f"{name} Active")

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call of the control plane."""
        encoded = b"" if body is None else json.dumps(body).encode()
        answer = self.client.exchange(self.client.encode_rest("lambda", method, path, encoded))
        parsed: dict[str, Any] = json.loads(answer) if answer.strip() else {}
        return parsed

    def invoke(self, name: str) -> float:
        """Invoke an empty function; seconds until its answer. CallError when that is not the right one."""
        request = self.client.encode_rest("lambda", "POST", path(name), b"{}")
        started = time.perf_counter()
        answer = self.client.exchange(request)
        took = time.perf_counter() - started
        if answer.decode(errors="replace") != _ANSWER:
            raise CallError(f"{name} answered {answer[:200]!r}")
        return took


def path(name: str) -> str:
    """Where a function is invoked."""
    return f"{_FUNCTIONS}/{name}/invocations"


def warm(run: Run[LambdaSizes]) -> None:
    """Invoke of an empty function by one caller and by eight."""
    with run.all_started() as servers:
        for server in servers:
            with run.guarded(server.name, "warm-up"), server.client() as client:
                run.say(f"warming up {server.name}")
                functions = _Functions(client)
                functions.create("empty")
                functions.invoke("empty")
                _load(server, max(_CALLERS), run.sizes.warm_up_s, run)
        for turn in range(run.sizes.rounds):
            for callers in _CALLERS:
                for server in servers:
                    title = f"Invoke, {callers} caller{'s' if callers > 1 else ''}"
                    with run.guarded(server.name, title):
                        run.quiet()
                        _keep(run, callers, title, server.name, turn, _load(server, callers, run.sizes.seconds, run))


def _load(server: Server, callers: int, seconds: int, run: Run[LambdaSizes]) -> wrk.Load:
    return wrk.load(server, "invoke", callers, seconds, path("empty"), _ANSWER, cores=run.cores)


def _keep(run: Run[LambdaSizes], callers: int, title: str, server: str, turn: int, load: wrk.Load) -> None:
    results, key = run.results, f"invoke_c{callers}"
    results.add(f"{key}_per_s", Metric(_RATE, title, 0, more_is_better=True), server, turn, load.completed_per_s)
    results.add(f"{key}_p50_ms", Metric(_P50, title, 2, more_is_better=False), server, turn, load.p50_ms)
    results.add(f"{key}_p99_ms", Metric(_P99, title, 2), server, turn, load.p99_ms)
    results.add(f"{key}_cpu_us", Metric(_CPU, title, 0), server, turn, load.cpu_us)
    if load.others is not None:
        results.others.append(load.others)
    if load.failed or load.completed_per_s < load.per_s * 0.999:
        run.fail(f"{server}, {title}: {load.failed} refused or broken, others not answered by the function")
    run.say(
        f"round {turn + 1}/{run.sizes.rounds}  {title:18} {server:10} {load.completed_per_s:7,.0f}/s"
        f"  p50 {load.p50_ms:6.2f} ms  p99 {load.p99_ms:6.2f} ms"
        + (f"  {load.cpu_us:6.0f} µs CPU" if load.cpu_us is not None else "")
        + (f"  (others took {load.others:.2f} cores)" if load.others is not None else "")
    )


def cold(run: Run[LambdaSizes]) -> None:
    """The first invocation of each of some new functions, one after another."""
    with run.all_started() as servers:
        for server in servers:
            with run.guarded(server.name, "cold start"), server.client() as client:
                # What a server does once for all functions is not what a function takes.
                functions = _Functions(client)
                functions.create("first")
                metric = Metric(_COLD, "the very first function of a server, ms", 0)
                run.results.add("first_ms", metric, server.name, 0, functions.invoke("first") * 1e3)
        for turn in range(run.sizes.rounds):
            for server in servers:
                with run.guarded(server.name, "cold start"), server.client() as client:
                    run.quiet()
                    _cold(run, turn, server.name, _Functions(client))


def _cold(run: Run[LambdaSizes], turn: int, server: str, functions: _Functions) -> None:
    took_ms = []
    for number in range(run.sizes.fresh):
        name = f"fresh-{turn}-{number}"
        functions.create(name)
        took_ms.append(functions.invoke(name) * 1e3)
    middle, most = statistics.median(took_ms), max(took_ms)
    run.results.add("cold_p50_ms", Metric(_COLD, "median, ms", 0), server, turn, middle)
    run.results.add("cold_max_ms", Metric(_COLD, "slowest, ms", 0), server, turn, most)
    run.say(f"round {turn + 1}/{run.sizes.rounds}  cold start  {server:10} p50 {middle:.0f} ms, slowest {most:.0f} ms")


@dataclass
class _Listener:
    """Hears from functions which messages they were given."""

    seen: Counter[str] = field(default_factory=Counter)
    last: float = 0.0

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("r") as lines:
                    self.seen.update(line.strip() for line in lines)
                self.last = time.perf_counter()


def drain(run: Run[LambdaSizes]) -> None:
    """Messages sent to a queue with a mapping, timed from the first send to the last delete; none lost, none twice."""
    for turn in range(run.sizes.rounds):
        for spec in run.specs:
            with (
                run.guarded(spec.name, "drain"),
                run.start(spec) as server,
                server.client() as client,
                _Listener() as listener,
            ):
                run.quiet()
                _drain(run, turn, server.name, client, listener)


def _drain(run: Run[LambdaSizes], turn: int, server: str, client: Client, listener: _Listener) -> None:
    url, wanted = run.queue(client, VisibilityTimeout="60"), run.sizes.messages
    functions = _Functions(client)
    functions.create("teller", _TELLER, TELL=str(listener.port))
    found = client.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])
    request = {"EventSourceArn": found["Attributes"]["QueueArn"], "FunctionName": "teller", "BatchSize": BATCH}
    mapping = functions.call("POST", _MAPPINGS, request)["UUID"]
    _until(lambda: functions.call("GET", f"{_MAPPINGS}/{mapping}")["State"] == "Enabled", "mapping Enabled")
    client.call("SendMessage", QueueUrl=url, MessageBody="first")
    _until(lambda: listener.seen["first"] > 0 and not _left(client, url), "the first message")

    began = time.perf_counter()
    sent = run.fill(client, url, wanted, 100)
    sending_s = time.perf_counter() - began
    with contextlib.suppress(CallError):
        _until(lambda: len(listener.seen) > sent, "all messages")
        _until(lambda: not _left(client, url), "an empty queue")
    took = time.perf_counter() - began
    # Who comes twice comes soon.
    time.sleep(_LATECOMERS_S)
    twice = sum(1 for times in listener.seen.values() if times > 1)
    lost = sent + 1 - len(listener.seen)
    title = f"{wanted:,} messages, from the first sent to the last deleted, s"
    run.results.add("drain_s", Metric(_DRAIN, title, 2), server, turn, took)
    run.results.add("drain_send_s", Metric(_DRAIN, "of it until all were sent, s", 2), server, turn, sending_s)
    run.results.add("drain_lost", Metric(_DRAIN, "messages lost", 0), server, turn, lost)
    run.results.add("drain_twice", Metric(_DRAIN, "messages given twice", 0), server, turn, twice)
    run.say(
        f"round {turn + 1}/{run.sizes.rounds}  drain  {server:10} {took:.2f} s (sending {sending_s:.2f} s), "
        f"{lost} lost, {twice} twice"
    )


def _left(client: Client, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def memory(run: Run[LambdaSizes]) -> None:
    """What functions take that were used once and are idle; on Undercast also once their processes are retired."""
    if not proc.HAS_PROC:
        run.note("memory: not measured, as this system has no /proc")
        return
    for spec in run.specs:
        with run.guarded(spec.name, "memory"), run.start(spec) as server, server.client() as client:
            _memory(run, server, _Functions(client))


def _memory(run: Run[LambdaSizes], server: Server, functions: _Functions) -> None:
    count, name = run.sizes.functions, server.name
    functions.create("first")
    functions.invoke("first")
    before, empty = _settled(run, server), 0
    if name == OURS:
        # The control API is loaded when it is first asked, which is no matter of functions.
        empty = _retired(run, server)
        functions.invoke("first")
        idle_before = _settled(run, server)
    else:
        idle_before = before
    for number in range(count):
        functions.create(f"idle-{number}")
        functions.invoke(f"idle-{number}")
    idle, processes = _settled(run, server), len(proc.tree(server.pid))
    one_mb = Metric(_MEMORY, "server and one function that was used, MB", 1)
    run.results.add("one_function_mb", one_mb, name, 0, before / 1e6)
    idle_mb = Metric(_MEMORY, f"each of {count} more, idle after use, MB", 2)
    run.results.add("idle_function_mb", idle_mb, name, 0, (idle - idle_before) / count / 1e6)
    run.results.add("processes", Metric(_MEMORY, "processes then", 0), name, 0, processes)
    said = f"{before / 1e6:.1f} MB, with {count} more {idle / 1e6:.1f} MB in {processes} processes"
    if name == OURS:
        retired = _retired(run, server)
        metric = Metric(_MEMORY, "each of them once its process is retired, kB", 0)
        run.results.add("retired_kb", metric, name, 0, (retired - empty) / count / 1e3)
        said += f"; all retired {retired / 1e6:.1f} MB, without the {count} {empty / 1e6:.1f} MB"
    run.say(f"memory  {name:10} {said}")


def _settled(run: Run[LambdaSizes], server: Server) -> int:
    time.sleep(run.sizes.settle_s)
    return proc.memory_bytes(server.pid, "Pss")


def _retired(run: Run[LambdaSizes], server: Server) -> int:
    address = f"http://127.0.0.1:{server.port}/_undercast/time/advance"
    request = urllib.request.Request(address, json.dumps({"seconds": _RETIRED_AFTER_S}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=_PATIENCE_S):
        pass
    _until(lambda: len(proc.tree(server.pid)) <= _WITHOUT_FUNCTIONS, "processes retired")
    return _settled(run, server)


def _polls() -> Iterator[None]:
    deadline = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < deadline:
        yield
        time.sleep(0.002)


def _until(holds: Any, what: str) -> None:
    """Wait until something holds. CallError when it does not come to that."""
    for _ in _polls():
        if holds():
            return
    raise CallError(f"waited {_PATIENCE_S:.0f} s for: {what}")
