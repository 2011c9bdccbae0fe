"""What `run_until` can wait for on the server's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from services.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COUNTS = ("visible", "in_flight", "delayed", "total")
STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "at_least": lambda count, bound: count >= bound,
    "at_most": lambda count, bound: count <= bound,
    "equals": lambda count, bound: count == bound,
}


class Depth(Protocol):
    """How many messages a queue has."""

    @property
    def visible(self) -> int: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def delayed(self) -> int: ...


class Queues(Protocol):
    """What conditions ask of SQS."""

    def depth(self, scope: Scope, queue_name: str) -> Depth | None:
        """None without such a queue."""

    def locate(self, scope: Scope, queue_url: str) -> tuple[Scope, str]:
        """Scope and name of the queue of a URL."""


class Executions(Protocol):
    """What conditions ask of Step Functions."""

    def standing(self, execution_arn: str) -> tuple[str, set[str]] | None:
        """An execution's status, and the names of the states it is in; None without such an execution."""


class _Bound(NamedTuple):
    kind: str
    holds: Callable[[int, int], bool]
    value: int


def compile_condition(
    given: Mapping[str, Any],
    queues: Queues,
    executions: Callable[[], Executions],
    home: Scope,
    busy: Callable[[], bool],
) -> Callable[[], bool]:
    """The condition as a function that looks.

    `{"queue": <name, URL or ARN>, "visible" | "in_flight" | "delayed" | "total": {"at_least" | "at_most" | "equals":
    n}}`, several counts and bounds at once if wanted; `{"execution": <ARN>}`: it has ended, or with `"status"` has that
    status, or with `"state"` is in the state of that name; or `{"idle": true}`: nothing is in flight, delayed or
    running. A queue that is deleted meanwhile has no messages. Raises ValueError, worded for a person.
    """
    if "idle" in given:
        if given["idle"] is not True or len(given) > 1:
            raise ValueError('a condition of idleness is {"idle": true} and nothing else')
        return lambda: not busy()
    if "execution" in given:
        return _of_execution(given, executions())
    return _of_queue(given, queues, home)


def _of_execution(given: Mapping[str, Any], executions: Executions) -> Callable[[], bool]:
    for name, value in given.items():
        if name not in {"execution", "status", "state"}:
            raise ValueError(f"a condition of an execution has no member {name} (execution, status, state)")
        if not isinstance(value, str):
            raise ValueError(f"{name} is a text, not {value}")  # noqa: TRY004 (all of a condition's faults are of one kind)
    arn, wanted, state = given["execution"], given.get("status"), given.get("state")
    if executions.standing(arn) is None:
        raise ValueError(f"there is no execution {arn}")
    if wanted is not None and state is not None:
        raise ValueError("a condition of an execution has a status or a state, not both")
    if wanted is not None and wanted not in STATUSES:
        raise ValueError(f"an execution has no status {wanted} ({', '.join(STATUSES)})")

    def met() -> bool:
        found = executions.standing(arn)
        status, states = ("", frozenset[str]()) if found is None else found
        if state is not None:
            return state in states
        return status == wanted if wanted is not None else status != "RUNNING"

    return met


def _of_queue(given: Mapping[str, Any], queues: Queues, home: Scope) -> Callable[[], bool]:
    name = given.get("queue")
    if not isinstance(name, str) or not name:
        raise ValueError('a condition names a "queue" or an "execution", or is {"idle": true}')
    scope, name = _find(name, queues, home)
    if queues.depth(scope, name) is None:
        raise ValueError(f"there is no queue {name} of account {scope.account} in {scope.region}")
    bounds = [bound for key, value in given.items() if key != "queue" for bound in _bounds(key, value)]
    if not bounds:
        raise ValueError(f"the condition of queue {name} has no count ({', '.join(COUNTS)})")

    def met() -> bool:
        depth = queues.depth(scope, name)
        found = (0, 0, 0) if depth is None else (depth.visible, depth.in_flight, depth.delayed)
        counts = dict(zip(COUNTS, (*found, sum(found)), strict=True))
        return all(bound.holds(counts[bound.kind], bound.value) for bound in bounds)

    return met


def _find(name: str, queues: Queues, home: Scope) -> tuple[Scope, str]:
    if name.startswith("arn:"):
        parts = name.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            raise ValueError(f"{name} is not the ARN of a queue")
        return Scope(parts[4], parts[3]), parts[5]
    return queues.locate(home, name)


def _bounds(count: str, given: Any) -> list[_Bound]:
    if count not in COUNTS:
        raise ValueError(f"a condition has no member {count} (queue, {', '.join(COUNTS)}, idle)")
    if not isinstance(given, dict) or not given:
        raise ValueError(f'{count} takes a bound, such as {{"at_least": 1}}')
    found = []
    for comparison, value in given.items():
        if comparison not in _COMPARISONS:
            raise ValueError(f"{count} has no comparison {comparison} (at_least, at_most, equals)")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{count} {comparison} takes a whole number, not {value}")
        found.append(_Bound(count, _COMPARISONS[comparison], value))
    return found
