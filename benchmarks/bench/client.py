"""A raw keep-alive HTTP client, for JSON protocols, forms and REST: little enough of its own time to time with."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

_HEAD = (
    "POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "X-Amz-Date: 20260101T000000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + "0" * 64 + "\r\n"
    "X-Amz-Target: {target}\r\nContent-Length: {length}\r\n\r\n"
)


_REST_HEAD = (
    "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    "X-Amz-Date: 20260101T000000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64 + "\r\n"
    "Content-Length: {length}\r\n\r\n"
)


class CallError(Exception):
    """The server refused, or answered nothing that is HTTP."""


class Client:
    """One connection to one server on the loopback interface. A server that closes it gets a new one."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._unread = None, b""

    def encode(self, operation: str, **parameters: Any) -> bytes:
        """The bytes of one call of SQS, to be given to `exchange` any number of times."""
        return self.encode_json("sqs", f"AmazonSQS.{operation}", parameters)

    def encode_json(self, service: str, target: str, parameters: Any) -> bytes:
        """The bytes of one call of a service with a JSON protocol (SQS, Step Functions)."""
        body = json.dumps(parameters, separators=(",", ":")).encode()
        return _HEAD.format(port=self._port, service=service, target=target, length=len(body)).encode() + body

    def encode_rest(self, service: str, method: str, path: str, body: bytes = b"") -> bytes:
        """The bytes of one call of a service that has paths (Lambda)."""
        head = _REST_HEAD.format(method=method, path=path, port=self._port, service=service, length=len(body))
        return head.encode() + body

    def encode_form(self, service: str, form: str) -> bytes:
        """The bytes of one call of a service that takes forms (SNS)."""
        body = form.encode()
        head = _REST_HEAD.format(method="POST", path="/", port=self._port, service=service, length=len(body))
        return head.replace("application/json", "application/x-www-form-urlencoded").encode() + body

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call and its answer, parsed."""
        answer = self.exchange(self.encode(operation, **parameters))
        parsed: dict[str, Any] = json.loads(answer) if answer.strip() else {}
        return parsed

    def exchange(self, request: bytes) -> bytes:
        """Send bytes made by `encode` or `encode_rest` and return the body of the answer. CallError for a refusal."""
        reused = self._socket is not None
        try:
            status, body = self._exchange(request)
        except ConnectionError:
            self.close()
            if not reused:
                raise
            # A server may close an idle connection at any time; only a fresh one that breaks is its fault.
            status, body = self._exchange(request)
        return _accepted(status, body)

    def send(self, request: bytes) -> None:
        """The first half of `exchange`, for calls on several connections at once. ConnectionError is the caller's."""
        self._connect()
        assert self._socket is not None
        self._socket.sendall(request)

    def receive(self) -> bytes:
        """The second half."""
        return _accepted(*self._answer())

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        self.send(request)
        return self._answer()

    def _connect(self) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._unread = b""

    def _answer(self) -> tuple[int, bytes]:
        head = self._until(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        version, status = lines[0].split(b" ", 2)[:2]
        fields = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
        if b"content-length" in fields:
            body = self._take(int(fields[b"content-length"]))
        elif fields.get(b"transfer-encoding", b"").strip() == b"chunked":
            body = self._chunks()
        elif status == b"204":
            body = b""
        else:
            raise CallError(f"an answer without a length: {head[:200]!r}")
        if version == b"http/1.0" or fields.get(b"connection", b"").strip() == b"close":
            self.close()
        return int(status), body

    def _more(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._unread += data

    def _until(self, mark: bytes) -> bytes:
        while (found := self._unread.find(mark)) < 0:
            self._more()
        taken, self._unread = self._unread[:found], self._unread[found + len(mark) :]
        return taken

    def _take(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._more()
        taken, self._unread = self._unread[:length], self._unread[length:]
        return taken

    def _chunks(self) -> bytes:
        body = b""
        while length := int(self._until(b"\r\n").split(b";")[0], 16):
            body += self._take(length)
            self._until(b"\r\n")
        self._until(b"\r\n")
        return body


def _accepted(status: int, body: bytes) -> bytes:
    if not 200 <= status < 300:
        raise CallError(f"HTTP {status}: {body[:200]!r}")
    return body
