"""Which messages a mapping's FilterCriteria let pass. What does not pass is deleted from the queue.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from services.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.patterns import Pattern


class Filters:
    """Compiled filter patterns; one that matches is enough, and without any everything passes."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Sequence[str]) -> None:
        """`patterns` are JSON texts that CreateEventSourceMapping has accepted."""
        self._patterns = [compile_pattern(text) for text in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Whether the function is to see this record."""
        if not self._patterns:
            return True
        parsed = _parsed(record["body"])
        event = record if parsed is None else {**record, "body": parsed}
        try:
            return any(_passes(pattern, event, plain=parsed is None) for pattern in self._patterns)
        except RecursionError:
            # Nested beyond what anybody could have asked for.
            return False


def _parsed(body: str) -> Any:
    """A body that is a JSON object or array, else None: it counts as a plain string."""
    if body.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _passes(pattern: Pattern, event: Mapping[str, Any], *, plain: bool) -> bool:
    # A pattern for JSON drops plain text, whatever it asks (`exists: false` among it); one for plain text finds no
    # leaf in JSON and drops that.
    if plain and isinstance(pattern.given.get("body"), dict):
        return False
    return pattern.matches(event)
