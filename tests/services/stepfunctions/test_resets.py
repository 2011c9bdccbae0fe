"""What a reset leaves behind: nothing, and nobody who waits."""

from __future__ import annotations

import asyncio

from services.errors import ServiceError

WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100, "End": True}}}
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:a"


def distributed(**processor):
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **processor}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}}


def test_whoever_waits_for_a_synchronous_execution_is_refused(sfn) -> None:
    arn = sfn.create(definition=WAIT, type="EXPRESS")

    async def scenario():
        asked = asyncio.ensure_future(sfn.ask("StartSyncExecution", stateMachineArn=arn))
        await sfn.clock.advance(1)
        sfn.api.reset()
        try:
            await asked
        except ServiceError as error:
            return error.code
        return None

    assert sfn.loop.run_until_complete(scenario()) == "StateMachineDoesNotExist"


def test_a_map_run_of_a_machine_that_is_being_deleted(sfn) -> None:
    arn = sfn.create(definition=distributed(**WAIT))
    sfn.start(arn, input="[1,2]")
    sfn.advance()
    sfn("DeleteStateMachine", stateMachineArn=arn)
    told = len(sfn.bus.events)
    sfn.api.reset()
    assert not sfn.api.busy()
    sfn.advance(1000)
    assert len(sfn.bus.events) == told


def test_an_express_execution_whose_machine_is_gone(sfn) -> None:
    arn = sfn.create(definition=WAIT, type="EXPRESS")
    sfn.start(arn)
    sfn.advance()
    sfn("DeleteStateMachine", stateMachineArn=arn)
    assert sfn.api.busy()
    sfn.api.reset()
    assert not sfn.api.busy()


def test_closed_executions_are_not_kept(sfn) -> None:
    sfn.start(sfn.create())
    sfn.advance()
    assert sfn.api.state._closed
    sfn.api.reset()
    assert not sfn.api.state._closed
    assert not sfn.api.state._kept_bytes


def test_a_map_run_may_still_be_redriven_one_by_one(sfn) -> None:
    """PENDING_REDRIVE: what a Map Run will redrive when those before it have ended."""
    sfn("CreateActivity", name="a")
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ACTIVITY, "End": True}}}
    definition = distributed(**task)
    definition["States"]["M"] |= {"MaxConcurrency": 1, "ToleratedFailurePercentage": 100}
    failed = sfn.start(sfn.create(definition=definition), input="[1,2,3]")
    sfn.advance()
    sfn("SendTaskFailure", taskToken=sfn("GetActivityTask", activityArn=ACTIVITY)["taskToken"])
    sfn.advance()
    sfn("StopExecution", executionArn=failed)
    run = sfn("ListMapRuns", executionArn=failed)["mapRuns"][0]["mapRunArn"]
    sfn.advance()
    assert sfn("DescribeMapRun", mapRunArn=run)["executionCounts"]["aborted"] == 1
    sfn("RedriveExecution", executionArn=failed)
    sfn.advance()
    counts = sfn("DescribeMapRun", mapRunArn=run)["executionCounts"]
    pending = sfn("ListExecutions", mapRunArn=run, statusFilter="PENDING_REDRIVE")["executions"]
    assert (counts["running"], counts["pendingRedrive"], counts["pending"]) == (1, 1, 1)
    assert [item["status"] for item in pending] == ["PENDING_REDRIVE"]
    assert sfn.describe(pending[0]["executionArn"])["status"] == "PENDING_REDRIVE"
    sfn("StopExecution", executionArn=failed)
    assert not sfn("ListExecutions", mapRunArn=run, statusFilter="PENDING_REDRIVE")["executions"]
