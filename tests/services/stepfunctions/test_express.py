"""Express state machines: nothing is kept of their executions, and callers can wait for them."""

from __future__ import annotations

import asyncio

from services.api import Call
from services.scope import Scope

FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}
TYPE = "This operation is not supported by this type of state machine"


def sync(sfn, definition, advance=0.0, name="x", **params):
    arn = sfn.create(name, definition, type="EXPRESS")

    async def ask():
        asked = asyncio.ensure_future(sfn.ask("StartSyncExecution", stateMachineArn=arn, **params))
        await sfn.clock.advance(0)
        await sfn.clock.advance(advance)
        return await asked

    return sfn.loop.run_until_complete(ask())


def test_a_caller_waits(sfn) -> None:
    answer = sync(
        sfn, {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 7, "End": True}}}, 7, input="[1]", name="x"
    )
    assert (answer["status"], answer["output"], answer["input"]) == ("SUCCEEDED", "[1]", "[1]")
    assert answer["stopDate"] - answer["startDate"] == 7
    assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 7000}
    assert answer["executionArn"].startswith(f"arn:aws:states:us-east-1:000000000000:express:x:{answer['name']}:")


def test_a_failure_is_an_answer(sfn) -> None:
    answer = sync(sfn, FAIL)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "C")
    assert answer["billingDetails"]["billedDurationInMilliseconds"] == 100
    assert "output" not in answer


def test_five_minutes_at_most(sfn) -> None:
    answer = sync(sfn, {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}}, 300)
    assert answer["status"] == "TIMED_OUT"


def test_nothing_is_kept(sfn) -> None:
    arn = sfn.create("x", FAIL, type="EXPRESS")
    execution = sfn.start(arn, name="same")
    assert sfn.start(arn, name="same") != execution
    sfn.advance()
    kind = ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
    for operation in ("DescribeExecution", "StopExecution", "GetExecutionHistory", "RedriveExecution"):
        assert sfn.refused(operation, executionArn=execution) == kind
    assert sfn.refused("ListExecutions", stateMachineArn=arn) == ("StateMachineTypeNotSupported", TYPE)
    assert sfn.refused("StartSyncExecution", stateMachineArn=sfn.create()) == ("StateMachineTypeNotSupported", TYPE)


def test_the_header_of_the_request_wins(sfn) -> None:
    sfn.call = Call(Scope("000000000000", "us-east-1"), "http://localhost:4566", trace_header="Root=2")
    answer = sync(sfn, FAIL, traceHeader="Root=1")
    assert answer["traceHeader"] == "Root=2"
