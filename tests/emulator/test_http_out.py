"""The client against servers of this process: whole answers, half ones, too many and too large ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading

import pytest

from emulator.clock import Clock
from emulator.http_out import HEADERS_MAX, HttpClient
from services.ports import HttpFailure


class Subscriber:
    """Reads requests, and answers each with the bytes that `reply` gives (None: never)."""

    def __init__(self, reply):
        self.reply = reply
        self.requests = []
        self.open = 0
        self.most_open = 0

    async def __call__(self, reader, writer):
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            self.requests.append((head.decode(), await reader.readexactly(length)))
            reply = self.reply() if callable(self.reply) else self.reply
            if asyncio.iscoroutine(reply):
                reply = await reply
            if reply is None:
                await reader.read()
            else:
                writer.write(reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()


@contextlib.asynccontextmanager
async def serving(reply, tls=None):
    subscriber = Subscriber(reply)
    server = await asyncio.start_server(subscriber, "127.0.0.1", 0, ssl=tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        clock = Clock("manual")
        clock.start(asyncio.get_running_loop())
        subscriber.clock = clock
        yield subscriber, f"http{'s' if tls else ''}://127.0.0.1:{port}", HttpClient(clock, at_once=6, at_once_each=2)


def test_sends_what_it_is_given_and_reads_the_answer():
    async def main():
        answer = b"HTTP/1.1 201 Created\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 4\r\n\r\nmade"
        async with serving(answer) as (subscriber, url, client):
            got = await client.request("POST", f"{url}/a b/ü?c=d%20e", headers={"X-Mine": "yes"}, body="ä".encode())
            assert (got.status, got.headers["x-two"], got.body) == (201, "a, b", b"made")
            head, body = subscriber.requests[0]
            assert head.startswith("POST /a%20b/%C3%BC?c=d%20e HTTP/1.1\r\n")
            assert "X-Mine: yes\r\n" in head
            assert "Content-Length: 2\r\n" in head
            assert f"Host: {url.removeprefix('http://')}\r\n" in head
            assert body == "ä".encode()
            assert subscriber.clock.holds == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    ids=["chunked", "until it closes", "after a 100"],
)
def test_reads_every_framing(answer):
    async def main():
        async with serving(answer) as (_, url, client):
            got = await client.request("POST", url, headers={})
            assert (got.status, got.body) == (200, b"abcd")

    asyncio.run(main())


def test_does_not_follow_redirects():
    async def main():
        answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        async with serving(answer) as (subscriber, url, client):
            got = await client.request("POST", url, headers={})
            assert (got.status, got.headers["location"]) == (302, "/elsewhere")
            assert len(subscriber.requests) == 1

    asyncio.run(main())


def test_reads_no_more_of_an_answer_than_asked_for():
    async def main():
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 5_000_000
        async with serving(answer) as (_, url, client):
            got = await client.request("POST", url, headers={}, answer_max=1000)
            assert got.body == b"x" * 1000

    asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "amid the answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhm", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * (HEADERS_MAX + 10) + b"\r\n\r\n", "headers are too large"),
    ],
)
def test_half_answers_are_failures(answer, why):
    async def main():
        async with serving(answer) as (subscriber, url, client):
            with pytest.raises(HttpFailure, match=why) as failure:
                await client.request("POST", url, headers={})
            assert not failure.value.timed_out
            assert subscriber.clock.holds == 0

    asyncio.run(main())


def test_a_hanging_server_is_given_up_in_real_time_though_the_clock_stands_still():
    async def main():
        async with serving(None) as (subscriber, url, client):
            with pytest.raises(HttpFailure, match="longer than") as failure:
                await client.request("POST", url, headers={}, timeout_s=0.05)
            assert failure.value.timed_out
            assert subscriber.clock.holds == 0

    asyncio.run(main())


def test_the_clock_is_held_while_a_request_is_out():
    async def main():
        asked, go = asyncio.Event(), asyncio.Event()

        async def reply():
            asked.set()
            await go.wait()
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

        async with serving(reply) as (subscriber, url, client):
            request = asyncio.create_task(client.request("POST", url, headers={}))
            await asked.wait()
            assert subscriber.clock.holds == 1
            advanced = asyncio.create_task(subscriber.clock.advance(10))
            for _ in range(20):
                await asyncio.sleep(0)  # noqa: TID251 (turns of the loop, no time)
            assert not advanced.done()
            go.set()
            await request
            await advanced
            assert subscriber.clock.holds == 0

    asyncio.run(main())


def test_one_address_that_hangs_does_not_hold_up_another():
    async def main():
        async with serving(None) as (hanging, slow_url, client):
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            async with serving(answer) as (_, url, _other):
                stuck = [asyncio.create_task(client.request("POST", slow_url, headers={})) for _ in range(20)]
                for _ in range(3):
                    assert (await client.request("POST", url, headers={})).status == 200
                assert hanging.most_open <= 2
                for task in stuck:
                    task.cancel()
                ended = await asyncio.gather(*stuck, return_exceptions=True)
                assert all(isinstance(end, asyncio.CancelledError) for end in ended)
                assert hanging.clock.holds == 0

    asyncio.run(main())


def test_no_more_at_once_than_allowed_and_all_get_through():
    async def main():
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        async with serving(answer) as (subscriber, url, client):
            got = await asyncio.gather(*(client.request("POST", url, headers={}) for _ in range(25)))
            assert [one.status for one in got] == [200] * 25
            assert len(subscriber.requests) == 25
            assert not client._addresses

    asyncio.run(main())


@pytest.mark.parametrize(
    "url", ["", "ftp://host/", "http://", "http://[::1", "http://a b/", "http://host:99999/", "http://" + "a" * 300]
)
def test_what_is_no_url_is_a_failure(url):
    async def main():
        clock = Clock("manual")
        clock.start(asyncio.get_running_loop())
        with pytest.raises(HttpFailure):
            await HttpClient(clock).request("POST", url, headers={})

    asyncio.run(main())


def test_headers_cannot_be_smuggled_in():
    async def main():
        async with serving(b"HTTP/1.1 200 OK\r\n\r\n") as (subscriber, url, client):
            with pytest.raises(HttpFailure, match="X-Bad"):
                await client.request("POST", url, headers={"X-Bad": "a\r\nX-Worse: b"})
            assert subscriber.requests == []

    asyncio.run(main())


def test_refused_connections_say_so():
    async def main():
        async with serving(b"") as (_, url, client):
            pass
        with pytest.raises(HttpFailure, match="refused"):
            await client.request("POST", url, headers={})

    asyncio.run(main())


@pytest.fixture
def tls(tmp_path):
    """A server's context with a certificate that nobody has signed."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2999, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_https_on_this_machine_needs_no_authority(tls):
    async def main():
        async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", tls) as (_, url, client):
            assert (await client.request("POST", url, headers={})).body == b"ok"
            by_name = url.replace("127.0.0.1", "hooks.localhost")
            assert (await client.request("POST", by_name, headers={})).body == b"ok"

    asyncio.run(main())


def test_port_0_is_not_the_default_one():
    async def main():
        clock = Clock("manual")
        clock.start(asyncio.get_running_loop())
        with pytest.raises(HttpFailure, match=r"127\.0\.0\.1:0"):
            await HttpClient(clock).request("POST", "http://127.0.0.1:0/", headers={})

    asyncio.run(main())


def test_a_resolver_that_hangs_holds_up_nobody(monkeypatch):
    go = threading.Event()

    def hang(*_, **__):
        go.wait(20)
        raise OSError("nobody knows")

    async def main():
        async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (subscriber, url, _):
            client = HttpClient(subscriber.clock)
            monkeypatch.setattr(socket, "getaddrinfo", hang)
            hanging = [
                asyncio.create_task(client.request("POST", f"http://host{n}.test/", headers={})) for n in range(64)
            ]
            here = url.replace("127.0.0.1", "hooks.localhost")
            assert (await client.request("POST", here, headers={})).status == 200
            assert await asyncio.to_thread(lambda: "still a thread for others") == "still a thread for others"
            go.set()
            answers = await asyncio.gather(*hanging, return_exceptions=True)
            assert [str(answer) for answer in answers] == [
                f"No connection to host{n}.test: nobody knows" for n in range(64)
            ]

    asyncio.run(main())
