"""Time goes on until an execution has got where a test wants it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from undercast.errors import RefusedError

if TYPE_CHECKING:
    from undercast.server import Server

ROLE = "arn:aws:iam::000000000000:role/machine"
MACHINE = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Day", "States": {"Day": {"Type": "Wait", "Seconds": 86_400, "End": True}}},
                {"StartAt": "Hour", "States": {"Hour": {"Type": "Wait", "Seconds": 3_600, "Next": "Week"},
                                               "Week": {"Type": "Wait", "Seconds": 604_800, "End": True}}},
            ],
            "Next": "Refused",
        },
        "Refused": {"Type": "Fail", "Error": "No"},
    },
}  # fmt: skip


@pytest.fixture
def execution(server: Server) -> Any:
    machines = server.boto3("stepfunctions")
    made = machines.create_state_machine(name="waits", definition=json.dumps(MACHINE), roleArn=ROLE)
    yield machines.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    machines.close()


def test_until_a_state_a_status_and_the_end(server: Server, execution: str) -> None:
    client = server.client
    began = client.time().now
    assert client.run_until({"execution": execution, "state": "Day"}, at_most=0)
    assert client.run_until({"execution": execution, "state": "Week"}, at_most="2h")
    assert client.time().now == began + 3_600
    assert not client.run_until({"execution": execution, "status": "SUCCEEDED"}, at_most="1d")
    assert not client.run_until({"execution": execution, "state": "Day"}, at_most=0)
    assert client.run_until({"execution": execution}, at_most="30d")
    assert client.time().now == began + 3_600 + 604_800
    assert client.run_until({"execution": execution, "status": "FAILED"}, at_most=0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"status": "DONE"}, "an execution has no status DONE"),
        ({"status": "FAILED", "state": "Day"}, "a status or a state, not both"),
        ({"visible": 1}, "a condition of an execution has no member visible"),
        ({"state": 1}, "state is a text, not 1"),
        ({"execution": "arn:aws:states:us-east-1:000000000000:execution:waits:none"}, "there is no execution arn:"),
    ],
)
def test_what_makes_no_sense_is_refused(server: Server, execution: str, more: Any, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        server.client.run_until({"execution": execution, **more}, at_most=0)


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_nobody_waits_for_an_execution_that_is_no_more(server: Server, execution: str, end: str) -> None:
    server.client.advance(0)
    assert server.client.time().timers == 1
    if end == "stop":
        machines = server.boto3("stepfunctions")
        machines.stop_execution(executionArn=execution)
        machines.close()
    else:
        server.client.reset()
    assert server.client.time().timers == 0
