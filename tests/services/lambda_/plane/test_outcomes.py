"""How invocations end, in AWS's words (recorded from AWS), and what the log says of it."""

from __future__ import annotations

import json
import re

import pytest

from services.ports import Usage


def error_of(outcome):
    assert outcome.function_error == "Unhandled"
    return json.loads(outcome.payload)


def test_what_a_handler_raises_is_passed_on_as_it_is(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        future = world.start()
        sandbox.raises(b'{"errorMessage": "Handler fails"}', "Exception")
        outcome = await future
        assert (outcome.payload, outcome.error_type) == (b'{"errorMessage": "Handler fails"}', "Exception")
        world.start()
        assert len(world.sandboxes) == 1

    run(scenario)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("exit status 0", "Runtime exited without providing a reason"),
        ("exit status 127", "Runtime exited with error: exit status 127"),
        ("signal: segmentation fault", "Runtime exited with error: signal: segmentation fault"),
        ("out of memory", "Runtime exited with error: signal: killed"),
    ],
)
@pytest.mark.parametrize("during_init", [False, True])
def test_a_process_that_ends(run, reason, text, during_init):
    async def scenario(world):
        world.function()
        future = world.start(request_id="rid")
        if not during_init:
            world.sandboxes[0].events.ready()
        world.sandboxes[0].events.exited(reason, Usage(5, 128))
        assert error_of(await future) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: rid Error: {text}",
        }
        world.start()
        assert len(world.sandboxes) == 2

    run(scenario)


def test_a_timeout(run):
    async def scenario(world):
        world.function(timeout_s=1)
        sandbox = world.warm()
        future = world.start(request_id="rid", tail=True)
        sandbox.events.timed_out("rid", Usage(1000, 40))
        sandbox.events.exited("signal: killed", Usage(1000, 40))
        outcome = await future
        assert error_of(outcome) == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "RequestId: rid Error: Task timed out after 1.00 seconds",
        }
        assert outcome.log_tail.decode().splitlines()[1:] == [
            "2023-11-14T22:13:20.000Z rid Task timed out after 1.00 seconds",
            "END RequestId: rid",
            (
                "REPORT RequestId: rid\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\t"
                "Max Memory Used: 40 MB\tStatus: timeout"
            ),
        ]
        assert world.plane.workers() == 0

    run(scenario)


def test_an_init_error_is_the_runtimes_own(run):
    async def scenario(world):
        world.function()
        future = world.start(request_id="rid", tail=True)
        sandbox = world.sandboxes[0]
        sandbox.events.output(b"[ERROR] it fails")
        sandbox.events.init_error(b'{"errorMessage":"fails","errorType":"Exception","requestId":""}', "Exception")
        assert not future.done()
        sandbox.events.exited("exit status 1", Usage(120.5, 30))
        outcome = await future
        assert error_of(outcome) == {"errorMessage": "fails", "errorType": "Exception", "requestId": ""}
        assert outcome.log_tail.startswith(b"START RequestId: rid Version: $LATEST\n[ERROR] it fails\nEND")
        assert world.logs.texts.count("[ERROR] it fails") == 1
        assert "INIT_REPORT Init Duration: 120.50 ms\tPhase: init\tStatus: error\tError Type: Exception\n" in (
            world.logs.texts
        )

    run(scenario)


def test_a_response_that_is_too_large(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        future = world.start()
        sandbox.answers(bytes(6_291_557))
        assert error_of(await future) == {
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        future = world.start()
        sandbox.answers(bytes(6_291_556))
        assert (await future).function_error == ""

    run(scenario)


def test_words_about_another_invocation_are_passed_over(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        future = world.start(request_id="now")
        sandbox.events.response("before", b"1", Usage(1, 1))
        sandbox.events.error("before", b"{}", "X", Usage(1, 1))
        assert not future.done()
        sandbox.events.response("now", b"2", Usage(1, 1))
        sandbox.events.response("now", b"3", Usage(1, 1))
        assert (await future).payload == b"2"

    run(scenario)


def test_the_log_of_a_cold_and_a_warm_invocation(run):
    async def scenario(world):
        world.function()
        future = world.start(request_id="r1", tail=True)
        sandbox = world.sandboxes[0]
        sandbox.events.ready()
        sandbox.events.output(b"{}\n")
        sandbox.answers(usage=Usage(2.345, 36, 110.1))
        tail = (await future).log_tail.decode()
        assert tail == (
            "START RequestId: r1 Version: $LATEST\n"
            "{}\n"
            "END RequestId: r1\n"
            "REPORT RequestId: r1\tDuration: 2.35 ms\tBilled Duration: 113 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n"
        )
        group, stream, at, text = world.logs.events[0]
        assert (group, stream, at) == ("/aws/lambda/f", sandbox.spec.log_stream, 1_700_000_000_000)
        assert re.fullmatch(
            r"INIT_START Runtime Version: python:3\.12\.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:"
            r"[0-9a-f]{64}\n",
            text,
        )
        world.start(request_id="r2")
        sandbox.events.output(b"[ERROR] X: no\nTraceback")
        sandbox.answers()
        assert world.logs.texts[-4:] == [
            "START RequestId: r2 Version: $LATEST\n",
            "[ERROR] X: no\nTraceback",
            "END RequestId: r2\n",
            (
                "REPORT RequestId: r2\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
                "Max Memory Used: 40 MB\t\n"
            ),
        ]

    run(scenario)


def test_the_tail_is_the_last_four_kilobytes(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        future = world.start(tail=True)
        for _ in range(100):
            sandbox.events.output(b"x" * 99)
        sandbox.answers()
        tail = (await future).log_tail
        assert len(tail) == 4096
        assert b"x\nx" in tail
        assert b"REPORT" in tail

    run(scenario)


def test_the_log_in_json(run):
    async def scenario(world):
        world.function(log_format="JSON")
        future = world.start(request_id="r1")
        sandbox = world.sandboxes[0]
        sandbox.events.ready()
        sandbox.answers(usage=Usage(2.345, 36, 110.1))
        await future
        records = [json.loads(text) for text in world.logs.texts]
        assert [record["type"] for record in records] == ["platform.initStart", "platform.start", "platform.report"]
        assert records[1] == {
            "time": "2023-11-14T22:13:20.000Z",
            "type": "platform.start",
            "record": {"requestId": "r1", "version": "$LATEST"},
        }
        assert records[2]["record"] == {
            "requestId": "r1",
            "metrics": {
                "durationMs": 2.345,
                "billedDurationMs": 113,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 36,
                "initDurationMs": 110.1,
            },
            "status": "success",
        }

    run(scenario)


def test_system_levels_choose_the_records(run):
    async def scenario(world):
        world.function("loud", log_format="JSON", system_log_level="DEBUG")
        world.function("quiet", log_format="JSON", system_log_level="WARN")
        world.warm("loud")
        assert any("platform.runtimeDone" in text for text in world.logs.texts)
        world.logs.events.clear()
        quiet = world.warm("quiet")
        assert world.logs.texts == []
        world.start("quiet")
        quiet.raises()
        assert ["runtimeDone" in world.logs.texts[0], "report" in world.logs.texts[1]] == [True, True]
        assert '"status":"error","errorType":"Boom"' in world.logs.texts[1]

    run(scenario)
