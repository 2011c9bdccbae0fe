"""What there is: state machines with their revisions, versions and aliases; executions; activities.

Plain data with look-ups. What happens to it is in the modules of the operations, and in `driver`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from services.stepfunctions import limits, names
from services.stepfunctions.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.scope import Scope
    from services.stepfunctions.driver import Reply
    from statemachine.definition import Machine
    from statemachine.events import Event
    from statemachine.execution import Execution


class Logging(NamedTuple):
    """What of an execution's history is logged, and where."""

    level: str = "OFF"
    """`ALL`, `ERROR`, `FATAL`, `OFF`."""
    includes_data: bool = False
    group_arns: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = {"level": self.level, "includeExecutionData": self.includes_data}
        if self.group_arns:
            shown["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}} for arn in self.group_arns]
        return shown


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """A state machine as it was between two updates."""

    id: str
    """Empty for the first one."""
    definition: str
    role_arn: str
    logging: Logging
    tracing: bool
    encryption: Mapping[str, Any] | None
    updated_at: float
    machine: Machine
    """The definition, compiled."""

    def is_like(self, other: Revision) -> bool:
        """Whether an update from one to the other would change nothing."""
        return (self.role_arn, *self.kind()) == (other.role_arn, *other.kind())

    def kind(self) -> tuple[object, ...]:
        """What CreateStateMachine compares: everything but the role."""
        return (self.definition, self.logging, self.tracing, self.encryption)


@dataclass(frozen=True, slots=True)
class Version:
    """A revision that was published. Never changes.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
    """

    number: int
    revision: Revision
    created_at: float
    description: str


class Route(NamedTuple):
    """Where an alias leads, and for how many of a hundred executions."""

    version: int
    weight: int


@dataclass(slots=True)
class Alias:
    """A name for a version, or for two with weights.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html
    """

    name: str
    description: str
    routes: tuple[Route, ...]
    created_at: float
    updated_at: float


@dataclass(slots=True, eq=False)
class StateMachine:
    """One state machine."""

    scope: Scope
    name: str
    express: bool
    created_at: float
    current: Revision
    tags: dict[str, str]
    published: tuple[bool, str] = (False, "")
    """What CreateStateMachine was told of `publish` and `versionDescription`."""
    versions: dict[int, Version] = field(default_factory=dict)
    """Oldest first."""
    aliases: dict[str, Alias] = field(default_factory=dict)
    """Oldest first."""
    last_version: int = 0
    """Numbers are never given twice."""
    deleting: bool = False
    running: set[Run] = field(default_factory=set)
    log_stream: str = ""
    """Where its executions are logged; set with the first event."""

    @property
    def arn(self) -> str:
        """Unqualified."""
        return names.make(self.scope, "stateMachine", self.name)

    def qualified(self, qualifier: int | str) -> str:
        """The ARN of a version or alias."""
        return f"{self.arn}:{qualifier}"

    @property
    def type(self) -> str:
        """`STANDARD` or `EXPRESS`."""
        return "EXPRESS" if self.express else "STANDARD"


@dataclass(slots=True, eq=False, kw_only=True)
class Run:
    """One execution, with what the service knows of it besides what the language does."""

    sequence: int
    """Grows with each start."""
    scope: Scope
    state_machine: StateMachine
    revision: Revision
    arn: str
    name: str
    machine_arn: str
    """Unqualified; a Map Run's child has its label (`.../machine/label`)."""
    express: bool
    input: str
    """As it was given."""
    started_at: float
    version_arn: str = ""
    alias_arn: str = ""
    trace: str = ""
    map_run_arn: str = ""
    label: str = ""
    test_case: str = ""
    """The mocked test case it was started with."""
    interpreter: Execution | None
    """None when it has SUCCEEDED and is told of from its archive: nothing makes it go on."""
    archive: Archive | None = None
    """Its history, once it has ended."""
    stopped_at: float | None = None
    redrive_count: int = 0
    redriven_at: float | None = None
    redrives: dict[str, float] = field(default_factory=dict)
    """Client tokens of RedriveExecution, and when."""
    on_end: list[Callable[[Run], None]] = field(default_factory=list)
    """Called each time it ends (a redriven execution ends more than once), and when it is forgotten as it runs."""
    item_count: int | None = None
    """How many items a child of a Map Run with batches has."""
    awaits_redrive: bool = False
    """A Map Run is going to redrive it, but others have their turn first."""

    # The driver's.
    queued: bool = False
    wake_at: float | None = None
    tasks: dict[int, Reply] = field(default_factory=dict)
    """What is under way, by the token of the effect that asked for it."""
    told: int = 0
    """How many events the journal has seen."""

    @property
    def execution(self) -> Execution:
        """For whoever drives it, while that can be."""
        assert self.interpreter is not None
        return self.interpreter

    @property
    def status(self) -> str:
        """`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`."""
        return "SUCCEEDED" if self.interpreter is None else self.interpreter.status

    @property
    def shown_status(self) -> str:
        """As the API shows it: `PENDING_REDRIVE`, too."""
        return "PENDING_REDRIVE" if self.awaits_redrive else self.status

    @property
    def output(self) -> Any:
        """As a value; None but for what has SUCCEEDED."""
        if self.interpreter is not None:
            return self.interpreter.output
        assert self.archive is not None
        return self.archive[-1].details["output"]

    @property
    def error(self) -> str | None:
        """What it failed with, if it did."""
        return None if self.interpreter is None else self.interpreter.error

    @property
    def cause(self) -> str | None:
        """Of the error."""
        return None if self.interpreter is None else self.interpreter.cause

    @property
    def events(self) -> Sequence[Event]:
        """Its history; of an express execution, what is not logged yet."""
        return self.execution.events if self.archive is None else self.archive

    @property
    def event_count(self) -> int:
        """The id of the last event."""
        return self.execution.event_count if self.archive is None else len(self.archive)

    @property
    def weight(self) -> int:
        """About how many bytes it takes, when it has ended."""
        found = limits.CLOSED_BYTES + len(self.input)
        found += len(self.events) * limits.EVENT_BYTES if self.archive is None else self.archive.size
        # What can go on keeps the values it has besides.
        return found if self.interpreter is None else found + limits.INTERPRETER_BYTES + 2 * len(self.input)

    def pack(self) -> None:
        """It has ended: keep its history small."""
        if self.express:
            # Its history is its log; nothing is left of it.
            return
        try:
            self.archive = Archive(self.execution.events)
        except ValueError:
            return
        if self.status == "SUCCEEDED":
            self.interpreter = None
        else:
            self.execution.events = []

    def unpack(self) -> None:
        """It goes on."""
        if self.archive is not None:
            self.execution.events = list(self.archive)
            self.archive = None


@dataclass(slots=True, eq=False)
class Activity:
    """A name for work that somebody outside does."""

    scope: Scope
    name: str
    created_at: float
    tags: dict[str, str]
    encryption: Mapping[str, Any] | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return names.make(self.scope, "activity", self.name)
