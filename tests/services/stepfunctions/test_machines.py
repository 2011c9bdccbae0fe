"""State machines: names, idempotency, updates, deletion, lists."""

from __future__ import annotations

import json

import pytest

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
OTHER = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100, "Next": "P"}, "P": {"Type": "Succeed"}}}


def test_created_and_described(sfn) -> None:
    assert sfn.create(tags=[{"key": "k", "value": "v"}]) == ARN
    described = sfn("DescribeStateMachine", stateMachineArn=ARN)
    assert (described["status"], described["type"]) == ("ACTIVE", "STANDARD")
    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert described["tracingConfiguration"] == {"enabled": False}
    assert "revisionId" not in described
    assert sfn("ListTagsForResource", resourceArn=ARN) == {"tags": [{"key": "k", "value": "v"}]}


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a\x00", "a\ud800", "é?"])
def test_names(sfn, name) -> None:
    code = sfn.refused("CreateStateMachine", name=name, definition="{}", roleArn="arn:r")
    assert code == ("InvalidName", f"Invalid Name: '{name}'")


def test_the_same_again_is_the_same(sfn) -> None:
    first = sfn("CreateStateMachine", name="m", definition=json.dumps(OTHER), roleArn="arn:aws:iam::1:role/a")
    sfn.advance(10)
    again = sfn("CreateStateMachine", name="m", definition=json.dumps(OTHER), roleArn="arn:aws:iam::1:role/b")
    assert again == first
    assert sfn("DescribeStateMachine", stateMachineArn=ARN)["roleArn"].endswith("/a")
    for change in ({"type": "EXPRESS"}, {"definition": json.dumps(OTHER, indent=1)}, {"publish": True}):
        given = {"name": "m", "definition": json.dumps(OTHER), "roleArn": "arn:aws:iam::1:role/a"} | change
        assert sfn.refused("CreateStateMachine", **given) == (
            "StateMachineAlreadyExists",
            f"State Machine Already Exists: '{ARN}'",
        )


def test_updates_have_revisions(sfn) -> None:
    sfn.create()
    unchanged = sfn("UpdateStateMachine", stateMachineArn=ARN, roleArn="arn:aws:iam::000000000000:role/role")
    assert "revisionId" not in unchanged
    first = sfn("UpdateStateMachine", stateMachineArn=ARN, definition=json.dumps(OTHER))["revisionId"]
    assert sfn("UpdateStateMachine", stateMachineArn=ARN, definition=json.dumps(OTHER))["revisionId"] == first
    second = sfn("UpdateStateMachine", stateMachineArn=ARN, tracingConfiguration={"enabled": True})["revisionId"]
    assert second != first
    assert sfn("DescribeStateMachine", stateMachineArn=ARN)["revisionId"] == second
    assert sfn.refused("UpdateStateMachine", stateMachineArn=ARN)[0] == "MissingRequiredParameter"


def test_running_executions_keep_their_revision(sfn) -> None:
    execution = sfn.start(sfn.create(definition=WAITS))
    sfn("UpdateStateMachine", stateMachineArn=ARN, definition=json.dumps(OTHER))
    described = sfn("DescribeStateMachineForExecution", executionArn=execution)
    assert json.loads(described["definition"]) == WAITS
    sfn.advance(100)
    assert "WaitStateExited" in sfn.types(execution)


def test_deleted_when_nothing_runs_any_more(sfn) -> None:
    execution = sfn.start(sfn.create(definition=WAITS))
    sfn.advance(1)
    sfn("DeleteStateMachine", stateMachineArn=ARN)
    assert sfn("DescribeStateMachine", stateMachineArn=ARN)["status"] == "DELETING"
    assert sfn.refused("StartExecution", stateMachineArn=ARN)[0] == "StateMachineDeleting"
    sfn.advance(100)
    assert sfn.describe(execution)["status"] == "ABORTED"
    assert sfn.refused("DescribeStateMachine", stateMachineArn=ARN) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{ARN}'",
    )
    assert sfn("DeleteStateMachine", stateMachineArn=ARN) == {}


def test_arns_of_other_things(sfn) -> None:
    assert sfn.refused("DescribeStateMachine", stateMachineArn="x") == (
        "InvalidArn",
        "Invalid Arn: 'Invalid ARN prefix: x'",
    )
    assert sfn.refused("DescribeExecution", executionArn=ARN)[1] == (
        "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    )


def test_pages(sfn) -> None:
    for number in range(5):
        sfn.create(f"m{number}")
    first = sfn("ListStateMachines", maxResults=2)
    sfn("DeleteStateMachine", stateMachineArn=f"{ARN}1")
    second = sfn("ListStateMachines", maxResults=2, nextToken=first["nextToken"])
    third = sfn("ListStateMachines", maxResults=2, nextToken=second["nextToken"])
    assert [m["name"] for page in (first, second, third) for m in page["stateMachines"]] == [f"m{n}" for n in range(5)]
    assert "nextToken" not in third
    for operation, token in (("ListActivities", first["nextToken"]), ("ListStateMachines", "nonsense")):
        assert sfn.refused(operation, nextToken=token) == ("InvalidToken", "Invalid Token: 'Invalid token'")
    sfn.advance(86_401)
    assert sfn.refused("ListStateMachines", nextToken=first["nextToken"])[0] == "InvalidToken"


def test_logging_needs_its_group(sfn) -> None:
    group = "arn:aws:logs:us-east-1:000000000000:log-group:g:*"
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    given = {"name": "m", "definition": json.dumps(OTHER), "roleArn": "arn:aws:iam::1:role/r"}
    assert sfn.refused("CreateStateMachine", **given, loggingConfiguration=logging) == (
        "InvalidLoggingConfiguration",
        "Invalid Logging Configuration: Log Destination not found.",
    )
    assert sfn.refused("CreateStateMachine", **given, loggingConfiguration={"level": "ALL"})[0] == (
        "InvalidLoggingConfiguration"
    )
    sfn.logs.groups["g"] = {}
    sfn("CreateStateMachine", **given, loggingConfiguration=logging)
    assert sfn("DescribeStateMachine", stateMachineArn=ARN)["loggingConfiguration"] == {
        **logging, "includeExecutionData": False,
    }  # fmt: skip


def test_variable_references(sfn) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"a.$": "$x", "b.$": "$y.z"}, "Next": "C"},
        "C": {"Type": "Map", "ItemProcessor": {"StartAt": "D", "States": {"D": {
            "Type": "Pass", "Parameters": {"a.$": "$y"}, "End": True}}}, "End": True},
    }  # fmt: skip
    sfn.create(definition={"StartAt": "A", "States": states})
    described = sfn("DescribeStateMachine", stateMachineArn=ARN)
    assert described["variableReferences"] == {"B": ["x", "y"], "D": ["y"]}
