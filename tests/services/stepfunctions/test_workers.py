"""Activities and task tokens."""

from __future__ import annotations

import asyncio
import json

import pytest

from services.api import Call
from services.scope import Scope

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:a"


def activity_task(**fields):
    return {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ACTIVITY, **fields, "End": True}}}


WAITS = {
    "StartAt": "T",
    "States": {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"MessageBody.$": "$$.Task.Token"},
            "HeartbeatSeconds": 10,
            "End": True,
        }
    },
}


@pytest.fixture
def activity(sfn):
    sfn("CreateActivity", name="a")
    return sfn


@pytest.fixture
def waiting(sfn):
    """An execution that waits for somebody with a token; its ARN and the token."""
    execution = sfn.start(sfn.create(definition=WAITS))
    sfn.advance()
    task = sfn.integrations.tasks[0]
    sfn.say(task.events.submitted, {"MessageId": "1"})
    assert task.call.arguments["MessageBody"] == task.call.task_token
    return execution, task.call.task_token


def poll(sfn, worker="w", seconds=0.0):
    async def ask():
        asked = asyncio.ensure_future(sfn.ask("GetActivityTask", activityArn=ACTIVITY, workerName=worker))
        await sfn.clock.advance(seconds)
        return await asked

    return sfn.loop.run_until_complete(ask())


def test_a_worker_succeeds(activity) -> None:
    execution = activity.start(activity.create(definition=activity_task()), input='{"a":1}')
    task = poll(activity)
    assert json.loads(task["input"]) == {"a": 1}
    activity("SendTaskSuccess", taskToken=task["taskToken"], output="[2]")
    activity.advance()
    assert activity.describe(execution)["output"] == "[2]"
    events = activity.history(execution)
    assert [event["type"] for event in events][2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    assert events[3]["activityStartedEventDetails"] == {"workerName": "w"}


def test_a_worker_that_came_first(activity) -> None:
    arn = activity.create(definition=activity_task())

    async def scenario():
        first, second = (
            asyncio.ensure_future(activity.ask("GetActivityTask", activityArn=ACTIVITY, workerName=name))
            for name in ("one", "two")
        )
        await activity.clock.advance(30)
        await activity.ask("StartExecution", stateMachineArn=arn, input="1")
        assert (await first)["input"] == "1"
        assert not second.done()
        await activity.clock.advance(30)
        return await second

    assert activity.loop.run_until_complete(scenario()) == {}


def test_a_worker_that_went_away_gets_nothing(activity) -> None:
    arn = activity.create(definition=activity_task())

    async def scenario():
        gone = asyncio.ensure_future(activity.ask("GetActivityTask", activityArn=ACTIVITY))
        await activity.clock.advance(1)
        gone.cancel()
        await activity.ask("StartExecution", stateMachineArn=arn)
        await activity.clock.advance(1)

    activity.loop.run_until_complete(scenario())
    assert poll(activity)["input"] == "{}"


def test_failed_with_and_without_words(activity) -> None:
    arn = activity.create(definition=activity_task())
    for words in ({"error": "E", "cause": "C"}, {}):
        execution = activity.start(arn)
        task = poll(activity)
        activity("SendTaskFailure", taskToken=task["taskToken"], **words)
        activity.advance()
        described = activity.describe(execution)
        assert described["status"] == "FAILED"
        assert {name: described[name] for name in ("error", "cause") if name in described} == words


def test_nobody_polls(activity) -> None:
    arn = activity.create(definition=activity_task(TimeoutSeconds=30))
    execution = activity.start(arn)
    activity.advance(1)
    task = poll(activity)
    activity.advance(31)
    assert activity.describe(execution)["error"] == "States.Timeout"
    expired = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    assert activity.refused("SendTaskSuccess", taskToken=task["taskToken"], output="1") == expired
    assert activity.refused("SendTaskHeartbeat", taskToken=task["taskToken"]) == expired
    activity.start(arn)
    assert poll(activity)["taskToken"] != task["taskToken"]


def test_a_task_of_a_stopped_execution_is_not_handed_out(activity) -> None:
    execution = activity.start(activity.create(definition=activity_task()))
    activity.advance()
    activity("StopExecution", executionArn=execution)
    assert poll(activity, seconds=60) == {}


def test_no_such_activity(sfn) -> None:
    described = sfn.run(activity_task())
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert described["cause"] == (
        "An error occurred while executing the state 'T' (entered at the event id #2). "
        f"The activity {ACTIVITY} does not exist."
    )
    assert sfn.types(described["executionArn"]) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    for operation in ("GetActivityTask", "DescribeActivity"):
        assert sfn.refused(operation, activityArn=ACTIVITY) == (
            "ActivityDoesNotExist",
            f"Activity Does Not Exist: '{ACTIVITY}'",
        )


def test_activities_come_and_go(sfn) -> None:
    first = sfn("CreateActivity", name="a", tags=[{"key": "k", "value": "v"}])
    sfn.advance(9)
    assert sfn("CreateActivity", name="a") == first
    assert sfn("ListTagsForResource", resourceArn=ACTIVITY)["tags"] == [{"key": "k", "value": "v"}]
    assert [item["name"] for item in sfn("ListActivities")["activities"]] == ["a"]
    assert sfn.refused("CreateActivity", name="a~b") == ("InvalidName", "Invalid Name: 'a~b'")
    sfn("DeleteActivity", activityArn=ACTIVITY)
    assert sfn("DeleteActivity", activityArn=ACTIVITY) == {}
    assert sfn("ListActivities") == {"activities": []}


def test_a_token_is_good_for_one_answer(sfn, waiting) -> None:
    execution, token = waiting
    sfn("SendTaskSuccess", taskToken=token, output='{"ok": true}')
    assert sfn.refused("SendTaskSuccess", taskToken=token, output="1")[0] == "TaskTimedOut"
    sfn.advance()
    assert sfn.describe(execution)["output"] == '{"ok":true}'


def test_heartbeats(sfn, waiting) -> None:
    execution, token = waiting
    for _ in range(5):
        sfn.advance(9)
        sfn("SendTaskHeartbeat", taskToken=token)
    assert sfn.describe(execution)["status"] == "RUNNING"
    sfn.advance(10)
    assert sfn.describe(execution)["error"] == "States.Timeout"
    assert sfn.refused("SendTaskHeartbeat", taskToken=token)[0] == "TaskTimedOut"


def test_what_is_no_token_or_no_output(sfn, waiting) -> None:
    _, token = waiting
    assert sfn.refused("SendTaskHeartbeat", taskToken="nonsense") == ("InvalidToken", "Invalid Token: 'Invalid token'")
    code, text = sfn.refused("SendTaskSuccess", taskToken=token, output="nonsense")
    assert code == "InvalidOutput"
    assert text.startswith("Invalid Output: 'Unrecognized token 'nonsense'")


@pytest.mark.parametrize("scope", [Scope("111111111111", "us-east-1"), Scope("000000000000", "eu-west-1")])
def test_a_token_is_good_in_its_own_account_and_region_only(sfn, waiting, scope) -> None:
    _, token = waiting
    home, sfn.call = sfn.call, Call(scope, "http://localhost:4566")
    for operation, params in (
        ("SendTaskSuccess", {"output": "1"}),
        ("SendTaskFailure", {}),
        ("SendTaskHeartbeat", {}),
    ):
        assert sfn.refused(operation, taskToken=token, **params)[0] == "InvalidToken"
    sfn.call = home
    sfn("SendTaskSuccess", taskToken=token, output="1")


def test_workers_that_went_away_are_not_counted(activity) -> None:
    async def scenario():
        stays = asyncio.ensure_future(activity.ask("GetActivityTask", activityArn=ACTIVITY))
        for _ in range(1_200):
            gone = asyncio.ensure_future(activity.ask("GetActivityTask", activityArn=ACTIVITY))
            turn = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(turn.set_result, None)
            await turn
            gone.cancel()
        await activity.clock.advance(0)
        stays.cancel()

    activity.loop.run_until_complete(scenario())
    assert activity.clock.pending() == 0


def test_tasks_that_nobody_wants_any_more_are_not_kept(activity) -> None:
    arn = activity.create(definition=activity_task())
    for _ in range(3):
        execution = activity.start(arn)
        activity.advance()
        activity("StopExecution", executionArn=execution)
    assert poll(activity, seconds=61) == {}
    assert not activity.api._activities._activities._counter(ACTIVITY).tasks


def test_the_token_is_looked_at_before_the_output(sfn, waiting) -> None:
    _, token = waiting
    assert sfn.refused("SendTaskSuccess", taskToken="none of ours", output="no JSON")[0] == "InvalidToken"
    assert sfn.refused("SendTaskSuccess", taskToken=token, output="no JSON")[0] == "InvalidOutput"
    sfn("SendTaskSuccess", taskToken=token, output="1")
    assert sfn.refused("SendTaskSuccess", taskToken=token, output="no JSON")[0] == "TaskTimedOut"
