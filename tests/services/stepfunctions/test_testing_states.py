"""TestState: what is refused, what is shown at each level, how mocks answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.api import Call
from services.errors import ServiceError
from services.scope import Scope
from services.stepfunctions.test_state import TestStateApi
from services.stepfunctions.validation import Definitions

ROLE = "arn:aws:iam::000000000000:role/r"
INVOKE = "arn:aws:states:::lambda:invoke"
CALL = Call(Scope("000000000000", "us-east-1"), "http://localhost:4566")


class Later:
    def __init__(self, when: float, callback: Any) -> None:
        self.when = when
        self.callback = callback

    def cancel(self) -> None:
        self.callback = None


class StandingClock:
    def __init__(self) -> None:
        self.timers: list[Later] = []
        self.present = 1_700_000_000.0

    def now(self) -> float:
        return self.present

    def at(self, when: float, callback: Any) -> Later:
        self.timers.append(Later(when, callback))
        return self.timers[-1]

    def advance(self, seconds: float) -> None:
        self.present += seconds
        for timer in self.timers:
            if timer.callback is not None and timer.when <= self.present:
                callback, timer.callback = timer.callback, None
                callback()


class Numbers:
    def __init__(self) -> None:
        self.last = 0

    def uuid(self) -> str:
        self.last += 1
        return f"00000000-0000-4000-8000-{self.last:012d}"

    def bits(self, n: int) -> int:
        return 0

    def uniform(self) -> float:
        return 0.0


class Work:
    """Integrations: keeps what was begun."""

    def __init__(self) -> None:
        self.begun: list[tuple[Any, Any]] = []
        self.cancelled = 0

    def why_not(self, resource: str) -> str:
        return ""

    def begin(self, call: Any, events: Any) -> Work:
        self.begun.append((call, events))
        return self

    def cancel(self) -> None:
        self.cancelled += 1


class Shapes:
    """Lets every result pass but `{"bad": ...}`."""

    def complaint(self, resource: str, result: Any, *, whole: bool) -> str:
        return f"bad, {whole=}" if "bad" in result else ""


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def api(clock: Any, work: Any) -> Any:
    found = TestStateApi(clock, Numbers(), Definitions(work), work, Shapes())

    def test(state: Any, **params: Any) -> Any:
        for name in ("input", "variables", "context"):
            if name in params and not isinstance(params[name], str):
                params[name] = json.dumps(params[name])
        return found.test_state(CALL, {"definition": json.dumps(state), **params})

    return test


def refused(api: Any, state: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as error:
        api(state, **params)
    return error.value.code, error.value.message


PASS = {"Type": "Pass", "Next": "Other"}
TASK = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": True}
BRANCH = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
PARALLEL = {
    "Type": "Parallel",
    "Branches": [BRANCH, {"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}],
    "End": True,
}
MAP = {
    "Type": "Map",
    "ItemsPath": "$.items",
    "ItemProcessor": {**BRANCH, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
    "End": True,
}


def test_info_has_the_outcome_only(api: Any) -> None:
    assert api(PASS, input={"a": 1}) == {"status": "SUCCEEDED", "output": '{"a": 1}', "nextState": "Other"}


def test_a_pass_shows_its_steps(api: Any) -> None:
    """The developer guide's example."""
    state = {
        "Type": "Pass",
        "InputPath": "$.payload",
        "Parameters": {"data": 1},
        "ResultPath": "$.result",
        "OutputPath": "$.result.data",
        "Next": "Another state",
    }
    assert api(state, input='{"payload": {"foo": "bar"}}', inspectionLevel="DEBUG") == {
        "status": "SUCCEEDED",
        "output": "1",
        "nextState": "Another state",
        "inspectionData": {
            "input": '{"payload": {"foo": "bar"}}',
            "afterInputPath": '{"foo":"bar"}',
            "afterParameters": '{"data":1}',
            "afterResultSelector": '{"data":1}',
            "afterResultPath": '{"payload":{"foo":"bar"},"result":{"data":1}}',
        },
    }


def test_a_failure(api: Any) -> None:
    state = {"Type": "Fail", "Error": "E", "Cause": "C"}
    assert api(state) == {"status": "FAILED", "error": "E", "cause": "C"}


def test_a_choice_says_where(api: Any) -> None:
    state = {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}], "Default": "Rest"}
    assert api(state, input={"a": 1})["nextState"] == "One"
    assert api(state, input={"a": 2})["nextState"] == "Rest"


def test_variables_are_seen_and_shown(api: Any) -> None:
    state = {**PASS, "Parameters": {"x.$": "$v"}, "Assign": {"w": 2}}
    found = api(state, variables={"v": 1}, inspectionLevel="TRACE")
    assert json.loads(found["output"]) == {"x": 1}
    assert json.loads(found["inspectionData"]["variables"]) == {"v": 1, "w": 2}
    assert "variables" not in api(PASS, inspectionLevel="TRACE")["inspectionData"]


def test_a_task_runs_and_shows_every_step(api: Any, work: Work) -> None:
    async def run() -> Any:
        found = api(TASK, input={"a": 1}, roleArn=ROLE, inspectionLevel="DEBUG")
        call, events = work.begun[0]
        assert (call.resource, call.role_arn, call.arguments) == (
            INVOKE,
            ROLE,
            {"FunctionName": "f", "Payload": {"a": 1}},
        )
        events.started()
        events.succeeded({"Payload": 5})
        return await found

    found = asyncio.run(run())
    assert found["output"] == '{"Payload":5}'
    assert list(found["inspectionData"]) == [
        "input",
        "afterInputPath",
        "afterParameters",
        "result",
        "afterResultSelector",
        "afterResultPath",
    ]


def test_a_caller_that_goes_cancels_the_task(api: Any, work: Work) -> None:
    async def run() -> None:
        found = api(TASK, roleArn=ROLE)
        found.cancel()
        await asyncio.gather(found, return_exceptions=True)

    asyncio.run(run())
    assert work.cancelled == 1


def test_five_minutes_are_the_most(api: Any, clock: StandingClock) -> None:
    async def run() -> Any:
        found = api({"Type": "Wait", "Seconds": 301, "End": True})
        clock.advance(300)
        return await found

    assert asyncio.run(run()) == {"status": "FAILED", "error": "States.Timeout"}


def test_a_wait_is_on_the_clock(api: Any, clock: StandingClock) -> None:
    async def run() -> Any:
        found = api({"Type": "Wait", "Seconds": 10, "End": True})
        clock.advance(10)
        return await found

    assert asyncio.run(run())["status"] == "SUCCEEDED"


# -- mocks


def test_a_mocked_result_comes_back_as_it_was_written(api: Any, work: Work) -> None:
    found = api(TASK, mock={"result": '{"a":  [1, 2]}'})
    assert found == {"status": "SUCCEEDED", "output": '{"a":  [1, 2]}'}
    assert not work.begun


def test_a_mocked_error_is_retried_until_it_is_caught(api: Any) -> None:
    state = {
        **TASK,
        "Retry": [{"ErrorEquals": ["X"]}, {"ErrorEquals": ["E"], "IntervalSeconds": 3, "MaxAttempts": 2}],
        "Catch": [{"ErrorEquals": ["X"], "Next": "A"}, {"ErrorEquals": ["E"], "ResultPath": "$.e", "Next": "B"}],
    }
    mock = {"errorOutput": {"error": "E", "cause": "C"}}
    found = api(state, mock=mock, inspectionLevel="DEBUG", stateConfiguration={"retrierRetryCount": 1})
    assert (found["status"], found["error"], found["cause"]) == ("RETRIABLE", "E", "C")
    assert found["inspectionData"]["errorDetails"] == {"retryIndex": 1, "retryBackoffIntervalSeconds": 6}
    found = api(state, mock=mock, inspectionLevel="DEBUG", stateConfiguration={"retrierRetryCount": 2})
    assert (found["status"], found["nextState"]) == ("CAUGHT_ERROR", "B")
    assert json.loads(found["output"]) == {"e": {"Error": "E", "Cause": "C"}}
    assert found["inspectionData"]["errorDetails"] == {"catchIndex": 1}


def test_a_parallel_is_its_mock(api: Any) -> None:
    state = {**PARALLEL, "InputPath": "$.in", "ResultPath": "$.out"}
    found = api(state, input={"in": 1}, mock={"result": "[1, 2]"}, inspectionLevel="TRACE")
    assert json.loads(found["output"]) == {"in": 1, "out": [1, 2]}
    assert found["inspectionData"] == {
        "input": '{"in": 1}',
        "afterResultSelector": "[1, 2]",
        "afterResultPath": '{"in":1,"out":[1,2]}',
    }


@pytest.mark.parametrize(
    ("tolerance", "failed", "status"),
    [
        ({}, 3, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, 1, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, 2, "FAILED"),
    ],
)
def test_a_map_tolerates(api: Any, tolerance: dict[str, int], failed: int, status: str) -> None:
    found = api(
        {**MAP, **tolerance},
        input={"items": [1, 2, 3]},
        mock={"result": "[0, 0, 1]"},
        stateConfiguration={"mapIterationFailureCount": failed},
    )
    assert found["status"] == status
    if status == "FAILED":
        assert found["error"] == "States.ExceedToleratedFailureThreshold"
        assert found["cause"] == "The specified tolerated failure threshold was exceeded"


@pytest.mark.parametrize(
    ("config", "text", "selected"),
    [
        ({"InputType": "JSON"}, "[1, 2]", [1, 2]),
        ({"InputType": "JSONL"}, '{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
    ],
)
def test_what_a_reader_would_read(api: Any, config: Any, text: str, selected: Any) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": {"Bucket": "b"}}
    state = {key: value for key, value in MAP.items() if key != "ItemsPath"}
    found = api(
        {**state, "ItemReader": reader, "ItemSelector": {"it.$": "$$.Map.Item.Value"}},
        mock={"result": "[]"},
        stateConfiguration={"mapItemReaderData": text},
        inspectionLevel="DEBUG",
    )
    assert json.loads(found["inspectionData"]["afterItemSelector"]) == [{"it": item} for item in selected]


def test_what_a_reader_can_not_read(api: Any) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    state = {key: value for key, value in MAP.items() if key != "ItemsPath"}
    found = api({**state, "ItemReader": reader}, mock={"result": "[]"}, stateConfiguration={"mapItemReaderData": "{"})
    assert (found["status"], found["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_batches(api: Any) -> None:
    state = {**MAP, "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$.x"}}}
    found = api(state, input={"items": [1, 2, 3], "x": 5}, mock={"result": "[]"}, inspectionLevel="DEBUG")
    assert json.loads(found["inspectionData"]["afterItemBatcher"]) == [
        {"BatchInput": {"x": 5}, "Items": [1, 2]},
        {"BatchInput": {"x": 5}, "Items": [3]},
    ]


def test_a_context_is_what_is_given(api: Any) -> None:
    state = {**TASK, "ResultSelector": {"all.$": "$$"}}
    context = {"Execution": {"Id": "x"}, "State": {"Name": "Mine", "RetryCount": 0}}
    found = api(state, mock={"result": "{}"}, context=context)
    assert json.loads(found["output"]) == {"all": context}


def test_the_context_without_one(api: Any) -> None:
    state = {**TASK, "ResultSelector": {"all.$": "$$"}}
    found = json.loads(api(state, mock={"result": "{}"}, input={"a": 1})["output"])["all"]
    assert found["Execution"]["Input"] == {"a": 1}
    assert found["Execution"]["RoleArn"] is None
    assert found["State"]["Name"] == "StateName"
    assert found["StateMachine"]["Id"].endswith(found["StateMachine"]["Name"])


# -- refusals


@pytest.mark.parametrize(
    ("state", "params", "code", "message"),
    [
        pytest.param(
            MAP,
            {},
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. Supported state types include: "
            "[Task, Wait, Pass, Succeed, Fail, Choice]",
            id="map",
        ),
        pytest.param(TASK, {}, "ValidationException", "RoleArn must be specified when testing a Task state", id="role"),
        pytest.param(
            TASK,
            {"mock": {"result": "{}", "errorOutput": {"error": "E"}}},
            "ValidationException",
            "A test mock should have only one of the following fields: [result, errorOutput].",
            id="both",
        ),
        pytest.param(
            {**MAP, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}},
            {"mock": {"result": "[]"}},
            "ValidationException",
            "Mocked result must be a JSON object.",
            id="writer",
        ),
        pytest.param(
            PARALLEL,
            {"mock": {"result": "[1]"}},
            "ValidationException",
            "Mocked result must contain the same number of items as number of Parallel branches.",
            id="branches",
        ),
        pytest.param(
            MAP,
            {"stateConfiguration": {"mapIterationFailureCount": 0}},
            "ValidationException",
            "TestState does not support MapIterationFailureCount when a mock is not specified.",
            id="failures-without-mock",
        ),
        pytest.param(
            MAP,
            {"stateConfiguration": {"mapIterationFailureCount": 4}, "mock": {"result": "[1, 1, 1]"}},
            "ValidationException",
            "Map iteration failure count must be less than or equal to the number of Map iterations",
            id="too-many-failures",
        ),
        pytest.param(
            PASS,
            {"mock": {"result": "1"}},
            "ValidationException",
            "State type 'Pass' is not supported when a mock is specified",
            id="mocked-pass",
        ),
        pytest.param(
            TASK,
            {"mock": {"result": "{}"}, "context": {"Map": {}}},
            "ValidationException",
            "Invalid Context object provided: 'Map' field is not supported when mocking a Context object",
            id="map-context",
        ),
        pytest.param(
            TASK,
            {"mock": {"result": '{"bad": 1}'}},
            "ValidationException",
            "Mock result schema validation error: bad, whole=True",
            id="strict",
        ),
        pytest.param(
            TASK,
            {"mock": {"result": '{"bad": 1}', "fieldValidationMode": "PRESENT"}},
            "ValidationException",
            "Mock result schema validation error: bad, whole=False",
            id="present",
        ),
        pytest.param(
            {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
            {"stateName": "B"},
            "ValidationException",
            "State not found in definition",
            id="no-such-state",
        ),
        pytest.param(
            {"Type": "Pass", "End": True},
            {"input": "{"},
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unexpected end-of-input: expected close marker for Object'",
            id="input",
        ),
    ],
)
def test_refusals(api: Any, state: Any, params: dict[str, Any], code: str, message: str) -> None:
    assert refused(api, state, **params) == (code, message)


def test_without_validation_anything_passes(api: Any) -> None:
    found = api(TASK, mock={"result": '{"bad": 1}', "fieldValidationMode": "NONE"})
    assert found["status"] == "SUCCEEDED"


def test_a_state_within_a_state_by_its_name(api: Any) -> None:
    machine = {"StartAt": "P", "States": {"P": PARALLEL}}
    assert api(machine, stateName="B", input={"a": 1}) == {"status": "SUCCEEDED", "output": '{"a": 1}'}
