"""What the domain asks of the world. Protocols only: `emulator/` supplies them, tests may too.

This is the injection page. A service takes what it needs by constructor and imports no other service; where two
services meet, the consumer's need is a protocol here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType


class Timer(Protocol):
    """A pending callback."""

    def cancel(self) -> None:
        """Never call back. Harmless when it already did."""


class Hold(Protocol):
    """Something the real world still owes; while any hold is open, `advance` waits."""

    def release(self) -> None:
        """Let time move again. Harmless when repeated."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Clock(Protocol):
    """The one source of time. Instants are epoch seconds."""

    def now(self) -> float:
        """The present instant, epoch seconds."""

    def at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once when the clock reaches `when`; never before this call has returned."""

    def patience(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once after `seconds`, of this clock or of *real* time, whichever has passed first.

        For what an outside client waits for (a long poll): it has its own read timeout, so a clock that stands still
        must not keep it. Such a timer is no event of the emulator's: time never jumps to it by itself.
        """

    def hold(self) -> Hold:
        """Keep time from moving by itself until released (a child process runs, a request is half read)."""


class Entropy(Protocol):
    """The one source of ids and chance; seeded, it repeats itself."""

    def uuid(self) -> str:
        """A version 4 UUID in its 36-character form."""

    def bits(self, n: int) -> int:
        """An integer of `n` random bits."""

    def uniform(self) -> float:
        """A float in [0, 1)."""


# -- Lambda: code, sandboxes, logs


class CodeError(Exception):
    """An archive that is refused. `text` is for the person who sent it, in AWS's words where AWS has some."""

    def __init__(self, text: str, kind: str = "InvalidParameterValueException") -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind
        """The error's name, e.g. InvalidParameterValueException."""


class Code(NamedTuple):
    """Code as stored: a folder that was unpacked from an archive, or somebody's own folder (hot reload)."""

    folder: str
    """Where it is, for the supplier of sandboxes. Opaque to the domain."""
    sha256: str
    """Base64 of the archive's SHA-256."""
    size: int
    """Bytes of the archive."""
    live: bool = False
    """Somebody's own folder: a change in it is to be seen by the next invocation."""


class CodeStore(Protocol):
    """Unpacks archives, safely, and keeps them."""

    async def store(self, archive: bytes) -> Code:
        """Unpack an archive.

        Raises:
            CodeError: not a zip, too large unpacked (250 MB), or a path in it leads out of its folder.
        """

    async def link(self, folder: str) -> Code:
        """Somebody's own folder, as it is and as it will be.

        Raises:
            CodeError: there is no such folder.
        """

    def archive_of(self, code: Code) -> bytes:
        """The archive that was stored."""

    def fingerprint(self, code: Code) -> str:
        """Changes when a file of a live folder has changed."""

    def drop(self, code: Code) -> None:
        """Nobody needs it any more. Told once for each time that `store` gave it."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What a sandbox is to run."""

    function_arn: str
    """Without qualifier."""
    function_name: str
    version: str
    account: str
    region: str
    runtime: str
    handler: str
    code: Code
    layers: tuple[Code, ...]
    environment: Mapping[str, str]
    """The function's own variables; the supplier adds the reserved ones."""
    memory_mb: int
    timeout_s: int
    ephemeral_mb: int
    architecture: str
    log_group: str
    log_stream: str
    log_format: str = "Text"
    application_log_level: str = ""
    initialization_type: str = "on-demand"
    """Or `provisioned-concurrency`."""
    debug: str = ""
    """Not empty: run under a debugger; what the function's tag or the setting says (a port, or `wait`)."""
    role: str = ""
    """The ARN of the function's execution role, for whoever makes its credentials."""


@dataclass(frozen=True, slots=True)
class Work:
    """One invocation, as the Runtime API hands it out."""

    request_id: str
    payload: bytes
    invoked_arn: str
    deadline_s: float
    """Real seconds that it may take."""
    trace: str = ""
    client_context: str = ""
    cognito_identity: str = ""


class Usage(NamedTuple):
    """What an invocation, or an init, took. Real milliseconds."""

    duration_ms: float
    max_memory_mb: int
    init_duration_ms: float | None = None
    """Only with a sandbox's first invocation."""


class SandboxEvents(Protocol):
    """How a sandbox tells what happens in it. Called on the event loop, in order; the domain's worker is one."""

    def ready(self) -> None:
        """The runtime and every extension ask for the next invocation: init is over, or an invocation is."""

    def response(self, request_id: str, payload: bytes, usage: Usage) -> None:
        """The whole response."""

    def stream_begins(self, request_id: str, content_type: str) -> None:
        """A streamed response begins; `stream_chunk`s follow, and `stream_ends`."""

    def stream_chunk(self, request_id: str, chunk: bytes) -> None:
        """A part of a streamed response."""

    def stream_ends(self, request_id: str, usage: Usage, error_type: str = "", error: bytes = b"") -> None:
        """The streamed response has ended, with an error in its midst if there is an `error_type`."""

    def error(self, request_id: str, payload: bytes, error_type: str, usage: Usage) -> None:
        """The handler raised; `payload` is the runtime's JSON of it."""

    def init_error(self, payload: bytes, error_type: str) -> None:
        """The runtime could not begin (an import failed, no such handler). The process ends next."""

    def timed_out(self, request_id: str, usage: Usage) -> None:
        """The invocation's real time is over; the process has been killed, `exited` follows."""

    def output(self, text: bytes) -> None:
        """The function wrote to stdout or stderr: whole lines, or framed log messages, as they come."""

    def exited(self, reason: str, usage: Usage) -> None:
        """The process is gone: `exit status 1`, `signal: killed`, `out of memory`, `shutdown`. Nothing follows."""


class Sandbox(Protocol):
    """One running process of a function."""

    def give(self, work: Work) -> None:
        """Hand out an invocation. Only after `ready`, once."""

    def shut_down(self, reason: str) -> None:
        """Tell extensions (`spindown`, `timeout`, `failure`), let SIGTERM be handled, kill."""


class Sandboxes(Protocol):
    """Starts sandboxes."""

    def why_not(self, runtime: str, code: Code) -> str:
        """Why this runtime can't run here, naming what is missing; empty when it can."""

    def start(self, spec: SandboxSpec, events: SandboxEvents) -> Sandbox:
        """Start one. Its `events` come later, never before this has returned. The clock is held while it works."""


class LogSink(Protocol):
    """CloudWatch Logs."""

    def write(self, account: str, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append events (epoch milliseconds, text). Returns at once; the order of a stream is kept."""


# -- what event sources, dead letters and destinations ask of other services; everything goes by ARN


class QueueSource(Protocol):
    """Queues to receive from."""

    def visibility_s(self, queue_arn: str) -> int | None:
        """The queue's visibility timeout; None without such a queue."""

    def poll(self, queue_arn: str, limit: int) -> dict[str, Any] | asyncio.Future[dict[str, Any]]:
        """ReceiveMessage's answer (`{"Messages": [...]}`, all attributes), as long as it takes.

        At once when there is a message, else a future that the next one completes. Whoever cancels that future gives
        up and loses nothing; one that is done must be looked at. It holds no clock.

        Raises (or completes with):
            ServiceError: no such queue, or no more messages of it may be in flight.
        """

    def delete(self, queue_arn: str, receipt_handles: Iterable[str]) -> None:
        """Delete messages. Expired handles and missing queues are passed over."""

    def release(self, queue_arn: str, receipt_handles: Iterable[str]) -> None:
        """Make messages visible again."""


class Streams(Protocol):
    """Kinesis and DynamoDB streams, as far as an event source mapping asks for them before they can be polled."""

    async def exists(self, stream_arn: str) -> bool:
        """Whether there is such a stream."""


class Deliveries(Protocol):
    """Where records are sent: destinations and dead-letter targets, by the ARN of a queue, topic or other service."""

    async def send(
        self,
        target_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        region: str,
        trace: str = "",
        group_id: str = "",
        deduplication_id: str = "",
    ) -> None:
        """Deliver to the target on behalf of `account`, as part of `trace`. Raises ServiceError when it can't be.

        `group_id` and `deduplication_id` are for queues and topics, which are FIFO or take a group for fairness.
        """


class Objects(Protocol):
    """S3."""

    async def get(self, bucket: str, key: str, version: str, *, account: str, region: str) -> bytes:
        """An object's content. Raises ServiceError when it can't be had."""


class Networks(Protocol):
    """EC2, as far as functions in a VPC need it."""

    async def vpc_of(self, subnets: list[str], security_groups: list[str], *, account: str, region: str) -> str:
        """The id of the VPC that these subnets are in.

        Raises ServiceError with EC2's code and text when a subnet or a security group does not exist.
        """


# -- SNS: where messages go


class QueueSink(Protocol):
    """Queues to send to."""

    def send(
        self,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        group_id: str = "",
        deduplication_id: str = "",
        trace_header: str = "",
    ) -> dict[str, Any]:
        """Send a message on behalf of `account`; the result is SendMessage's.

        Raises:
            ServiceError: no such queue, or SendMessage would refuse the message.
        """

    def post(
        self,
        letters: Sequence[tuple[str, str]],
        make: Callable[[str], str],
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        size_at_most: int,
        account: str,
        group_id: str = "",
        trace_header: str = "",
    ) -> list[int]:
        """Send to many queues at once: `letters` are ARNs of queues, each with a key that `make` makes the body of.

        That is done when somebody looks at the message, so it may cost what it likes. A body has at most
        `size_at_most` bytes and no character that SendMessage would refuse. The result are the numbers of those
        letters that were *not* sent and are to be tried with `send`: there is no such queue, it is a FIFO queue, or the
        message may be too large for it.
        """


class FunctionSink(Protocol):
    """Functions to invoke without waiting for what they answer."""

    def invoke_event(self, function_arn: str, payload: bytes, trace: str = "", /) -> str:
        """Accept an asynchronous invocation, part of `trace`; its request id. Raises ServiceError."""


class HttpFailure(Exception):
    """There was no whole answer: no connection, no name, TLS refused, too slow, too large. `text` says which."""

    def __init__(self, text: str, *, timed_out: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.timed_out = timed_out


class HttpAnswer(NamedTuple):
    """What an outside server answered."""

    status: int
    headers: Mapping[str, str]
    """Lower case names."""
    body: bytes
    """At most what was asked for; the rest is cut off."""


class HttpOut(Protocol):
    """Requests to outside servers. Redirects are not followed."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_s: float = 15.0,
        answer_max: int = 65_536,
    ) -> HttpAnswer:
        """One request. `timeout_s` is real time, for all of it; the clock is held meanwhile.

        Raises:
            HttpFailure: there was no whole answer.
        """


class Signer(Protocol):
    """The key that messages are signed with, and its certificate."""

    def sign(self, text: bytes, digest: str) -> str:
        """Base64 of the PKCS #1 v1.5 signature, `digest` being `sha1` or `sha256`."""

    def certificate_url(self, origin: str) -> str:
        """Where the certificate is served, for a client that knows us as `origin`."""


# -- Step Functions: what tasks ask of the rest of the world


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCall:
    """One attempt of a Task, for whoever integrates."""

    resource: str
    """The ARN of the definition, whole: `arn:aws:states:::sqs:sendMessage.waitForTaskToken`, a function's ARN."""
    arguments: Any
    """JSON. What a waiting task sends to its worker has the task token in it already."""
    account: str
    region: str
    execution_arn: str
    role_arn: str
    credentials_role_arn: str = ""
    state_name: str = ""
    task_token: str = ""
    attempt: int = 0
    trace: str = ""
    test_case: str = ""
    """The mocked test case that the execution was started with (`...#TestCaseName`), or empty."""
    observe: Callable[[str, Mapping[str, str]], None] | None = None
    """TestState at TRACE: told an HTTP task's `request` and `response`, by InspectionData's members."""
    reveal_secrets: bool = False
    """Whether what `observe` is told has the credentials of the request's connection in it."""


class TaskEvents(Protocol):
    """How a task tells what becomes of it. On the event loop; nothing after `succeeded`, `failed` or `timed_out`."""

    def started(self) -> None:
        """It has begun (always told first)."""

    def submitted(self, output: Any) -> None:
        """`.sync` and `.waitForTaskToken`: accepted; it goes on."""

    def succeeded(self, output: Any) -> None:
        """Its result, as JSON."""

    def failed(self, error: str | None, cause: str | None, stage: str = "") -> None:
        """It has failed. `stage`: `schedule`, `start` or `submit` where it never came to run."""

    def timed_out(self, error: str | None, cause: str | None) -> None:
        """What it ran says that it has timed out."""


class RunningTask(Protocol):
    """A task that was begun."""

    def cancel(self) -> None:
        """Nobody waits for it any more (timeout, stop). A `.sync` task stops what it runs where AWS does."""


class Integrations(Protocol):
    """Everything that a Task's Resource can name, but activities (those are the service's own)."""

    def why_not(self, resource: str) -> str:
        """What CreateStateMachine says against this resource; empty when it is a supported one."""

    def why_not_start(self, resource: str, arguments: Any) -> str:
        """Why a task can't be begun with these arguments: AWS schedules nothing then, and ends the execution with
        States.Runtime and this cause (without the place). Empty when it can.
        """

    def test_case_problem(self, machine_name: str, test_case: str) -> str:
        """Why an execution can't be started with that mocked test case; empty when it can."""

    def begin(self, call: TaskCall, events: TaskEvents) -> RunningTask:
        """Begin. `events` come later, never before this has returned."""


class ResultShapes(Protocol):
    """What the services that tasks call answer, as far as a mocked result can be held against it."""

    def complaint(self, resource: str, result: Any, *, whole: bool) -> str:
        """What is wrong with a task's mocked result, or nothing. `whole`: required members have to be there."""


class LogDelivery(Protocol):
    """CloudWatch Logs, for a service that delivers into groups which somebody else has made."""

    async def exists(self, account: str, region: str, group: str) -> bool:
        """Whether there is such a log group."""

    def deliver(self, account: str, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append events (epoch milliseconds, text), in order. Returns at once; without such a group they are lost."""


class EventSink(Protocol):
    """EventBridge's default bus, for what services themselves have to tell."""

    def put(
        self,
        *,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        resources: list[str],
        at: float,
        detail: Callable[[], str],
    ) -> None:
        """Put an event. `detail` gives its JSON, and is only called when somebody wants it."""


class ItemStore(Protocol):
    """S3, as distributed Maps read items from it and write results to it."""

    async def read(self, operation: str, arguments: Any, *, account: str, region: str) -> Any:
        """`GetObject` (bytes) or one page of `ListObjectsV2` (its answer). Raises ServiceError."""

    async def write(self, bucket: str, key: str, body: bytes, *, account: str, region: str) -> None:
        """Write an object. Raises ServiceError."""
