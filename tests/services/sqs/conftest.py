"""A clock moved by hand, a seeded entropy, and SQS as one caller sees it: no server, no wire."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)
from typing import Any

import pytest

from services.api import Call
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

ACCOUNT, REGION = "000000000000", "us-east-1"
START = 1_700_000_000.0


class FakeTimer:
    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class FakeClock:
    """Fires due timers one by one, in order, when told to advance. `patience` is the same as `at`."""

    def __init__(self):
        self._now = START
        self._timers: list[tuple[float, int, FakeTimer]] = []
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
        raise NotImplementedError

    def advance(self, seconds):
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if timer.callback is not None:
                timer.callback()
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


class Sqs:
    """SQS for one caller: `sqs.send_message(QueueUrl=..., ...)`, as with boto3, and a few short cuts."""

    def __init__(self, settings=None, clock=None):
        self.clock = clock or FakeClock()
        self.api = SqsApi(self.clock, FakeEntropy(), settings or SqsSettings())
        self.call = Call(Scope(ACCOUNT, REGION), "http://localhost:4566")

    def __getattr__(self, operation):
        method = getattr(self.api, operation)
        return lambda **params: method(self.call, params)

    def queue(self, name="q", **attributes) -> str:
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        given = {key: str(value) for key, value in attributes.items()}
        return self.create_queue(QueueName=name, Attributes=given)["QueueUrl"]

    def arn(self, name) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def send(self, url, body="body", **more) -> dict[str, Any]:
        return self.send_message(QueueUrl=url, MessageBody=body, **more)

    def receive(self, url, limit=10, **more) -> list[dict[str, Any]]:
        return self.receive_message(QueueUrl=url, MaxNumberOfMessages=limit, **more).get("Messages", [])

    def bodies(self, url, limit=10, **more) -> list[str]:
        return [message["Body"] for message in self.receive(url, limit, **more)]

    def delete(self, url, message) -> None:
        self.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, url, message, seconds) -> None:
        self.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds)

    def depth(self, url) -> tuple[int, int, int]:
        return tuple(self.api.depth(self.call.scope, url.rsplit("/", 1)[1]))

    def attributes(self, url, *names) -> dict[str, str]:
        return self.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ("All",))).get("Attributes", {})


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


@pytest.fixture
def make_sqs():
    return Sqs


@pytest.fixture
def run():
    """Run a coroutine function on a loop of its own."""
    return lambda main: asyncio.run(main())
