"""Suites about what a server holds: latency beside a full queue, start-up, memory. A raw client asks, without wrk."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import TYPE_CHECKING

from bench import proc
from bench.client import CallError
from bench.results import Metric
from bench.run import BATCH

if TYPE_CHECKING:
    from bench.client import Client
    from bench.run import QueueSizes, Run
    from bench.server import Spec

_DEPTH = "Median latency by what the queue holds, one connection"
_STATE = "Start and memory"
_BLOCK = 20
_BODY_BYTES = 100


class _Load:
    """One server in one state, asked again and again without leaving that state."""

    def __init__(self, run: Run[QueueSizes], client: Client, *, waiting: int, flight: int) -> None:
        self._client = client
        # Whatever is received stays in flight: nothing may come back by itself while the run lasts.
        self._url = run.queue(client, VisibilityTimeout="43200")
        self.flight = self._put_in_flight(run, flight)
        self.waiting = run.fill(client, self._url, waiting, _BODY_BYTES)
        self._receive = client.encode("ReceiveMessage", QueueUrl=self._url, MaxNumberOfMessages=1)
        self._send = client.encode("SendMessage", QueueUrl=self._url, MessageBody="m" * _BODY_BYTES)
        self.receive_s: list[float] = []
        self.delete_s: list[float] = []

    def _put_in_flight(self, run: Run[QueueSizes], count: int) -> int:
        run.fill(self._client, self._url, count, _BODY_BYTES)
        request = self._client.encode("ReceiveMessage", QueueUrl=self._url, MaxNumberOfMessages=BATCH)
        deadline = time.perf_counter() + run.sizes.fill_limit_s
        held = 0
        while held < count and time.perf_counter() < deadline:
            got = self._client.exchange(request).count(b'"ReceiptHandle"')
            if not got:
                break
            held += got
        return held

    def sample(self) -> None:
        """Receive one message and delete it, both timed; then send one, so that the next finds the queue as full."""
        started = time.perf_counter()
        answer = self._client.exchange(self._receive)
        received = time.perf_counter()
        found = answer.partition(b'"ReceiptHandle"')[2]
        if not found:
            raise CallError("a queue with messages gave none")
        receipt = found.split(b'"', 2)[1].decode()
        delete = self._client.encode("DeleteMessage", QueueUrl=self._url, ReceiptHandle=receipt)
        before = time.perf_counter()
        self._client.exchange(delete)
        self.delete_s.append(time.perf_counter() - before)
        self.receive_s.append(received - started)
        self._client.exchange(self._send)


def depth(run: Run[QueueSizes]) -> None:
    """Receive and delete on three servers of one kind: nearly empty, with a deep queue, and with many in flight."""
    for spec in run.specs:
        with run.guarded(spec.name, "depth"), contextlib.ExitStack() as stack:
            _depth(run, spec, stack)


def _depth(run: Run[QueueSizes], spec: Spec, stack: contextlib.ExitStack) -> None:
    sizes = run.sizes
    loads: dict[str, _Load] = {}
    for state, waiting, flight in (
        ("shallow", sizes.shallow, 0),
        ("deep", sizes.deep, 0),
        ("flight", sizes.shallow, sizes.flight),
    ):
        run.say(f"{spec.name}: a queue with {waiting:,} messages and {flight:,} in flight")
        client = stack.enter_context(stack.enter_context(run.start(spec)).client())
        loads[state] = load = _Load(run, client, waiting=waiting, flight=flight)
        if load.waiting < waiting or load.flight < flight:
            run.note(
                f"{spec.name}: measured at a depth of {load.waiting:,} with {load.flight:,} in flight (wanted: "
                f"{waiting:,} and {flight:,}), which is how far it came within {sizes.fill_limit_s:.0f} s"
            )
    for turn in range(sizes.rounds):
        run.quiet()
        for load in loads.values():
            load.receive_s.clear()
            load.delete_s.clear()
        deadline = time.perf_counter() + sizes.turn_limit_s
        for _ in range(0, sizes.samples, _BLOCK):
            # In short turns, so that whatever disturbs the machine disturbs all three.
            for load in loads.values():
                for _ in range(_BLOCK):
                    if time.perf_counter() < deadline or not load.receive_s:
                        load.sample()
        _keep_depth(run, spec.name, turn, loads)


def _keep_depth(run: Run[QueueSizes], server: str, turn: int, loads: dict[str, _Load]) -> None:
    results, sizes = run.results, run.sizes
    where = {
        "shallow": f"at depth {sizes.shallow}",
        "deep": f"at depth {sizes.deep:,}",
        "flight": f"with {sizes.flight:,} in flight",
    }
    said = []
    for action in ("receive", "delete"):
        p50_ms = {state: statistics.median(getattr(load, f"{action}_s")) * 1e3 for state, load in loads.items()}
        title = {"receive": "ReceiveMessage", "delete": "DeleteMessage"}[action]
        for state, value in p50_ms.items():
            metric = Metric(_DEPTH, f"{title} {where[state]}, ms", 3)
            results.add(f"{action}_{state}_p50_ms", metric, server, turn, value)
        for state in ("deep", "flight"):
            metric = Metric(_DEPTH, f"{title} {where[state]}, x {where['shallow']}", 2)
            results.add(f"{action}_{state}_ratio", metric, server, turn, p50_ms[state] / p50_ms["shallow"])
        said.append(f"{action} " + " / ".join(f"{value:.3f}" for value in p50_ms.values()) + " ms")
    run.say(f"round {turn + 1}/{sizes.rounds}  shallow / deep / in flight  {server:10} {',  '.join(said)}")


def startup(run: Run[QueueSizes]) -> None:
    """From the start of the process to its first answered request."""
    metric = Metric(_STATE, "Start to the first answer, s", 3)
    # The first start of all reads files that the later ones find in memory, and Python compiles: it does not count.
    for turn in range(-1, run.sizes.starts):
        for spec in run.specs:
            with run.guarded(spec.name, "start"):
                run.quiet()
                with run.start(spec) as server:
                    if turn >= 0:
                        run.results.add("start_s", metric, spec.name, turn, server.ready_s)
                    run.say(f"start {turn + 1}/{run.sizes.starts}  {spec.name:10} {server.ready_s:.3f} s")


def memory(run: Run[QueueSizes]) -> None:
    """Memory of a server that has answered one request, and what a stored message takes beyond its body."""
    if not proc.HAS_PROC:
        run.note("memory: not measured, as this system has no /proc")
        return
    for turn in range(run.sizes.stored_rounds):
        for spec in run.specs:
            with run.guarded(spec.name, "memory"), run.start(spec) as server, server.client() as client:
                time.sleep(run.sizes.settle_s)
                _memory(run, turn, spec.name, server.pid, client)


def _memory(run: Run[QueueSizes], turn: int, server: str, pid: int, client: Client) -> None:
    sizes = run.sizes
    idle = proc.memory_bytes(pid, "Pss")
    run.results.add("idle_mb", Metric(_STATE, "Idle memory (PSS), MB", 1), server, turn, idle / 1e6)
    seen = proc.memory_bytes(pid, "Rss")
    run.results.add("idle_rss_mb", Metric(_STATE, "Idle memory (RSS), MB", 1), server, turn, seen / 1e6)
    url = run.queue(client)
    # What a server loads at the first message is not what a message takes.
    run.fill(client, url, BATCH, sizes.stored_bytes)
    before = proc.memory_bytes(pid, "Pss")
    filled = run.fill(client, url, sizes.stored, sizes.stored_bytes)
    time.sleep(sizes.settle_s)
    overhead = (proc.memory_bytes(pid, "Pss") - before) / filled - sizes.stored_bytes
    metric = Metric(_STATE, f"A queued message beyond its {sizes.stored_bytes:,} bytes, bytes", 0)
    run.results.add("message_bytes", metric, server, turn, overhead)
    run.say(
        f"round {turn + 1}/{sizes.stored_rounds}  {server:10} idle {idle / 1e6:.1f} MB, "
        f"{overhead:,.0f} bytes a message beyond its body"
    )
    if filled < sizes.stored:
        run.note(f"{server}: memory measured with {filled:,} messages instead of {sizes.stored:,}")
