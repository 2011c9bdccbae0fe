"""Executions: start, describe, list, stop, redrive; how the driver shares time between them."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from services.stepfunctions import limits

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:m:e"
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
ENDLESS = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "C"}],
            "Default": "A",
        },
        "C": {"Type": "Succeed"},
    },
}
TASK = {
    "StartAt": "T",
    "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}, "End": True}},
}


def test_described(sfn) -> None:
    sfn.create(definition=WAIT)
    assert sfn.start(ARN, name="e", input='{"a": 1}') == EXECUTION
    running = sfn.describe(EXECUTION)
    assert (running["status"], running["input"]) == ("RUNNING", '{"a": 1}')
    assert running["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    assert "stopDate" not in running
    sfn.advance(60)
    done = sfn.describe(EXECUTION)
    assert (done["status"], done["output"], done["stopDate"]) == ("SUCCEEDED", '{"a":1}', done["startDate"] + 60)
    assert (done["redriveStatus"], done["redriveCount"]) == ("NOT_REDRIVABLE", 0)
    assert done["inputDetails"] == done["outputDetails"] == {"included": True}


def test_history(sfn) -> None:
    sfn.create()
    sfn.start(ARN, name="e", input='{ "a": 1}')
    sfn.advance()
    events = sfn.history(EXECUTION)
    assert events[0]["executionStartedEventDetails"]["input"] == '{ "a": 1}'
    assert [event["previousEventId"] for event in events] == [0, 0, 2, 3]
    assert events[1]["stateEnteredEventDetails"] == {
        "name": "A", "input": '{"a":1}', "inputDetails": {"truncated": False},
    }  # fmt: skip
    bare = sfn.history(EXECUTION, includeExecutionData=False)
    assert bare[1]["stateEnteredEventDetails"] == {"name": "A"}
    assert "input" not in bare[0]["executionStartedEventDetails"]
    assert sfn.history(EXECUTION, reverseOrder=True) == events[::-1]
    first = sfn("GetExecutionHistory", executionArn=EXECUTION, maxResults=3, reverseOrder=True)
    rest = sfn("GetExecutionHistory", executionArn=EXECUTION, nextToken=first["nextToken"], reverseOrder=True)
    assert first["events"] + rest["events"] == events[::-1]
    assert "nextToken" not in rest


def test_null_is_an_output(sfn) -> None:
    sfn.create(definition={"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    sfn.start(ARN, name="e", input="null")
    sfn.advance()
    assert sfn.describe(EXECUTION)["output"] == "null"
    assert sfn.history(EXECUTION)[-1]["executionSucceededEventDetails"] == {
        "output": "null",
        "outputDetails": {"truncated": False},
    }


def test_every_telling_of_the_start_is_the_same(sfn) -> None:
    sfn.clock.set_mode("real")
    described = sfn.run({"StartAt": "A", "States": {"A": {
        "Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}}})  # fmt: skip
    started = datetime.fromisoformat(json.loads(described["output"])["at"]).timestamp()
    assert sfn.history(described["executionArn"])[0]["timestamp"] == described["startDate"] == started


def test_a_name_starts_once(sfn) -> None:
    sfn.create(definition=WAIT)
    first = sfn("StartExecution", stateMachineArn=ARN, name="e", input="{}")
    sfn.advance(1)
    assert sfn("StartExecution", stateMachineArn=ARN, name="e", input="{}") == first
    exists = ("ExecutionAlreadyExists", f"Execution Already Exists: '{EXECUTION}'")
    assert sfn.refused("StartExecution", stateMachineArn=ARN, name="e", input="1") == exists
    sfn.advance(100)
    assert sfn.refused("StartExecution", stateMachineArn=ARN, name="e", input="{}") == exists
    sfn.advance(limits.RETENTION_S)
    assert sfn.refused("DescribeExecution", executionArn=EXECUTION)[0] == "ExecutionDoesNotExist"
    assert sfn.start(ARN, name="e") == EXECUTION


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Invalid execution input."),
        ("not json", ("Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', "
                      "'true' or 'false')")),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
    ],
)  # fmt: skip
def test_inputs_that_are_none(sfn, text, complaint) -> None:
    sfn.create()
    assert sfn.refused("StartExecution", stateMachineArn=ARN, input=text) == (
        "InvalidExecutionInput",
        f"Invalid State Machine Execution Input: '{complaint}'",
    )


@pytest.mark.parametrize("text", ["1", '"x"', "null", "[]"])
def test_any_json_is_an_input(sfn, text) -> None:
    assert sfn.run({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, text)["output"] == text


def test_an_input_nested_too_deeply(sfn) -> None:
    sfn.create()
    assert sfn.refused("StartExecution", stateMachineArn=ARN, input="[" * 100_000 + "]" * 100_000)[0] == (
        "InvalidExecutionInput"
    )


def test_stopped(sfn) -> None:
    execution = sfn.start(sfn.create(definition=TASK))
    sfn.advance(1)
    assert "stopDate" in sfn("StopExecution", executionArn=execution, error="E", cause="C")
    described = sfn.describe(execution)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "E", "C")
    assert sfn.integrations.tasks[0].cancelled
    # The task answers all the same.
    sfn.say(sfn.integrations.tasks[0].events.succeeded, {})
    sfn.advance()
    assert sfn.types(execution)[-1] == "ExecutionAborted"
    assert sfn("StopExecution", executionArn=execution)["stopDate"] == described["stopDate"]


def test_a_task_that_answers_after_its_timeout(sfn) -> None:
    definition = json.loads(json.dumps(TASK))
    definition["States"]["T"]["TimeoutSeconds"] = 5
    execution = sfn.start(sfn.create(definition=definition))
    sfn.advance(5)
    described = sfn.describe(execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    assert sfn.integrations.tasks[0].cancelled
    sfn.say(sfn.integrations.tasks[0].events.succeeded, {})
    sfn.advance()
    assert sfn.describe(execution) == described


def test_listed(sfn) -> None:
    sfn.create(definition=WAIT)
    arns = []
    for number in range(5):
        arns.append(sfn.start(ARN, name=f"e{number}"))
        sfn.advance(1)
    sfn("StopExecution", executionArn=arns[1])

    def listed(**params):
        answer = sfn("ListExecutions", stateMachineArn=ARN, **params)
        return [item["executionArn"] for item in answer["executions"]], answer.get("nextToken")

    assert listed()[0] == arns[::-1]
    assert listed(statusFilter="ABORTED")[0] == [arns[1]]
    assert listed(redriveFilter="REDRIVEN")[0] == []
    first, token = listed(maxResults=2)
    arns.append(sfn.start(ARN, name="later"))
    assert first + listed(nextToken=token)[0] == arns[4::-1]
    assert sfn.refused("ListExecutions", stateMachineArn=ARN, nextToken=token, statusFilter="FAILED")[0] == (
        "InvalidToken"
    )
    assert sfn.refused("ListExecutions", stateMachineArn=f"{ARN}x")[0] == "StateMachineDoesNotExist"
    assert sfn.refused("ListExecutions")[0] == "ValidationException"


def test_redriven(sfn) -> None:
    execution = sfn.start(sfn.create(definition=TASK))
    sfn.advance()
    sfn.say(sfn.integrations.tasks[0].events.failed, "E", "C")
    sfn.advance(10)
    assert sfn.describe(execution)["redriveStatus"] == "REDRIVABLE"
    redriven = sfn("RedriveExecution", executionArn=execution, clientToken="t")
    assert sfn("RedriveExecution", executionArn=execution, clientToken="t") == redriven
    sfn.advance()
    running = sfn.describe(execution)
    assert (running["status"], running["redriveCount"], running["redriveDate"]) == ("RUNNING", 1, sfn.clock.now())
    assert "stopDate" not in running
    sfn.say(sfn.integrations.tasks[1].events.succeeded, {"x": 1})
    sfn.advance()
    assert sfn.describe(execution)["output"] == '{"x":1}'
    assert "ExecutionRedriven" in sfn.types(execution)
    assert sfn.refused("RedriveExecution", executionArn=execution) == (
        "ExecutionNotRedrivable",
        "Execution is SUCCEEDED and cannot be redriven",
    )
    assert len(sfn("ListExecutions", stateMachineArn=ARN, redriveFilter="REDRIVEN")["executions"]) == 1


def test_too_late_to_redrive(sfn) -> None:
    execution = sfn.start(sfn.create(definition=WAIT))
    sfn("StopExecution", executionArn=execution)
    sfn.advance(limits.REDRIVE_S + 1)
    assert sfn.refused("RedriveExecution", executionArn=execution)[1] == "Execution redrivable period exceeded"


def test_no_execution_starves_another(sfn) -> None:
    """One that never ends is as far as its share when the others have ended."""
    machines = [sfn.create("endless", ENDLESS), *[sfn.create()] * 50]

    async def scenario():
        started = [await sfn.ask("StartExecution", stateMachineArn=arn) for arn in machines]
        await turns(sfn.loop, 3)
        return [await sfn.ask("DescribeExecution", executionArn=execution["executionArn"]) for execution in started]

    first, *quick = sfn.loop.run_until_complete(scenario())
    assert {described["status"] for described in quick} == {"SUCCEEDED"}
    assert first["status"] == "RUNNING"
    endless = first["executionArn"]
    sfn.advance()
    ended = sfn.describe(endless)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert sfn.history(endless, maxResults=1, reverseOrder=True)[0]["id"] == limits.EVENTS_MAX


def test_time_stands_still_while_something_is_ready(sfn) -> None:
    sfn.start(sfn.create(definition=ENDLESS))
    assert sfn.clock.holds == 1
    sfn.advance(100)
    assert sfn.clock.holds == 0
    listed = sfn("ListExecutions", stateMachineArn=ARN)["executions"]
    assert listed[0]["stopDate"] == listed[0]["startDate"]


def test_waiting_executions_share_one_timer(sfn) -> None:
    sfn.create(definition=WAIT)
    for _ in range(100):
        sfn.start(ARN)
        sfn.advance(0.1)
    assert sfn.clock.pending() == 1
    assert sfn.api.busy()
    sfn.advance(60)
    assert not sfn.api.busy()
    assert {item["status"] for item in sfn("ListExecutions", stateMachineArn=ARN)["executions"]} == {"SUCCEEDED"}


def test_a_machine_that_waits_a_week(sfn) -> None:
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 604_800, "End": True}}}
    execution = sfn.start(sfn.create(definition=definition))
    sfn.advance(604_800)
    described = sfn.describe(execution)
    assert described["stopDate"] - described["startDate"] == 604_800


def test_mocked_test_cases(sfn) -> None:
    arn = sfn.create(definition=TASK)
    sfn.start(f"{arn}#Known")
    sfn.advance()
    assert sfn.integrations.tasks[0].call.test_case == "Known"
    assert sfn.refused("StartExecution", stateMachineArn=f"{arn}#Other") == ("ValidationException", "no such test case")


def test_what_a_task_is_told(sfn) -> None:
    sfn.start(sfn.create(definition=TASK), name="e", traceHeader="Root=1")
    sfn.advance()
    call = sfn.integrations.tasks[0].call
    assert (call.account, call.region, call.execution_arn) == ("000000000000", "us-east-1", EXECUTION)
    assert (call.state_name, call.trace, call.role_arn) == ("T", "Root=1", "arn:aws:iam::000000000000:role/role")


def test_a_task_that_cannot_be_begun_is_not_scheduled(sfn) -> None:
    definition = json.loads(json.dumps(TASK))
    definition["States"]["T"]["Parameters"] = {"bad": True}
    described = sfn.run(definition)
    assert (described["error"], described["cause"]) == (
        "States.Runtime",
        "An error occurred while executing the state 'T' (entered at the event id #2). no good",
    )
    assert sfn.types(described["executionArn"]) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    assert not sfn.integrations.tasks


def test_reset(sfn) -> None:
    arn = sfn.create(definition=TASK)
    execution = sfn.start(arn)
    sfn.advance()
    sfn.api.reset_scope(None, "eu-west-1")
    assert sfn.describe(execution)["status"] == "RUNNING"
    sfn.api.reset()
    assert not sfn.api.busy()
    assert sfn.integrations.tasks[0].cancelled
    sfn.say(sfn.integrations.tasks[0].events.succeeded, {})
    sfn.advance()
    assert sfn.refused("DescribeExecution", executionArn=execution)[0] == "ExecutionDoesNotExist"
    assert sfn.create() == arn


def test_what_was_ready_when_it_was_reset_goes_no_further(sfn) -> None:
    arn = sfn.create(definition=TASK)

    async def scenario():
        await sfn.ask("StartExecution", stateMachineArn=arn)
        sfn.api.reset()
        await sfn.clock.advance(1)

    sfn.loop.run_until_complete(scenario())
    assert not sfn.integrations.tasks
    assert not sfn.bus.events[1:]


def test_where_an_execution_stands(sfn) -> None:
    arn = sfn.create(definition=WAIT)
    execution = sfn.start(arn)
    sfn.advance()
    assert sfn.api.standing(execution) == ("RUNNING", {"W"})
    sfn.advance(60)
    assert sfn.api.standing(execution) == ("SUCCEEDED", set())
    assert sfn.api.standing(execution + "x") is None
    assert sfn.api.standing("no ARN") is None


async def turns(loop, number):
    """Let the loop turn a number of times."""
    for _ in range(number):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
