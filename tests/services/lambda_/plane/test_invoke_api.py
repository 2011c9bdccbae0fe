"""Invoke, InvokeAsync and InvokeWithResponseStream as operations."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.lambda_ import lineage, payloads
from services.lambda_.errors import InvalidRequestContent, RecursiveInvocation, ResourceNotFound
from services.ports import Usage


def test_invoke_answers_with_the_invocations_own_id(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        pending = world.plane.operations.invoke(world.call, {"FunctionName": "f", "Payload": b"{}", "LogType": "Tail"})
        sandbox.answers(b'"x"')
        answer = await pending
        log = base64.b64decode(answer.pop("LogResult")).decode()
        assert log.startswith(f"START RequestId: {sandbox.request_id} Version")
        assert answer == {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "Payload": b'"x"',
            "ResponseMetadata": {"RequestId": sandbox.request_id},
        }

    run(scenario)


def test_no_payload_is_an_empty_object(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        pending = world.plane.operations.invoke(world.call, {"FunctionName": "f"})
        assert sandbox.work[-1].payload == b"{}"
        sandbox.raises()
        assert (await pending)["FunctionError"] == "Unhandled"

    run(scenario)


def test_event_and_dry_run(run):
    async def scenario(world):
        world.function()
        invoke = world.plane.operations.invoke
        answer = invoke(world.call, {"FunctionName": "f", "InvocationType": "Event"})
        world.sandboxes[0].events.ready()
        assert answer["StatusCode"] == 202
        assert answer["ResponseMetadata"]["RequestId"] == world.sandboxes[0].request_id
        assert invoke(world.call, {"FunctionName": "f", "InvocationType": "DryRun"}) == {"StatusCode": 204}
        assert len(world.sandboxes) == 1
        answer = world.plane.operations.invoke_async(world.call, {"FunctionName": "f", "InvokeArgs": b"{}"})
        assert answer["Status"] == 202
        with pytest.raises(ResourceNotFound) as error:
            invoke(world.call, {"FunctionName": "doesnotexist"})
        assert error.value.message == (
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:doesnotexist:$LATEST"
        )

    run(scenario)


def test_client_context(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        context = base64.b64encode(b'{"custom": {"foo": "bar"}}').decode()
        pending = world.plane.operations.invoke(world.call, {"FunctionName": "f", "ClientContext": context})
        assert sandbox.work[-1].client_context == '{"custom":{"foo":"bar"}}'
        sandbox.answers()
        await pending
        with pytest.raises(InvalidRequestContent):
            world.plane.operations.invoke(world.call, {"FunctionName": "f", "ClientContext": "e30K?"})

    run(scenario)


async def collected(answer):
    return [event async for event in answer["EventStream"]]


def test_a_response_stream(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        pending = world.plane.operations.invoke_with_response_stream(
            world.call, {"FunctionName": "f", "LogType": "Tail"}
        )
        coroutine = world.start_task(pending)
        await world.settle()
        events = sandbox.events
        events.stream_begins(sandbox.request_id, "text/plain")
        events.stream_chunk(sandbox.request_id, b"a")
        answer = await coroutine
        events.stream_chunk(sandbox.request_id, b"b")
        events.stream_ends(sandbox.request_id, Usage(1, 1))
        *chunks, complete = await collected(answer)
        assert chunks == [{"PayloadChunk": {"Payload": b"a"}}, {"PayloadChunk": {"Payload": b"b"}}]
        assert list(complete["InvokeComplete"]) == ["LogResult"]
        assert answer["ResponseMetadata"]["RequestId"] == sandbox.request_id

    run(scenario)


def test_a_response_stream_of_a_function_that_does_not_stream_or_fails(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        for fails in (False, True):
            task = world.start_task(
                world.plane.operations.invoke_with_response_stream(world.call, {"FunctionName": "f"})
            )
            await world.settle()
            if fails:
                sandbox.raises(b'{"errorMessage":"no"}')
            else:
                sandbox.answers(b'"whole"')
            told = await collected(await task)
            assert told == (
                [{"InvokeComplete": {"ErrorCode": "Unhandled", "ErrorDetails": '{"errorMessage":"no"}'}}]
                if fails
                else [{"PayloadChunk": {"Payload": b'"whole"'}}, {"InvokeComplete": {}}]
            )

    run(scenario)


def test_invoke_gathers_a_streamed_response(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        future = world.start()
        sandbox.events.stream_begins(sandbox.request_id, "text/plain")
        sandbox.events.stream_chunk(sandbox.request_id, b"a")
        sandbox.events.stream_chunk(sandbox.request_id, b"b")
        sandbox.events.stream_ends(sandbox.request_id, Usage(1, 1))
        outcome = await future
        assert (outcome.payload, outcome.content_type) == (b"ab", "text/plain")

    run(scenario)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87\n at [{}; line: 1, column: 3]"),
        (
            b"\x99\xeb,j\x07\xa1zYh",
            (
                "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, Number, Array, "
                "Object or token 'null', 'true' or 'false')\n at [{}; line: 1, column: 1]"
            ),
        ),
    ],
)
def test_a_payload_that_is_no_json_as_recorded(payload, text):
    with pytest.raises(InvalidRequestContent) as error:
        payloads.check_json(payload)
    source = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    begins = "Could not parse request body into json: Could not parse payload into json: "
    assert error.value.message == begins + text.format(source)


@given(st.binary(max_size=40) | st.text('{}[]",:nulltruefalse 01.eE+-\\\n', max_size=30).map(str.encode))
def test_any_payload_is_json_or_is_refused_in_words(payload):
    try:
        json.loads(payload.decode(), parse_constant=lambda text: 1 / 0)
    except (ValueError, RecursionError, ZeroDivisionError):
        with pytest.raises(InvalidRequestContent, match="line: "):
            payloads.check_json(payload)


def test_a_trace_begins_here_or_goes_on(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        mark = lineage.mark_of("arn:aws:lambda:us-east-1:000000000000:function:f")
        assert sandbox.work[0].trace.startswith("Root=1-6553f100-")
        assert sandbox.work[0].trace.endswith(f";Sampled=0;Lineage=1:{mark}:0")
        world.start(trace="Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1")
        assert sandbox.work[1].trace == (
            f"Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1;Lineage=1:{mark}:0"
        )

    run(scenario)


def test_a_loop_is_ended_after_sixteen_invocations(run):
    async def scenario(world):
        function = world.function()
        sandbox = world.warm()
        trace = sandbox.work[-1].trace
        for _ in range(15):
            world.start(trace=trace)
            trace = sandbox.work[-1].trace
            sandbox.answers()
        with pytest.raises(RecursiveInvocation):
            world.start(trace=trace)
        world.allowed.add(function.name)
        world.start(trace=trace)

    run(scenario)


@given(st.text(max_size=60), st.integers(0, 5))
def test_any_trace_header_is_taken(text, step):
    class Entropy:
        def bits(self, n):
            return 1

    traced = lineage.step(text, "0123abcd", 1.0, Entropy())
    for _ in range(step):
        before = traced.loops
        traced = lineage.step(traced.header, "0123abcd", 1.0, Entropy())
        assert traced.loops == before + 1
