"""A stand-in for a server's control API: standard library only, a clock with timers, and a record of what was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

START = 1_800_000_000.0
ISO = "2027-01-15T08:00:00Z"


class FakeControl:
    """What the fake answers, and what it was asked: `(method, path, body)`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.now = START
        self.timers: list[float] = []
        self.mode, self.scale = "manual", 0.0
        self.fixed: dict[str, tuple[int, bytes]] = {}
        """Answers (status and body) given instead, by path."""
        self.endpoint = ""

    def time(self) -> dict[str, Any]:
        next_at = min(self.timers, default=None)
        return {
            "mode": self.mode, "scale": self.scale, "now": self.now, "now_iso": ISO,
            "timers": len(self.timers), "next_at": next_at, "holds": 0,
        }  # fmt: skip

    def answer(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        self.asked.append((method, path, body))
        if path in self.fixed:
            return self.fixed[path]
        found = getattr(self, "on_" + path.removeprefix("/_undercast/").replace("/", "_"), None)
        if found is None:
            return 404, b'{"error": "no such page"}'
        return 200, json.dumps(found(body)).encode()

    def on_health(self, body: Any) -> dict[str, Any]:
        services = {"sqs": "running", "s3": "available", "dynamodb": "available"}
        return {
            "status": "running", "version": "9.8.7", "endpoint": self.endpoint, "region": "eu-west-1",
            "account": "000000000000", "services": services, "time": self.time(), "news": "of a later version",
        }  # fmt: skip

    def on_time(self, body: Any) -> dict[str, Any]:
        return self.time()

    def on_reset(self, body: Any) -> dict[str, Any]:
        return {"reset": [body.get("service", "sqs")]}

    def on_shutdown(self, body: Any) -> dict[str, Any]:
        self.fixed["/_undercast/health"] = (503, b"gone")
        return {"stopping": True}

    def on_time_mode(self, body: Any) -> dict[str, Any]:
        self.mode = body["mode"]
        return self.time()

    def on_time_advance(self, body: Any) -> dict[str, Any]:
        return self.on_time_advance_to({"instant": self.now + body["seconds"]})

    def on_time_advance_to(self, body: Any) -> dict[str, Any]:
        self.now = body["instant"]
        fired = [at for at in self.timers if at <= self.now]
        self.timers = [at for at in self.timers if at > self.now]
        return {"now": self.now, "now_iso": ISO, "fired": len(fired)}

    def on_time_step(self, body: Any) -> dict[str, Any]:
        at = min(self.timers, default=None)
        fired = at is not None and (body["limit"] is None or at <= body["limit"])
        if at is not None and fired:
            self.timers.remove(at)
            self.now = at
        return {"now": self.now, "fired": int(fired), "next_at": min(self.timers, default=None)}

    def on_time_run_until(self, body: Any) -> dict[str, Any]:
        met = "idle" in body["condition"] or body["condition"].get("visible") == {"at_least": 3}
        return {"met": met, "now": self.now + 60, "fired": 2}


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeControl]:
    """A fake that listens; UNDERCAST_ENDPOINT leads to it."""
    fake = FakeControl()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, said = fake.answer(self.command, self.path, json.loads(body) if body else None)
            self.send_response(status)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.endpoint = f"http://127.0.0.1:{listening.server_port}"
        monkeypatch.setenv("UNDERCAST_ENDPOINT", fake.endpoint)
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield fake
        listening.shutdown()
        thread.join()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint where nothing listens; UNDERCAST_ENDPOINT leads to it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as listening:
        endpoint = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setenv("UNDERCAST_ENDPOINT", endpoint)
    return endpoint
