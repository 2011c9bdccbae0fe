"""A worker: what the domain knows of one sandbox. It serves one invocation at a time, again and again.

    starting -> busy -> finishing -> idle -> busy ...      (and from anywhere: gone)

*Finishing* is the moment between a response and the runtime's asking for more: the caller has its answer, and the next
invocation may already be attached; it is handed out as soon as the runtime asks.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from services.lambda_ import errors_of_functions, limits
from services.lambda_.errors import Service
from services.lambda_.errors_of_functions import Failure, handled
from services.lambda_.invocation import Invocation, Outcome
from services.ports import Work

if TYPE_CHECKING:
    from services.lambda_.logs import Log
    from services.lambda_.model import Configuration, Version
    from services.ports import Sandbox, Usage


class State(Enum):
    """What a worker does."""

    STARTING = "starting"
    BUSY = "busy"
    FINISHING = "finishing"
    IDLE = "idle"
    GONE = "gone"


class Owner(Protocol):
    """Whose workers they are (`services.lambda_.pool.Pool`)."""

    def worker_responded(self, worker: Worker, invocation: Invocation) -> None:
        """It responded and will soon be free. Called before the outcome is told."""

    def worker_ready(self, worker: Worker) -> None:
        """It can take an invocation."""

    def worker_gone(self, worker: Worker, unserved: Invocation | None, init_error: str) -> None:
        """It will never take one again. `unserved` was attached and has to go elsewhere."""


class Worker:
    """One sandbox's side of the domain; the sandbox's `SandboxEvents`."""

    def __init__(self, owner: Owner, version: Version, log: Log, *, provisioned: bool = False) -> None:
        self._owner = owner
        self._configuration: Configuration = version.configuration
        self._executed_version = version.version
        self._log = log
        self._sandbox: Sandbox | None = None
        self.provisioned = provisioned
        self.state = State.STARTING
        self.stale = False
        """To be shut down rather than used again: its code or configuration was replaced."""
        self.sweeps = 0
        """How often the pool has looked since it was used."""
        self._invocation: Invocation | None = None
        """What it runs, or (while starting or finishing) what it will run next."""
        self._init_error: tuple[bytes, str] | None = None
        self._reported = False

    def started(self, sandbox: Sandbox) -> None:
        """The sandbox is being made."""
        self._sandbox = sandbox
        self._log.init_start()

    @property
    def attached(self) -> bool:
        """Whether it has an invocation, or will have one."""
        return self._invocation is not None

    # -- the pool's side

    def attach(self, invocation: Invocation) -> None:
        """Run this: at once if idle, else as soon as the runtime asks."""
        assert self._invocation is None
        self._invocation = invocation
        self.sweeps = 0
        if self.state is State.IDLE:
            self._give(invocation)

    def shut_down(self, reason: str) -> None:
        """End it. An invocation that it runs fails with Lambda's own error."""
        if self.state is State.GONE:
            return
        self.state = State.GONE
        self._log.flush()
        if self._sandbox is not None:
            self._sandbox.shut_down(reason)
        invocation, self._invocation = self._invocation, None
        if invocation is not None:
            self._owner.worker_responded(self, invocation)
        self._owner.worker_gone(self, None, "")
        if invocation is not None:
            invocation.fail(Service("The function's sandbox was shut down."))

    def _give(self, invocation: Invocation) -> None:
        assert self._sandbox is not None
        self.state = State.BUSY
        self._log.start(invocation.request_id, tail=invocation.tail)
        self._sandbox.give(
            Work(
                invocation.request_id,
                invocation.payload,
                invocation.target.invoked_arn,
                self._configuration.timeout_s,
                invocation.trace,
                invocation.client_context,
                invocation.cognito_identity,
            )
        )

    # -- services.ports.SandboxEvents

    def ready(self) -> None:
        """The runtime asks for an invocation."""
        if self.state is State.GONE or (self.state is State.BUSY and self._invocation is not None):
            return
        if self._invocation is not None:
            self._give(self._invocation)
            return
        self.state = State.IDLE
        self._owner.worker_ready(self)

    def response(self, request_id: str, payload: bytes, usage: Usage) -> None:
        """The whole response."""
        if (invocation := self._running(request_id)) is None:
            return
        if len(payload) > limits.SYNCHRONOUS_PAYLOAD_MAX and invocation.stream is None:
            self._end(invocation, usage, errors_of_functions.too_large(limits.SYNCHRONOUS_PAYLOAD_MAX))
        else:
            self._end(invocation, usage, None, payload)

    def stream_begins(self, request_id: str, content_type: str) -> None:
        """The response will come in parts."""
        if (invocation := self._running(request_id)) is not None:
            invocation.content_type = content_type
            if invocation.stream is not None:
                invocation.stream.begins(content_type)

    def stream_chunk(self, request_id: str, chunk: bytes) -> None:
        """A part."""
        if (invocation := self._running(request_id)) is None:
            return
        invocation.size += len(chunk)
        if invocation.stream is not None:
            if invocation.size <= limits.STREAMED_RESPONSE_MAX:
                invocation.stream.chunk(chunk)
        elif invocation.size <= limits.SYNCHRONOUS_PAYLOAD_MAX:
            invocation.parts.append(chunk)

    def stream_ends(self, request_id: str, usage: Usage, error_type: str = "", error: bytes = b"") -> None:
        """That was the last part."""
        if (invocation := self._running(request_id)) is None:
            return
        limit = limits.SYNCHRONOUS_PAYLOAD_MAX if invocation.stream is None else limits.STREAMED_RESPONSE_MAX
        if error_type:
            self._end(invocation, usage, handled(error or b"{}", error_type))
        elif invocation.size > limit:
            self._end(invocation, usage, errors_of_functions.too_large(limit))
        else:
            self._end(invocation, usage, None, b"".join(invocation.parts))

    def error(self, request_id: str, payload: bytes, error_type: str, usage: Usage) -> None:
        """The handler raised."""
        if (invocation := self._running(request_id)) is not None:
            self._end(invocation, usage, handled(payload, error_type))

    def init_error(self, payload: bytes, error_type: str) -> None:
        """The runtime could not begin; the process ends next, and then the caller hears of it."""
        self._init_error = (payload, error_type or "Runtime.Unknown")

    def timed_out(self, request_id: str, usage: Usage) -> None:
        """Time was over, of an invocation or of the init that went before it."""
        if (invocation := self._invocation) is None or self.state is State.GONE:
            return
        if self.state is State.STARTING:
            self._log.start(invocation.request_id, tail=invocation.tail)
        failure = errors_of_functions.timed_out(invocation.request_id, self._configuration.timeout_s)
        self._leave(usage, failure)

    def output(self, text: bytes) -> None:
        """The function wrote something."""
        self._log.output(text)

    def exited(self, reason: str, usage: Usage) -> None:
        """The process is gone."""
        if self.state is State.GONE:
            self._log.flush()
            return
        failed_init = self.state is State.STARTING
        failure: Failure | None = None
        error_type = ""
        if failed_init:
            error_type = self._init_error[1] if self._init_error else errors_of_functions.EXITED
            init_ms = usage.duration_ms if usage.init_duration_ms is None else usage.init_duration_ms
            self._log.init_failed(init_ms, error_type)
        invocation = self._invocation
        if invocation is not None and self.state is not State.FINISHING:
            if self._init_error is not None:
                failure = handled(self._init_error[0], error_type)
            else:
                failure = errors_of_functions.exited(invocation.request_id, reason)
            if failed_init:
                self._log.start_after_init(invocation.request_id, tail=invocation.tail)
        self._leave(usage, failure, error_type)

    # -- endings

    def _running(self, request_id: str) -> Invocation | None:
        """The invocation, if it is the one that runs. A late word about another one is passed over."""
        invocation = self._invocation
        if self.state is not State.BUSY or invocation is None or invocation.request_id != request_id:
            return None
        return invocation

    def _end(self, invocation: Invocation, usage: Usage, failure: Failure | None, payload: bytes = b"") -> None:
        """The invocation is over and the sandbox lives on."""
        outcome = self._outcome(invocation, usage, failure, payload)
        self._invocation = None
        self.state = State.FINISHING
        # First the books, then the caller: what the caller does next finds them right.
        self._owner.worker_responded(self, invocation)
        invocation.finish(outcome)

    def _leave(self, usage: Usage, failure: Failure | None, init_error: str = "") -> None:
        """The sandbox is gone; what it ran ends with `failure`, and without one has to be run elsewhere."""
        invocation, self._invocation = self._invocation, None
        self.state = State.GONE
        self._log.flush()
        if invocation is None or failure is None:
            self._owner.worker_gone(self, invocation, init_error)
            return
        outcome = self._outcome(invocation, usage, failure, b"")
        self._owner.worker_responded(self, invocation)
        self._owner.worker_gone(self, None, init_error)
        invocation.finish(outcome)

    def _outcome(self, invocation: Invocation, usage: Usage, failure: Failure | None, payload: bytes) -> Outcome:
        tail = self._log.end(invocation.request_id, usage, failure)
        if failure is None:
            return Outcome(
                invocation.request_id,
                payload,
                self._executed_version,
                log_tail=tail,
                content_type=invocation.content_type,
                trace=invocation.trace,
            )
        return Outcome(
            invocation.request_id,
            failure.payload,
            self._executed_version,
            errors_of_functions.UNHANDLED,
            failure.error_type,
            tail,
            invocation.content_type,
            invocation.trace,
        )
