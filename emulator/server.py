"""Starts the server: socket, loop, uvicorn, one line when it is ready, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from emulator.app import App
from emulator.config import VERSION, parse
from emulator.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.config import Settings

_BACKLOG = 2048
_GC_THRESHOLDS = (50_000, 25, 100)
"""The hot road makes no cycles, and a queue of 200,000 messages takes long to walk: collect rarely."""


class _Server(uvicorn.Server):
    """uvicorn's server, ended by the first signal and without raising it again."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """End soon; asked twice, end now."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._ready, flush=True)


def _listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def _why_not(error: OSError, settings: Settings) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} on {settings.host} is in use"
    if error.errno == errno.EACCES:
        return f"port {settings.port} on {settings.host} may not be opened by this user"
    return f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}"


async def _serve(app: App, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    settings = app.settings
    door = app.front_door(host, port)
    config = uvicorn.Config(
        _not_asgi,
        http=functools.partial(Connection, door),  # type: ignore[arg-type]
        interface="asgi3",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        backlog=_BACKLOG,
    )
    ready = f"Undercast {VERSION} ready at {app.own_address} (time: {settings.time})"
    server = _Server(config, ready)
    app.shut_down = server.stop
    app.clock.start(asyncio.get_running_loop())
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    try:
        await server.serve(sockets=[listening])
    finally:
        await app.close()


async def _not_asgi(scope: object, receive: object, send: object) -> None:
    """What uvicorn believes to serve; `Connection` answers instead."""


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # no wheel on this platform: slower, but the same
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main(argv: Sequence[str]) -> int:
    """Run until told to stop; returns the exit code."""
    settings = parse(list(argv), os.environ)
    logging.basicConfig(
        level=settings.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLogger().level))
    try:
        listening = _listen(settings)
    except OSError as error:
        print(f"undercast start: {_why_not(error, settings)}", file=sys.stderr)
        return 2
    app = App(settings, shut_down=lambda: None)
    with asyncio.Runner(loop_factory=_new_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(_serve(app, listening))
    return 0
