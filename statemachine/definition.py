"""The language as a tree: what `parse` makes of a definition and `execution` runs. Everything in it is compiled.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
https://states-language.net/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from statemachine.data.scope import Condition, Place, Value

Language = Literal["JSONPath", "JSONata"]


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """States and where they begin: a machine's, a branch's, an item processor's."""

    start_at: str
    states: Mapping[str, State]
    language: Language = "JSONPath"
    """The default of its states."""


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """A whole definition."""

    flow: Flow
    timeout_s: float | None = None
    comment: str = ""
    version: str = "1.0"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """What states have in common. A field that the definition does not have is None."""

    name: str
    language: Language = "JSONPath"
    comment: str = ""
    next: str | None = None
    """None: the flow ends here (End, and terminal states)."""
    assign: Value | None = None
    """Evaluates to the new variables by name."""
    # JSONPath's five steps. None: the default (`$`, nothing).
    input_path: Value | None = None
    output_path: Value | None = None
    discards_input: bool = False
    """`InputPath: null`: the state sees `{}`."""
    discards_output: bool = False
    """`OutputPath: null`: the state's output is `{}`."""
    # JSONata
    output: Value | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Retrier:
    """One entry of Retry."""

    error_equals: tuple[str, ...]
    interval_s: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_s: float | None = None
    full_jitter: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Catcher:
    """One entry of Catch."""

    error_equals: tuple[str, ...]
    next: str
    result_path: Place | None = None
    """None: `$`, the error output replaces the input."""
    discards_result: bool = False
    """`ResultPath: null`: the input goes on as it was."""
    assign: Value | None = None
    output: Value | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Producer(State):
    """A state with a result of its own: Task, Parallel, Map (all these fields), Pass (the first ones)."""

    parameters: Value | None = None
    """JSONPath's Parameters, or JSONata's Arguments."""
    result_selector: Value | None = None
    result_path: Place | None = None
    """None: `$`, the result replaces the input."""
    discards_result: bool = False
    """`ResultPath: null`: the input goes on as it was."""
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pass(Producer):
    """Passes its input on, or a result."""

    result: Value | None = None
    """A constant (JSONPath's `Result`). JSONata has no such field."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Task(Producer):
    """Calls something."""

    resource: str
    """The ARN as given."""
    timeout: Value | None = None
    """Seconds: TimeoutSeconds (a constant or JSONata) or TimeoutSecondsPath."""
    heartbeat: Value | None = None
    credentials: Value | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Choice(State):
    """Chooses where to go."""

    rules: tuple[ChoiceRule, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChoiceRule:
    """One of a Choice's rules."""

    condition: Condition
    next: str
    assign: Value | None = None
    output: Value | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wait(State):
    """Waits. Exactly one of the two."""

    seconds: Value | None = None
    """Seconds, SecondsPath, or JSONata."""
    timestamp: Value | None = None
    """Timestamp, TimestampPath, or JSONata."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Succeed(State):
    """Ends well."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fail(State):
    """Ends badly."""

    error: Value | None = None
    """Error, ErrorPath, or JSONata."""
    cause: Value | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parallel(Producer):
    """Branches, all at once."""

    branches: tuple[Flow, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ItemReader:
    """Where a distributed Map's items are."""

    resource: str
    """`arn:aws:states:::s3:getObject` or `...:listObjectsV2`."""
    parameters: Value | None
    config: Mapping[str, Any] = field(default_factory=dict)
    """ReaderConfig as given, but for the two below."""
    max_items: Value | None = None
    """MaxItems or MaxItemsPath."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ItemBatcher:
    """How items are put together for one child."""

    max_items: Value | None = None
    max_bytes: Value | None = None
    batch_input: Value | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ResultWriter:
    """Where results of a distributed Map go, and how they look."""

    resource: str = ""
    parameters: Value | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    """WriterConfig as given."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Map(Producer):
    """A flow for each item."""

    processor: Flow
    distributed: bool = False
    execution_type: str = "STANDARD"
    """Of the children of a distributed Map; or EXPRESS."""
    items: Value | None = None
    """ItemsPath, or JSONata's Items. None: the whole input."""
    item_selector: Value | None = None
    """ItemSelector; a legacy Map's Parameters is the same."""
    max_concurrency: Value | None = None
    tolerated_failure_count: Value | None = None
    tolerated_failure_percentage: Value | None = None
    label: str = ""
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    legacy: bool = False
    """Defined by `Iterator` (and `Parameters` as its selector)."""
