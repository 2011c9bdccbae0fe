"""SNS's roads outside with fakes of the world: a clock moved by hand, endpoints that answer by script."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)

import pytest

from services.errors import ServiceError
from services.ports import HttpAnswer
from services.scope import Scope
from services.sns.envelope import Envelopes
from services.sns.mobile.state import Mobile
from services.sns.model import Message, Subscription, Topic
from services.sns.outside.outcomes import DeliveryOutcomes
from services.sns.outside.status_logs import StatusLogs
from services.sns.state import Topics

SCOPE = Scope("000000000000", "us-east-1")
START = 1_700_000_000.0
TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:news"


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
        clock, self.clock = self.clock, None
        if clock is not None:
            clock.holds -= 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()


class FakeClock:
    """Fires due timers one by one; after each, waits until nothing is held, as the real one does."""

    def __init__(self):
        self._now = START
        self._timers = []
        self._ticket = itertools.count()
        self.holds = 0

    def now(self):
        return self._now

    def at(self, when, callback):
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._ticket), timer))
        return timer

    def hold(self):
        return FakeHold(self)

    async def settle(self):
        turns = 0
        while turns < 8:
            await asyncio.sleep(0)  # noqa: TID251 (turns of the loop, no time)
            turns = 0 if self.holds else turns + 1

    async def advance(self, seconds=0.0):
        until = self._now + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
            await self.settle()
        self._now = until

    @property
    def armed(self):
        return sum(timer.callback is not None for _, _, timer in self._timers)


class FakeEntropy:
    def __init__(self, seed=1):
        self._random = random.Random(seed)

    def uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def bits(self, n):
        return self._random.getrandbits(n)

    def uniform(self):
        return self._random.random()


class FakeHttp:
    """Endpoints that answer, each request in turn, with a status, an answer or a failure; the last one for ever."""

    def __init__(self, clock):
        self._clock = clock
        self.script = [200]
        self.requests = []

    async def request(self, method, url, *, headers, body=b"", timeout_s=15.0, answer_max=65_536):
        self.requests.append((self._clock.now() - START, url, dict(headers), body.decode()))
        await asyncio.sleep(0)  # noqa: TID251 (a turn of the loop, no time)
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(said, Exception):
            raise said
        return HttpAnswer(said, {}, b"said") if isinstance(said, int) else said

    @property
    def times(self):
        return [at for at, *_ in self.requests]


class FakeSigner:
    def sign(self, text, digest):
        return f"{digest} of {len(text)} bytes"

    def certificate_url(self, origin):
        return f"{origin}/cert.pem"


class NoSuchQueue(ServiceError):
    code = "NonExistentQueue"


class FakeQueues:
    def __init__(self):
        self.sent = []
        self.missing = set()

    def send(self, queue_arn, body, attributes, **more):
        if queue_arn in self.missing:
            raise NoSuchQueue("no such queue")
        self.sent.append((queue_arn, body, dict(attributes), more))
        return {"MessageId": "1"}


class FakeLogs:
    def __init__(self):
        self.written = []

    def write(self, account, region, group, stream, events):
        self.written += [(group, text) for _, text in events]


class World:
    """All of it, and a topic `news`."""

    def __init__(self):
        self.clock = FakeClock()
        self.entropy = FakeEntropy()
        self.http = FakeHttp(self.clock)
        self.queues = FakeQueues()
        self.logs = FakeLogs()
        self.topics = Topics()
        self.mobile = Mobile()
        self.envelopes = Envelopes(FakeSigner(), "http://localhost:4566")
        self.status_logs = StatusLogs(self.clock, self.entropy, self.logs)
        self.outcomes = DeliveryOutcomes(self.topics, self.envelopes, self.queues, self.status_logs)
        self.topic = Topic(TOPIC_ARN, "news", SCOPE, START, fifo=False, attributes={})
        self.topics.add(self.topic)

    def subscribe(self, protocol="http", endpoint="http://hooks.test/in", *, raw=False, **attributes):
        subscription = Subscription(
            f"{TOPIC_ARN}:{self.entropy.uuid()}",
            TOPIC_ARN,
            protocol,
            endpoint,
            SCOPE.account,
            START,
            confirmed=True,
            attributes=attributes,
            raw=raw,
        )
        self.topics.put(self.topic, subscription)
        return subscription

    def message(self, body="hello", **more):
        return Message(
            self.entropy.uuid(),
            self.clock.now(),
            body,
            topic_arn=TOPIC_ARN,
            origin="http://localhost:4566",
            account=SCOPE.account,
            region=SCOPE.region,
            **more,
        )


@pytest.fixture
def world():
    return World()
