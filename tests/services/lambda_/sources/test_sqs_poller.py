"""What a mapping does with a queue's messages. No server, no process; time moves by hand."""

from __future__ import annotations

import asyncio
import json

from services.lambda_.errors import InvalidRequestContent, TooManyRequests
from services.lambda_.invocation import Outcome

REPORT = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def failing(*identifiers):
    return json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in identifiers]}).encode()


def test_a_message_is_handed_over_at_once_and_deleted(simulate):
    async def main(world):
        queue = world.queue()
        world.map(queue)
        await world.settle()
        assert not world.mappings.busy()
        world.send(queue, "hello")
        await world.settle()
        assert world.functions.bodies == [["hello"]]
        assert world.depth(queue) == (0, 0, 0)
        assert not world.mappings.busy()
        assert world.clock.holds == 0

    simulate(main)


def test_what_waits_is_taken_in_batches(simulate):
    async def main(world):
        queue = world.queue()
        world.send(queue, *map(str, range(25)))
        world.map(queue, 10)
        await world.settle()
        assert [len(event) for event in world.functions.bodies] == [10, 10, 5]
        assert sorted(world.functions.seen, key=int) == list(map(str, range(25)))

    simulate(main)


def test_the_clock_is_held_while_the_function_runs_and_by_nothing_else(simulate):
    async def main(world):
        queue = world.queue()
        world.map(queue)
        await world.settle()
        assert world.clock.holds == 0
        world.functions.gate = asyncio.Event()
        world.send(queue, "slow")
        moving = asyncio.ensure_future(world.clock.advance(100))
        await world.turns()
        assert not moving.done()
        assert world.functions.running == 1
        world.functions.gate.set()
        await moving
        assert world.functions.bodies == [["slow"]]

    simulate(main)


def test_a_failed_batch_is_left_to_the_visibility_timeout(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=30)
        world.functions.answer = Outcome("r", b'{"errorMessage":"no"}', "$LATEST", "Unhandled")
        world.map(queue)
        world.send(queue, "a")
        await world.settle()
        assert world.depth(queue) == (0, 1, 0)
        await world.clock.advance(29)
        assert len(world.functions.events) == 1
        await world.clock.advance(1)
        assert len(world.functions.events) == 2
        assert world.functions.events[1][0]["attributes"]["ApproximateReceiveCount"] == "2"

    simulate(main)


def test_the_queues_redrive_policy_ends_it(simulate):
    async def main(world):
        dead = world.queue()
        policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
        queue = world.queue(VisibilityTimeout=5, RedrivePolicy=policy)
        world.functions.answer = Outcome("r", b"{}", "$LATEST", "Unhandled")
        world.map(queue)
        world.send(queue, "poison")
        await world.clock.advance(5)
        assert len(world.functions.events) == 2
        assert world.depth(dead) == (0, 0, 0)
        await world.clock.advance(5)
        assert len(world.functions.events) == 2
        assert world.depth(dead) == (1, 0, 0)

    simulate(main)


def test_only_the_reported_messages_stay(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=30)
        world.send(queue, "good", "bad", "fine")

        def answer(event):
            return failing(*(record["messageId"] for record in event["Records"] if record["body"] == "bad"))

        world.functions.answer = answer
        world.map(queue, **REPORT)
        await world.settle()
        assert world.depth(queue) == (0, 1, 0)
        await world.clock.advance(30)
        assert world.functions.bodies == [["good", "bad", "fine"], ["bad"]]

    simulate(main)


def test_an_answer_that_makes_no_sense_fails_the_batch_only_where_it_is_read(simulate):
    async def main(world):
        queue, other = world.queue(), world.queue()
        world.functions.answer = failing("of no record")
        world.send(queue, "a", "b")
        mapping = world.map(queue, **REPORT)
        await world.settle()
        assert world.depth(queue) == (0, 2, 0)
        world.mappings.stop(mapping)
        world.map(other)
        world.send(other, "a", "b")
        await world.settle()
        assert world.depth(other) == (0, 0, 0)

    simulate(main)


def test_a_window_gathers_until_it_is_over(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=300)
        world.map(queue, 100, MaximumBatchingWindowInSeconds=30)
        for age in range(4):
            world.send(queue, f"after {age * 8}")
            await world.clock.advance(8)
            assert bool(world.functions.events) == (age == 3)
        # The window began with the first message, 32 seconds ago.
        assert world.functions.bodies == [["after 0", "after 8", "after 16", "after 24"]]
        assert world.functions.events[0][0]["md5OfMessageAttributes"] is None

    simulate(main)


def test_a_full_batch_does_not_wait_for_its_window(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=600)
        world.map(queue, 15, MaximumBatchingWindowInSeconds=300)
        world.send(queue, *map(str, range(17)))
        await world.settle()
        assert [len(event) for event in world.functions.bodies] == [15]
        assert world.mappings.busy()
        ran, _ = await world.clock.run_until(lambda: not world.mappings.busy(), 1000)
        assert ran
        assert [len(event) for event in world.functions.bodies] == [15, 2]

    simulate(main)


def test_a_batch_stays_below_six_megabytes(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=600)
        size = 1_000_000
        world.send(queue, *[letter * size for letter in "abcdefgh"])
        world.map(queue, 20, MaximumBatchingWindowInSeconds=5)
        await world.clock.advance(10)
        assert [len(event) for event in world.functions.bodies] == [6, 2]
        assert {record["body"][0] for event in world.functions.events for record in event} == set("abcdefgh")
        assert world.depth(queue) == (0, 0, 0)

    simulate(main)


def test_what_no_filter_lets_pass_is_deleted_unseen(simulate):
    async def main(world):
        queue = world.queue()
        pattern = json.dumps({"body": {"kind": ["wanted"]}})
        world.map(queue, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        world.send(queue, '{"kind": "other"}', "plain", '{"kind": "wanted"}')
        await world.settle()
        assert world.functions.bodies == [['{"kind": "wanted"}']]
        assert world.depth(queue) == (0, 0, 0)

    simulate(main)


def test_five_batches_at_once_and_more_as_time_goes_by(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=600)
        world.functions.gate = asyncio.Event()
        world.send(queue, *map(str, range(12)))
        world.map(queue, 1)
        await world.turns()
        assert world.functions.running == 5
        world.functions.gate.set()
        await world.settle()
        assert len(world.functions.events) == 12
        assert world.functions.most == 5

    simulate(main)


def test_maximum_concurrency_is_kept(simulate):
    async def main(world):
        queue = world.queue()
        world.functions.gate = asyncio.Event()
        world.send(queue, *map(str, range(9)))
        world.map(queue, 1, ScalingConfig={"MaximumConcurrency": 2})
        await world.turns()
        assert world.functions.running == 2
        world.functions.gate.set()
        await world.settle()
        assert world.functions.most == 2
        assert len(world.functions.events) == 9

    simulate(main)


def test_a_throttled_batch_is_tried_again_and_is_not_received_twice(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=60)
        world.functions.fail_with(TooManyRequests())
        world.map(queue)
        world.send(queue, "patient")
        await world.settle()
        assert world.clock.holds == 0
        assert world.mappings.busy()
        world.functions.answer = b"null"
        await world.clock.advance(1)
        assert world.functions.events[0][0]["attributes"]["ApproximateReceiveCount"] == "1"
        assert world.depth(queue) == (0, 0, 0)

    simulate(main)


def test_throttled_for_too_long_a_batch_goes_back_to_the_queue(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=10)
        world.functions.fail_with(TooManyRequests())
        mapping = world.map(queue)
        world.send(queue, "late")
        await world.clock.advance(9)
        world.mappings.stop(mapping)
        assert world.depth(queue) == (0, 1, 0)
        await world.clock.advance(1)
        assert world.depth(queue) == (1, 0, 0)

    simulate(main)


def test_a_refused_invocation_leaves_the_batch(simulate):
    async def main(world):
        queue = world.queue(VisibilityTimeout=10)
        world.functions.fail_with(InvalidRequestContent("no"))
        world.map(queue)
        world.send(queue, "x")
        await world.settle()
        assert world.depth(queue) == (0, 1, 0)
        assert not world.mappings.busy()

    simulate(main)


def test_stopping_returns_what_was_gathered_and_finishes_what_runs(simulate):
    async def main(world):
        queue = world.queue()
        mapping = world.map(queue, 100, MaximumBatchingWindowInSeconds=60)
        world.send(queue, "in the window")
        await world.settle()
        assert world.depth(queue) == (0, 1, 0)
        world.mappings.stop(mapping)
        await world.settle()
        assert world.depth(queue) == (1, 0, 0)
        world.functions.gate = asyncio.Event()
        mapping = world.map(queue, 10)
        await world.turns()
        world.mappings.stop(mapping)
        world.send(queue, "nobody takes this")
        assert world.mappings.busy()
        world.functions.gate.set()
        await world.settle()
        assert world.functions.bodies == [["in the window"]]
        assert world.depth(queue) == (1, 0, 0)
        assert not world.mappings.busy()

    simulate(main)


def test_stopping_in_the_moment_of_a_delivery_loses_nothing(simulate):
    async def main(world):
        queue = world.queue()
        mapping = world.map(queue)
        await world.settle()
        world.send(queue, "just now")
        world.mappings.stop(mapping)
        await world.settle()
        assert world.functions.events == []
        assert world.depth(queue) == (1, 0, 0)

    simulate(main)


def test_a_queue_that_goes_and_comes_back_is_polled_again(simulate):
    async def main(world):
        queue = world.queue()
        world.map(queue)
        await world.settle()
        world.sqs.delete_queue(world.call, {"QueueUrl": queue.url})
        await world.clock.advance(61)
        world.sqs.create_queue(world.call, {"QueueName": queue.name})
        world.send(queue, "again")
        await world.clock.advance(20)
        assert world.functions.bodies == [["again"]]

    simulate(main)


def test_fifo_one_group_is_one_batch_at_a_time(simulate):
    async def main(world):
        queue = world.queue(fifo=True)
        world.functions.gate = asyncio.Event()
        for number in range(3):
            world.send(queue, f"a{number}", MessageGroupId="a")
        world.send(queue, "b0", MessageGroupId="b")
        world.map(queue, 1)
        await world.turns()
        assert sorted(world.functions.seen) == ["a0", "b0"]
        world.functions.gate.set()
        await world.settle()
        assert [body for [body] in world.functions.bodies if body[0] == "a"] == ["a0", "a1", "a2"]

    simulate(main)


def test_fifo_a_failed_message_holds_its_group_back(simulate):
    async def main(world):
        queue = world.queue(fifo=True, VisibilityTimeout=30)

        def answer(event):
            first = int(event["Records"][0]["attributes"]["ApproximateReceiveCount"]) == 1
            return failing(*(record["messageId"] for record in event["Records"][1:])) if first else b"null"

        world.functions.answer = answer
        for number in range(3):
            world.send(queue, f"a{number}", MessageGroupId="a")
        world.map(queue, **REPORT)
        await world.settle()
        world.send(queue, "a3", MessageGroupId="a")
        await world.settle()
        assert world.functions.bodies == [["a0", "a1", "a2"]]
        await world.clock.advance(30)
        assert world.functions.bodies[1][:2] == ["a1", "a2"]
        await world.clock.advance(60)
        assert sorted(set(world.functions.seen)) == ["a0", "a1", "a2", "a3"]
        assert world.depth(queue) == (0, 0, 0)

    simulate(main)


def test_the_trace_goes_on(simulate):
    async def main(world):
        queue = world.queue()
        header = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
        world.send(queue, "traced", MessageSystemAttributes=header)
        world.map(queue)
        await world.settle()
        assert world.functions.traces == ["Root=1-5759e988-bd862e3fe1be46a994272793"]

    simulate(main)


def test_a_long_quiet_time_costs_nothing(simulate):
    async def main(world):
        queue = world.queue()
        world.map(queue)
        await world.settle()
        assert await world.clock.advance(90 * 86_400) == 0
        world.send(queue, "late")
        await world.settle()
        assert world.functions.bodies == [["late"]]

    simulate(main)
