"""The levers without HTTP, on a real clock that stands still."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from emulator.admin import values
from emulator.admin.control import Control, ControlError
from emulator.clock import Clock
from services.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

START = 1_800_000_000.0


class Depth(NamedTuple):
    visible: int
    in_flight: int
    delayed: int


class FakeSqs:
    name = "sqs"

    def __init__(self) -> None:
        self.depths: dict[tuple[Scope, str], Depth] = {}
        self.at_work = False
        self.resets: list[Any] = []

    def depth(self, scope: Scope, queue_name: str) -> Depth | None:
        return self.depths.get((scope, queue_name))

    def locate(self, scope: Scope, queue_url: str) -> tuple[Scope, str]:
        account, _, name = queue_url.removeprefix("http://here/").rpartition("/")
        return Scope(account or scope.account, scope.region), name

    def reset(self) -> None:
        self.resets.append("all")

    def busy(self) -> bool:
        return self.at_work

    def reset_scope(self, account: str | None, region: str | None) -> None:
        self.resets.append((account, region))


class FakeNeighbours:
    def __init__(self) -> None:
        self.resets: list[Any] = []

    def service_names(self) -> list[str]:
        return ["iam", "s3"]

    def reset(self, service: str | None, account: str | None, region: str | None) -> list[str]:
        self.resets.append((service, account, region))
        return ["s3"]


class Fake:
    """An emulator of parts that remember what was asked of them."""

    def __init__(self) -> None:
        self.clock = Clock("manual", 0.0, START)
        self.sqs = FakeSqs()
        self.services: dict[str, Any] = {"sqs": self.sqs}
        self.neighbours = FakeNeighbours()
        self.settings = SimpleNamespace(account="000000000000", region="us-east-1")
        self.own_address = "http://127.0.0.1:4566"
        self.version = "1.2.3"
        self.stopped = 0

    def shut_down(self) -> None:
        self.stopped += 1


@pytest.fixture
def fake() -> Fake:
    return Fake()


def run(fake: Fake, use: Callable[[Control], Awaitable[Any]]) -> Any:
    async def on_loop() -> Any:
        fake.clock.start(asyncio.get_running_loop())
        return await use(Control(fake))

    return asyncio.run(on_loop())


def refused(fake: Fake, use: Callable[[Control], Awaitable[Any]]) -> ControlError:
    with pytest.raises(ControlError) as error:
        run(fake, use)
    assert "\n" not in error.value.text
    return error.value


def test_health_names_ours_and_the_neighbours(fake: Fake) -> None:
    said = Control(fake).health()
    assert said["services"] == {"iam": "available", "s3": "available", "sqs": "running"}
    assert (said["status"], said["version"], said["endpoint"]) == ("running", "1.2.3", "http://127.0.0.1:4566")
    assert (said["account"], said["region"]) == ("000000000000", "us-east-1")
    assert said["time"]["now"] == START


def test_reset_of_everything(fake: Fake) -> None:
    assert run(fake, lambda control: control.reset()) == {"reset": ["sqs", "s3"]}
    assert fake.sqs.resets == ["all"]
    assert fake.neighbours.resets == [(None, None, None)]


def test_reset_of_one_of_ours_leaves_the_neighbours_alone(fake: Fake) -> None:
    assert run(fake, lambda control: control.reset("sqs")) == {"reset": ["sqs"]}
    assert (fake.sqs.resets, fake.neighbours.resets) == (["all"], [])


def test_reset_of_one_neighbour_leaves_ours_alone(fake: Fake) -> None:
    assert run(fake, lambda control: control.reset("s3", "111122223333")) == {"reset": ["s3"]}
    assert (fake.sqs.resets, fake.neighbours.resets) == ([], [("s3", "111122223333", None)])


def test_reset_of_a_scope(fake: Fake) -> None:
    run(fake, lambda control: control.reset(account="111122223333", region="eu-west-1"))
    assert fake.sqs.resets == [("111122223333", "eu-west-1")]
    assert fake.neighbours.resets == [(None, "111122223333", "eu-west-1")]


def test_a_service_that_knows_no_scopes_is_not_reset_too_far(fake: Fake) -> None:
    whole: Any = SimpleNamespace(name="whole", reset=lambda: fake.sqs.resets.append("whole"))
    fake.services["whole"] = whole
    assert refused(fake, lambda control: control.reset("whole", region="eu-west-1")).status == 501
    assert fake.sqs.resets == []


def test_reset_of_an_unknown_service(fake: Fake) -> None:
    error = refused(fake, lambda control: control.reset("sqz"))
    assert (error.status, error.text) == (404, "there is no service sqz")


def test_advance(fake: Fake) -> None:
    fired: list[float] = []
    fake.clock.at(START + 10, lambda: fired.append(fake.clock.now()))
    fake.clock.at(START + 3600, lambda: fired.append(fake.clock.now()))
    said = run(fake, lambda control: control.advance("1m30s"))
    assert said == {"now": START + 90, "now_iso": values.iso(START + 90), "fired": 1}
    assert fired == [START + 10]
    assert Control(fake).time_status() == {
        "mode": "manual",
        "scale": 0.0,
        "now": START + 90,
        "now_iso": values.iso(START + 90),
        "timers": 1,
        "next_at": START + 3600,
        "holds": 0,
    }


def test_advance_to_takes_both_forms(fake: Fake) -> None:
    assert run(fake, lambda control: control.advance_to(START + 1))["now"] == START + 1
    assert run(fake, lambda control: control.advance_to("2030-01-01T00:00:00Z"))["now_iso"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda control: control.advance(-1), "back"),
        (lambda control: control.advance("-3d"), "back"),
        (lambda control: control.advance("soon"), "not a duration"),
        (lambda control: control.advance("30m1h"), "largest unit"),
        (lambda control: control.advance(float("nan")), "not a duration"),
        (lambda control: control.advance(float("inf")), "not a duration"),
        (lambda control: control.advance(1e12), "too far"),
        (lambda control: control.advance("1" * 400), "not a duration"),
        (lambda control: control.advance_to(START - 1), "passed"),
        (lambda control: control.advance_to("yesterday"), "not an instant"),
        (lambda control: control.advance_to(1e300), "too far"),
        (lambda control: control.advance_to(float("nan")), "not an instant"),
        (lambda control: control.step(START - 1), "back"),
        (lambda control: control.run_until({"idle": True}, -1), "back"),
    ],
)
def test_time_that_cannot_be(fake: Fake, use: Callable[[Control], Awaitable[Any]], words: str) -> None:
    assert words in refused(fake, use).text
    assert fake.clock.now() == START


def test_step(fake: Fake) -> None:
    for after in (5, 7):
        fake.clock.at(START + after, lambda: None)
    first = run(fake, lambda control: control.step())
    assert (first["now"], first["fired"], first["next_at"]) == (START + 5, 1, START + 7)
    short = run(fake, lambda control: control.step(START + 6))
    assert (short["now"], short["fired"], short["next_at"]) == (START + 6, 0, START + 7)


def test_run_until_a_queue_is_full_enough(fake: Fake) -> None:
    here = Scope("000000000000", "us-east-1")
    fake.sqs.depths[here, "orders"] = Depth(0, 2, 0)
    for after in (5, 10, 15):
        fake.clock.at(START + after, lambda: fake.sqs.depths.update({(here, "orders"): grown(fake)}))
    condition = {"queue": "orders", "visible": {"at_least": 2}, "total": {"equals": 4}}
    said = run(fake, lambda control: control.run_until(condition, "1h"))
    assert (said["met"], said["now"], said["fired"]) == (True, START + 10, 2)


def grown(fake: Fake) -> Depth:
    (old,) = fake.sqs.depths.values()
    return Depth(old.visible + 1, old.in_flight, old.delayed)


@pytest.mark.parametrize(
    "name", ["orders", "http://here/000000000000/orders", "arn:aws:sqs:us-east-1:000000000000:orders"]
)
@pytest.mark.parametrize(
    ("bounds", "met"),
    [
        ({"visible": {"equals": 1}}, True),
        ({"in_flight": {"at_most": 1}}, False),
        ({"delayed": {"at_least": 3}}, True),
        ({"total": {"at_most": 6, "at_least": 6}}, True),
        ({"total": {"equals": 6}, "visible": {"equals": 0}}, False),
    ],
)
def test_bounds(fake: Fake, name: str, bounds: dict[str, Any], met: bool) -> None:
    fake.sqs.depths[Scope("000000000000", "us-east-1"), "orders"] = Depth(1, 2, 3)
    said = run(fake, lambda control: control.run_until({"queue": name, **bounds}, 60))
    assert said["met"] is met
    assert said["now"] == (START if met else START + 60)


def test_run_until_idle(fake: Fake) -> None:
    def finish() -> None:
        fake.sqs.at_work = False

    fake.sqs.at_work = True
    for after, callback in ((5, lambda: None), (10, finish), (86_000, lambda: None)):
        fake.clock.at(START + after, callback)
    said = run(fake, lambda control: control.run_until({"idle": True}, "1d"))
    assert (said["met"], said["now"], said["fired"]) == (True, START + 10, 2)


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"idle": False},
        {"idle": True, "queue": "q"},
        {"queue": 3, "visible": {"equals": 1}},
        {"queue": ""},
        {"queue": "q"},
        {"queue": "q", "visible": 3},
        {"queue": "q", "visible": {}},
        {"queue": "q", "hidden": {"equals": 1}},
        {"queue": "q", "visible": {"above": 1}},
        {"queue": "q", "visible": {"equals": "1"}},
        {"queue": "q", "visible": {"equals": -1}},
        {"queue": "q", "visible": {"equals": True}},
        {"queue": "arn:aws:sns:us-east-1:000000000000:t", "visible": {"equals": 1}},
    ],
)
def test_conditions_that_are_none(fake: Fake, condition: dict[str, Any]) -> None:
    refused(fake, lambda control: control.run_until(condition, 60))
    assert fake.clock.now() == START


@pytest.mark.parametrize(
    ("mode", "expected"), [("real", ("real", 1.0)), ("x60", ("scaled", 60.0)), ("manual", ("manual", 0.0))]
)
def test_modes(fake: Fake, mode: str, expected: tuple[str, float]) -> None:
    said = Control(fake).set_mode(mode)
    assert (said["mode"], said["scale"]) == expected


@pytest.mark.parametrize("mode", ["", "fast", "x0", "x-1", "xnan", "manual@2030-01-01"])
def test_modes_that_are_none(fake: Fake, mode: str) -> None:
    with pytest.raises(ControlError):
        Control(fake).set_mode(mode)
    assert fake.clock.mode == "manual"


def test_shutdown_answers_first(fake: Fake) -> None:
    async def use(control: Control) -> int:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.2, done.set)
        assert control.shutdown() == {"status": "stopping"}
        before = fake.stopped
        await done.wait()
        return before

    assert run(fake, use) == 0
    assert fake.stopped == 1
