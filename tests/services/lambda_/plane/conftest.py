"""The data plane with fakes of every port: sandboxes that a test answers for, a clock moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random  # noqa: TID251 (a fake Entropy)
from dataclasses import replace
from typing import Any, Self

import pytest

from services.api import Call
from services.lambda_ import data_plane
from services.lambda_.model import AsyncPolicy, Configuration, FunctionName, Version
from services.lambda_.state import Function, Functions
from services.ports import Code, SandboxEvents, SandboxSpec, Usage, Work
from services.scope import Scope

ACCOUNT, REGION = "000000000000", "us-east-1"
SCOPE = Scope(ACCOUNT, REGION)
START = 1_700_000_000.0
USED = Usage(12.34, 40)
FIRST = Usage(12.34, 40, 100.5)


class FakeTimer:
    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class FakeHold:
    def __init__(self, clock):
        self.clock = clock
        clock.holds += 1

    def release(self):
        self.clock.holds -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class FakeClock:
    def __init__(self):
        self._now = START
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._ticket = itertools.count()
        self.holds = 0

    def now(self):
        return self._now

    def at(self, when, callback):
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._ticket), timer))
        return timer

    def patience(self, seconds, callback):
        return self.at(self._now + seconds, callback)

    def hold(self):
        return FakeHold(self)

    def pending(self):
        return sum(timer.callback is not None for _, _, timer in self._timers)

    def advance(self, seconds):
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
        self._now = until


class FakeEntropy:
    def __init__(self):
        self._random = random.Random(7)

    def uuid(self):
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def bits(self, n):
        return self._random.getrandbits(n)

    def uniform(self):
        return self._random.random()


class FakeSandbox:
    """A process that does what the test says."""

    def __init__(self, spec: SandboxSpec, events: SandboxEvents) -> None:
        self.spec = spec
        self.events = events
        self.work: list[Work] = []
        self.down: list[str] = []

    def give(self, work: Work) -> None:
        self.work.append(work)

    def shut_down(self, reason: str) -> None:
        self.down.append(reason)

    # What a test says.

    @property
    def request_id(self) -> str:
        return self.work[-1].request_id

    def answers(self, payload: bytes = b"null", usage: Usage = USED, *, ready: bool = True) -> None:
        self.events.response(self.request_id, payload, usage)
        if ready:
            self.events.ready()

    def raises(self, payload: bytes = b'{"errorMessage":"no","errorType":"Boom"}', kind: str = "Boom") -> None:
        self.events.error(self.request_id, payload, kind, USED)
        self.events.ready()


class FakeSandboxes:
    def __init__(self):
        self.started: list[FakeSandbox] = []
        self.missing = ""

    def why_not(self, runtime, code):
        return self.missing

    def start(self, spec, events):
        sandbox = FakeSandbox(spec, events)
        self.started.append(sandbox)
        return sandbox

    def __getitem__(self, at) -> FakeSandbox:
        return self.started[at]

    def __len__(self):
        return len(self.started)


class FakeLogs:
    def __init__(self):
        self.events: list[tuple[str, str, int, str]] = []

    def write(self, account, region, group, stream, events):
        self.events += [(group, stream, at, text) for at, text in events]

    @property
    def texts(self):
        return [text for _, _, _, text in self.events]


class FakeCodeStore:
    def __init__(self):
        self.prints: dict[str, str] = {}

    def fingerprint(self, code):
        return self.prints.get(code.folder, "")


class FakeDeliveries:
    def __init__(self):
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal: Exception | None = None

    async def send(self, target_arn, body, attributes, *, account, region, trace=""):
        assert (account, region) == SCOPE
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((target_arn, body, dict(attributes)))


class World:
    """Everything together, and the shortest ways to what tests do."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.entropy = FakeEntropy()
        self.functions = Functions(self.entropy)
        self.sandboxes = FakeSandboxes()
        self.logs = FakeLogs()
        self.code = FakeCodeStore()
        self.deliveries = FakeDeliveries()
        self.policy = AsyncPolicy()
        self.policies: dict[str, AsyncPolicy] = {}
        self.allowed: set[FunctionName] = set()
        self.call = Call(SCOPE, "http://localhost:4566")
        self.plane = data_plane.build(
            self.functions,
            self.clock,
            self.entropy,
            sandboxes=self.sandboxes,
            code=self.code,
            logs=self.logs,
            deliveries=self.deliveries,
            policy_of=lambda name, qualifier: self.policies.get(name.name, self.policy),
            loops_allowed=self.allowed.__contains__,
        )

    def function(self, name: str = "f", **changes: Any) -> Function:
        configuration = Configuration("python3.12", "a.b", "role", Code(f"folder-{name}", "sha", 1))
        configuration = replace(configuration, **changes)
        full = FunctionName(ACCOUNT, REGION, name)
        made = Function(full, Version(full, "$LATEST", configuration, "rev", START), START)
        self.functions.in_scope(SCOPE)[name] = made
        return made

    def configure(self, function: Function, **changes: Any) -> None:
        function.latest.configuration = replace(function.latest.configuration, **changes)
        self.functions.tell_changed(function.latest)

    def publish(self, function: Function, number: str = "1") -> Version:
        version = function.published[number] = replace(function.latest, version=number)
        return version

    def start(self, target: str = "f", payload: bytes = b"{}", trace: str = "", **options: Any):
        """An invocation under way, by name; the future of its outcome."""
        return self.plane.start(self.functions.resolve(SCOPE, target), payload, trace, **options)

    def event(self, target: str = "f", payload: bytes = b"{}", trace: str = "") -> str:
        return self.plane.invoke_event(self.functions.resolve(SCOPE, target), payload, trace)

    def warm(self, target: str = "f") -> FakeSandbox:
        """One invocation from beginning to end on a new sandbox."""
        future = self.start(target)
        sandbox = self.sandboxes[-1]
        sandbox.events.ready()
        sandbox.answers(usage=FIRST)
        assert future.done()
        return sandbox

    def start_task(self, coroutine):
        return asyncio.get_running_loop().create_task(coroutine)

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)  # noqa: TID251 (a turn of the loop, no time)


@pytest.fixture
def run():
    """Runs a test's coroutine with a World of its own."""

    def within(scenario):
        async def whole():
            world = World()
            await scenario(world)
            await world.plane.close()

        asyncio.run(whole())

    return within
