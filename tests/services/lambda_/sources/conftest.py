"""A mapping from a real queue to functions that are Python callables, on a clock moved by hand."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from emulator.clock import Clock
from emulator.entropy import RandomEntropy
from services.api import Call
from services.lambda_.invocation import Outcome
from services.lambda_.mapping import EventSourceMapping
from services.lambda_.model import FunctionName
from services.lambda_.sources.runner import SqsMappings
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

SCOPE = Scope("000000000000", "eu-central-1")
START = 1_700_000_000.0


class Functions:
    """The port `Invocations`: what was asked, and answers as the test wants them."""

    def __init__(self):
        self.events = []
        self.traces = []
        self.answer = b"null"
        self.running = 0
        self.most = 0
        self.gate = None
        """While it is an Event, invocations wait for it."""

    def fail_with(self, error):
        self.answer = error

    async def invoke(self, function_arn, payload, trace):
        answer = self.answer
        if callable(answer):
            answer = answer(json.loads(payload))
        if isinstance(answer, Exception):
            raise answer
        self.events.append(json.loads(payload)["Records"])
        self.traces.append(trace)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.running -= 1
        if isinstance(answer, Outcome):
            return answer
        return Outcome("request", answer, "$LATEST")

    @property
    def bodies(self):
        return [[record["body"] for record in event] for event in self.events]

    @property
    def seen(self):
        return [body for event in self.bodies for body in event]


class World:
    def __init__(self):
        self.clock = Clock("manual", 0.0, START)
        self.clock.start(asyncio.get_running_loop())
        self.sqs = SqsApi(self.clock, RandomEntropy(1), SqsSettings())
        self.functions = Functions()
        self.mappings = SqsMappings(self.clock, self.sqs.by_arn, self.functions)
        self.call = Call(SCOPE, "http://localhost:4566")
        self._queues = 0

    def queue(self, fifo=False, **attributes):
        self._queues += 1
        name = f"q{self._queues}" + (".fifo" if fifo else "")
        given = {key: str(value) for key, value in attributes.items()}
        if fifo:
            given |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        url = self.sqs.create_queue(self.call, {"QueueName": name, "Attributes": given})["QueueUrl"]
        arn = self.sqs.get_queue_attributes(self.call, {"QueueUrl": url, "AttributeNames": ["QueueArn"]})
        return SimpleNamespace(url=url, name=name, arn=arn["Attributes"]["QueueArn"])

    def send(self, queue, *bodies, **more):
        for body in bodies:
            self.sqs.send_message(self.call, {"QueueUrl": queue.url, "MessageBody": body, **more})

    def depth(self, queue):
        return tuple(self.sqs.depth(SCOPE, queue.name))

    def map(self, queue, batch=10, **settings):
        mapping = EventSourceMapping(
            uuid="11111111-2222-4333-8444-555555555555",
            scope=SCOPE,
            kind="sqs",
            source_arn=queue.arn,
            function=FunctionName(SCOPE.account, SCOPE.region, "f"),
            qualifier="",
            settings={"BatchSize": batch, **settings},
            last_modified_at=START,
        )
        self.mappings.start(mapping)
        return mapping

    async def settle(self):
        """Wait for whatever runs; time does not move."""
        await self.clock.advance(0)

    async def turns(self):
        """Let tasks run, without waiting for what holds the clock."""
        loop = asyncio.get_running_loop()
        for _ in range(50):
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn


@pytest.fixture
def simulate():
    """Runs `main(world)` on a loop of its own, and ends its pollers."""

    def run(main):
        async def whole():
            world = World()
            try:
                await main(world)
            finally:
                world.mappings.close()

        asyncio.run(whole())

    return run
