"""Asynchronous invocations: retries, ages, dead letters, destinations (records as AWS was seen to write them)."""

from __future__ import annotations

import json

import pytest

from services.errors import ServiceError
from services.lambda_.errors import RequestEntityTooLarge
from services.lambda_.model import AsyncPolicy

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
FAILURE = b'{"errorMessage":"intentional failure","errorType":"Exception"}'


def test_an_event_runs_at_once_and_success_is_told(run):
    async def scenario(world):
        world.function()
        world.policy = AsyncPolicy(on_success=QUEUE)
        request_id = world.event(payload=b'{"a":1}')
        sandbox = world.sandboxes[0]
        sandbox.events.ready()
        sandbox.answers(b'{"b":2}')
        assert world.plane.busy()
        await world.settle()
        ((target, body, attributes),) = world.deliveries.sent
        assert (target, attributes) == (QUEUE, {})
        assert json.loads(body) == {
            "version": "1.0",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "requestContext": {
                "requestId": request_id,
                "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
                "condition": "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": {"a": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": {"b": 2},
        }
        assert not world.plane.busy()
        assert world.clock.holds == 0

    run(scenario)


def test_an_error_is_retried_after_one_minute_and_after_two(run):
    async def scenario(world):
        world.function(dead_letter_arn="dlq")
        world.policy = AsyncPolicy(on_failure=QUEUE)
        sandbox = world.warm()
        request_id = world.event(payload=b'{"m":1}')
        sandbox.raises(FAILURE, "Exception")
        world.clock.advance(59.9)
        assert len(sandbox.work) == 2
        world.clock.advance(0.1)
        assert len(sandbox.work) == 3
        sandbox.raises(FAILURE, "Exception")
        world.clock.advance(119.9)
        assert len(sandbox.work) == 3
        world.clock.advance(0.1)
        assert [work.request_id for work in sandbox.work[1:]] == [request_id] * 3
        sandbox.raises(FAILURE, "Exception")
        await world.settle()
        (_, body, _), (dead_to, dead_body, attributes) = world.deliveries.sent
        record = json.loads(body)
        assert record["requestContext"]["condition"] == "RetriesExhausted"
        assert record["requestContext"]["approximateInvokeCount"] == 3
        assert record["responseContext"] == {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        }
        assert record["responsePayload"] == json.loads(FAILURE)
        assert (dead_to, dead_body) == ("dlq", '{"m":1}')
        assert attributes == {
            "RequestID": {"DataType": "String", "StringValue": request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": "intentional failure"},
        }
        assert not world.plane.busy()

    run(scenario)


@pytest.mark.parametrize(("max_age_s", "attempts"), [(60, 1), (90, 2), (180, 2), (181, 3)])
def test_an_event_that_would_be_too_old_is_not_waited_for(run, max_age_s, attempts):
    async def scenario(world):
        world.function()
        world.policy = AsyncPolicy(max_age_s=max_age_s, on_failure=QUEUE)
        sandbox = world.warm()
        world.event()
        for wait in (60, 120, 0)[:attempts]:
            sandbox.raises(FAILURE)
            world.clock.advance(wait)
        await world.settle()
        context = json.loads(world.deliveries.sent[0][1])["requestContext"]
        assert context["approximateInvokeCount"] == attempts == len(sandbox.work) - 1
        assert context["condition"] == ("EventAgeExceeded" if attempts < 3 else "RetriesExhausted")

    run(scenario)


def test_no_retries_when_none_are_wanted(run):
    async def scenario(world):
        world.function()
        world.policy = AsyncPolicy(max_attempts=0, on_failure=QUEUE)
        sandbox = world.warm()
        world.event()
        sandbox.raises(FAILURE)
        await world.settle()
        assert json.loads(world.deliveries.sent[0][1])["requestContext"]["condition"] == "RetriesExhausted"

    run(scenario)


def test_without_any_concurrency_the_event_fails_unrun(run):
    async def scenario(world):
        world.function().reserved = 0
        world.policy = AsyncPolicy(on_failure=QUEUE)
        world.event()
        await world.settle()
        record = json.loads(world.deliveries.sent[0][1])
        assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
        assert record["requestContext"]["approximateInvokeCount"] == 0
        assert "responseContext" not in record
        assert "responsePayload" not in record

    run(scenario)


def test_throttled_events_run_in_order_as_room_comes(run):
    async def scenario(world):
        world.function().reserved = 1
        world.start()
        sandbox = world.sandboxes[0]
        sandbox.events.ready()
        for number in range(3):
            world.event(payload=b"%d" % number)
        for number in range(3):
            sandbox.answers()
            assert sandbox.work[-1].payload == b"%d" % number
        sandbox.answers()
        assert len(sandbox.work) == 4
        assert len(world.sandboxes) == 1
        assert not world.plane.busy()
        world.clock.advance(400)
        assert len(sandbox.work) == 4

    run(scenario)


def test_more_concurrency_lets_all_run_that_fit(run):
    async def scenario(world):
        function = world.function()
        function.reserved = 1
        for number in range(4):
            world.event(payload=b"%d" % number)
        assert len(world.sandboxes) == 1
        function.reserved = 3
        world.functions.tell_concurrency(function)
        assert len(world.sandboxes) == 3

    run(scenario)


def test_a_throttled_event_grows_old(run):
    async def scenario(world):
        world.function().reserved = 1
        world.policy = AsyncPolicy(max_age_s=60, on_failure=QUEUE)
        world.start()
        world.event()
        world.clock.advance(70)
        await world.settle()
        context = json.loads(world.deliveries.sent[0][1])["requestContext"]
        assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 0)

    run(scenario)


def test_a_retry_waits_its_time_although_room_comes(run):
    async def scenario(world):
        world.function().reserved = 1
        world.start()
        sandbox = world.sandboxes[0]
        sandbox.events.ready()
        world.event()
        world.clock.advance(5)
        sandbox.answers()
        sandbox.raises(FAILURE)
        world.start()
        sandbox.answers()
        assert len(sandbox.work) == 3
        world.clock.advance(60)
        assert len(sandbox.work) == 4

    run(scenario)


def test_a_queued_event_runs_what_the_function_is_by_then(run):
    async def scenario(world):
        function = world.function()
        function.reserved = 1
        world.start()
        world.sandboxes[0].events.ready()
        world.event()
        world.configure(function, handler="c.d")
        world.sandboxes[0].answers()
        assert world.sandboxes[1].spec.handler == "c.d"

    run(scenario)


def test_events_of_a_deleted_function_are_dropped(run):
    async def scenario(world):
        function = world.function()
        sandbox = world.warm()
        world.event()
        sandbox.raises(FAILURE)
        del world.functions.in_scope(function.scope)["f"]
        world.functions.tell_deleted(function, "")
        world.clock.advance(60)
        assert not world.plane.busy()

    run(scenario)


def test_a_destination_that_is_gone_stops_nobody(run):
    async def scenario(world):
        world.function()
        world.policy = AsyncPolicy(on_success="gone")
        world.deliveries.refusal = ServiceError("no such queue")
        sandbox = world.warm()
        world.event()
        sandbox.answers()
        await world.settle()
        assert not world.plane.busy()
        assert world.clock.holds == 0

    run(scenario)


def test_an_event_is_at_most_a_mebibyte(run):
    async def scenario(world):
        world.function()
        with pytest.raises(RequestEntityTooLarge) as error:
            world.event(payload=bytes(1_048_577))
        assert error.value.message == (
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
        )

    run(scenario)


def test_a_function_as_destination_gets_the_record(run):
    async def scenario(world):
        world.function("f")
        world.function("g")
        f, g = world.warm("f"), world.warm("g")
        world.policies["f"] = AsyncPolicy(on_success="arn:aws:lambda:us-east-1:000000000000:function:g")
        world.event("f")
        f.answers(b"1")
        assert json.loads(g.work[-1].payload)["responsePayload"] == 1
        assert g.work[-1].trace.startswith(f.work[-1].trace)
        assert world.deliveries.sent == []

    run(scenario)


def test_two_functions_that_tell_each_other_are_ended_as_a_loop(run):
    async def scenario(world):
        for name, other in (("f", "g"), ("g", "f")):
            world.function(name)
            world.policies[name] = AsyncPolicy(on_success=f"arn:aws:lambda:us-east-1:000000000000:function:{other}")
        sandboxes = {name: world.warm(name) for name in "fg"}
        world.event("f")
        for name in "fg" * 16:
            sandboxes[name].answers()
        assert [len(sandbox.work) - 1 for sandbox in sandboxes.values()] == [16, 16]
        assert not world.plane.busy()

    run(scenario)


def test_a_function_that_is_no_longer_there_is_told_nothing(run):
    async def scenario(world):
        world.function()
        world.policy = AsyncPolicy(on_success="arn:aws:lambda:us-east-1:000000000000:function:gone")
        sandbox = world.warm()
        world.event()
        sandbox.answers()
        assert not world.plane.busy()

    run(scenario)
