"""What an evaluation may use: steps, depth and memory. All are counted, so that it ends at the same place each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from statemachine.jsonata.messages import MEMORY, STACK_OVERFLOW, TIMEOUT, JsonataError

if TYPE_CHECKING:
    from statemachine.jsonata.names import Facts

DEPTH_MAX: Final = 100
STEPS_MAX: Final = 1_000_000
"""Nodes evaluated and functions called: about three seconds of one core."""
VALUE_MAX: Final = 6_990_256
"""Bytes of one value, at 8 an item and 1 a character: where AWS was measured to end. What is shared counts again."""
TOTAL_MAX: Final = 32 * VALUE_MAX
"""Bytes of all values that one evaluation makes or goes through, whether it keeps them or not."""
NESTING_MAX: Final = 250
_LONG: Final = 64
_TUPLE: Final = 256
"""Bytes of what the library keeps for each item of a join (`@$x`, `#$i`, `%`)."""


class World(Protocol):
    """What an expression can't know of itself."""

    def uniform(self) -> float:
        """A float in [0, 1)."""

    def now(self) -> float:
        """The instant of this evaluation, in epoch seconds."""


class Run:
    """One evaluation, and what it has used."""

    __slots__ = ("_exempt", "_joins", "depth", "depth_max", "is_2_0", "steps_left", "total", "world")

    def __init__(self, world: World | None, facts: Facts, depth_max: int, steps_max: int, *, is_2_0: bool) -> None:
        self.world = world
        self.depth = 0
        self.depth_max = depth_max
        self.steps_left = steps_max
        self.total = 0
        self.is_2_0 = is_2_0
        """Whether texts of whole numbers have 15 digits, too (until JSONata 2.1)."""
        self._exempt = facts.exempt
        self._joins = facts.joins

    def enter(self, node: Any, input: Any) -> None:
        """A node, before it is evaluated. Raises JsonataError."""
        self.depth += 1
        if self.depth > self.depth_max:
            raise JsonataError(STACK_OVERFLOW)
        self.work(1)
        if isinstance(input, list) and node.type == "name":
            # It looks at all items at once.
            self.charge(input)
        elif node.type == "unary" and node.expressions is not None:
            # The library copies the array with each item.
            self.spend(len(node.expressions) ** 2 // 16)

    def leave(self, node: Any, value: Any) -> None:
        """A node's value. Raises JsonataError."""
        self.depth -= 1
        if isinstance(value, str):
            if len(value) > _LONG:
                # Made texts are counted where they are made.
                self.spend(len(value) // 16)
        elif isinstance(value, list | dict):
            if id(node) in self._joins:
                self.spend(_TUPLE * len(value))
            if id(node) not in self._exempt:
                self.charge(value)

    def work(self, steps: int) -> None:
        """Count what is done. Raises JsonataError."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise JsonataError(TIMEOUT)

    def made(self, size: int) -> None:
        """Count a value of `size` bytes, best before it is made. Raises JsonataError."""
        if size > VALUE_MAX:
            raise JsonataError(MEMORY)
        self.spend(size)

    def spend(self, size: int) -> None:
        """Count bytes that are no one value. Raises JsonataError."""
        self.total += size
        if self.total > TOTAL_MAX:
            raise JsonataError(MEMORY)

    def charge(self, value: Any) -> None:
        """Count a value that was made, or that all of is about to be looked at. Raises JsonataError."""
        self.spend(len(value) if isinstance(value, str) else weight(value) if isinstance(value, list | dict) else 0)


def weight(value: list[Any] | dict[str, Any], depth: int = 0) -> int:
    """Bytes of an array or object, with all that is in it. Ends with VALUE_MAX. Raises JsonataError."""
    if depth > NESTING_MAX:
        raise JsonataError(STACK_OVERFLOW)
    size = 8 * len(value)
    if isinstance(value, dict):
        size += sum(map(len, value))
    for item in value.values() if isinstance(value, dict) else value:
        if item.__class__ is str:
            size += len(item)
        elif isinstance(item, list | dict):
            size += weight(item, depth + 1)
            if size > VALUE_MAX:
                break
    if size > VALUE_MAX:
        raise JsonataError(MEMORY)
    return size
