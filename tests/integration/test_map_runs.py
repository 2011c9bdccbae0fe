"""Distributed Maps, by boto3: children, readers, batches, results, tolerance, redrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from undercast.server import Server

ROLE = "arn:aws:iam::000000000000:role/machine"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
FAIL_AT_3 = {
    "StartAt": "C",
    "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 3, "Next": "F"}], "Default": "A"},
        "A": {"Type": "Pass", "End": True},
        "F": {"Type": "Fail", "Error": "Bad", "Cause": "three"},
    },
}
READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON"},
    "Parameters": {"Bucket": "items", "Key": "five.json"},
}


class Maps:
    """Runs distributed Maps."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sfn: Any = server.boto3("stepfunctions")
        self.s3: Any = server.boto3("s3")
        self.count = 0

    def start(self, given: Any = None, processor: dict[str, Any] = PASS, kind: str = "STANDARD", **fields: Any) -> str:
        self.count += 1
        config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
        state = {"Type": "Map", "Label": "Each", "ItemProcessor": {**config, **processor}, "End": True, **fields}
        definition = json.dumps({"StartAt": "M", "States": {"M": state}})
        made = self.sfn.create_state_machine(name=f"map-{self.count}", definition=definition, roleArn=ROLE)
        started = self.sfn.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(given or {}))
        return str(started["executionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        # Time moves once nothing is under way any more.
        self.server.client.advance(0)
        found: dict[str, Any] = self.sfn.describe_execution(executionArn=arn)
        return found

    def run(self, given: Any = None, **fields: Any) -> Any:
        found = self.ended(self.start(given, **fields))
        assert found["status"] == "SUCCEEDED", found
        return json.loads(found["output"])

    def map_run(self, arn: str) -> dict[str, Any]:
        (listed,) = self.sfn.list_map_runs(executionArn=arn)["mapRuns"]
        found: dict[str, Any] = self.sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
        return found

    def object(self, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket="items", Key=key)["Body"].read())


@pytest.fixture
def maps(server: Server) -> Maps:
    found = Maps(server)
    found.s3.create_bucket(Bucket="items")
    found.s3.put_object(Bucket="items", Key="five.json", Body=json.dumps([{"n": n} for n in range(5)]))
    return found


def counts(**given: int) -> dict[str, int]:
    names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
    return {**dict.fromkeys(names, 0), **given}


def test_every_item_is_an_execution(maps: Maps) -> None:
    arn = maps.start([1, 2, 3])
    assert json.loads(maps.ended(arn)["output"]) == [1, 2, 3]
    found = maps.map_run(arn)
    assert found["status"] == "SUCCEEDED"
    assert found["itemCounts"] == found["executionCounts"] == counts(succeeded=3, total=3, resultsWritten=3)
    assert ":mapRun:map-1/Each:" in found["mapRunArn"]
    children = maps.sfn.list_executions(mapRunArn=found["mapRunArn"])["executions"]
    assert len(children) == 3
    described = maps.sfn.describe_execution(executionArn=children[-1]["executionArn"])
    assert (described["input"], described["mapRunArn"]) == ("1", found["mapRunArn"])
    assert described["stateMachineArn"].endswith(":stateMachine:map-1/Each")
    types = [
        event["type"] for event in maps.sfn.get_execution_history(executionArn=children[0]["executionArn"])["events"]
    ]
    assert types == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]


def test_no_items(maps: Maps) -> None:
    assert maps.run([]) == []


def test_batches_of_selected_items(maps: Maps) -> None:
    found = maps.run(
        {"q": 7},
        ItemReader=READER,
        ItemSelector={"n.$": "$$.Map.Item.Value.n", "at.$": "$$.Map.Item.Index", "from.$": "$$.Map.Item.Source"},
        ItemBatcher={"MaxItemsPerBatch": 3, "BatchInput": {"q.$": "$.q"}},
    )
    assert [batch["BatchInput"] for batch in found] == [{"q": 7}, {"q": 7}]
    assert [[item["n"] for item in batch["Items"]] for batch in found] == [[0, 1, 2], [3, 4]]
    assert found[1]["Items"][1] == {"n": 4, "at": 4, "from": "s3://items/five.json"}


def test_results_are_written(maps: Maps) -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "items", "Prefix": "out/"}}
    found = maps.run(processor=FAIL_AT_3, ItemReader=READER, ResultWriter=writer, ToleratedFailureCount=1)
    run_id = found["MapRunArn"].rpartition(":")[2]
    assert found["ResultWriterDetails"] == {"Bucket": "items", "Key": f"out/{run_id}/manifest.json"}
    manifest = maps.object(f"out/{run_id}/manifest.json")
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == ("items", found["MapRunArn"])
    files = manifest["ResultFiles"]
    assert [file["Key"] for file in files["SUCCEEDED"]] == [f"out/{run_id}/SUCCEEDED_0.json"]
    assert files["PENDING"] == []
    succeeded = maps.object(files["SUCCEEDED"][0]["Key"])
    assert [json.loads(each["Output"])["n"] for each in succeeded] == [0, 1, 2, 4]
    (failed,) = maps.object(files["FAILED"][0]["Key"])
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "Bad", "three")
    size = maps.s3.head_object(Bucket="items", Key=files["FAILED"][0]["Key"])["ContentLength"]
    assert size == files["FAILED"][0]["Size"]


def test_results_that_can_not_be_written(maps: Maps) -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "no-such-bucket", "Prefix": ""}}
    assert maps.ended(maps.start([1], ResultWriter=writer))["error"] == "States.ResultWriterFailed"


@pytest.mark.parametrize(("transformation", "expected"), [("COMPACT", [[1], [2, 3]]), ("FLATTEN", [1, 2, 3])])
def test_results_are_transformed(maps: Maps, transformation: str, expected: Any) -> None:
    writer = {"WriterConfig": {"Transformation": transformation, "OutputType": "JSON"}}
    assert maps.run([[1], [2, 3]], ResultWriter=writer, kind="EXPRESS") == expected


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 0}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 19.9}, "FAILED"),
        ({"ToleratedFailurePercentage": 20}, "SUCCEEDED"),
    ],
)
def test_failures_are_tolerated(maps: Maps, tolerance: dict[str, float], status: str) -> None:
    arn = maps.start(processor=FAIL_AT_3, ItemReader=READER, **tolerance)
    found = maps.ended(arn)
    assert found["status"] == maps.map_run(arn)["status"] == status
    if status == "FAILED":
        assert found["error"] == "States.ExceedToleratedFailureThreshold"
        assert found["cause"] == "The specified tolerated failure threshold was exceeded"


def test_a_reader_that_finds_nothing_fails_the_run(maps: Maps) -> None:
    reader = {**READER, "Parameters": {"Bucket": "items", "Key": "gone"}}
    arn = maps.start(ItemReader=reader)
    assert maps.ended(arn)["error"] == "States.ItemReaderFailed"
    types = [event["type"] for event in maps.sfn.get_execution_history(executionArn=arn)["events"]]
    assert types[2:] == ["MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_redrive_runs_what_did_not_succeed(maps: Maps) -> None:
    sqs: Any = maps.server.boto3("sqs")
    first = sqs.create_queue(QueueName="there")["QueueUrl"]
    send = {
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl.$": "$", "MessageBody": "x"},
                "ResultSelector": {"sent": True},
                "End": True,
            }
        },
    }
    arn = maps.start([first, first + "-late"], processor=send, MaxConcurrency=1)
    assert maps.ended(arn)["status"] == "FAILED"
    sqs.create_queue(QueueName="there-late")
    maps.sfn.redrive_execution(executionArn=arn)
    found = maps.ended(arn)
    assert json.loads(found["output"]) == [{"sent": True}] * 2
    described = maps.map_run(arn)
    assert described["redriveCount"] == 1
    assert described["executionCounts"] == counts(succeeded=2, total=2, resultsWritten=2, pendingRedrive=0)
    # The child that had succeeded did not run again.
    attributes = sqs.get_queue_attributes(QueueUrl=first, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    types = [event["type"] for event in maps.sfn.get_execution_history(executionArn=arn)["events"]]
    assert types[7:9] == ["ExecutionRedriven", "MapRunRedriven"]


WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}


def test_concurrency_is_kept_and_can_be_changed(maps: Maps) -> None:
    arn = maps.start(list(range(6)), processor=WAIT, MaxConcurrency=2)
    maps.server.client.advance(0)
    found = maps.map_run(arn)
    assert found["executionCounts"] == counts(running=2, pending=4, total=6)
    maps.server.client.advance(3600)
    assert maps.map_run(arn)["executionCounts"] == counts(succeeded=2, running=2, pending=2, total=6)
    maps.sfn.update_map_run(mapRunArn=found["mapRunArn"], maxConcurrency=0)
    maps.server.client.advance(0)
    assert maps.map_run(arn)["executionCounts"] == counts(succeeded=2, running=4, total=6)
    maps.server.client.advance(3600)
    assert maps.map_run(arn)["status"] == "SUCCEEDED"
    with pytest.raises(maps.sfn.exceptions.ClientError, match="cannot be updated"):
        maps.sfn.update_map_run(mapRunArn=found["mapRunArn"], maxConcurrency=1)


def test_a_stopped_execution_stops_its_children(maps: Maps) -> None:
    arn = maps.start([1, 2], processor=WAIT)
    maps.server.client.advance(0)
    maps.sfn.stop_execution(executionArn=arn)
    found = maps.map_run(arn)
    assert (found["status"], found["executionCounts"]) == ("ABORTED", counts(aborted=2, total=2))


def test_a_map_run_that_is_not_there(maps: Maps) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:mapRun:m/l:11111111-1111-1111-1111-111111111111"
    with pytest.raises(maps.sfn.exceptions.ResourceNotFound):
        maps.sfn.describe_map_run(mapRunArn=arn)


def test_many_items(maps: Maps) -> None:
    assert maps.run(list(range(2_500)), kind="EXPRESS") == list(range(2_500))
