"""What an expression can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Chance(Protocol):
    """Randomness, given from outside so that an execution repeats itself (`services.ports.Entropy` is one)."""

    def uuid(self) -> str:
        """A version 4 UUID in its 36-character form."""

    def bits(self, n: int) -> int:
        """An integer of `n` random bits."""

    def uniform(self) -> float:
        """A float in [0, 1)."""


ABSENT: Final = object()
"""No result, which is another thing than null."""


class Scope:
    """One state's surroundings while its fields are evaluated. Values are plain JSON and never changed in place."""

    __slots__ = ("chance", "context", "error_output", "input", "now", "result", "variables")

    def __init__(
        self,
        input: Any,
        context: Mapping[str, Any],
        variables: Mapping[str, Any],
        chance: Chance,
    ) -> None:
        self.input = input
        """The state's input as it entered (JSONata's `$states.input`)."""
        self.context = context
        """The context object (`$$`, `$states.context`)."""
        self.variables = variables
        """The workflow variables visible here, by name without `$`."""
        self.chance = chance
        self.result: Any = ABSENT
        """JSONata's `$states.result`, once there is one."""
        self.error_output: Any = None
        """JSONata's `$states.errorOutput`, within a Catch."""
        self.now = 0.0
        """The instant of the evaluation, in epoch seconds (JSONata's `$now()` and `$millis()`)."""


class Value(Protocol):
    """A compiled field: a path, a payload template, a JSONata expression or template, or a constant."""

    def evaluate(self, scope: Scope, root: Any) -> Any:
        """Its value. `root` is what a JSONPath `$` means here; JSONata does not look at it.

        Raises:
            StateError: by the name AWS gives it (States.ParameterPathFailure, States.Runtime,
                States.IntrinsicFailure, States.QueryEvaluationError), cause without the place.
        """


class Condition(Protocol):
    """A compiled Choice rule's condition."""

    def holds(self, scope: Scope, root: Any) -> bool:
        """Whether the rule matches.

        Raises:
            StateError: States.Runtime for a path that finds nothing, States.QueryEvaluationError.
        """


class Place(Protocol):
    """A compiled reference path that says where a result goes (ResultPath)."""

    def put(self, document: Any, value: Any) -> Any:
        """A new document with `value` at the place; what is not on the way is shared with the old one.

        Raises:
            StateError: States.ResultPathMatchFailure.
        """
