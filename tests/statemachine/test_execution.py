"""What the corpus does not show: limits, late answers, cancelling, fairness, waking."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from statemachine import effects, errors
from statemachine.data.json_text import dumps
from statemachine.execution import Execution, Trial
from statemachine.limits import EXPRESS_EVENTS_MAX, PAYLOAD_BYTES_MAX
from statemachine.parse import problems_of
from statemachine.parse.limits import NESTING_MAX

INVOKE = "arn:aws:states:::sqs:sendMessage"


def task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"QueueUrl": "q", "MessageBody": "b"},
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def alone(state: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": state}, **top}


def answered(output: Any, after: float = 0) -> dict[str, Any]:
    return {"A": [[[0, "started", {}], [after, "succeeded", {"output": output}]]]}


LOOP = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.enough", "IsPresent": True, "Next": "C"}],
            "Default": "A",
        },
        "C": {"Type": "Succeed"},
    },
}


def chain(length: int) -> dict[str, Any]:
    names = [f"S{i}" for i in range(length)]
    states = {a: {"Type": "Pass", "Next": b} for a, b in pairwise(names)}
    return {"StartAt": "S0", "States": {**states, names[-1]: {"Type": "Pass", "End": True}}}


class TestHistoryQuota:
    def test_an_endless_loop_fails_by_event_25_000(self, world: Any) -> None:
        execution = world(LOOP).run()

        assert execution.status == "FAILED"
        assert len(execution.events) == 25_000
        assert execution.events[-1].type == "ExecutionFailed"
        assert execution.error == errors.RUNTIME
        assert execution.cause == "The execution reached the maximum number of history events (25000)."

    def test_success_may_be_the_last_event_there_is(self, world: Any) -> None:
        execution = world(chain(4), events_max=10).run()

        assert execution.status == "SUCCEEDED"
        assert len(execution.events) == 10

    def test_one_event_more_is_too_many(self, world: Any) -> None:
        execution = world(chain(4), events_max=9).run()

        assert (execution.status, len(execution.events)) == ("FAILED", 9)

    def test_express_has_no_limit_and_forgets_what_was_taken(self, world: Any) -> None:
        execution = world(LOOP, events_max=None).execution
        execution.begin(0)
        for _ in range(40):
            execution.run(0)
            taken = execution.take_events()

        assert execution.status == "RUNNING"
        assert execution.events == []
        assert taken[-1].id == execution.event_count > 25_000

    def test_an_endless_loop_of_an_express_execution_times_out_where_time_stands_still(self, world: Any) -> None:
        execution = world(LOOP, events_max=None).execution
        execution.begin(0)
        while execution.run(0, 100_000):
            taken = execution.take_events()
        taken = execution.take_events()

        assert execution.status == "TIMED_OUT"
        assert (taken[-1].type, execution.event_count) == ("ExecutionTimedOut", EXPRESS_EVENTS_MAX)


class TestTexts:
    def test_halves_of_pairs_are_kept_and_can_be_written(self, world: Any) -> None:
        fail = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.e"}
        machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": fail}}
        execution = world(machine, {"e": "a\ud800b"}).run()

        assert (execution.error, execution.cause) == ("a?b", "a?b")
        assert json.loads(dumps(execution.events[1].details["input"])) == {"e": "a\ud800b"}
        assert dumps("a\ud800b").encode() == rb'"a\ud800b"'

    def test_a_state_cannot_be_called_so(self) -> None:
        text = '{"StartAt":"\\ud800","States":{"\\ud800":{"Type":"Succeed"}}}'

        (problem,) = problems_of(text)

        assert (problem.code, problem.location) == ("INVALID_STATE_NAME", "/States/?")

    def test_causes_are_cut_where_they_are_shown_and_caught_whole(self, world: Any) -> None:
        cause = "x" * 40_000
        outcomes = {"A": [[[0, "started", {}], [0, "failed", {"error": "E" * 300, "cause": cause}]]]}
        uncaught = world(alone(task()), outcomes=outcomes).run()
        catch = task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])
        caught = world({"StartAt": "A", "States": {"A": catch, "B": {"Type": "Succeed"}}}, outcomes=outcomes).run()

        assert (len(uncaught.error), len(uncaught.cause)) == (256, 32_768)
        assert {len(event.details["cause"]) for event in uncaught.events if "cause" in event.details} == {32_768}
        assert caught.output["Cause"] == cause


class TestPayloadQuota:
    def test_a_result_of_exactly_256_kib_is_taken(self, world: Any) -> None:
        text = "x" * (PAYLOAD_BYTES_MAX - 2)

        assert world(alone(task()), outcomes=answered(text)).run().output == text

    @pytest.mark.parametrize("catches", [errors.DATA_LIMIT_EXCEEDED, errors.ALL])
    def test_a_larger_one_fails_the_task_and_can_be_caught(self, world: Any, catches: str) -> None:
        state = task(Catch=[{"ErrorEquals": [catches], "Next": "B"}])
        machine = {"StartAt": "A", "States": {"A": state, "B": {"Type": "Pass", "End": True}}}
        execution = world(machine, outcomes=answered("é" * (PAYLOAD_BYTES_MAX // 2))).run()

        assert execution.output == {
            "Error": "States.DataLimitExceeded",
            "Cause": "The state/task 'sqs' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        }
        assert [event.type for event in execution.events][3:5] == ["TaskStarted", "TaskFailed"]

    def test_an_output_that_is_too_large_ends_the_execution(self, world: Any) -> None:
        """States.ALL does not catch what AWS calls a terminal error."""
        half = "x" * (PAYLOAD_BYTES_MAX // 2)
        state = task(ResultPath="$.b", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])
        machine = {"StartAt": "A", "States": {"A": state, "B": {"Type": "Pass", "End": True}}}
        execution = world(machine, {"a": half}, outcomes=answered(half)).run()

        assert (execution.status, execution.error) == ("FAILED", errors.DATA_LIMIT_EXCEEDED)

    def test_parameters_that_are_too_large_never_reach_the_task(self, world: Any) -> None:
        state = task(Parameters={"QueueUrl.$": "$", "MessageBody.$": "$"})
        run = world(alone(state), "x" * (PAYLOAD_BYTES_MAX // 2))

        assert run.run().error == errors.DATA_LIMIT_EXCEEDED
        assert run.effects == []

    def test_a_value_nested_deeper_each_turn_comes_to_an_end(self, world: Any) -> None:
        machine = {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Parameters": {"a.$": "$"}, "Next": "B"},
                "B": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.enough", "IsPresent": True, "Next": "C"}],
                    "Default": "A",
                },
                "C": {"Type": "Succeed"},
            },
        }
        execution = world(machine).run()

        assert execution.error == errors.DATA_LIMIT_EXCEEDED

    def test_large_integers_are_no_obstacle(self, world: Any) -> None:
        assert world(alone({"Type": "Pass", "Parameters": {"n": 1 << 80}, "End": True})).run().output == {"n": 1 << 80}


class TestMap:
    def test_an_item_that_cannot_be_selected_fails_the_map(self, world: Any) -> None:
        """Whoever began the iteration: here the end of the one before it."""
        processor = {"StartAt": "T", "States": {"T": {"Type": "Pass", "End": True}}}
        state = {
            "Type": "Map",
            "MaxConcurrency": 1,
            "ItemSelector": {"x.$": "States.StringToJson($$.Map.Item.Value)"},
            "ItemProcessor": processor,
            "Catch": [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "B", "ResultPath": "$"}],
            "Next": "B",
        }
        machine = {"StartAt": "A", "States": {"A": state, "B": {"Type": "Pass", "End": True}}}
        execution = world(machine, ["1", "{"]).run()

        assert [event.type for event in execution.events][6:9] == [
            "MapIterationSucceeded",
            "MapStateFailed",
            "MapStateExited",
        ]
        assert execution.output["Error"] == errors.INTRINSIC_FAILURE
        assert execution.output["Cause"].startswith(
            "An error occurred while executing the state 'A' (entered at the event id #2). "
        )


class TestTasks:
    def test_an_answer_after_the_timeout_is_not_looked_at(self, world: Any) -> None:
        run = world(alone(task(TimeoutSeconds=5)), outcomes=answered(1, after=6))
        execution = run.run()

        assert execution.error == errors.TIMEOUT
        assert [type(effect).__name__ for effect in run.effects] == ["Invoke", "Cancel"]
        assert not execution.resolve(1, effects.Succeeded(1), 9)

    def test_the_same_token_is_answered_once(self, world: Any) -> None:
        execution = world(alone(task())).execution
        execution.begin(0)
        execution.run(0)

        assert execution.resolve(1, effects.Succeeded("first"), 1)
        assert not execution.resolve(1, effects.Succeeded("second"), 1)
        execution.run(1)
        assert execution.output == "first"

    def test_an_activity_counts_its_time_from_its_start(self, world: Any) -> None:
        state = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:0:activity:a", "TimeoutSeconds": 5, "End": True}
        execution = world(alone(state)).execution
        execution.begin(0)
        execution.run(0)
        execution.resolve(1, effects.Scheduled(), 0)

        assert execution.wake_at is None
        execution.resolve(1, effects.Started("w"), 100)
        assert execution.wake_at == 105

    def test_a_task_token_is_in_the_context_and_new_for_each_attempt(self, world: Any) -> None:
        state = task(
            Resource=f"{INVOKE}.waitForTaskToken",
            Parameters={"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
            Retry=[{"ErrorEquals": ["X"], "MaxAttempts": 1}],
        )
        run = world(alone(state), outcomes={"A": [[[0, "failed", {"error": "X", "cause": None}]]]})
        run.run()

        first, second = run.effects
        assert first.arguments["MessageBody"] == first.task_token != second.task_token
        assert (first.attempt, second.attempt) == (0, 1)
        assert second.context["State"]["RetryCount"] == 1

    def test_a_stopped_execution_cancels_what_is_in_flight(self, world: Any) -> None:
        branch = alone(task())
        other = {"StartAt": "B", "States": {"B": task()}}
        machine = alone({"Type": "Parallel", "Branches": [branch, other], "End": True})
        machine["States"]["P"] = machine["States"].pop("A")
        machine["StartAt"] = "P"
        run = world(machine, calls=[[5, "stop"]])
        execution = run.run()

        assert execution.status == "ABORTED"
        assert [effect.token for effect in run.effects[2:]] == [1, 2]
        assert not execution.resolve(1, effects.Succeeded(1), 6)


class TestTurns:
    def test_a_loop_gives_the_turn_back(self, world: Any) -> None:
        execution = world(LOOP).execution
        execution.begin(0)

        assert execution.run(0, 10) is True
        assert execution.event_count == 21

    def test_branches_go_on_in_turn(self, world: Any) -> None:
        branches = [
            {"StartAt": f"{b}0", "States": {f"{b}0": {"Type": "Pass", "Next": f"{b}1"}, f"{b}1": {"Type": "Succeed"}}}
            for b in "AB"
        ]
        execution = world(alone({"Type": "Parallel", "Branches": branches, "End": True})).run()

        entered = [event.details["name"] for event in execution.events if event.type.endswith("Entered")]
        assert entered == ["A", "A0", "B0", "A1", "B1"]

    def test_an_inline_map_runs_forty_at_once(self, world: Any) -> None:
        processor = {"StartAt": "T", "States": {"T": task()}}
        execution = world(alone({"Type": "Map", "ItemProcessor": processor, "End": True}), list(range(50))).execution
        execution.begin(0)
        while execution.run(0):
            pass

        assert len(execution.take_effects()) == 40

    def test_it_says_when_to_be_woken(self, world: Any) -> None:
        machine = {
            "StartAt": "A",
            "TimeoutSeconds": 1000,
            "States": {"A": task(TimeoutSeconds=50, HeartbeatSeconds=20)},
        }
        execution = world(machine).execution
        execution.begin(0)
        execution.run(0)

        assert execution.wake_at == 20
        execution.resolve(1, effects.Heartbeat(), 15)
        assert execution.wake_at == 35
        execution.resolve(1, effects.Heartbeat(), 34)
        assert execution.wake_at == 50
        execution.resolve(1, effects.Succeeded(1), 40)
        execution.run(40)
        assert execution.wake_at is None


class TestContext:
    def test_it_is_what_aws_has(self, world: Any) -> None:
        execution = world(alone({"Type": "Pass", "Parameters": {"all.$": "$$"}, "End": True}), {"i": 1}).run()

        assert execution.output["all"] == {
            "Execution": {
                "Id": "arn:aws:states:us-east-1:000000000000:execution:m:e",
                "Input": {"i": 1},
                "StartTime": "1970-01-01T00:00:00.000Z",
                "Name": "e",
                "RoleArn": "arn:aws:iam::000000000000:role/r",
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "Name": "m"},
            "State": {"Name": "A", "EnteredTime": "1970-01-01T00:00:00.000Z"},
        }

    def test_a_map_has_its_item_inside_too(self, world: Any) -> None:
        inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"m.$": "$$.Map"}, "End": True}}}
        execution = world(alone({"Type": "Map", "ItemProcessor": inner, "End": True}), ["x"]).run()

        assert execution.output == [{"m": {"Item": {"Index": 0, "Value": "x"}}}]


class TestNumbersBeyondAllBounds:
    """AWS's sentences for these are not known."""

    @pytest.mark.parametrize("seconds", [100_000_000, 10**400])
    def test_nothing_waits_for_longer_than_a_definition_may_say(self, world: Any, seconds: int) -> None:
        wait = {"Type": "Wait", "SecondsPath": "$.s", "End": True}

        execution = world(alone(wait), {"s": seconds}).run()

        assert (execution.error, execution.wake_at) == (errors.RUNTIME, None)

    @pytest.mark.parametrize("field", ["TimeoutSecondsPath", "HeartbeatSecondsPath"])
    def test_nor_does_a_task(self, world: Any, field: str) -> None:
        execution = world(alone(task(**{field: "$.s"})), {"s": 10**400}, answered(1)).run()

        assert execution.error == errors.RUNTIME

    def test_jsonata_says_so_its_own_way(self, world: Any) -> None:
        wait = {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": "{% $states.input.s %}", "End": True}

        assert world(alone(wait), {"s": 1e300}).run().error == errors.QUERY_EVALUATION_ERROR


class TestNesting:
    def test_parallels_as_deep_as_a_definition_may_be(self, world: Any) -> None:
        depth = (NESTING_MAX - 6) // 4
        flow: dict[str, Any] = {"StartAt": "T", "States": {"T": task()}}
        for i in range(depth):
            flow = {"StartAt": f"P{i}", "States": {f"P{i}": {"Type": "Parallel", "Branches": [flow], "End": True}}}
        outcomes = {"T": [[[5, "failed", {"error": "X", "cause": "c"}]], [[0, "succeeded", {"output": 1}]]]}
        run = world(flow, outcomes=outcomes)

        assert run.run().error == "X"
        found = run.redrive().output
        for _ in range(depth):
            (found,) = found
        assert found == 1
        assert run.replayed().events == run.execution.events

    def test_deeper_ones_are_refused(self) -> None:
        text = json.dumps({"StartAt": "T", "States": {"T": task()}})
        for i in range(300):
            text = f'{{"StartAt":"P{i}","States":{{"P{i}":{{"Type":"Parallel","End":true,"Branches":[{text}]}}}}}}'

        assert [problem.code for problem in problems_of(text)] == ["TOO_DEEPLY_NESTED"]


class TestVariables:
    def test_dollar_is_the_result_as_it_came(self, world: Any) -> None:
        """Assign stands beside ResultSelector, not after it."""
        machine = {
            "StartAt": "A",
            "States": {
                "A": task(ResultSelector={"b.$": "$.a"}, Assign={"v.$": "$"}, Next="B"),
                "B": {"Type": "Pass", "Parameters": {"v.$": "$v", "input.$": "$"}, "End": True},
            },
        }
        assert world(machine, outcomes=answered({"a": 1})).run().output == {"v": {"a": 1}, "input": {"b": 1}}

    def test_branches_see_them_and_keep_their_own(self, world: Any) -> None:
        see = {"Type": "Pass", "Parameters": {"outer.$": "$outer", "inner.$": "$inner"}, "End": True}
        own = {"Type": "Pass", "Assign": {"inner.$": "$$.State.Name"}, "Next": "See"}
        branches = [
            {"StartAt": f"Own{i}", "States": {f"Own{i}": {**own, "Next": f"See{i}"}, f"See{i}": see}} for i in (1, 2)
        ]
        machine = {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "P"},
                "P": {"Type": "Parallel", "Branches": branches, "End": True},
            },
        }
        assert world(machine).run().output == [{"outer": 1, "inner": "Own1"}, {"outer": 1, "inner": "Own2"}]


class TestTrial:
    """TestState: one state, and how it came out."""

    def run(self, world: Any, state: dict[str, Any], outcome: Any = None, value: Any = None, before: int = 0) -> Any:
        machine = {"StartAt": "A", "States": {"A": state, "B": {"Type": "Pass", "End": True}}}
        made = world(machine, {} if value is None else value)
        seen: dict[str, Any] = {}
        trial = Trial(retry_count=before)
        execution = Execution(made.machine, made.start, made.execution.chance, probe=seen.__setitem__, trial=trial)
        execution.begin(0)
        execution.run(0)
        for effect in execution.take_effects():
            execution.resolve(effect.token, outcome, 0)
        execution.run(0)
        return execution, trial, seen

    def test_a_state_that_takes_no_time(self, world: Any) -> None:
        state = {"Type": "Pass", "InputPath": "$.a", "Parameters": {"b.$": "$"}, "ResultPath": "$.r", "Next": "B"}
        execution, trial, seen = self.run(world, state, value={"a": 1})

        assert (trial.status, trial.next_state, execution.output) == ("SUCCEEDED", "B", {"a": 1, "r": {"b": 1}})
        assert seen["input"] == {"a": 1}
        assert seen["afterInputPath"] == 1
        assert seen["afterParameters"] == {"b": 1}
        assert seen["afterResultPath"] == {"a": 1, "r": {"b": 1}}

    def test_a_task_goes_no_further(self, world: Any) -> None:
        execution, trial, seen = self.run(world, task(Next="B"), effects.Succeeded(5))

        assert (trial.status, trial.next_state, execution.output, seen["result"]) == ("SUCCEEDED", "B", 5, 5)

    def test_a_failure_that_would_be_retried(self, world: Any) -> None:
        state = task(Retry=[{"ErrorEquals": ["X"], "IntervalSeconds": 3, "MaxAttempts": 3}], Next="B")
        execution, trial, seen = self.run(world, state, effects.Failed("X", "c"), before=2)

        assert (trial.status, execution.error, execution.cause) == ("RETRIABLE", "X", "c")
        assert seen["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 12}

    def test_a_failure_after_the_last_retry_is_caught(self, world: Any) -> None:
        state = task(
            Retry=[{"ErrorEquals": ["X"], "MaxAttempts": 2}],
            Catch=[{"ErrorEquals": ["Y"], "Next": "B"}, {"ErrorEquals": ["X"], "Next": "B", "ResultPath": "$.e"}],
            End=True,
        )
        execution, trial, seen = self.run(world, state, effects.Failed("X", "c"), before=2)

        assert (trial.status, trial.next_state, execution.error) == ("CAUGHT_ERROR", "B", "X")
        assert execution.output == {"e": {"Error": "X", "Cause": "c"}}
        assert seen["errorDetails"] == {"catchIndex": 1}

    def test_a_map_is_not_run(self, world: Any) -> None:
        processor = {"StartAt": "T", "States": {"T": task()}}
        state = {
            "Type": "Map",
            "ItemsPath": "$.xs",
            "ItemSelector": {"v.$": "$$.Map.Item.Value"},
            "MaxConcurrency": 2,
            "ItemProcessor": processor,
            "Next": "B",
        }
        execution, trial, seen = self.run(world, state, effects.Succeeded(["r"]), value={"xs": [7]})

        assert (trial.status, execution.output) == ("SUCCEEDED", ["r"])
        assert seen["afterItemsPath"] == [7]
        assert seen["afterItemSelector"] == [{"v": 7}]
        assert seen["maxConcurrency"] == 2
