"""Workers: cold and warm, one invocation at a time, replaced and retired."""

from __future__ import annotations

import asyncio
import json

import pytest

from services.errors import ServiceError
from services.lambda_.errors import InvalidRuntime, ResourceConflict, TooManyRequests
from services.lambda_.state import Provisioned
from services.ports import Code, Usage


def test_a_cold_start_waits_for_the_runtime(run):
    async def scenario(world):
        world.function()
        future = world.start(payload=b'{"a":1}', request_id="r1")
        (sandbox,) = world.sandboxes
        assert not sandbox.work
        sandbox.events.ready()
        (work,) = sandbox.work
        assert (work.request_id, work.payload, work.deadline_s) == ("r1", b'{"a":1}', 3)
        assert work.invoked_arn == "arn:aws:lambda:us-east-1:000000000000:function:f"
        sandbox.answers(b'"hi"')
        outcome = await future
        assert (outcome.payload, outcome.executed_version, outcome.function_error) == (b'"hi"', "$LATEST", "")

    run(scenario)


def test_an_idle_worker_is_used_again_the_newest_first(run):
    async def scenario(world):
        world.function()
        first, second = world.start(), world.start()
        for sandbox in world.sandboxes:
            sandbox.events.ready()
        world.sandboxes[1].answers()
        world.sandboxes[0].answers()
        await asyncio.gather(first, second)
        world.start()
        assert [len(sandbox.work) for sandbox in world.sandboxes] == [2, 1]

    run(scenario)


def test_two_invocations_never_share_a_worker(run):
    async def scenario(world):
        world.function()
        world.warm()
        world.start()
        world.start()
        assert len(world.sandboxes) == 2
        assert [len(sandbox.work) for sandbox in world.sandboxes] == [2, 0]

    run(scenario)


def test_who_has_responded_gets_the_next_one_before_it_asks(run):
    async def scenario(world):
        world.function()
        future = world.start()
        (sandbox,) = world.sandboxes
        sandbox.events.ready()
        sandbox.answers(ready=False)
        assert future.done()
        second = world.start()
        assert len(world.sandboxes) == 1
        assert len(sandbox.work) == 1
        sandbox.events.ready()
        assert len(sandbox.work) == 2
        sandbox.answers(b"2")
        assert (await second).payload == b"2"

    run(scenario)


def test_what_was_attached_to_a_process_that_ends_runs_elsewhere(run):
    async def scenario(world):
        world.function()
        world.start()
        world.sandboxes[0].events.ready()
        world.sandboxes[0].answers(ready=False)
        second = world.start()
        world.sandboxes[0].events.exited("exit status 0", Usage(0, 0))
        assert len(world.sandboxes) == 2
        world.sandboxes[1].events.ready()
        world.sandboxes[1].answers(b"2")
        assert (await second).payload == b"2"

    run(scenario)


def test_a_new_configuration_means_new_workers(run):
    async def scenario(world):
        function = world.function()
        sandbox = world.warm()
        world.configure(function, handler="c.d")
        assert sandbox.down == ["spindown"]
        world.start()
        assert world.sandboxes[1].spec.handler == "c.d"

    run(scenario)


def test_an_update_lets_what_runs_end_in_peace(run):
    async def scenario(world):
        function = world.function()
        old = world.start()
        world.sandboxes[0].events.ready()
        world.configure(function, handler="c.d")
        assert world.sandboxes[0].down == []
        world.sandboxes[0].answers(b"1")
        assert (await old).payload == b"1"
        assert world.sandboxes[0].down == ["spindown"]
        assert world.plane.workers() == 0

    run(scenario)


def test_a_deleted_function_ends_in_peace_too(run):
    async def scenario(world):
        function = world.function()
        idle = world.warm()
        busy = world.start()
        other = world.start()
        world.sandboxes[1].events.ready()
        del world.functions.in_scope(function.scope)["f"]
        world.functions.tell_deleted(function, "")
        idle.answers(b"1")
        world.sandboxes[1].answers(b"2")
        assert ((await busy).payload, (await other).payload) == (b"1", b"2")
        assert world.plane.workers() == 0
        assert not world.plane.busy()

    run(scenario)


def test_a_live_folder_is_looked_at_before_each_invocation(run):
    async def scenario(world):
        world.function(code=Code("mine", "sha", 0, live=True))
        world.code.prints["mine"] = "1"
        first = world.warm()
        world.start()
        assert len(world.sandboxes) == 1
        first.answers()
        world.code.prints["mine"] = "2"
        world.start()
        assert first.down == ["spindown"]
        assert len(world.sandboxes) == 2

    run(scenario)


def test_an_idle_worker_is_retired_and_a_used_one_is_not(run):
    async def scenario(world):
        world.function("used")
        world.function("left")
        used, left = world.warm("used"), world.warm("left")
        for _ in range(3):
            world.clock.advance(240)
            world.start("used")
            used.answers()
        assert (used.down, left.down) == ([], ["spindown"])
        world.clock.advance(600)
        assert used.down == ["spindown"]
        assert world.plane.workers() == 0
        assert world.clock.pending() == 0

    run(scenario)


def test_a_warm_invocation_makes_no_timer(run):
    async def scenario(world):
        world.function()
        sandbox = world.warm()
        before = world.clock.pending()
        for _ in range(10):
            world.start()
            sandbox.answers()
        assert world.clock.pending() == before == 1

    run(scenario)


def test_a_runtime_that_is_missing_is_named(run):
    async def scenario(world):
        world.function()
        world.sandboxes.missing = "java21 needs a JVM"
        with pytest.raises(InvalidRuntime, match="needs a JVM"):
            world.start()
        assert not world.plane.busy()

    run(scenario)


def test_a_pending_function_is_not_run(run):
    async def scenario(world):
        function = world.function()
        function.latest.state = "Pending"
        with pytest.raises(ResourceConflict, match="in the following state: Pending"):
            world.start()

    run(scenario)


def test_reserved_concurrency_throttles_the_whole_function(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        function.reserved = 2
        world.start("f")
        world.start("f:1")
        with pytest.raises(TooManyRequests) as error:
            world.start("f")
        assert error.value.message == "Rate Exceeded."
        assert error.value.members == {"Type": "User", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
        world.sandboxes[0].events.ready()
        world.sandboxes[0].answers(ready=False)
        world.start("f")

    run(scenario)


def test_a_refused_invocation_counts_nothing(run):
    async def scenario(world):
        function = world.function()
        function.reserved = 1
        world.sandboxes.missing = "nothing there"
        for _ in range(3):
            with pytest.raises(InvalidRuntime):
                world.start()
        world.sandboxes.missing = ""
        world.start()

    run(scenario)


def test_the_account_has_a_limit_of_its_own(run):
    async def scenario(world):
        world.function("a")
        world.function("big").reserved = 890
        for _ in range(110):
            world.start("a")
        with pytest.raises(TooManyRequests) as error:
            world.start("a")
        assert error.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"
        world.start("big")

    run(scenario)


def provision(world, function, qualifier, count):
    function.provisioned[qualifier] = Provisioned(count, world.clock.now(), demand=count)
    world.functions.tell_concurrency(function)


def test_provisioned_workers_are_there_before_anybody_comes(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        provision(world, function, "1", 2)
        assert [sandbox.spec.initialization_type for sandbox in world.sandboxes] == ["provisioned-concurrency"] * 2
        world.start("f:1")
        world.start("f:1")
        world.start("f:1")
        world.start("f")
        types = [sandbox.spec.initialization_type for sandbox in world.sandboxes]
        assert types[2:] == ["on-demand", "on-demand"]

    run(scenario)


def test_provisioned_workers_do_not_retire_and_go_with_their_configuration(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        provision(world, function, "1", 1)
        (sandbox,) = world.sandboxes
        sandbox.events.ready()
        world.clock.advance(10_000)
        assert sandbox.down == []
        del function.provisioned["1"]
        world.functions.tell_concurrency(function)
        assert sandbox.down == ["spindown"]

    run(scenario)


def test_what_is_provisioned_of_a_reservation_is_not_for_others(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        function.reserved = 1
        provision(world, function, "1", 1)
        with pytest.raises(TooManyRequests):
            world.start("f")
        world.sandboxes[0].events.ready()
        future = world.start("f:1")
        world.sandboxes[0].answers(b"1")
        assert (await future).executed_version == "1"

    run(scenario)


def test_a_provisioned_worker_that_crashes_is_replaced(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        provision(world, function, "1", 1)
        world.sandboxes[0].events.ready()
        future = world.start("f:1")
        world.sandboxes[0].events.exited("exit status 1", Usage(1, 1))
        assert (await future).function_error == "Unhandled"
        assert len(world.sandboxes) == 2
        assert world.sandboxes[1].spec.initialization_type == "provisioned-concurrency"

    run(scenario)


def test_a_provisioned_init_that_fails_is_seen_and_not_repeated_for_ever(run):
    async def scenario(world):
        function = world.function()
        world.publish(function)
        provision(world, function, "1", 1)
        world.sandboxes[0].events.init_error(b'{"errorType":"Exception"}', "Exception")
        world.sandboxes[0].events.exited("exit status 1", Usage(1, 1))
        assert len(world.sandboxes) == 1
        assert (function.provisioned["1"].status, function.provisioned["1"].allocated) == ("FAILED", 0)
        assert function.provisioned["1"].status_reason == "FUNCTION_ERROR_INIT_FAILURE"
        world.start("f:1")
        assert world.sandboxes[1].spec.initialization_type == "on-demand"

    run(scenario)


def test_a_reset_ends_everything_at_once(run):
    async def scenario(world):
        world.function()
        idle, future = world.warm(), None
        world.start()
        future = world.start()
        world.plane.reset_scope(None, None)
        with pytest.raises(ServiceError):
            await future
        assert idle.down == ["spindown"]
        assert (world.plane.workers(), world.plane.busy()) == (0, False)

    run(scenario)


def test_the_spec_says_all_that_a_sandbox_needs(run):
    async def scenario(world):
        function = world.function(environment={"A": "b"}, log_group="/mine", log_format="JSON", memory_mb=256)
        function.tags["undercast:debug"] = "5678"
        world.start()
        spec = world.sandboxes[0].spec
        assert spec.function_arn == "arn:aws:lambda:us-east-1:000000000000:function:f"
        assert (spec.environment, spec.log_group, spec.log_format, spec.debug) == ({"A": "b"}, "/mine", "JSON", "5678")
        date, version, rest = spec.log_stream.rpartition("/")[0], spec.log_stream[11:20], spec.log_stream[20:]
        assert (date, version, len(rest)) == ("2023/11/14", "[$LATEST]", 32)
        assert json.dumps(rest)

    run(scenario)


def test_what_a_closed_pool_still_has_to_run_leaves_no_worker(run):
    async def scenario(world):
        function = world.function()
        sandbox = world.warm()
        world.start()
        sandbox.answers(ready=False)
        future = world.start()
        world.configure(function, handler="c.d")
        # It dies before it asks for what it was to run next.
        sandbox.events.exited("exit status 1", Usage(1.0, 1, None))
        successor = world.sandboxes[-1]
        successor.events.ready()
        successor.answers()
        await future
        assert successor.down == ["spindown"]

    run(scenario)
