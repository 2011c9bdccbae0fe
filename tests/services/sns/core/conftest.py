"""SNS whole, with SQS's real queues behind it, and fakes for everything else."""

from __future__ import annotations

import heapq
import itertools
import json
import random  # noqa: TID251 (a fake Entropy)
import uuid  # noqa: TID251 (a fake Entropy)

import pytest

from services.api import Call, operations
from services.errors import ServiceError
from services.ports import HttpAnswer
from services.scope import Scope
from services.sns.api import SnsApi
from services.sns.settings import SnsSettings
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

HERE = Scope("000000000000", "us-east-1")
OTHERS = Scope("111111111111", "us-east-1")
ORIGIN = "http://localhost:4566"
START = 1_700_000_000.0


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

    @property
    def armed(self):
        return sum(timer.callback is not None for _, _, timer in self._timers)

    def advance(self, seconds):
        until = self._now + seconds
        while self._timers and self._timers[0][0] <= until:
            self._now, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
        self._now = until


class FakeEntropy:
    def __init__(self):
        self._random = random.Random(1)

    def uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def bits(self, n):
        return self._random.getrandbits(n)

    def uniform(self):
        return self._random.random()


class FakeSigner:
    def sign(self, text, digest):
        return f"{digest}({text.decode()})"

    def certificate_url(self, origin):
        return f"{origin}/cert.pem"


class NoSuchFunction(ServiceError):
    code = "ResourceNotFoundException"
    status = 404


class FakeFunctions:
    def __init__(self):
        self.events = []
        self.traces = []

    def invoke_event(self, function_arn, payload, trace=""):
        if function_arn.endswith(":missing"):
            raise NoSuchFunction("no such function")
        self.events.append((function_arn, json.loads(payload)))
        self.traces.append(trace)
        return "request"


class FakeHttp:
    async def request(self, method, url, **_):
        return HttpAnswer(200, {}, b"")


class Nobody:
    def write(self, *_):
        pass

    async def send(self, *_, **__):
        pass


class World:
    def __init__(self):
        self.clock = FakeClock()
        self.functions = FakeFunctions()
        entropy = FakeEntropy()
        self.sqs = SqsApi(self.clock, entropy, SqsSettings())
        self.sns = SnsApi(
            self.clock,
            entropy,
            SnsSettings(origin=ORIGIN),
            queues=self.sqs.by_arn,
            functions=self.functions,
            http=FakeHttp(),
            signer=FakeSigner(),
            logs=Nobody(),
            deliveries=Nobody(),
        )
        self._operations = operations(self.sqs) | operations(self.sns)

    def ask(self, operation, scope=HERE, *, signed=True, trace="", **params):
        """Ask SNS or SQS."""
        return self._operations[operation](Call(scope, ORIGIN, "test" if signed else "", trace), params)

    def topic(self, name="news", **attributes):
        if name.endswith(".fifo"):
            attributes["FifoTopic"] = "true"
        return self.ask("CreateTopic", Name=name, Attributes=attributes)["TopicArn"]

    def queue(self, name="inbox", scope=HERE):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.ask("CreateQueue", scope, QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{scope.region}:{scope.account}:{name}"

    def subscribe(self, topic, endpoint, protocol="sqs", scope=HERE, **attributes):
        params = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes}
        return self.ask("Subscribe", scope, ReturnSubscriptionArn=True, **params)["SubscriptionArn"]

    def attributes(self, subscription):
        return self.ask("GetSubscriptionAttributes", SubscriptionArn=subscription)["Attributes"]

    def messages(self, name="inbox", scope=HERE):
        """What is in a queue; it is deleted."""
        url = f"{ORIGIN}/{scope.account}/{name}"
        found = []
        while True:
            params = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
            answer = self.ask("ReceiveMessage", scope, QueueUrl=url, **params)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(message)
                self.ask("DeleteMessage", scope, QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def bodies(self, name="inbox", scope=HERE):
        return [json.loads(message["Body"]) for message in self.messages(name, scope)]


@pytest.fixture
def world():
    return World()
