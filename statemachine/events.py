"""The history of an execution, as the interpreter writes it. `services/stepfunctions` renders it as AWS's.

Types and members are those of AWS's HistoryEvent, but for JSON texts, which are values here: `input`, `output`,
`parameters` and the like become text (and are cut) only when somebody asks.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Event(NamedTuple):
    """One entry."""

    id: int
    previous_id: int
    at: float
    type: str
    """`PassStateEntered`, `TaskScheduled`, ..."""
    details: Mapping[str, Any]
    """By the members of the type's `...EventDetails` shape."""
