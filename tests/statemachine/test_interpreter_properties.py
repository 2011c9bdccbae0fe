"""Rules that hold for any machine and whatever its tasks answer."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = [f"S{i}" for i in range(4)]
ERRORS = ["X", "Y", "States.ALL", "States.TaskFailed", "States.Timeout"]
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def leaf(kind: str, draw: Any, depth: int) -> dict[str, Any]:
    if kind == "Pass":
        # A flow within another one can't assign to the same name.
        fields = [{}, {"Result": 1}, {"Assign": {f"v{depth}": 1}}, {"InputPath": None}]
        return {"Type": "Pass", **draw(st.sampled_from(fields))}
    if kind == "Wait":
        return {"Type": "Wait", "Seconds": draw(st.integers(0, 5))}
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": "q", "MessageBody": "b"},
    }
    if draw(st.booleans()):
        state["TimeoutSeconds"] = draw(st.integers(1, 6))
    return state


@st.composite
def flows(draw: Any, depth: int = 2, prefix: str = "") -> dict[str, Any]:
    """States in a row, that go on, end, or jump forward; with branches `depth` deep. Names are unique."""
    names = [prefix + name for name in NAMES[: draw(st.integers(1, len(NAMES)))]]
    states: dict[str, Any] = {}
    for at, name in enumerate(names):
        kinds = ["Pass", "Wait", "Task", "Fail", "Choice", *(["Parallel", "Map"] if depth else [])]
        kind = draw(st.sampled_from(kinds))
        later = names[at + 1 :]
        if kind == "Fail":
            states[name] = {"Type": "Fail", "Error": draw(st.sampled_from(["X", "Y"]))}
            continue
        if kind == "Choice" and later:
            rule = {"Variable": "$", "IsPresent": draw(st.booleans()), "Next": draw(st.sampled_from(later))}
            states[name] = {"Type": "Choice", "Choices": [rule], "Default": later[0]}
            continue
        if kind == "Parallel":
            branches = [draw(flows(depth - 1, f"{name}b{i}")) for i in range(draw(st.integers(1, 3)))]
            state: dict[str, Any] = {"Type": "Parallel", "Branches": branches}
        elif kind == "Map":
            state = {
                "Type": "Map",
                "ItemsPath": "$$.Execution.Input.items",
                "MaxConcurrency": draw(st.integers(0, 2)),
                "ItemProcessor": draw(flows(depth - 1, f"{name}m")),
            }
        else:
            state = leaf(kind if kind in {"Wait", "Task"} else "Pass", draw, depth)
        if state["Type"] in {"Task", "Parallel", "Map"}:
            if draw(st.booleans()):
                retrier = {"ErrorEquals": [draw(st.sampled_from(ERRORS))], "MaxAttempts": draw(st.integers(0, 2))}
                state["Retry"] = [{**retrier, "JitterStrategy": draw(st.sampled_from(["FULL", "NONE"]))}]
            if later and draw(st.booleans()):
                state["Catch"] = [
                    {"ErrorEquals": [draw(st.sampled_from(ERRORS))], "Next": draw(st.sampled_from(later))}
                ]
        states[name] = {**state, **({"Next": later[0]} if later else {"End": True})}
    return {"StartAt": names[0], "States": reachable(names[0], states)}


def reachable(start: str, states: dict[str, Any]) -> dict[str, Any]:
    """A definition may not have states that nothing leads to."""
    found, todo = {}, [start]
    while todo:
        name = todo.pop()
        if name not in found:
            state = found[name] = states[name]
            ways = [state.get("Next"), state.get("Default")]
            ways += [rule["Next"] for rule in (*state.get("Choices", ()), *state.get("Catch", ()))]
            todo += [way for way in ways if way is not None]
    return found


ANSWERS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 8), st.just("succeeded"), st.fixed_dictionaries({"output": st.integers()})),
        st.tuples(
            st.integers(0, 8),
            st.just("failed"),
            st.fixed_dictionaries(
                {"error": st.sampled_from(["X", "Y", None, "States.Runtime"]), "cause": st.just("c")}
            ),
        ),
    ).map(lambda end: [[0, "started", {}], list(end)]),
    min_size=1,
    max_size=4,
)
CALLS = st.lists(st.sampled_from([[3, "stop"], [50, "stop"]]), max_size=1)
MACHINES = st.fixed_dictionaries(
    {"definition": flows(), "answers": ANSWERS, "calls": CALLS, "items": st.lists(st.integers(0, 3), max_size=4)}
)


def world_of(world: Any, case: dict[str, Any], budget: int = 1000, timeout_s: int | None = None) -> Any:
    definition = dict(case["definition"])
    if timeout_s is not None:
        definition["TimeoutSeconds"] = timeout_s
    names = {name for name in json.dumps(definition).split('"') if "S" in name}
    return world(
        definition, {"items": case["items"]}, dict.fromkeys(names, case["answers"]), case["calls"], budget=budget
    )


def outcome(execution: Any) -> tuple[Any, ...]:
    return execution.status, execution.output, execution.error, execution.cause


@SLOW
@given(MACHINES)
def test_any_execution_equals_its_replay(world: Any, case: dict[str, Any]) -> None:
    run = world_of(world, case)
    execution = run.run()

    again = run.replayed()

    assert again.events == execution.events
    assert outcome(again) == outcome(execution)


@SLOW
@given(MACHINES)
def test_a_small_budget_changes_nothing(world: Any, case: dict[str, Any]) -> None:
    assert world_of(world, case, budget=1).run().events == world_of(world, case).run().events


@SLOW
@given(MACHINES, st.integers(1, 20))
def test_histories_are_well_formed(world: Any, case: dict[str, Any], timeout_s: int) -> None:
    run = world_of(world, case, timeout_s=timeout_s)
    execution = run.run()
    events = execution.events

    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert all(0 <= event.previous_id < event.id for event in events)
    assert all(a.at <= b.at for a, b in pairwise(events))
    ends = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "TIMED_OUT": "TimedOut", "ABORTED": "Aborted"}
    assert events[-1].type == f"Execution{ends[execution.status]}"
    assert sum(event.type.startswith("Execution") for event in events) == 2
    by_id = {event.id: event for event in events}
    for event in events:
        if event.type.endswith("StateExited"):
            entered = event
            while not entered.type.endswith("StateEntered") or entered.details["name"] != event.details["name"]:
                entered = by_id[entered.previous_id]
    assert execution.wake_at is None
    assert not execution.take_effects()


@SLOW
@given(MACHINES, st.integers(1, 20))
def test_nothing_that_was_asked_for_is_forgotten(world: Any, case: dict[str, Any], timeout_s: int) -> None:
    run = world_of(world, case, timeout_s=timeout_s)
    execution = run.run()

    asked = [effect.token for effect in run.effects if type(effect).__name__ == "Invoke"]
    cancelled = {effect.token for effect in run.effects if type(effect).__name__ == "Cancel"}
    answered = {
        call.arguments[0]
        for call in run.recording.log
        if call.method == "resolve" and type(call.arguments[1]).__name__ in {"Succeeded", "Failed"}
    }
    assert len(set(asked)) == len(asked)
    assert set(asked) <= cancelled | answered
    for token in asked:
        assert not execution.resolve(token, run.recording.log[0], 99.0)


@SLOW
@given(MACHINES)
def test_redriving_leads_to_the_end_when_tasks_succeed_at_last(world: Any, case: dict[str, Any]) -> None:
    """Each task fails as often as it likes, then succeeds; and somebody may stop it in between."""
    text = json.dumps(case["definition"])
    for error in ("X", "Y"):
        text = text.replace(f'"Type": "Fail", "Error": "{error}"', '"Type": "Succeed"')
    answers = [*case["answers"], [[0, "started", {}], [0, "succeeded", {"output": 0}]]]
    run = world_of(world, {**case, "definition": json.loads(text), "answers": answers})
    execution = run.run()

    for _ in range(100):
        if execution.status == "SUCCEEDED":
            break
        before = len(execution.events)
        exited = {event.id for event in execution.events if event.type.endswith("StateExited")}
        run.redrive()
        assert execution.events[before].type == "ExecutionRedriven"
        assert exited <= {event.id for event in execution.events}

    assert execution.status == "SUCCEEDED"
    assert run.replayed().events == execution.events
    # A state that was left is not entered again: there are no loops here, but for attempts of a Parallel or Map.
    started = sum(event.type in {"ParallelStateStarted", "MapStateStarted"} for event in execution.events)
    if not started:
        names = [event.details["name"] for event in execution.events if event.type.endswith("StateExited")]
        assert len(names) == len(set(names))
