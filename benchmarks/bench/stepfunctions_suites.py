"""Suites about state machines: one short execution, many at once, one long one, synchronous ones, and growth."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import machines, wrk
from bench.client import CallError, Client
from bench.machines import Machines
from bench.results import Metric
from bench.run import Sizes
from bench.server import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.run import Run
    from bench.server import Server

    Step = Callable[["Run[StatesSizes]", Server, int], None]

_STATES = 10
_CHAIN = f"An execution of {_STATES} Pass states, from StartExecution to SUCCEEDED, ms"
_BURST = "Executions started at once"
_WORK = "One long execution, from StartExecution to SUCCEEDED, ms"
_SYNC = f"Synchronous executions of {_STATES} Pass states (StartSyncExecution), a second"
_SYNC_P50 = "Median latency of StartSyncExecution, ms"
_SYNC_P99 = "99th percentile of latency of StartSyncExecution, ms"
_SYNC_CPU = "CPU of the server, µs a StartSyncExecution"
_GROWTH = "Growth: from StartExecution to SUCCEEDED, µs a unit"
_CALLERS = (1, 16)
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class StatesSizes(Sizes):
    """How much of everything. `turn_limit_s` ends a server's turn early; `crowd` waits at once, of peers `few`."""

    warm_up_s: int
    samples: int
    at_once: int
    items: int
    turns: int
    growth: tuple[int, ...]
    turn_limit_s: float
    crowd: int
    few: int
    finished: int


FULL = StatesSizes(
    rounds=5, seconds=2, fill_limit_s=60, settle_s=1.0, warm_up_s=2, samples=200, at_once=200, items=1000, turns=500,
    growth=(50, 500, 5000), turn_limit_s=5, crowd=10_000, few=1_000, finished=20_000,
)  # fmt: skip
QUICK = StatesSizes(
    rounds=1, seconds=1, fill_limit_s=20, settle_s=1.0, warm_up_s=1, samples=100, at_once=200, items=1000, turns=500,
    growth=(50, 500, 5000), turn_limit_s=2, crowd=10_000, few=1_000, finished=5_000,
)  # fmt: skip


def in_turns(run: Run[StatesSizes], what: str, step: Step) -> None:
    """Every server at once; each takes its turn in each round, after one that does not count."""
    with run.all_started() as servers:
        for server in servers:
            run.say(f"warming up {server.name}")
            with run.guarded(server.name, "warm-up"), server.client() as client:
                made = Machines(client)
                arn = made.create("warm-up", machines.passes(_STATES))
                until = time.perf_counter() + run.sizes.warm_up_s
                while time.perf_counter() < until:
                    made.run(arn, {}, _PATIENCE_S)
        for turn in range(run.sizes.rounds):
            for server in servers:
                with run.guarded(server.name, what):
                    run.quiet()
                    step(run, server, turn)


def chain(run: Run[StatesSizes]) -> None:
    """Short executions, one after another."""
    in_turns(run, "ten Pass states", _chain)


def _chain(run: Run[StatesSizes], server: Server, turn: int) -> None:
    took_ms = []
    with server.client() as client:
        made = Machines(client)
        arn = made.create(f"chain-{turn}", machines.passes(_STATES))
        until = time.perf_counter() + run.sizes.turn_limit_s
        while len(took_ms) < run.sizes.samples and time.perf_counter() < until:
            took_ms.append(made.run(arn, {"order": turn}, _PATIENCE_S, eager=True) * 1e3)
    middle = statistics.median(took_ms)
    most = statistics.quantiles(took_ms, n=100)[98] if len(took_ms) > 1 else took_ms[0]
    run.results.add("chain_p50_ms", Metric(_CHAIN, "median", 2, more_is_better=False), server.name, turn, middle)
    run.results.add("chain_p99_ms", Metric(_CHAIN, "99th percentile", 2, more_is_better=False), server.name, turn, most)
    run.say(f"round {turn + 1}/{run.sizes.rounds}  chain  {server.name:10} p50 {middle:8.2f} ms  p99 {most:8.2f} ms")


def burst(run: Run[StatesSizes]) -> None:
    """Executions started on as many connections at once, until none runs any more."""
    in_turns(run, "burst", _burst)


def _burst(run: Run[StatesSizes], server: Server, turn: int) -> None:
    count = run.sizes.at_once
    with server.client() as client:
        made = Machines(client)
        arn = made.create(f"burst-{turn}", machines.passes(_STATES))
        took = start_all(server, made, arn, [{"order": n} for n in range(count)], count)[1]
        if (ended := made.count(arn, "SUCCEEDED")) != count:
            raise CallError(f"of {count} executions {ended} have succeeded")
    per_s = count / took
    title = f"{count} of {_STATES} Pass states, from the first start to the last SUCCEEDED: executions a second"
    run.results.add("burst_per_s", Metric(_BURST, title, 0, more_is_better=True), server.name, turn, per_s)
    run.say(f"round {turn + 1}/{run.sizes.rounds}  burst  {server.name:10} {per_s:8,.0f} executions/s")


def start_all(
    server: Server, made: Machines, arn: str, inputs: list[Any], at_once: int, *, until_ended: bool = True
) -> tuple[float, float]:
    """Start executions, `at_once` requests on the way together. Seconds until all are accepted, and until all ended."""
    starts = [made.encode("StartExecution", stateMachineArn=arn, input=json.dumps(value)) for value in inputs]
    look = made.encode("ListExecutions", stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)
    clients = [Client(server.port) for _ in range(min(at_once, len(starts)))]
    try:
        # Connections are made before, and kept: they are not what is measured.
        for client in clients:
            client.exchange(look)
        began = time.perf_counter()
        for group in _groups(starts, len(clients)):
            for client, request in zip(clients, group, strict=False):
                client.send(request)
            for client, _ in zip(clients, group, strict=False):
                client.receive()
        accepted = time.perf_counter() - began
        while until_ended and json.loads(made.client.exchange(look))["executions"]:
            if time.perf_counter() > began + _PATIENCE_S:
                raise CallError(f"executions still run after {_PATIENCE_S:.0f} s")
            time.sleep(0.002)
        return accepted, time.perf_counter() - began
    finally:
        for client in clients:
            client.close()


def _groups(requests: list[bytes], size: int) -> Iterator[list[bytes]]:
    for begin in range(0, len(requests), size):
        yield requests[begin : begin + size]


def work(run: Run[StatesSizes]) -> None:
    """A Map over many items, and a loop of many turns."""
    in_turns(run, "Map and loop", _work)


def _work(run: Run[StatesSizes], server: Server, turn: int) -> None:
    sizes = run.sizes
    cases = (
        ("map", f"Map of a Pass over {sizes.items:,} items", machines.mapping(), list(range(sizes.items))),
        ("loop", f"Choice loop of {sizes.turns} turns", machines.loop(sizes.turns), {"n": 0}),
    )
    with server.client() as client:
        made = Machines(client)
        for key, title, definition, value in cases:
            arn = made.create(f"{key}-{turn}", definition)
            took_ms = made.run(arn, value, _PATIENCE_S) * 1e3
            run.results.add(f"{key}_ms", Metric(_WORK, title, 1, more_is_better=False), server.name, turn, took_ms)
            run.say(f"round {turn + 1}/{sizes.rounds}  {title:36} {server.name:10} {took_ms:8.1f} ms")


def sync(run: Run[StatesSizes]) -> None:
    """StartSyncExecution by one caller and by sixteen."""
    in_turns(run, "StartSyncExecution", _sync)


def _sync(run: Run[StatesSizes], server: Server, turn: int) -> None:
    with server.client() as client:
        arn = Machines(client).create(f"sync-{turn}", machines.passes(_STATES), "EXPRESS")
    body = json.dumps({"stateMachineArn": arn, "input": '{"order": 1}'})
    for callers in _CALLERS:
        load = wrk.load(server, "states", callers, run.sizes.seconds, "StartSyncExecution", body, cores=run.cores)
        title, key, results = f"{callers} caller{'s' if callers > 1 else ''}", f"sync_c{callers}", run.results
        rate = Metric(_SYNC, title, 0, more_is_better=True)
        results.add(f"{key}_per_s", rate, server.name, turn, load.completed_per_s)
        results.add(f"{key}_cpu_us", Metric(_SYNC_CPU, title, 0, more_is_better=False), server.name, turn, load.cpu_us)
        results.add(f"{key}_p50_ms", Metric(_SYNC_P50, title, 2), server.name, turn, load.p50_ms)
        results.add(f"{key}_p99_ms", Metric(_SYNC_P99, title, 2), server.name, turn, load.p99_ms)
        if load.others is not None:
            results.others.append(load.others)
        if load.failed or load.completed_per_s < load.per_s * 0.99:
            run.fail(f"{server.name}, StartSyncExecution: {load.failed} refused or broken, others have not succeeded")
        run.say(
            f"round {turn + 1}/{run.sizes.rounds}  sync, {title:10} {server.name:10} {load.completed_per_s:8,.0f}/s"
            f"  p50 {load.p50_ms:7.2f} ms  p99 {load.p99_ms:7.2f} ms"
        )


def growth(run: Run[StatesSizes]) -> None:
    """States, items and turns, tenfold and a hundredfold; and the history read back."""
    in_turns(run, "growth", _growth)


def _growth(run: Run[StatesSizes], server: Server, turn: int) -> None:
    cases: tuple[tuple[str, str, Callable[[int], dict[str, Any]], Callable[[int], Any]], ...] = (
        ("states", "Pass states in a row", machines.passes, lambda _: {"a": 1}),
        ("items", "items of a Map", lambda _: machines.mapping(), lambda n: list(range(n))),
        ("turns", "turns of a Choice loop", machines.loop, lambda _: {"n": 0}),
    )
    with server.client() as client:
        made = Machines(client)
        for key, title, define, value in cases:
            units: dict[int, float] = {}
            for size in run.sizes.growth:
                arn = made.create(f"grow-{key}-{size}-{turn}", define(size))
                took = made.run(arn, value(size), _PATIENCE_S, eager=size < 100)
                units[size] = took / size * 1e6
                _grown(run, server.name, turn, f"{key}_{size}", f"{size:,} {title}", units[size])
                if took > run.sizes.turn_limit_s * 4:
                    break
            _ratio(run, server.name, turn, key, title, units)
        if server.name == OURS:
            _histories(run, made, turn)


def _grown(run: Run[StatesSizes], server: str, turn: int, key: str, title: str, unit_us: float) -> None:
    run.results.add(f"growth_{key}_us", Metric(_GROWTH, title, 1), server, turn, unit_us)
    run.say(f"round {turn + 1}/{run.sizes.rounds}  growth  {title:36} {server:10} {unit_us:9.1f} µs each")


def _ratio(run: Run[StatesSizes], server: str, turn: int, key: str, title: str, units: dict[int, float]) -> None:
    small, large = run.sizes.growth[1], run.sizes.growth[-1]
    if small in units and large in units:
        # The smallest size is mostly the two requests.
        words = f"{title}: one of {large:,} over one of {small:,}"
        metric = Metric("Growth: 1 is linear", words, 2)
        run.results.add(f"growth_{key}_ratio", metric, server, turn, units[large] / units[small])


def _histories(run: Run[StatesSizes], made: Machines, turn: int) -> None:
    units: dict[int, float] = {}
    for size in run.sizes.growth:
        arn = made.create(f"grow-history-{size}-{turn}", machines.loop(size))
        made.run(arn, {"n": 0}, _PATIENCE_S)
        execution = made.call("ListExecutions", stateMachineArn=arn)["executions"][0]["executionArn"]
        began = time.perf_counter()
        events = made.history(execution)
        units[size] = (time.perf_counter() - began) / events * 1e6
        _grown(run, OURS, turn, f"history_{size}", f"{events:,} events read by GetExecutionHistory", units[size])
    _ratio(run, OURS, turn, "history", "events read", units)
