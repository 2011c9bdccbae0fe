"""The Telemetry API of one sandbox, 2022-07-01 (and the older Logs API, 2020-08-15), to HTTP destinations.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
Events are batched as the subscriber asked and posted to it; a subscriber that does not listen loses them. TCP
destinations are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from emulator.clock import machine_time
from emulator.sandboxes.answers import refusal
from emulator.wire.exchange import Exchange, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES: Final = frozenset({"platform", "function", "extension"})
_HOSTS: Final = frozenset({"sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"})
_MOST_HELD: Final = 10_000


class _Subscriber(NamedTuple):
    identifier: str
    types: frozenset[str]
    port: int
    path: str
    most_items: int
    timeout_s: float


class Telemetry:
    """What happens in a sandbox, told to who subscribed."""

    def __init__(self, known: Callable[[str], bool]) -> None:
        """`known` says whether an extension's identifier is one."""
        self._known = known
        self._subscribers: dict[str, _Subscriber] = {}
        self._held: dict[str, deque[dict[str, Any]]] = {}
        self._early: deque[dict[str, Any]] = deque(maxlen=_MOST_HELD)
        """What happened before anybody subscribed: the first subscriber gets it, as on AWS."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._posts: set[asyncio.Task[None]] = set()
        self._over = False

    def tell(self, kind: str, record: object) -> None:
        """Something has happened: `platform.start`, `function`, ..."""
        if self._over:
            return
        event = {"time": _iso(machine_time()), "type": kind, "record": record}
        if not self._subscribers:
            self._early.append(event)
            return
        for subscriber in self._subscribers.values():
            self._hold(subscriber, event)

    def _hold(self, subscriber: _Subscriber, event: dict[str, Any]) -> None:
        if event["type"].partition(".")[0] not in subscriber.types:
            return
        held = self._held[subscriber.identifier]
        held.append(event)
        if len(held) >= subscriber.most_items:
            self._send(subscriber)
        elif subscriber.identifier not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[subscriber.identifier] = loop.call_later(subscriber.timeout_s, self._send, subscriber)

    def _send(self, subscriber: _Subscriber) -> None:
        timer = self._timers.pop(subscriber.identifier, None)
        if timer is not None:
            timer.cancel()
        held = self._held[subscriber.identifier]
        if not held:
            return
        batch, self._held[subscriber.identifier] = list(held), deque(maxlen=_MOST_HELD)
        task = asyncio.get_running_loop().create_task(_post(subscriber, json.dumps(batch).encode()))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    def flush(self) -> None:
        """Send what is held, now."""
        for subscriber in self._subscribers.values():
            self._send(subscriber)

    def close(self) -> None:
        """The sandbox is gone."""
        self._over = True
        for timer in self._timers.values():
            timer.cancel()
        for task in self._posts:
            task.cancel()

    # -- HTTP

    def handle(self, exchange: Exchange) -> Reply:
        """Subscribe."""
        identifier = exchange.headers.get(b"lambda-extension-identifier", b"").decode("latin-1")
        if exchange.method != b"PUT":
            return refusal(405, "MethodNotAllowed", "Method Not Allowed")
        if not self._known(identifier):
            return refusal(403, "Telemetry.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier")
        try:
            subscriber = _read(identifier, json.loads(exchange.body))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return refusal(400, "ValidationError", str(error) or "invalid subscription")
        first = not self._subscribers
        self._subscribers[identifier] = subscriber
        self._held.setdefault(identifier, deque(maxlen=_MOST_HELD))
        if first:
            early, self._early = list(self._early), deque(maxlen=_MOST_HELD)
            for event in early:
                self._hold(subscriber, event)
        self.tell(
            "platform.telemetrySubscription",
            {"name": identifier, "state": "Subscribed", "types": sorted(subscriber.types)},
        )
        return Reply(200, b"content-type: text/plain; charset=utf-8\r\n", b"OK")


def _read(identifier: str, asked: dict[str, Any]) -> _Subscriber:
    """A subscription. Raises ValueError, TypeError or KeyError for what is none."""
    types = frozenset(asked["types"])
    if not types or not types <= _TYPES:
        raise ValueError("types are platform, function and extension")
    destination = asked["destination"]
    if str(destination["protocol"]).upper() != "HTTP":
        raise ValueError("only the HTTP protocol is supported")
    uri = urlsplit(destination["URI"])
    if uri.hostname not in _HOSTS or uri.port is None:
        raise ValueError("the destination is http://sandbox.localdomain:<port>")
    buffering = asked.get("buffering") or {}
    items = int(buffering.get("maxItems", 10_000))
    timeout_ms = int(buffering.get("timeoutMs", 1_000))
    if not 1 <= items <= 10_000 or not 25 <= timeout_ms <= 30_000:
        raise ValueError("buffering is out of its limits")
    return _Subscriber(identifier, types, uri.port, uri.path or "/", items, timeout_ms / 1000)


async def _post(subscriber: _Subscriber, body: bytes) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", subscriber.port)
        try:
            writer.write(
                b"POST %b HTTP/1.1\r\nHost: sandbox.localdomain:%d\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\nConnection: close\r\n\r\n%b"
                % (subscriber.path.encode("ascii", "replace"), subscriber.port, len(body), body)
            )
            await writer.drain()
            await reader.readline()
        finally:
            writer.close()


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
