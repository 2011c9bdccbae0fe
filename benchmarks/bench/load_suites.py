"""Suites under load by wrk. Within every round each step takes all servers in turn (A B C, A B C, ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import wrk
from bench.results import Metric
from bench.run import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.run import QueueSizes, Run
    from bench.server import Server

    Step = tuple[str, str, Callable[[Run[QueueSizes], Server], wrk.Load]]

_RATE = "Throughput, a second"
_CPU = "CPU of the server, µs a request"
_P50 = "Median latency under load, ms"
_P99 = "99th percentile of latency under load, ms"
_NOISE_CORES = 0.1
_WARM_REQUESTS = 10_000
_TEXT = "m" * 200
_VISIBILITY_S = "60"


def send(run: Run[QueueSizes]) -> None:
    """SendMessage at three numbers of connections, SendMessageBatch, and SendMessage to a FIFO queue."""
    steps: list[Step] = [(f"send_c{count}", f"SendMessage, {count} conn.", _sender(count)) for count in (1, 16, 64)]
    steps.append(("batch_c16", f"SendMessageBatch of {BATCH}, 16 conn.", _batches))
    steps.append(("fifo_c16", "SendMessage to FIFO, 16 conn.", _fifo))
    _measure(run, steps)


def roundtrip(run: Run[QueueSizes]) -> None:
    """Send, receive and delete one message; the CPU is that of one of the three requests."""
    steps: list[Step] = [
        (f"roundtrip_c{count}", f"Send, receive, delete; {count} conn.", _tripper(count)) for count in (1, 16)
    ]
    _measure(run, steps)


def _measure(run: Run[QueueSizes], steps: list[Step]) -> None:
    with run.all_started() as servers:
        for server in servers:
            run.say(f"warming up {server.name}")
            with run.guarded(server.name, "warm-up"):
                _warm_up(run, server)
        for turn in range(run.sizes.rounds):
            for key, title, step in steps:
                for server in servers:
                    with run.guarded(server.name, title):
                        run.quiet()
                        _keep(run, key, title, server.name, turn, step(run, server))


def _warm_up(run: Run[QueueSizes], server: Server) -> None:
    # Interpreters that specialise and compilers that are just in time are measured as they are in use. They count
    # calls: a length of time would not do on a busy machine.
    answered = 0
    for _ in range(run.sizes.warm_up_s):
        answered += _tripper(4, seconds=1)(run, server).answered
        if answered >= _WARM_REQUESTS:
            break


def _keep(run: Run[QueueSizes], key: str, title: str, server: str, turn: int, load: wrk.Load) -> None:
    results = run.results
    per_s = load.completed_per_s if key.startswith("roundtrip") else load.per_s
    results.add(f"{key}_per_s", Metric(_RATE, title, 0, more_is_better=True), server, turn, per_s)
    results.add(f"{key}_cpu_us", Metric(_CPU, title, 1, more_is_better=False), server, turn, load.cpu_us)
    results.add(f"{key}_p50_ms", Metric(_P50, title, 2), server, turn, load.p50_ms)
    results.add(f"{key}_p99_ms", Metric(_P99, title, 2), server, turn, load.p99_ms)
    if load.others is not None:
        results.others.append(load.others)
    if load.failed:
        run.fail(f"{server}, {title}: {load.failed} of {load.answered} requests")
    run.say(
        f"round {turn + 1}/{run.sizes.rounds}  {title:33} {server:10} {per_s:8,.0f}/s"
        f"  p50 {load.p50_ms:7.2f} ms  p99 {load.p99_ms:7.2f} ms"
        + (f"  {load.cpu_us:7.1f} µs CPU" if load.cpu_us is not None else "")
        + (f"  (others took {load.others:.2f} cores)" if load.others and load.others > _NOISE_CORES else "")
    )


def _sender(connections: int) -> Callable[[Run[QueueSizes], Server], wrk.Load]:
    def step(run: Run[QueueSizes], server: Server) -> wrk.Load:
        with server.client() as client:
            url = run.queue(client)
            body = f'{{"QueueUrl":"{url}","MessageBody":"{_TEXT}"}}'
            load = wrk.load(server, "fixed", connections, run.sizes.seconds, "SendMessage", body, cores=run.cores)
            attributes = client.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            kept = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
            # A fast answer to a message that was dropped would be no achievement.
            if kept < load.answered - load.failed:
                run.fail(
                    f"{server.name}: of {load.answered - load.failed} messages acknowledged, {kept} are in the queue"
                )
            client.call("DeleteQueue", QueueUrl=url)
        return load

    return step


def _batches(run: Run[QueueSizes], server: Server) -> wrk.Load:
    with server.client() as client:
        url = run.queue(client)
        entries = ",".join(f'{{"Id":"{n}","MessageBody":"{_TEXT}"}}' for n in range(BATCH))
        body = f'{{"QueueUrl":"{url}","Entries":[{entries}]}}'
        load = wrk.load(server, "fixed", 16, run.sizes.seconds, "SendMessageBatch", body, cores=run.cores)
        client.call("DeleteQueue", QueueUrl=url)
    return load


def _fifo(run: Run[QueueSizes], server: Server) -> wrk.Load:
    with server.client() as client:
        url = run.queue(client, FifoQueue="true")
        load = wrk.load(server, "fifo", 16, run.sizes.seconds, url, _TEXT, cores=run.cores)
        client.call("DeleteQueue", QueueUrl=url)
    return load


def _tripper(connections: int, seconds: int | None = None) -> Callable[[Run[QueueSizes], Server], wrk.Load]:
    def step(run: Run[QueueSizes], server: Server) -> wrk.Load:
        with server.client() as client:
            url = run.queue(client, VisibilityTimeout=_VISIBILITY_S)
            length = seconds or run.sizes.seconds
            load = wrk.load(server, "roundtrip", connections, length, url, _TEXT, str(connections), cores=run.cores)
            client.call("DeleteQueue", QueueUrl=url)
        return load

    return step
