"""Suites about what many executions take: thousands at once, thousands that have ended; and the interpreter alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machines, proc
from bench.machines import Machines
from bench.results import Metric
from bench.server import OURS
from bench.stepfunctions_suites import start_all

if TYPE_CHECKING:
    from bench.run import Run
    from bench.server import Server
    from bench.stepfunctions_suites import StatesSizes

_STATES = 10
_CONNECTIONS = 50
_CROWD = "Thousands of executions at once"
_MEMORY = "Memory (PSS) and the first request"
_INTERPRETER = "Transitions a second of the interpreter alone, on one core"
_LOOK_EVERY_S = 0.05
_AHEAD_S = 4
"""How long before they wake the executions are all started, at least."""


def crowd(run: Run[StatesSizes]) -> None:
    """Executions that wait for one instant: their memory, and what others feel when all of them go on at it."""
    for spec in run.specs:
        counts = [run.sizes.few, run.sizes.crowd] if spec.name == OURS else [run.sizes.few]
        for count in counts:
            with run.guarded(spec.name, f"{count:,} at once"), run.start(spec) as server, server.client() as client:
                run.quiet()
                _crowd(run, server, Machines(client), count)


def _crowd(run: Run[StatesSizes], server: Server, made: Machines, count: int) -> None:
    warm = made.create("warm-up", machines.waiting(_STATES))
    past = {"until": "2020-01-01T00:00:00Z"}
    start_all(server, made, warm, [past] * 100, _CONNECTIONS)
    arn = made.create("crowd", machines.waiting(_STATES))
    before = _memory_of(run, server)
    # Two seconds for each thousand is more than a server takes that can do this at all.
    until = datetime.now(UTC) + timedelta(seconds=_AHEAD_S + run.sizes.settle_s + count / 500)
    until = until.replace(microsecond=0)
    value = {"until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    accepted = start_all(server, made, arn, [value] * count, _CONNECTIONS, until_ended=False)[0]
    each = (_memory_of(run, server) - before) / count if proc.HAS_PROC else None
    if datetime.now(UTC) > until:
        run.fail(f"{server.name}: {count:,} executions were not started in time")
        return
    calm = _latencies(made, warm, 1.0)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds() - 1.0))
    stressed, took = _meanwhile(made, arn, warm, until)
    name, results = server.name, run.results
    of = f"{count:,} executions"
    results.add(
        f"crowd_{count}_start_per_s", Metric(_CROWD, f"{of}: StartExecution, a second", 0), name, 0, count / accepted
    )
    if each is not None:
        metric = Metric(_CROWD, f"{of}: memory of each that waits, bytes", 0)
        results.add(f"crowd_{count}_bytes", metric, name, 0, each)
    results.add(f"crowd_{count}_s", Metric(_CROWD, f"{of} go on at one instant: until all ended, s", 2), name, 0, took)
    for title, key, found in (("before", "calm", calm), ("meanwhile", "busy", stressed)):
        p99 = _p99_ms(found)
        text = f"{of}: DescribeStateMachine {title}, 99th percentile, ms"
        results.add(f"crowd_{count}_{key}_p99_ms", Metric(_CROWD, text, 2), name, 0, p99)
        results.add(
            f"crowd_{count}_{key}_max_ms",
            Metric(_CROWD, text.replace("99th percentile", "slowest"), 2),
            name,
            0,
            max(found) * 1e3,
        )
    p99, slowest = _p99_ms(stressed), max(stressed) * 1e3
    run.say(
        f"crowd  {name:10} {of}: {count / accepted:,.0f} started/s, {each or 0:,.0f} bytes each, "
        f"all ended in {took:.2f} s; meanwhile p99 {p99:.1f} ms, slowest {slowest:.1f} ms"
    )


def _p99_ms(found: list[float]) -> float:
    return sorted(found)[len(found) * 99 // 100] * 1e3


def _latencies(made: Machines, arn: str, seconds: float) -> list[float]:
    request, found = made.encode("DescribeStateMachine", stateMachineArn=arn), []
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        began = time.perf_counter()
        made.client.exchange(request)
        found.append(time.perf_counter() - began)
        time.sleep(0.001)
    return found


def _meanwhile(made: Machines, arn: str, other: str, until: datetime) -> tuple[list[float], float]:
    """Latencies of another request from the instant on until no execution runs, and how long that is."""
    found = []
    look = made.encode("ListExecutions", stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)
    while True:
        found += _latencies(made, other, _LOOK_EVERY_S)
        ahead = (until - datetime.now(UTC)).total_seconds()
        if ahead > _LOOK_EVERY_S:
            found.clear()
        elif ahead < 0 and not json.loads(made.client.exchange(look))["executions"]:
            return found, -ahead


def memory(run: Run[StatesSizes]) -> None:
    """The first request of a fresh server, what the service takes, and what executions take that have ended."""
    for turn in range(min(run.sizes.rounds, 3)):
        for spec in run.specs:
            with run.guarded(spec.name, "memory"), run.start(spec) as server, server.client() as client:
                run.quiet()
                _memory(run, server, Machines(client), turn)


def _memory(run: Run[StatesSizes], server: Server, made: Machines, turn: int) -> None:
    began = time.perf_counter()
    made.call("ListStateMachines")
    first_ms = (time.perf_counter() - began) * 1e3
    arn = made.create("finished", machines.passes(_STATES))
    made.run(arn, {}, 60.0)
    created_ms = (time.perf_counter() - began) * 1e3
    name, results = server.name, run.results
    results.add("first_list_ms", Metric(_MEMORY, "the first ListStateMachines, ms", 0), name, turn, first_ms)
    text = "it, CreateStateMachine and a first execution, ms"
    results.add("first_run_ms", Metric(_MEMORY, text, 0), name, turn, created_ms)
    run.say(f"first request  {name:10} {first_ms:.0f} ms, with an execution {created_ms:.0f} ms")
    if not proc.HAS_PROC or turn:
        return
    used = _memory_of(run, server)
    results.add("used_mb", Metric(_MEMORY, "the server then, MB", 1), name, turn, used / 1e6)
    count = run.sizes.finished if name == OURS else run.sizes.few
    inputs = [{"order": number, "customer": f"customer-{number}", "total": 12.5} for number in range(count)]
    took = start_all(server, made, arn, inputs, _CONNECTIONS)[1]
    each = (_memory_of(run, server) - used) / count
    amount = f"{run.sizes.finished:,} of them; peers {run.sizes.few:,}"
    text = f"each execution of {_STATES} Pass states that has ended, bytes ({amount})"
    results.add("finished_bytes", Metric(_MEMORY, text, 0), name, turn, each)
    run.say(f"memory  {name:10} {used / 1e6:.1f} MB, {count:,} ended in {took:.1f} s: {each:,.0f} bytes each")


def _memory_of(run: Run[StatesSizes], server: Server) -> int:
    time.sleep(run.sizes.settle_s)
    return proc.memory_bytes(server.pid, "Pss") if proc.HAS_PROC else 0


def interpreter(run: Run[StatesSizes]) -> None:
    """`statemachine` in a process of its own, without a server."""
    program = Path(__file__).resolve().parents[1] / "interpreter.py"
    for turn in range(run.sizes.rounds):
        with run.guarded(OURS, "interpreter"), proc.pinned(run.server_core):
            run.quiet()
            said = subprocess.run([sys.executable, str(program), "--json"], capture_output=True, check=True, text=True)
            for row in json.loads(said.stdout):
                title = f"{row['name']} ({row['size']:,})"
                metric = Metric(_INTERPRETER, title, 0)
                run.results.add(f"interpreter_{row['key']}_{row['size']}_per_s", metric, OURS, turn, row["per_s"])
                if turn == 0:
                    run.say(f"{title:60} {row['per_s']:10,.0f}")
