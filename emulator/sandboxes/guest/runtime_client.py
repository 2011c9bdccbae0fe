"""What `awslambdaric` asks of its C extension, in Python: for interpreters for which that one is not built.

The same four functions over one kept-alive connection to the Runtime API
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). By hand, because importing `http.client` takes longer
than a function may wait for its start. Standard library only, Python >= 3.10.
"""

from __future__ import annotations

import os
import socket
from typing import Any

_ROOT = "/2018-06-01/runtime/invocation/"


class _Client:
    def __init__(self) -> None:
        self.agent = ""
        self.connection: socket.socket | None = None
        self.reader: Any = None

    def call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """One exchange. A kept connection that has gone stale is replaced once."""
        host = os.environ["AWS_LAMBDA_RUNTIME_API"]
        fields = {"Host": host, "User-Agent": self.agent, "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        for fresh in (self.connection is None, True):
            if fresh:
                self.connect(host)
            try:
                return self.exchange(request)
            except (OSError, ValueError):
                if fresh:
                    self.connection = None
                    raise
        raise AssertionError

    def connect(self, host: str) -> None:
        name, _, port = host.rpartition(":")
        self.connection = socket.create_connection((name, int(port)))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.connection.makefile("rb")

    def exchange(self, request: bytes) -> tuple[int, bytes, dict[str, str]]:
        assert self.connection is not None
        self.connection.sendall(request)
        line = self.reader.readline().split(b" ", 2)
        if len(line) < 2:
            raise ConnectionResetError
        headers: dict[str, str] = {}
        while True:
            name, _, text = self.reader.readline().decode("utf-8").partition(":")
            if not text:
                break
            # The names as AWS writes them, however the other side did.
            headers["-".join(part.capitalize() for part in name.split("-"))] = text.strip()
        size = int(headers.get("Content-Length", "0"))
        body = self.reader.read(size)
        if len(body) < size:
            raise ConnectionResetError
        return int(line[1]), body, headers


_client = _Client()


def initialize_client(user_agent: str) -> None:
    """Remember who we are; connect when first needed."""
    _client.agent = user_agent
    _client.connection = None


def next() -> tuple[bytes, dict[str, Any]]:
    """Wait for an invocation: its payload and its headers."""
    try:
        status, body, headers = _client.call("GET", _ROOT + "next")
    except (OSError, ValueError):
        raise RuntimeError("Failed to get next") from None
    if status != 200:
        raise RuntimeError("Failed to get next")
    # A number, as the C extension gives it.
    return body, {**headers, "Lambda-Runtime-Deadline-Ms": int(headers["Lambda-Runtime-Deadline-Ms"])}


def post_invocation_result(
    invoke_id: str, content: bytes, content_type: str = "application/json", invocation_id: str | None = None
) -> None:
    """Hand in a handler's answer."""
    headers = {"Content-Type": content_type}
    if invocation_id:
        headers["Lambda-Runtime-Invocation-Id"] = invocation_id
    _post(f"{_ROOT}{invoke_id}/response", content, headers, "Failed to post invocation response")


def post_error(invoke_id: str, error: str, xray: str = "", invocation_id: str | None = None) -> None:
    """Hand in a handler's error, as JSON."""
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": "Unhandled"}
    if invocation_id:
        headers["Lambda-Runtime-Invocation-Id"] = invocation_id
    if xray and len(xray) < 32_768 and xray.isascii() and xray.isprintable():
        headers["Lambda-Runtime-Function-XRay-Error-Cause"] = xray
    _post(f"{_ROOT}{invoke_id}/error", error.encode(), headers, "Failed to post invocation error")


def _post(path: str, content: bytes, headers: dict[str, str], failure: str) -> None:
    try:
        status, _, _ = _client.call("POST", path, content, headers)
    except (OSError, ValueError):
        raise RuntimeError(failure) from None
    if not 200 <= status < 300:
        raise RuntimeError(failure)
