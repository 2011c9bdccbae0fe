"""Step Functions over HTTP with real clients: time, workers, synchronous executions, logs."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from undercast.server import Server

ROLE = "arn:aws:iam::000000000000:role/role"
WEEK = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 604_800, "Next": "Say"},
        "Say": {"Type": "Pass", "Result": "a week", "End": True},
    },
}
SUM = {
    "QueryLanguage": "JSONata",
    "StartAt": "Sum",
    "States": {"Sum": {"Type": "Pass", "Output": "{% $sum($states.input) %}", "End": True}},
}


@pytest.fixture
def sfn(server: Server) -> Any:
    return server.boto3("stepfunctions")


def create(sfn: Any, definition: dict[str, Any], **params: Any) -> str:
    given = {"name": "machine", "definition": json.dumps(definition), "roleArn": ROLE} | params
    arn: str = sfn.create_state_machine(**given)["stateMachineArn"]
    return arn


def test_a_week_goes_by(server: Server, sfn: Any) -> None:
    execution = sfn.start_execution(stateMachineArn=create(sfn, WEEK))["executionArn"]
    assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    server.client.advance("7d")
    described = sfn.describe_execution(executionArn=execution)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '"a week"')
    events = sfn.get_execution_history(executionArn=execution)["events"]
    assert (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds() == pytest.approx(604_800, abs=1)


def test_synchronously(sfn: Any) -> None:
    arn = create(sfn, SUM, type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=arn, input="[1, 2, 3]")
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "6")


def test_a_worker_that_waits(server: Server, sfn: Any) -> None:
    activity = sfn.create_activity(name="work")["activityArn"]
    task = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 3600, "End": True}
    arn = create(sfn, {"StartAt": "T", "States": {"T": task}})
    got: list[dict[str, Any]] = []
    worker = threading.Thread(target=lambda: got.append(sfn.get_activity_task(activityArn=activity)))
    worker.start()
    execution = sfn.start_execution(stateMachineArn=arn, input='{"x": 1}')["executionArn"]
    worker.join(30)
    assert json.loads(got[0]["input"]) == {"x": 1}
    server.client.advance("59m")
    sfn.send_task_success(taskToken=got[0]["taskToken"], output='"done"')
    server.client.advance(0)
    assert sfn.describe_execution(executionArn=execution)["output"] == '"done"'
    with pytest.raises(sfn.exceptions.TaskTimedOut, match="Provided task does not exist anymore"):
        sfn.send_task_success(taskToken=got[0]["taskToken"], output='"again"')


def test_logged(server: Server, sfn: Any) -> None:
    logs = server.boto3("logs")
    logs.create_log_group(logGroupName="/states")
    group = logs.describe_log_groups()["logGroups"][0]["arn"]
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    sfn.start_execution(stateMachineArn=create(sfn, SUM, loggingConfiguration=logging), input="[1]")
    server.client.advance(0)
    stream = logs.describe_log_streams(logGroupName="/states")["logStreams"][-1]["logStreamName"]
    events = logs.get_log_events(logGroupName="/states", logStreamName=stream)["events"]
    assert [json.loads(event["message"])["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    logs.delete_log_group(logGroupName="/states")
    with pytest.raises(sfn.exceptions.InvalidLoggingConfiguration, match="Log Destination not found"):
        create(sfn, SUM, name="other", loggingConfiguration=logging)


def test_forgotten(server: Server, sfn: Any) -> None:
    execution = sfn.start_execution(stateMachineArn=create(sfn, WEEK))["executionArn"]
    server.client.reset()
    with pytest.raises(sfn.exceptions.ExecutionDoesNotExist):
        sfn.describe_execution(executionArn=execution)
    assert sfn.list_state_machines()["stateMachines"] == []
