"""One run: which servers, on which cores, how much of everything; and what the suites share."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from bench import proc
from bench.client import CallError
from bench.server import Server, ServerError, Spec
from bench.wrk import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.client import Client
    from bench.results import Results

BATCH = 10
_QUIET_CORES = 0.1
_FAILURES = (ServerError, CallError, LoadError, OSError, ValueError, KeyError)


@dataclass(frozen=True)
class Sizes:
    """How much of everything, in every benchmark: `seconds` is the length of one load."""

    rounds: int
    seconds: int
    fill_limit_s: float
    settle_s: float


@dataclass(frozen=True)
class QueueSizes(Sizes):
    """For SQS: `deep` and `shallow` are messages waiting, `flight` received and not deleted."""

    starts: int
    deep: int
    flight: int
    stored: int
    stored_rounds: int
    samples: int
    warm_up_s: int
    turn_limit_s: float
    shallow: int = 100
    stored_bytes: int = 1024


FULL = QueueSizes(
    rounds=5,
    seconds=2,
    starts=5,
    deep=200_000,
    flight=20_000,
    stored=100_000,
    stored_rounds=2,
    samples=500,
    warm_up_s=10,
    turn_limit_s=10,
    fill_limit_s=60,
    settle_s=1.0,
)
QUICK = QueueSizes(
    rounds=1,
    seconds=1,
    starts=3,
    deep=20_000,
    flight=5_000,
    stored=20_000,
    stored_rounds=1,
    samples=200,
    warm_up_s=4,
    turn_limit_s=3,
    fill_limit_s=3,
    settle_s=1.0,
)


S = TypeVar("S", bound=Sizes)


@dataclass
class Run(Generic[S]):
    """What every suite is given. `server_core` and `load_core` are None where cores cannot be chosen."""

    specs: list[Spec]
    sizes: S
    results: Results
    server_core: int | None = None
    load_core: int | None = None
    quiet_wait_s: float = 0.0
    nice: int = 0
    _began: float = field(default_factory=time.perf_counter)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def cores(self) -> frozenset[int]:
        """The cores that the measuring happens on: all of them where nothing is pinned."""
        pinned = frozenset(core for core in (self.server_core, self.load_core) if core is not None)
        return pinned or frozenset(proc.usable_cores())

    def say(self, text: str) -> None:
        """A line of progress."""
        print(f"[{time.perf_counter() - self._began:6.1f} s] {text}", file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Something that a reader of the results has to know."""
        self.results.notes.append(text)
        self.say(text)

    def fail(self, text: str) -> None:
        """Something that a server did wrong."""
        self.results.failures.append(text)
        self.say(f"FAILED  {text}")

    @contextlib.contextmanager
    def guarded(self, name: str, what: str) -> Iterator[None]:
        """A server that fails loses this one measurement; everything else goes on."""
        try:
            yield
        except _FAILURES as error:
            self.fail(f"{name}, {what}: {error}")

    def start(self, spec: Spec) -> Server:
        """A fresh server on its core, which has answered once. ServerError when it does not come up."""
        return Server(spec, self.server_core, self.nice)

    @contextlib.contextmanager
    def all_started(self) -> Iterator[list[Server]]:
        """Every server at once, each fresh. Those that wait for their turn are idle."""
        with contextlib.ExitStack() as stack:
            servers = []
            for spec in self.specs:
                with self.guarded(spec.name, "start"):
                    servers.append(stack.enter_context(self.start(spec)))
            yield servers

    def quiet(self) -> None:
        """Wait, for `quiet_wait_s` at most, until other processes leave the cores alone."""
        deadline = time.perf_counter() + self.quiet_wait_s
        while self.cores and time.perf_counter() < deadline:
            before, own, began = proc.busy_s(self.cores), proc.own_cpu_s(), time.perf_counter()
            time.sleep(0.25)
            after = proc.busy_s(self.cores)
            if before is None or after is None:
                return
            if after - before - (proc.own_cpu_s() - own) < _QUIET_CORES * (time.perf_counter() - began):
                return

    def queue(self, client: Client, **attributes: str) -> str:
        """The URL of a new queue; FIFO when the attributes say so."""
        name = f"bench-{next(self._numbers)}{'.fifo' if 'FifoQueue' in attributes else ''}"
        url: str = client.call("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def fill(self, client: Client, url: str, count: int, size: int) -> int:
        """Put messages of some bytes into a queue, no two alike, and return how many the time limit allowed."""
        deadline = time.perf_counter() + self.sizes.fill_limit_s
        done = 0
        while done < count and time.perf_counter() < deadline:
            entries = [{"Id": str(n), "MessageBody": f"{done + n:0{size}d}"} for n in range(min(BATCH, count - done))]
            client.call("SendMessageBatch", QueueUrl=url, Entries=entries)
            done += len(entries)
        return done
