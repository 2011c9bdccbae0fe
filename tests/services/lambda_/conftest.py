"""A clock moved by hand, a seeded entropy, fakes of the world, and Lambda's control plane as one caller sees it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import heapq
import inspect
import itertools
import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)
from collections import Counter

import pytest

from emulator.wire import lambda_texts, model
from services.api import Call, operations
from services.errors import ServiceError
from services.lambda_.api import LambdaApi
from services.lambda_.settings import LambdaSettings
from services.ports import Code, CodeError
from services.scope import Scope

ACCOUNT, REGION = "000000000000", "us-east-1"
START = 1_700_000_000.0
MODEL = model.load("lambda")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/role"


class FakeTimer:
    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class FakeHold:
    def release(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class FakeClock:
    """Fires due timers one by one, in order, when told to advance. `patience` is the same as `at`."""

    def __init__(self):
        self._now = START
        self._timers = []
        self._ticket = itertools.count()

    def now(self):
        return self._now

    def at(self, when, callback):
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._ticket), timer))
        return timer

    def patience(self, seconds, callback):
        return self.at(self._now + seconds, callback)

    def hold(self):
        return FakeHold()

    def advance(self, seconds=0.0):
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
        self._now = until


class FakeEntropy:
    def __init__(self, seed=1):
        self._random = random.Random(seed)

    def uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def bits(self, n):
        return self._random.getrandbits(n)

    def uniform(self):
        return self._random.random()


class FakeStore:
    """Keeps archives; what begins with `bad` is none."""

    def __init__(self):
        self.archives = {}
        self.uses = Counter()

    async def store(self, archive):
        if archive.startswith(b"bad"):
            raise CodeError("Could not unzip uploaded file. Please check your file, then try to upload again.")
        digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
        self.archives[digest] = archive
        self.uses[digest] += 1
        return Code(f"/code/{digest}", digest, len(archive))

    async def link(self, folder):
        if not folder.startswith("/"):
            raise CodeError(f"There is no folder {folder}.")
        return Code(folder, base64.b64encode(hashlib.sha256(folder.encode()).digest()).decode(), 0, live=True)

    def archive_of(self, code):
        return self.archives[code.sha256]

    def fingerprint(self, code):
        return code.sha256

    def drop(self, code):
        self.uses[code.sha256] -= 1
        assert self.uses[code.sha256] >= 0
        if not self.uses[code.sha256]:
            del self.archives[code.sha256]


class NoSuchKey(ServiceError):
    code = "NoSuchKey"
    status = 404


class FakeObjects:
    def __init__(self):
        self.objects = {}

    async def get(self, bucket, key, version, *, account, region):
        if (bucket, key) not in self.objects:
            raise NoSuchKey("The specified key does not exist.")
        return self.objects[bucket, key]


class FakeSandboxes:
    """Sandboxes that start and say nothing; a test speaks for them by their `events`."""

    def __init__(self):
        self.started = []
        self.events = []

    def why_not(self, runtime, code):
        return ""

    def start(self, spec, events):
        self.started.append(spec)
        self.events.append(events)
        return self

    def give(self, work):
        pass

    def shut_down(self, reason):
        pass


class Nothing:
    """A port that nobody should need."""

    def __getattr__(self, name):
        raise AssertionError(name)


class Caller:
    """Calls operations as the wire does: the model's checks first, then the handler, to its end."""

    def __init__(self, lambda_, account=ACCOUNT, region=REGION):
        self._handlers = operations(lambda_)
        self.call = Call(Scope(account, region), "http://localhost:4566")

    def __call__(self, operation, **params):
        check = lambda_texts.in_lambda(MODEL.operations[operation])
        if check is not None:
            check(params)
        answer = self._handlers[operation](self.call, params)
        return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

    def refused(self, operation, **params):
        with pytest.raises(ServiceError) as refusal:
            self(operation, **params)
        return refusal.value

    def create(self, name="f", **params):
        given = {"Runtime": "python3.12", "Handler": "h.h", "Role": ROLE, "Code": {"ZipFile": b"zip"}}
        return self("CreateFunction", FunctionName=name, **(given | params))


async def _awaited(answer):
    return await answer


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def objects():
    return FakeObjects()


@pytest.fixture
def sandboxes():
    return FakeSandboxes()


@pytest.fixture
def lambda_(clock, store, objects, sandboxes):
    return LambdaApi(
        clock,
        FakeEntropy(),
        LambdaSettings(),
        code=store,
        sandboxes=sandboxes,
        logs=Nothing(),
        queues=Nothing(),
        deliveries=Nothing(),
        objects=objects,
    )


@pytest.fixture
def aws(lambda_):
    return Caller(lambda_)


@pytest.fixture
def caller(lambda_):
    """Makes callers of other accounts and regions."""
    return lambda account=ACCOUNT, region=REGION: Caller(lambda_, account, region)


@pytest.fixture
def active(aws, clock):
    """Makes functions that are Active."""

    def create(name="f", **params):
        answer = aws.create(name, **params)
        clock.advance()
        return answer

    return create
