"""A response that is taken as it comes.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.errors import ServiceError
    from services.lambda_.invocation import Outcome

HTTP_INTEGRATION: Final = "application/vnd.awslambda.http-integration-response"
"""The content type of a stream that begins with the status and the headers of an HTTP response."""


class ResponseStream:
    """One response, part by part; an invocation's `Stream`."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the first part, or when all is over without one; or Lambda's own error."""
        self.streams = False
        """Whether the function streams; else there is one part, the whole response."""
        self.content_type = ""
        self.outcome: Outcome | None = None
        """Known when `chunks` has ended."""
        self.broken = ""
        """Why there is no outcome though the stream has ended."""
        self._parts: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._over = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The parts, to be taken once."""
        while True:
            while self._parts:
                yield self._parts.popleft()
            if self._over:
                return
            self._more.clear()
            await self._more.wait()

    def finished(self, end: Outcome | ServiceError) -> None:
        """The invocation's callback; the stream itself was told before."""

    # -- services.lambda_.invocation.Stream

    def begins(self, content_type: str) -> None:
        """The function streams."""
        self.streams = True
        self.content_type = content_type
        self._begin()

    def chunk(self, data: bytes) -> None:
        """A part."""
        self._parts.append(data)
        self._begin()
        self._more.set()

    def ends(self, outcome: Outcome) -> None:
        """All is over."""
        if outcome.payload and not outcome.function_error:
            self._parts.append(outcome.payload)
        self.outcome = outcome
        self._end()

    def fails(self, error: ServiceError) -> None:
        """Lambda itself failed."""
        self.broken = error.message
        if not self.begun.done():
            self.begun.set_exception(error)
        self._end()

    def _begin(self) -> None:
        if not self.begun.done():
            self.begun.set_result(None)

    def _end(self) -> None:
        self._over = True
        self._begin()
        self._more.set()
