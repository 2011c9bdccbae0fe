"""A field that is a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statemachine.data.scope import Scope


class Constant:
    """Evaluates to what it was given."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def evaluate(self, scope: Scope, root: Any) -> Any:
        """The value itself."""
        return self.value
