"""What TestState at TRACE is told of an HTTP task."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator.integrations.http_task import HttpTasks
from services.ports import HttpAnswer, TaskCall

CONNECTION = "arn:aws:events:us-east-1:000000000000:connection/c/1"


class Events:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def started(self) -> None:
        self.told.append("started")


class Work:
    def __init__(self, call: TaskCall) -> None:
        self.call = call
        self.events = Events()

    def succeed(self, output: Any) -> None:
        self.events.told.append(output)

    def fail(self, *what: Any) -> None:
        self.events.told.append(what)


class Services:
    async def ask(self, service: str, operation: str, parameters: Any, **scope: Any) -> Any:
        key = {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}
        return {"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": key}}


class Http:
    def __init__(self) -> None:
        self.sent: dict[str, str] = {}

    async def request(self, method: str, url: str, *, headers: dict[str, str], **rest: Any) -> HttpAnswer:
        self.sent = headers
        return HttpAnswer(200, {"content-type": "application/json"}, b'{"ok":true}')


@pytest.mark.parametrize("reveal", [False, True])
def test_what_the_connection_adds_is_secret(reveal: bool) -> None:
    seen: dict[str, dict[str, str]] = {}
    arguments = {
        "ApiEndpoint": "https://example.com/a",
        "Method": "POST",
        "Headers": {"X-Mine": "1"},
        "RequestBody": {"b": 2},
        "Authentication": {"ConnectionArn": CONNECTION},
    }
    call = TaskCall(
        resource="arn:aws:states:::http:invoke",
        arguments=arguments,
        account="000000000000",
        region="us-east-1",
        execution_arn="",
        role_arn="",
        observe=lambda stage, value: seen.__setitem__(stage, dict(value)),
        reveal_secrets=reveal,
    )
    http = Http()
    asyncio.run(HttpTasks(Services(), http).run(Work(call)))  # type: ignore[arg-type]
    assert http.sent["x-key"] == "secret"
    assert ("x-key: secret" in seen["request"]["headers"]) is reveal
    assert "x-mine: 1" in seen["request"]["headers"]
    assert (seen["request"]["method"], seen["request"]["body"]) == ("POST", '{"b":2}')
    assert seen["request"]["url"] == "https://example.com/a"
    assert (seen["response"]["statusCode"], seen["response"]["statusMessage"]) == ("200", "OK")
    assert seen["response"]["body"] == '{"ok":true}'
