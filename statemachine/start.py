"""How an execution begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from statemachine.limits import EVENTS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What an execution is started with."""

    execution_arn: str
    name: str
    role_arn: str
    machine_arn: str
    machine_name: str
    input: Any
    region: str = ""
    timeout_s: float | None = None
    """Its longest time, whatever the machine says (Express: 300)."""
    events_max: int | None = EVENTS_MAX
    """None for Express, whose history has no end (`take_events`)."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """More of ExecutionStarted: `stateMachineAliasArn`, `stateMachineVersionArn`."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] | None = None
    """TestState: the whole context object, as given."""
    map_item: Mapping[str, Any] | None = None
    """`$$.Map` of a distributed Map's child."""


@dataclass(slots=True, kw_only=True)
class Trial:
    """TestState: one state only, told how it came out. A Parallel or Map asks for a StandIn instead of running."""

    retry_count: int = 0
    """Attempts of the matching retrier before this one."""
    status: str = ""
    """SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR."""
    next_state: str | None = None
