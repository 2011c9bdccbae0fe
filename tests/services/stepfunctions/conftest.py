"""Step Functions as one caller sees it, on a loop of its own with the emulator's clock, moved by hand; fakes around."""

from __future__ import annotations

import asyncio
import inspect
import json

import pytest

from emulator.clock import Clock
from emulator.entropy import RandomEntropy
from emulator.wire import model, stepfunctions_texts
from services.api import Call, operations
from services.errors import ServiceError
from services.scope import Scope
from services.stepfunctions.api import StepFunctionsApi

ACCOUNT, REGION = "000000000000", "us-east-1"
START = 1_700_000_000.0
MODEL = model.load("stepfunctions")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/role"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


class FakeTask:
    """One task under way, for a test to speak for."""

    def __init__(self, call, events):
        self.call = call
        self.events = events
        self.cancelled = False

    def cancel(self):
        self.cancelled = True


class FakeIntegrations:
    """Tasks that start and say nothing more; a test speaks for them."""

    def __init__(self):
        self.tasks = []

    def why_not(self, resource):
        return "The resource provided is not recognized." if "nonsense" in resource else ""

    def why_not_start(self, resource, arguments):
        return "no good" if arguments.get("bad") else ""

    def test_case_problem(self, machine_name, test_case):
        return "" if test_case == "Known" else "no such test case"

    def begin(self, call, events):
        task = FakeTask(call, events)
        self.tasks.append(task)
        asyncio.get_running_loop().call_soon(events.started)
        return task


class FakeLogs:
    """Log groups by name, each with what was delivered to it."""

    def __init__(self):
        self.groups = {}

    async def exists(self, account, region, group):
        return group in self.groups

    def deliver(self, account, region, group, stream, events):
        if group in self.groups:
            self.groups[group].setdefault(stream, []).extend(events)


class FakeBus:
    def __init__(self):
        self.events = []

    def put(self, *, detail, **event):
        self.events.append(event | {"detail": json.loads(detail())})


class Nothing:
    """A port that nobody should need."""

    def __getattr__(self, name):
        raise AssertionError(name)


class Sfn:
    """Calls operations as the wire does: the model's checks first, then the handler, to its end."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.bugs = []
        self.loop.set_exception_handler(lambda _, context: self.bugs.append(context))
        self.clock = Clock("manual", start_at=START)
        self.clock.start(self.loop)
        self.integrations, self.logs, self.bus = FakeIntegrations(), FakeLogs(), FakeBus()
        self.api = StepFunctionsApi(
            self.clock,
            RandomEntropy(1),
            integrations=self.integrations,
            items=Nothing(),
            shapes=Nothing(),
            logs=self.logs,
            events=self.bus,
        )
        self._handlers = operations(self.api)
        self.call = Call(Scope(ACCOUNT, REGION), "http://localhost:4566")

    def close(self):
        self.api.reset()
        self.loop.close()
        assert not self.bugs

    def __call__(self, operation, **params):
        return self.loop.run_until_complete(self.ask(operation, **params))

    async def ask(self, operation, **params):
        check = stepfunctions_texts.in_stepfunctions(MODEL.operations[operation])
        if check is not None:
            check(params)
        answer = self._handlers[operation](self.call, params)
        if inspect.isawaitable(answer):
            answer = await answer
        conforms(answer, MODEL.operations[operation].output, operation)
        return answer

    def refused(self, operation, **params):
        with pytest.raises(ServiceError) as refusal:
            self(operation, **params)
        return refusal.value.code, refusal.value.message

    def advance(self, seconds=0.0):
        """Move time. What is ready runs first."""
        self.loop.run_until_complete(self.clock.advance(seconds))

    def say(self, tell, *said):
        """Call something on the loop."""

        async def call():
            tell(*said)

        self.loop.run_until_complete(call())

    def create(self, name="m", definition=PASS, **params):
        """A state machine's ARN."""
        given = {"name": name, "definition": json.dumps(definition), "roleArn": ROLE} | params
        return self("CreateStateMachine", **given)["stateMachineArn"]

    def start(self, arn, **params):
        """An execution's ARN."""
        return self("StartExecution", stateMachineArn=arn, **params)["executionArn"]

    def describe(self, arn):
        return self("DescribeExecution", executionArn=arn)

    def run(self, definition, input="{}", name="m"):
        """Run a new state machine as far as it goes without time, and describe its execution."""
        arn = self.start(self.create(name, definition), input=input)
        self.advance()
        return self.describe(arn)

    def history(self, arn, **params):
        return self("GetExecutionHistory", executionArn=arn, **params)["events"]

    def types(self, arn, **params):
        return [event["type"] for event in self.history(arn, **params)]


def conforms(value, shape, at):
    """Every member is one of the shape's, and every required one is there."""
    if shape is None or value is None:
        return
    if shape.kind == "structure":
        assert value.keys() <= shape.members.keys(), f"{at}: {value.keys() - shape.members.keys()}"
        assert set(shape.required) <= value.keys(), f"{at}: {set(shape.required) - value.keys()}"
        for name, item in value.items():
            conforms(item, shape.members[name].shape, f"{at}.{name}")
    elif shape.kind == "list":
        for item in value:
            conforms(item, shape.element.shape, f"{at}[]")
    elif shape.kind == "string":
        assert isinstance(value, str), at


@pytest.fixture
def sfn():
    made = Sfn()
    yield made
    made.close()
