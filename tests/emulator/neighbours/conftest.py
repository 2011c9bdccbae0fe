"""Real boto3 over a real socket, onto `Neighbours.answer`, through the smallest of servers."""

from __future__ import annotations

import asyncio
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from emulator.clock import Clock
from emulator.neighbours.moto import Neighbours
from emulator.wire.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.wire.exchange import Reply

ACCOUNT = "000000000000"
REGION = "us-east-1"


class Bench:
    """A clock, the neighbours and a loop that runs them, behind a port."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.clock = Clock("manual", 0.0, 1_700_000_000.0)
        self.loop.call_soon_threadsafe(self.clock.start, self.loop)
        self.neighbours = Neighbours(self.clock, ACCOUNT, REGION)
        self.errors: list[BaseException] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._serving = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._serving.start()

    def ask(self, exchange: Exchange, service: str, account: str = ACCOUNT, region: str = REGION) -> Reply:
        answer = self.neighbours.answer(exchange, service, account, region)
        return asyncio.run_coroutine_threadsafe(answer, self.loop).result(60)

    def call(self, service: str, operation: str, params: dict[str, Any], account: str = ACCOUNT) -> dict[str, Any]:
        answer = self.neighbours.call(service, operation, params, account, REGION)
        return asyncio.run_coroutine_threadsafe(answer, self.loop).result(60)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()
        self.neighbours.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        bench = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.close_connection = True
                if not self.raw_requestline_read():
                    return
                exchange = self.read_exchange()
                service, account, region = routed(exchange)
                reply = bench.ask(exchange, service, account, region)
                own_length = b"content-length:" in reply.head
                length = (
                    b"" if own_length or reply.status in {204, 304} else b"content-length: %d\r\n" % len(reply.body)
                )
                self.wfile.write(
                    b"HTTP/1.1 %d X\r\n" % reply.status + reply.head + length + b"connection: close\r\n\r\n"
                )
                self.wfile.write(reply.body)

            def raw_requestline_read(self) -> bool:
                self.raw_requestline = self.rfile.readline(65537)
                return bool(self.raw_requestline) and self.parse_request()

            def read_exchange(self) -> Exchange:
                headers = {name.lower().encode(): value.encode("latin-1") for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get(b"content-length", b"0")))
                if headers.get(b"transfer-encoding") == b"chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                path, _, query = self.path.partition("?")
                return Exchange(self.command.encode(), path.encode(), query.encode(), headers, body)

        return Handler


def routed(exchange: Exchange) -> tuple[str, str, str]:
    """Service, account and region from the credential scope alone: enough for signed requests."""
    text = exchange.headers.get(b"authorization", b"").decode() or exchange.query.decode().replace("%2F", "/")
    found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request", text)
    if found is None:
        return "s3", ACCOUNT, REGION
    key, region, service = found.groups()
    return service, key if re.fullmatch(r"\d{12}", key) else ACCOUNT, region


@pytest.fixture(scope="session")
def old_moto() -> bool:
    """Whether moto knows less than today's; what it knows has to work all the same."""
    return tuple(map(int, version("moto").split(".")[:2])) < (5, 2)


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def client(bench: Bench) -> Iterator[Callable[..., Any]]:
    """Makes boto3 clients; what they did is forgotten afterwards."""
    made = []

    def make(service: str, key: str = "test", region: str = REGION, **config: Any) -> Any:
        one = boto3.session.Session().client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{bench.port}",
            aws_access_key_id=key,
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
    bench.neighbours.reset()
