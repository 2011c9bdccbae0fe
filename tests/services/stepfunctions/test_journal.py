"""What executions tell: logs at their level, and status changes."""

from __future__ import annotations

import json

import pytest

FAILS = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Result": [1], "Next": "F"}, "F": {"Type": "Fail", "Error": "E", "Cause": "C"}},
}
ALL = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "FailStateEntered", "ExecutionFailed"]


def logged(sfn, level, definition=FAILS, data=False, **params):
    """A machine that logs to group g, and its ARN; `told` reads what it has logged."""
    group = "arn:aws:logs:us-east-1:000000000000:log-group:g:*"
    sfn.logs.groups["g"] = {}
    configuration = {
        "level": level,
        "includeExecutionData": data,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    return sfn.create("m", definition, loggingConfiguration=configuration, **params)


def told(sfn):
    streams = [name for name in sfn.logs.groups["g"] if name.startswith("states/m/")]
    assert len(streams) <= 1
    return [json.loads(text) for name in streams for _, text in sfn.logs.groups["g"][name]]


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
@pytest.mark.parametrize(("level", "types"), [("ALL", ALL), ("ERROR", ALL[3:]), ("FATAL", ALL[4:]), ("OFF", [])])
def test_levels(sfn, level, types, type_) -> None:
    arn = logged(sfn, level, type=type_)
    sfn.start(arn)
    sfn.advance()
    assert [event["type"] for event in told(sfn)] == types


def test_an_event(sfn) -> None:
    execution = sfn.start(logged(sfn, "ALL"), input='{"a":1}')
    sfn.advance()
    assert told(sfn)[2] == {
        "id": "3",
        "type": "PassStateExited",
        "details": {"name": "A"},
        "previous_event_id": "2",
        "event_timestamp": "1700000000000",
        "execution_arn": execution,
        "redrive_count": "0",
    }


def test_with_data(sfn) -> None:
    arn = logged(sfn, "ALL", data=True)
    sfn.start(arn, input='{"a":1}')
    sfn.start(arn, input="2")
    sfn.advance()
    events = told(sfn)
    assert events[2]["details"] == {"name": "A", "output": "[1]", "outputDetails": {"truncated": False}}
    assert [event["details"]["input"] for event in events if event["type"] == "ExecutionStarted"] == ['{"a":1}', "2"]


def test_whoever_delivers_tries_first(sfn) -> None:
    logged(sfn, "ALL")
    assert list(sfn.logs.groups["g"]) == ["log_stream_created_by_aws_to_validate_log_delivery_subscriptions"]


def test_a_group_that_is_gone_stops_nobody(sfn) -> None:
    execution = sfn.start(logged(sfn, "ALL"))
    del sfn.logs.groups["g"]
    sfn.advance()
    assert sfn.describe(execution)["status"] == "FAILED"


def test_status_changes(sfn) -> None:
    execution = sfn.start(sfn.create(definition=FAILS), name="e", input='{"a":1}')
    sfn.advance()
    sfn("RedriveExecution", executionArn=execution)
    sfn.advance(5)
    assert [event["detail"]["status"] for event in sfn.bus.events] == ["RUNNING", "FAILED"] * 2
    event = sfn.bus.events[1]
    assert (event["source"], event["detail_type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert event["resources"] == [execution]
    detail = event["detail"]
    assert detail | {"input": '{"a":1}', "error": "E", "cause": "C", "name": "e", "output": None} == detail
    assert (detail["startDate"], detail["redriveStatus"]) == (1_700_000_000_000, "REDRIVABLE")


def test_what_is_long_is_left_out_of_a_status_change(sfn) -> None:
    sfn.start(sfn.create(), input=json.dumps("x" * 200_000))
    sfn.advance()
    detail = sfn.bus.events[-1]["detail"]
    assert (detail["input"], detail["inputDetails"], detail["output"]) == (None, {"included": False}, None)


def test_express_executions_change_no_status(sfn) -> None:
    sfn.start(sfn.create(type="EXPRESS"))
    sfn.advance()
    assert not sfn.bus.events
