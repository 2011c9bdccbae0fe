"""HTTP tasks and what they demand, against a world outside that answers as told."""

from __future__ import annotations

from typing import Any

import pytest

from services.ports import HttpAnswer, HttpFailure
from tests.emulator.integrations.world_of_tasks import ACCOUNT, REGION, World, within

HTTP = "arn:aws:states:::http:invoke"
GATEWAY = "arn:aws:states:::apigateway:invoke"
CONNECTION = f"arn:aws:events:{REGION}:{ACCOUNT}:connection/c/1"
ASK = {"ApiEndpoint": "http://example.test/a?x=1", "Method": "POST", "Authentication": {"ConnectionArn": CONNECTION}}


def test_an_http_task_sends_what_its_connection_adds() -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {
            "DescribeConnection": {
                "AuthorizationType": "API_KEY",
                "AuthParameters": {
                    "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k"},
                    "InvocationHttpParameters": {
                        "HeaderParameters": [{"Key": "X-More", "Value": "m"}],
                        "QueryStringParameters": [{"Key": "q", "Value": "of connection"}],
                        "BodyParameters": [{"Key": "b", "Value": "2"}],
                    },
                },
            }
        }
        asked = {**ASK, "QueryParameters": {"q": "of task", "l": ["1", "2"]}, "RequestBody": {"a": 1}}
        _, (kind, output) = await world.run(HTTP, asked)
        assert (kind, output["ResponseBody"], output["StatusCode"], output["StatusText"]) == (
            "succeeded",
            {"ok": True},
            200,
            "OK",
        )
        method, url, headers, body = world.web.asked[0]
        assert (method, url) == ("POST", "http://example.test/a?x=1&l=1&l=2&q=of+connection")
        assert body == b'{"a":1,"b":"2"}'
        assert (headers["x-key"], headers["x-more"], headers["content-type"]) == ("k", "m", "application/json")
        assert headers["range"] == "bytes=0-262144"
        assert headers["user-agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"

    within(inside)


@pytest.mark.parametrize(
    ("array_format", "sent"),
    [
        ("INDICES", "a%5B0%5D=x&a%5B1%5D=y&b%5Bc%5D=1"),
        ("REPEAT", "a=x&a=y&b%5Bc%5D=1"),
        ("COMMAS", "a=x%2Cy&b%5Bc%5D=1"),
        ("BRACKETS", "a%5B%5D=x&a%5B%5D=y&b%5Bc%5D=1"),
    ],
)
def test_an_http_task_sends_a_form(array_format: str, sent: str) -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {"DescribeConnection": {"AuthorizationType": "", "AuthParameters": {}}}
        transform = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": array_format}}
        await world.run(HTTP, {**ASK, "RequestBody": {"a": ["x", "y"], "b": {"c": 1}}, "Transform": transform})
        _, _, headers, body = world.web.asked[0]
        assert (body.decode(), headers["content-type"]) == (sent, "application/x-www-form-urlencoded")

    within(inside)


def test_an_http_task_fails_by_status_or_by_its_socket() -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {"DescribeConnection": {"AuthorizationType": "", "AuthParameters": {}}}
        world.web.answer = HttpAnswer(404, {"content-type": "text/plain"}, b"gone")
        assert (await world.run(HTTP, ASK))[-1] == ("failed", "States.Http.StatusCode.404", "gone")
        world.web.answer = HttpFailure("no connection")
        assert (await world.run(HTTP, ASK))[-1] == ("failed", "States.Http.Socket", "no connection")

    within(inside)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Method": None}, "The field 'Method' is required but was missing"),
        ({"Headers": {"Host": "x"}}, "The header 'host' is not allowed"),
        ({"Authentication": {}}, "The field 'Authentication' is required but was missing"),
    ],
)
def test_an_http_task_that_can_not_begin(change: dict[str, Any], problem: str) -> None:
    async def inside(world: World) -> None:
        _, failed = await world.run(HTTP, {**ASK, **change})
        assert failed[1] == "States.Runtime"
        assert failed[2].endswith(f"[{problem}]")
        assert world.web.asked == []

    within(inside)


NOT_A_LIST = "The value of the field 'Headers' has an invalid format"


@pytest.mark.parametrize(
    ("resource", "arguments", "problem"),
    [
        (HTTP, {**ASK, "Headers": "x"}, NOT_A_LIST),
        (HTTP, {**ASK, "QueryParameters": ["x"]}, "The value of the field 'QueryParameters' has an invalid format"),
        (HTTP, {**ASK, "Transform": 5}, "The value of the field 'Transform' has an invalid format"),
        (HTTP, {**ASK, "ApiEndpoint": 5}, "The value of the field 'ApiEndpoint' has an invalid format"),
        (HTTP, {**ASK, "Method": "BREW"}, "The value of the field 'Method' has an invalid format"),
        (HTTP, {**ASK, "Authentication": "x"}, "The field 'Authentication' is required but was missing"),
        (GATEWAY, {"ApiEndpoint": "a", "Method": "GET", "Headers": {"h": "x"}}, NOT_A_LIST),
        (GATEWAY, {"ApiEndpoint": "a"}, "The field 'Method' is required but was missing"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_a_task_is_scheduled(
    resource: str, arguments: dict[str, Any], problem: str
) -> None:
    async def inside(world: World) -> None:
        refusal = world.integrations.why_not_start(resource, arguments)
        assert refusal.startswith("The Parameters '")
        assert refusal.endswith(f"could not be used to start the Task: [{problem}]")
        assert (await world.run(resource, arguments))[-1] == ("failed", "States.Runtime", refusal)
        assert world.integrations.why_not_start(HTTP, ASK) == ""

    within(inside)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/octet-stream", b"text"),
        ("image/png", b"\x89PNG"),
        ("audio/ogg", b""),
        ("Video/MP4; codecs=x", b""),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_an_http_task_fails_by_what_it_can_not_read(content_type: str, body: bytes) -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {"DescribeConnection": {"AuthorizationType": "", "AuthParameters": {}}}
        world.web.answer = HttpAnswer(200, {"content-type": content_type}, body)
        assert (await world.run(HTTP, ASK))[-1][1] == "States.Runtime"

    within(inside)


def test_an_authorization_server_that_gives_no_token() -> None:
    async def inside(world: World) -> None:
        world.moto.answers = {
            "DescribeConnection": {
                "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
                "AuthParameters": {
                    "OAuthParameters": {
                        "AuthorizationEndpoint": "http://auth.test/token?a=1",
                        "HttpMethod": "POST",
                        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
                        "OAuthHttpParameters": {"QueryStringParameters": [{"Key": "audience", "Value": "me"}]},
                    }
                },
            }
        }
        for answer in (HttpAnswer(401, {}, b""), HttpAnswer(200, {}, b"no token"), HttpFailure("refused")):
            world.web.answer = answer
            failed = (await world.run(HTTP, ASK))[-1]
            assert failed[1] == "Events.ConnectionResource.InvalidConnectionState"
        assert {asked[1] for asked in world.web.asked} == {"http://auth.test/token?a=1&audience=me"}

    within(inside)
