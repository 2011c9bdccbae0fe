"""One state of each type, but Map, out of its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from statemachine.data.choice import compile_condition
from statemachine.data.constant import Constant
from statemachine.data.intrinsics import compile_path_or_intrinsic
from statemachine.data.jsonata import compile_jsonata_condition, is_jsonata
from statemachine.data.timestamps import parse_timestamp
from statemachine.definition import Choice, ChoiceRule, Fail, Parallel, Pass, Succeed, Task, Wait
from statemachine.parse.handlers import assigned, catchers, result_place, retriers

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.scope import Place, Scope, Value
    from statemachine.definition import Catcher, Flow, Language, Retrier
    from statemachine.parse.part import Part


class Common(TypedDict):
    """What every state has."""

    name: str
    language: Language
    comment: str
    next: str | None
    assign: Value | None
    input_path: Value | None
    output_path: Value | None
    discards_input: bool
    discards_output: bool
    output: Value | None


class Producing(TypedDict):
    """What states with a result of their own have."""

    parameters: Value | None
    result_selector: Value | None
    result_path: Place | None
    discards_result: bool
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]


def common(state: Part, name: str) -> Common:
    """Fields that every type shares. A field that a type does not have was reported before, and is not there."""
    return Common(
        name=name,
        language=state.language,
        comment=state.text("Comment") or "",
        next=None if state.fields.get("End") is True else _next(state),
        assign=assigned(state),
        input_path=_root_path(state, "InputPath"),
        output_path=_root_path(state, "OutputPath"),
        discards_input="InputPath" in state and state.fields["InputPath"] is None,
        discards_output="OutputPath" in state and state.fields["OutputPath"] is None,
        output=state.output(),
    )


def _next(state: Part) -> str | None:
    return state.text("Next") if "Next" in state else None


def _root_path(state: Part, field: str) -> Value | None:
    # `$` is the default, and null discards: neither is work for the interpreter.
    if state.fields.get(field) in (None, "$"):
        return None
    return state.path(field)


def producing(state: Part) -> Producing:
    """Parameters or Arguments, ResultSelector, ResultPath, Retry, Catch."""
    place, discards = result_place(state)
    return Producing(
        parameters=state.template("Arguments" if state.language == "JSONata" else "Parameters"),
        result_selector=state.template("ResultSelector"),
        result_path=place,
        discards_result=discards,
        retry=retriers(state),
        catch=catchers(state),
    )


def succeed(state: Part, name: str) -> Succeed:
    """Succeed."""
    return Succeed(**common(state, name))


def fail(state: Part, name: str) -> Fail:
    """Fail."""
    return Fail(**common(state, name), error=_failure_text(state, "Error"), cause=_failure_text(state, "Cause"))


def _failure_text(state: Part, field: str) -> Value | None:
    by_path = f"{field}Path"
    if state.at_most_one(field, by_path) == by_path:
        return _path_or_intrinsic(state, by_path)
    text = state.text(field)
    if text is None:
        return None
    if state.language == "JSONata" and is_jsonata(text):
        return state.expression(field, "string")
    return Constant(text)


def _path_or_intrinsic(state: Part, field: str) -> Value | None:
    text = state.text(field)
    if text is None:
        return None
    return state.compiled(field, lambda: compile_path_or_intrinsic(text, state.within + field))


def pass_(state: Part, name: str) -> Pass:
    """Pass."""
    return Pass(
        **common(state, name),
        **producing(state),
        result=Constant(state.fields["Result"]) if "Result" in state else None,
    )


def wait(state: Part, name: str) -> Wait:
    """Wait."""
    fields = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
    if not any(field in state for field in fields):
        allowed = fields if state.language == "JSONPath" else ("Seconds", "Timestamp")
        state.fault(f"Exactly one of these fields is required: [{', '.join(allowed)}]")
    elif state.at_most_one(*fields) is None:
        return Wait(**common(state, name))
    return Wait(**common(state, name), seconds=state.quantity("Seconds"), timestamp=_timestamp(state))


def _timestamp(state: Part) -> Value | None:
    if "TimestampPath" in state:
        return state.reference("TimestampPath")
    text = state.text("Timestamp")
    if text is None:
        return None
    if state.language == "JSONata" and is_jsonata(text):
        return state.expression("Timestamp", "string")
    if parse_timestamp(text) is None:
        state.fault("String does not match RFC3339 timestamp", "Timestamp")
        return None
    return Constant(text)


def task(state: Part, name: str) -> Task:
    """Task."""
    state.require("Resource")
    timeout = state.quantity("TimeoutSeconds", 1)
    heartbeat = state.quantity("HeartbeatSeconds", 1)
    _heartbeat_in_time(state)
    return Task(
        **common(state, name),
        **producing(state),
        resource=_resource(state),
        timeout=timeout,
        heartbeat=heartbeat,
        credentials=_credentials(state),
    )


def _resource(state: Part) -> str:
    text = state.text("Resource")
    if text is None:
        return ""
    if len(text.split(":", 5)) < 6:
        state.fault(unrecognized(text), "Resource")
    elif why := state.report.why_not(text):
        state.fault(why, "Resource")
    return text


def unrecognized(resource: str) -> str:
    """What AWS says of a resource that it doesn't know."""
    return (
        f"The resource provided {resource} is not recognized. "
        "The value is not a valid resource ARN, or the resource is not available in this region."
    )


def _heartbeat_in_time(state: Part) -> None:
    timeout, heartbeat = state.fields.get("TimeoutSeconds"), state.fields.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        state.fault("HeartbeatSeconds must be smaller than TimeoutSeconds", "HeartbeatSeconds")


def _credentials(state: Part) -> Value | None:
    part = state.part("Credentials")
    if part is None:
        return None
    if "RoleArn" not in part and "RoleArn.$" not in part:
        part.fault("The field 'RoleArn' is required but was missing")
        return None
    return state.template("Credentials")


def choice(state: Part, name: str) -> Choice:
    """Choice."""
    state.require("Choices")
    rules = [_rule(part) for part in state.parts("Choices", empty=False)]
    return Choice(
        **common(state, name),
        rules=tuple(rule for rule in rules if rule is not None),
        default=state.text("Default"),
    )


def _rule(part: Part) -> ChoiceRule | None:
    needed = part.require("Next", "Condition") if part.language == "JSONata" else part.require("Next")
    condition: Any = None
    if part.language == "JSONata":
        part.only(frozenset(("Condition", "Next", "Assign", "Output", "Comment")))
        if isinstance(part.fields.get("Condition"), bool):
            condition = Always(part.fields["Condition"])
        elif (text := part.text("Condition")) is not None:
            condition = _jsonata_condition(part, text)
    else:
        rule = {field: value for field, value in part.fields.items() if field not in ("Next", "Assign", "Comment")}
        condition = _jsonpath_condition(part, rule)
    assign, output = assigned(part), part.output()
    goes = part.text("Next")
    if condition is None or goes is None or not needed:
        return None
    return ChoiceRule(condition=condition, next=goes, assign=assign, output=output, comment=part.text("Comment") or "")


def _jsonata_condition(part: Part, text: str) -> Any:
    return part.compiled("Condition", lambda: compile_jsonata_condition(text, part.within + "Condition"))


class Always:
    """A Condition that is `true` or `false` itself."""

    __slots__ = ("_answer",)

    def __init__(self, answer: bool) -> None:
        self._answer = answer

    def holds(self, scope: Scope, root: Any) -> bool:
        """What the definition says."""
        return self._answer


def _jsonpath_condition(part: Part, rule: dict[str, Any]) -> Any:
    for field in ("Condition", "Output"):
        if field in rule:
            part.fault(
                f"The QueryLanguage is set to 'JSONPath', but field '{field}' is only supported "
                "for the 'JSONata' QueryLanguage"
            )
            return None
    return part.compiled("", lambda: compile_condition(rule))


def parallel(state: Part, name: str, flow: Callable[[Part], Flow]) -> Parallel:
    """Parallel; `flow` reads a branch."""
    state.require("Branches")
    branches = tuple(flow(part) for part in state.parts("Branches", empty=False))
    return Parallel(**common(state, name), **producing(state), branches=branches)
