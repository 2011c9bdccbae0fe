"""The control API by its ASGI call."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from emulator import asgi
from emulator.admin import health
from emulator.admin.app import build
from emulator.admin.control import Control
from emulator.clock import Clock
from emulator.wire.exchange import Exchange

if TYPE_CHECKING:
    from emulator.wire.exchange import Reply

START = 1_800_000_000.0


class Api:
    """The application around parts that do next to nothing."""

    def __init__(self) -> None:
        self.clock = Clock("manual", 0.0, START)
        self.resets: list[Any] = []
        self.stopped: list[bool] = []
        parts: Any = SimpleNamespace(
            clock=self.clock,
            services={"sqs": SimpleNamespace(name="sqs", reset=lambda: self.resets.append("sqs"), busy=lambda: False)},
            sqs=SimpleNamespace(depth=lambda scope, name: None, locate=lambda scope, url: (scope, url)),
            neighbours=SimpleNamespace(service_names=lambda: ["s3"], reset=lambda *chosen: ["s3"]),
            settings=SimpleNamespace(account="000000000000", region="us-east-1"),
            own_address="http://127.0.0.1:4566",
            version="1.2.3",
            shut_down=lambda: self.stopped.append(True),
        )
        self.control = Control(parts)
        self.app = build(self.control)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        reply = self.reply(method, path, b"" if body is None else json.dumps(body).encode(), **headers)
        return reply.status, json.loads(reply.body)

    def reply(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        given = {b"host": b"localhost:4566"}
        given |= {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        exchange = Exchange(method.encode(), path.encode(), b"", given, body)

        async def call() -> Reply:
            self.clock.start(asyncio.get_running_loop())
            return await asgi.answer(self.app, exchange)

        return asyncio.run(call())


@pytest.fixture(scope="module")
def built() -> Api:
    return Api()


@pytest.fixture
def api(built: Api) -> Api:
    built.resets.clear()
    built.stopped.clear()
    return built


def test_health(api: Api) -> None:
    status, said = api.ask("GET", "/_undercast/health")
    assert status == 200
    assert said == json.loads(json.dumps(api.control.health()))


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
def test_reset_needs_no_body(api: Api, body: bytes) -> None:
    reply = api.reply("POST", "/_undercast/reset", body)
    assert (reply.status, json.loads(reply.body)) == (200, {"reset": ["sqs", "s3"]})
    assert api.resets == ["sqs"]


def test_time(api: Api) -> None:
    now = api.clock.now()
    assert api.ask("GET", "/_undercast/time")[1]["now"] == now
    assert api.ask("POST", "/_undercast/time/advance", {"seconds": 1.5})[1]["now"] == now + 1.5
    # As curl -d sends it.
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert api.ask("POST", "/_undercast/time/advance", {"seconds": "1h"}, **form)[1]["now"] == now + 3601.5
    assert api.ask("POST", "/_undercast/time/advance_to", {"instant": now + 4000})[1]["fired"] == 0
    assert api.ask("POST", "/_undercast/time/step")[1]["next_at"] is None
    assert api.ask("POST", "/_undercast/time/step", {"limit": None})[0] == 200
    ran = api.ask("POST", "/_undercast/time/run_until", {"condition": {"idle": True}, "at_most": "7d"})
    assert (ran[0], ran[1]["met"]) == (200, True)
    assert api.ask("PUT", "/_undercast/time/mode", {"mode": "manual"})[1]["mode"] == "manual"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/time/advance", b"", 400),
        ("POST", "/time/advance", b"{", 400),
        ("POST", "/time/advance", b"[]", 400),
        ("POST", "/time/advance", b'"3d"', 400),
        ("POST", "/time/advance", b"{}", 400),
        ("POST", "/time/advance", b'{"seconds": true}', 400),
        ("POST", "/time/advance", b'{"seconds": null}', 400),
        ("POST", "/time/advance", b'{"seconds": -1}', 400),
        ("POST", "/time/advance", b'{"seconds": NaN}', 400),
        ("POST", "/time/advance", b'{"seconds": 1e400}', 400),
        ("POST", "/time/advance", b'{"minutes": 1}', 400),
        ("POST", "/time/advance", b'{"seconds": 1, "minutes": 1}', 400),
        ("POST", "/time/advance", b"\xff\xfe", 400),
        ("POST", "/time/advance_to", b'{"instant": 5}', 400),
        ("POST", "/time/run_until", b'{"condition": 3, "at_most": 1}', 400),
        ("POST", "/time/run_until", b'{"condition": {}, "at_most": 1}', 400),
        ("PUT", "/time/mode", b'{"mode": "warp"}', 400),
        ("POST", "/reset", b'{"service": 3}', 400),
        ("POST", "/reset", b'{"service": "nosuch"}', 404),
        ("POST", "/reset", b'{"servise": "sqs"}', 400),
        ("GET", "/nosuch", b"", 404),
        ("GET", "/time/advance", b"", 405),
        ("DELETE", "/time", b"", 405),
    ],
)
def test_what_cannot_be(api: Api, method: str, path: str, body: bytes, status: int) -> None:
    before = api.clock.now()
    reply = api.reply(method, f"/_undercast{path}", body)
    said = json.loads(reply.body)
    assert (reply.status, list(said)) == (status, ["error"])
    assert said["error"]
    assert "\n" not in said["error"]
    assert (api.clock.now(), api.resets) == (before, [])


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://localhost:4566", "sec_fetch_site": "cross-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(api: Api, headers: dict[str, str]) -> None:
    for path in ("reset", "shutdown", "time/advance"):
        status, said = api.ask("POST", f"/_undercast/{path}", {"seconds": 5}, **headers)
        assert (status, list(said)) == (403, ["error"])
    assert (api.resets, api.stopped) == ([], [])


@pytest.mark.parametrize("headers", [{}, {"origin": "http://localhost:4566", "sec_fetch_site": "same-origin"}])
def test_our_own_page_and_programs_do(api: Api, headers: dict[str, str]) -> None:
    assert api.ask("POST", "/_undercast/reset", **headers)[0] == 200


def test_the_description_and_the_pages_need_nothing_from_elsewhere(api: Api) -> None:
    status, described = api.ask("GET", "/_undercast/openapi.json")
    assert status == 200
    pages = [api.reply("GET", f"/_undercast{path}").body.decode() for path in ("", "/docs")]
    for page in pages:
        assert "<script" not in page
        assert "//cdn" not in page
        assert "https://" not in page
    for path, verbs in described["paths"].items():
        assert path in pages[1]
        for operation in verbs.values():
            assert operation["description"]
            assert "422" not in operation["responses"]
    assert "/_undercast/docs" in pages[0]


def test_replies_are_as_described(api: Api) -> None:
    described = api.ask("GET", "/_undercast/openapi.json")[1]
    shapes = described["components"]["schemas"]
    assert set(shapes["TimeReply"]["properties"]) == set(api.control.time_status())
    assert set(shapes["HealthReply"]["properties"]) == set(api.control.health())


def test_health_without_fastapi(api: Api) -> None:
    def ask(method: bytes, path: bytes) -> Reply:
        return health.answer(api.control, Exchange(method, path, b"", {}, b""))

    own = ask(b"GET", b"/_undercast/health")
    assert (own.status, json.loads(own.body)) == (200, json.loads(json.dumps(api.control.health())))
    theirs = ask(b"GET", b"/_localstack/health")
    assert b'"sqs": "running"' in theirs.body
    assert json.loads(theirs.body)["edition"] == "undercast"
    assert ask(b"POST", b"/_undercast/health").status == 405


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("time/advance", b'{"seconds":"\\ud800"}'),
        ("time/advance", b'{"seconds":1,"\\ud800":1}'),
        ("time/advance", b'{"seconds":"' + b"1" * 100_000 + b'x"}'),
        ("time/advance_to", b'{"instant":-1e20}'),
        ("time/step", b'{"limit":-1e20}'),
        ("time/run_until", b'{"condition":{"queue":"\\ud800","visible":{"equals":1}},"at_most":1}'),
    ],
)
def test_nonsense_is_refused_in_a_sentence(path: str, body: bytes) -> None:
    reply = Api().reply("POST", f"/_undercast/{path}", body)
    assert reply.status == 400
    assert json.loads(reply.body)["error"]


def test_an_unknown_service_is_named_as_well_as_it_can_be() -> None:
    reply = Api().reply("POST", "/_undercast/reset", b'{"service":"\\ud800"}')
    assert (reply.status, json.loads(reply.body)) == (404, {"error": "there is no service ?"})


def test_time_may_run_fast_but_not_out_of_the_calendar() -> None:
    api = Api()
    assert api.ask("PUT", "/_undercast/time/mode", {"mode": "x1e300"})[0] == 400
    assert api.ask("PUT", "/_undercast/time/mode", {"mode": "x1e6"})[0] == 200
    api.clock._set_anchor(1e15)
    status, said = api.ask("GET", "/_undercast/time")
    assert (status, said["now_iso"]) == (200, "9999-12-31T00:00:00Z")
