"""Requests to outside servers: the port `HttpOut`.

A client of our own over httptools, which the server speaks HTTP with already: aiohttp and httpx would each bring a
tree of packages for what is one POST, and both follow proxies of the environment, which a subscriber on this machine
must not be sent through. One connection a request; nothing is pooled, so nothing is ever sent twice unnoticed.

Ceilings: requests at once to one address and in all, bytes of an answer, real seconds. An address that hangs keeps its
own few places busy and nobody else's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import ipaddress
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import httptools

from services.ports import HttpAnswer, HttpFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from urllib.parse import SplitResult

    from services.ports import Clock

AT_ONCE: Final = 128
"""Requests that may be out, in all."""
AT_ONCE_EACH: Final = 8
"""Requests that may be out to one address."""
HEADERS_MAX: Final = 65_536
"""Bytes of a status line and headers."""
_PART: Final = 65_536
_PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "/%:=&?~+!$,;'@()*[]"
"""Characters of a path and a query that go out as they are; everything else is percent-encoded."""


class HttpClient:
    """services.ports.HttpOut on the running event loop."""

    def __init__(self, clock: Clock, *, at_once: int = AT_ONCE, at_once_each: int = AT_ONCE_EACH) -> None:
        self._clock = clock
        self._each = at_once_each
        self._room = asyncio.Semaphore(at_once)
        self._addresses: dict[str, _Address] = {}

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
        """One request. `timeout_s` is real time, from when it goes out; the clock is held meanwhile, also while it
        waits for its turn.

        Raises:
            HttpFailure: there was no whole answer.
        """
        target = _target(url)
        message = _message(method, target, headers, body)
        with self._clock.hold():
            async with self._turn(url.partition("?")[0]):
                return await _in_time(_Exchange(target, message, answer_max), timeout_s)

    @contextlib.asynccontextmanager
    async def _turn(self, address: str) -> AsyncIterator[None]:
        """Wait for a place, first among those for the same address: so each has a few in the common queue at most."""
        place = self._addresses.get(address)
        if place is None:
            place = self._addresses[address] = _Address(self._each)
        place.users += 1
        try:
            async with place.room, self._room:
                yield
        finally:
            place.users -= 1
            if not place.users:
                self._addresses.pop(address, None)


class _Address:
    """What is on its way to one address."""

    __slots__ = ("room", "users")

    def __init__(self, at_once: int) -> None:
        self.room = asyncio.Semaphore(at_once)
        self.users = 0


class _Target:
    """A URL, taken apart."""

    __slots__ = ("authority", "host", "path", "port", "secure")

    def __init__(self, parts: SplitResult, host: str, port: int) -> None:
        self.secure = parts.scheme == "https"
        self.host = host
        self.port = port
        shown = f"[{host}]" if ":" in host else host
        self.authority = shown if port == _PORTS[parts.scheme] else f"{shown}:{port}"
        self.path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")


def _target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise HttpFailure(f"{url[:200]} is no URL") from None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or not host.isprintable() or " " in host:
        raise HttpFailure(f"{url[:200]} is no URL of http or https")
    try:
        host.encode("idna")
    except UnicodeError:
        raise HttpFailure(f"{host[:200]} is no name of a host") from None
    return _Target(parts, host, _PORTS[parts.scheme] if port is None else port)


def _message(method: str, target: _Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request's bytes. Host and Content-Length are ours."""
    host = target.authority if target.authority.isascii() else target.authority.encode("idna").decode()
    lines = [f"{method} {target.path} HTTP/1.1"]
    given = {**headers, "Content-Length": str(len(body)), "Host": host}
    for name, value in given.items():
        # A topic's name or a subject could otherwise begin a header of its own.
        if any(ord(character) < 32 and character != "\t" for character in name + value):
            raise HttpFailure(f"The header {name!r} holds a character that no header may hold")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + body


async def _in_time(exchange: _Exchange, timeout_s: float) -> HttpAnswer:
    """Real time: the other side is a process of the real world."""
    loop = asyncio.get_running_loop()
    working = loop.create_task(exchange.run(), name="http out")
    late = False

    def give_up() -> None:
        nonlocal late
        late = not working.done()
        working.cancel()

    timer = loop.call_later(timeout_s, give_up)
    try:
        return await working
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if late and not (task is not None and task.cancelling()):
            raise HttpFailure(f"{exchange.doing} took longer than {timeout_s:g} s", timed_out=True) from None
        raise
    finally:
        timer.cancel()
        working.cancel()


class _Exchange:
    """One request on a connection of its own; httptools calls back."""

    def __init__(self, target: _Target, message: bytes, answer_max: int) -> None:
        self._target = target
        self._message = message
        self._max = answer_max
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._begun = False
        self._over = False
        self._parser = httptools.HttpResponseParser(self)
        self.doing = "Connecting"

    async def run(self) -> HttpAnswer:
        """Connect, send, read."""
        writer = None
        try:
            reader, writer = await self._connect()
            self.doing = "The answer"
            writer.write(self._message)
            await writer.drain()
            while not self._over and not (self._begun and self._size >= self._max):
                part = await reader.read(_PART)
                if not part:
                    self._ended()
                    break
                self._feed(part)
        except ssl.SSLError as error:
            raise HttpFailure(f"TLS failed: {error.reason or error}") from error
        except OSError as error:
            raise HttpFailure(_reason(error, self._target)) from error
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # The second is 101 with an `Upgrade`, which nobody asked for.
            raise HttpFailure("The answer is not HTTP") from error
        finally:
            if writer is not None:
                # Not `close`: that would wait for a TLS peer to say goodbye, and a hanging one never does.
                writer.transport.abort()
        return HttpAnswer(self._parser.get_status_code(), self._headers, b"".join(self._body)[: self._max])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        target = self._target
        options: dict[str, Any] = {}
        if target.secure:
            context = _unverified() if _is_this_machine(target.host) else await asyncio.to_thread(_verified)
            options = {"ssl": context, "server_hostname": target.host}
        *others, last = await _addresses(target.host)
        for address in others:
            with contextlib.suppress(ConnectionError, TimeoutError):
                return await asyncio.open_connection(address, target.port, **options)
        return await asyncio.open_connection(last, target.port, **options)

    def _feed(self, part: bytes) -> None:
        if not self._begun:
            # Before the body begins the size is that of the headers.
            room = HEADERS_MAX - self._size
            self._size += len(part)
            self._parser.feed_data(part[:room])
            part = part[room:]
            if part and not self._has_begun():
                raise HttpFailure("The answer's headers are too large")
        if part and not self._over:
            self._parser.feed_data(part)

    def _has_begun(self) -> bool:
        """Asked anew after the parser has called back."""
        return self._begun

    def _ended(self) -> None:
        """The other side closed the connection: an answer without a length ends so."""
        if not self._begun:
            raise HttpFailure("The connection was closed without an answer")
        if "content-length" in self._headers or "transfer-encoding" in self._headers:
            raise HttpFailure("The connection was closed amid the answer")

    # -- httptools

    def on_message_begin(self) -> None:
        self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        said = value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {said}" if key in self._headers else said

    def on_headers_complete(self) -> None:
        # 100 Continue and 103 Early Hints come before the answer.
        if self._parser.get_status_code() >= 200:
            self._begun = True
            self._size = 0

    def on_body(self, part: bytes) -> None:
        self._body.append(part)
        self._size += len(part)

    def on_message_complete(self) -> None:
        self._over = self._begun


async def _addresses(host: str) -> list[str]:
    """At least one address, in the order in which to try them.

    Raises:
        OSError: nobody knows that name.
    """
    if _is_local_name(host):
        return ["127.0.0.1", "::1"]
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return [host]
    # A resolver that hangs would take the loop's own few threads from everybody, and keep the server from ending.
    found: concurrent.futures.Future[list[str]] = concurrent.futures.Future()
    threading.Thread(target=_look_up, args=(host, found), name="undercast-lookup", daemon=True).start()
    return await asyncio.wrap_future(found)


def _look_up(host: str, found: concurrent.futures.Future[list[str]]) -> None:
    if not found.set_running_or_notify_cancel():
        return
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        found.set_exception(error)
    except ValueError:
        found.set_exception(HttpFailure(f"{host[:200]} is no name of a host"))
    else:
        found.set_result(list(dict.fromkeys(str(address[0]) for *_, address in answers)))


def _is_local_name(host: str) -> bool:
    """Names that lead to this machine everywhere, whether or not a resolver knows them (RFC 6761)."""
    lowered = host.lower().rstrip(".")
    names = "localhost", "localhost.localstack.cloud"
    return lowered in names or lowered.endswith(tuple(f".{name}" for name in names))


def _is_this_machine(host: str) -> bool:
    return _is_local_name(host) or host == "::1" or host.startswith("127.")


@functools.cache
def _verified() -> ssl.SSLContext:
    """Certificates are looked at, as SNS does. Reads the trusted ones from disk: not on the event loop."""
    return ssl.create_default_context()


@functools.cache
def _unverified() -> ssl.SSLContext:
    """No authority signs a certificate for this machine itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: OSError, target: _Target) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"Connection to {target.authority} refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"Connection to {target.authority} was reset"
    said = error.strerror or str(error) or type(error).__name__
    return f"No connection to {target.authority}: {said}"
