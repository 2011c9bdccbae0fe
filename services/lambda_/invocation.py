"""One invocation, from its acceptance to its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.errors import ServiceError
    from services.lambda_.model import Target


class Outcome(NamedTuple):
    """How an invocation ended, when it came to run. Also the answer to a service that invokes."""

    request_id: str
    payload: bytes
    """The response, or the JSON of the error. Empty when the response was streamed to its end."""
    executed_version: str
    function_error: str = ""
    """Empty, or `Unhandled`."""
    error_type: str = ""
    """Of a function error, where it is known outside of the payload: `Sandbox.Timedout`, the exception's name."""
    log_tail: bytes = b""
    """With `tail`: the last 4 KB of this invocation's log."""
    content_type: str = ""
    """Of a response that the function streamed."""
    trace: str = ""
    """The trace header that the function got; what goes on from here carries it on."""

    @property
    def status(self) -> int:
        """The status that Invoke answers with."""
        return 200


class Stream(Protocol):
    """Who takes a response as it comes. `ends` is always the last call; it may be the only one."""

    def begins(self, content_type: str) -> None:
        """The function streams its response."""

    def chunk(self, data: bytes) -> None:
        """A part of it."""

    def ends(self, outcome: Outcome) -> None:
        """That was all: of a function that does not stream, the payload is the whole response."""

    def fails(self, error: ServiceError) -> None:
        """Lambda itself failed."""


class Invocation:
    """One invocation that was let through."""

    __slots__ = (
        "_done",
        "_failed",
        "client_context",
        "cognito_identity",
        "content_type",
        "parts",
        "payload",
        "provisioned",
        "request_id",
        "size",
        "stream",
        "tail",
        "target",
        "trace",
    )

    def __init__(
        self,
        request_id: str,
        target: Target,
        payload: bytes,
        done: Callable[[Outcome], None],
        failed: Callable[[ServiceError], None],
        *,
        trace: str = "",
        client_context: str = "",
        cognito_identity: str = "",
        tail: bool = False,
        stream: Stream | None = None,
    ) -> None:
        self.request_id = request_id
        self.target = target
        self.payload = payload
        self.trace = trace
        self.client_context = client_context
        self.cognito_identity = cognito_identity
        self.tail = tail
        self.stream = stream
        self.provisioned = False
        """Whether it counts against provisioned concurrency."""
        self.content_type = ""
        self.parts: list[bytes] = []
        """A streamed response that nobody takes as it comes."""
        self.size = 0
        """Bytes streamed so far."""
        self._done: Callable[[Outcome], None] | None = done
        self._failed = failed

    def finish(self, outcome: Outcome) -> None:
        """Tell the outcome, once."""
        done, self._done = self._done, None
        if done is not None:
            if self.stream is not None:
                self.stream.ends(outcome)
            done(outcome)

    def fail(self, error: ServiceError) -> None:
        """Lambda itself could not run it, or was reset."""
        done, self._done = self._done, None
        if done is not None:
            if self.stream is not None:
                self.stream.fails(error)
            self._failed(error)

    @property
    def over(self) -> bool:
        """Whether the outcome was told."""
        return self._done is None
