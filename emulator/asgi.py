"""Calls an ASGI application for one exchange: how FastAPI sits behind the front door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Asgi = Callable[
        [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
        Awaitable[None],
    ]


async def answer(app: Asgi, exchange: Exchange) -> Reply:
    """The application's whole answer."""
    path = exchange.path.decode("latin-1")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": exchange.method.decode("latin-1"),
        "scheme": "http",
        "path": unquote(path),
        "raw_path": exchange.path,
        "query_string": exchange.query,
        "root_path": "",
        "headers": list(exchange.headers.items()),
        "client": None,
        "server": None,
    }
    status = 500
    head = b""
    body: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": exchange.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, head
        if message["type"] == "http.response.start":
            status = message["status"]
            head = b"".join(
                b"%b: %b\r\n" % (name, value) for name, value in message["headers"] if name != b"content-length"
            )
        else:
            body.append(message.get("body", b""))

    await app(scope, receive, send)
    return Reply(status, head, b"".join(body))
