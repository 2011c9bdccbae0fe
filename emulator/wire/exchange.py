"""A request as read and a reply as it goes out: the only two shapes between the socket and the codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class CutShort(Exception):
    """Raised out of a reply's stream: what comes after can't be had, and the client is to see that it is missing."""


class Exchange:
    """One HTTP request, whole. Header names are lower case; a repeated header's values are joined by a comma."""

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: bytes, path: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        self.method = method
        self.path = path
        """As sent, still percent-encoded, without the query."""
        self.query = query
        self.headers = headers
        self.body = body


class Reply(NamedTuple):
    """A reply. `head` is header lines, each ended by CRLF, without content-length, connection and date."""

    status: int
    head: bytes
    body: bytes
    stream: AsyncGenerator[bytes, None] | None = None
    """What follows `body`, part by part as it comes, in chunked transfer encoding."""
