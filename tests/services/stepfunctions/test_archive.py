"""Histories of executions that have ended: kept small, and told as they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stepfunctions import limits
from services.stepfunctions.archive import Archive
from statemachine.events import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DETAILS = st.dictionaries(st.sampled_from(["name", "input", "output", "cause"]), JSON)
INDEX = st.none() | st.integers(-8, 1300)
CHAIN = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Result": {"deep": [1, 2.5, None, "ü"]}, "ResultPath": "$.found", "Next": "B"},
        "B": {"Type": "Pass", "End": True},
    },
}
FAILING = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "T"},
        "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}, "End": True},
    },
}
LOOP = {
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 400, "Next": "Add"}],
            "Default": "Enough",
        },
        "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Look"},
        "Enough": {"Type": "Succeed"},
    },
}


def events(count: int, details: dict | None = None) -> list[Event]:
    shared = {"input": {"order": [1, 2]}, **(details or {})}
    return [
        Event(n, n - 1, 1_700_000_000.25 + n, "PassStateEntered", {"name": f"S{n}", **shared}) for n in range(count)
    ]


def run_of(sfn, arn):
    return sfn.api.state.require_run(arn)


LONG = [Event(n, n - 1, 1_700_000_000.0, "PassStateEntered", {"name": f"S{n}"}) for n in range(1100)]
PACKED = Archive(LONG)


@settings(max_examples=40)
@given(details=DETAILS, count=st.sampled_from([1, 3, 499, 500, 501, 1200]))
def test_events_come_back_as_they_were(details, count) -> None:
    written = events(count, details)
    archive = Archive(written)
    assert list(archive) == written
    assert archive[-1] == written[-1]
    assert type(archive[0]) is Event


@given(first=INDEX, last=INDEX, step=st.sampled_from([None, 1, 2, 7, -1, -3]))
def test_slices_are_those_of_a_list(first, last, step) -> None:
    assert PACKED[first:last:step] == LONG[first:last:step]


def test_there_is_nothing_behind_the_end() -> None:
    archive = Archive(events(3))
    assert (len(archive), len(Archive([]))) == (3, 0)
    with pytest.raises(IndexError):
        archive[3]


def test_what_is_too_large_to_squeeze_comes_back_too() -> None:
    written = events(2, {"output": list(range(100_000))})
    archive = Archive(written)
    assert list(archive) == written
    assert archive.size > limits.PAYLOAD_MAX


def test_it_is_small() -> None:
    assert Archive(events(20_000)).size < 20_000 * 10


def test_values_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="unmarshallable"):
        Archive([Event(1, 0, 0.0, "ExecutionStarted", {"input": object()})])


def test_one_that_has_succeeded_is_told_from_its_archive(sfn) -> None:
    arn = sfn.create(definition=CHAIN)
    execution = sfn.start(arn, input='{"a": 1}')
    sfn.advance()
    assert run_of(sfn, execution).interpreter is None
    described = sfn.describe(execution)
    assert (described["status"], json.loads(described["output"])) == (
        "SUCCEEDED", {"a": 1, "found": {"deep": [1, 2.5, None, "ü"]}},
    )  # fmt: skip
    assert sfn.types(execution)[-1] == "ExecutionSucceeded"
    assert sfn.history(execution)[0]["executionStartedEventDetails"]["input"] == '{"a": 1}'


def test_one_that_failed_goes_on_where_it_was(sfn) -> None:
    execution = sfn.start(sfn.create(definition=FAILING))
    sfn.advance()
    sfn.say(sfn.integrations.tasks[0].events.failed, "E", "C")
    sfn.advance()
    failed = sfn.history(execution)
    run = run_of(sfn, execution)
    assert (run.archive is not None, run.execution.events) == (True, [])
    assert (sfn.describe(execution)["error"], run.event_count) == ("E", len(failed))
    sfn("RedriveExecution", executionArn=execution)
    sfn.advance()
    assert sfn.history(execution)[: len(failed)] == failed
    sfn.say(sfn.integrations.tasks[1].events.succeeded, {"ok": True})
    sfn.advance()
    told = sfn.history(execution)
    assert told[: len(failed)] == failed
    assert [event["id"] for event in told] == list(range(1, len(told) + 1))
    assert told[-1]["type"] == "ExecutionSucceeded"


@pytest.mark.parametrize("backwards", [False, True])
def test_pages_of_an_archive_make_the_whole(sfn, backwards) -> None:
    execution = sfn.start(sfn.create(definition=LOOP), input='{"n": 0}')
    sfn.advance()
    found, more = [], {}
    while True:
        answer = sfn("GetExecutionHistory", executionArn=execution, maxResults=333, reverseOrder=backwards, **more)
        found += [event["id"] for event in answer["events"]]
        if "nextToken" not in answer:
            break
        more = {"nextToken": answer["nextToken"]}
    count = run_of(sfn, execution).event_count
    assert count > 1500
    assert found == (list(range(count, 0, -1)) if backwards else list(range(1, count + 1)))


def test_the_oldest_make_room(sfn, monkeypatch) -> None:
    monkeypatch.setattr(limits, "KEPT_BYTES", 3 * limits.CLOSED_BYTES + 2_000)
    arn = sfn.create()
    started = []
    for _ in range(5):
        started.append(sfn.start(arn))
        sfn.advance()
    left = [one["executionArn"] for one in sfn("ListExecutions", stateMachineArn=arn)["executions"]]
    assert left == started[:1:-1]
    assert sfn.refused("DescribeExecution", executionArn=started[0])[0] == "ExecutionDoesNotExist"


def test_large_inputs_leave_less_room(sfn, monkeypatch) -> None:
    monkeypatch.setattr(limits, "KEPT_BYTES", 300_000)
    arn = sfn.create()
    for _ in range(5):
        sfn.start(arn, input=json.dumps("x" * 100_000))
        sfn.advance()
    assert len(sfn("ListExecutions", stateMachineArn=arn)["executions"]) == 2
