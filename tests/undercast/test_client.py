"""The client of the control API, against a fake of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from undercast.client import ControlClient, endpoint_of
from undercast.errors import EndpointError, NoServerError, RefusedError, UndercastError
from undercast.server import attach

if TYPE_CHECKING:
    from conftest import FakeControl

START = 1_800_000_000.0


def test_the_endpoint_given_wins_over_the_variables() -> None:
    both = {"UNDERCAST_ENDPOINT": "http://one:1", "AWS_ENDPOINT_URL": "http://two:2"}
    assert endpoint_of("http://zero:3/", both) == "http://zero:3"
    assert endpoint_of(None, both) == "http://one:1"
    assert endpoint_of(None, {"AWS_ENDPOINT_URL": "http://two:2"}) == "http://two:2"
    assert endpoint_of(None, {"UNDERCAST_ENDPOINT": ""}) == "http://localhost:4566"
    assert endpoint_of("somehost:4567", {}) == "http://somehost:4567"


@pytest.mark.parametrize("address", ["ftp://x", "http://", "http://x:99999", "http://x:0", "http://a b", "://", ":80"])
def test_what_is_no_address_is_refused_with_where_it_came_from(address: str) -> None:
    with pytest.raises(EndpointError, match="UNDERCAST_ENDPOINT is no HTTP address"):
        endpoint_of(None, {"UNDERCAST_ENDPOINT": address})


def test_health_is_read_and_members_of_later_versions_are_passed_over(control: FakeControl) -> None:
    control.timers = [START + 30]
    health = ControlClient().health()
    assert (health.status, health.version, health.region) == ("running", "9.8.7", "eu-west-1")
    assert health.services["sqs"] == "running"
    assert (health.time.mode, health.time.timers, health.time.next_at) == ("manual", 1, START + 30)


def test_reset_sends_only_what_was_chosen(control: FakeControl) -> None:
    client = ControlClient()
    assert client.reset() == ["sqs"]
    assert client.reset("sns", region="eu-west-1") == ["sns"]
    assert [body for _, _, body in control.asked] == [{}, {"service": "sns", "region": "eu-west-1"}]


@pytest.mark.parametrize("duration", [259200, "3d", "72h", timedelta(days=3)])
def test_advance_takes_a_duration_in_any_form(control: FakeControl, duration: object) -> None:
    control.timers = [START + 5, START + 6, START + 300_000]
    moved = ControlClient().advance(duration)  # type: ignore[arg-type]
    assert (moved.now, moved.fired) == (START + 259200, 2)
    assert control.asked == [("POST", "/_undercast/time/advance", {"seconds": 259200})]


@pytest.mark.parametrize("instant", [START + 60, "2027-01-15T08:01:00Z", datetime(2027, 1, 15, 8, 1, tzinfo=UTC)])
def test_advance_to_takes_an_instant_in_any_form(control: FakeControl, instant: object) -> None:
    assert ControlClient().advance_to(instant).now == START + 60  # type: ignore[arg-type]
    assert control.asked == [("POST", "/_undercast/time/advance_to", {"instant": START + 60})]


def test_a_slip_in_a_duration_never_reaches_the_server(control: FakeControl) -> None:
    with pytest.raises(UndercastError, match="3x is not a duration"):
        ControlClient().advance("3x")
    with pytest.raises(UndercastError, match="soon is not an instant"):
        ControlClient().advance_to("soon")
    assert control.asked == []


def test_step_fires_one_timer_up_to_the_limit(control: FakeControl) -> None:
    control.timers = [START + 5, START + 9]
    client = ControlClient()
    first, second, third = client.step(), client.step(START + 6), client.step(START + 9)
    assert (first.fired, first.now, first.next_at) == (1, START + 5, START + 9)
    assert (second.fired, second.now) == (0, START + 5)
    assert (third.fired, third.next_at) == (1, None)


def test_run_until_a_callable_holds_goes_no_further_than_needed(control: FakeControl) -> None:
    control.timers = [START + 10, START + 20, START + 30]
    ran = ControlClient().run_until(lambda: len(control.timers) < 2, at_most="1h")
    assert ran
    assert (ran.met, ran.fired, ran.now, control.now) == (True, 2, START + 20, START + 20)


def test_run_until_moves_nothing_when_the_condition_holds_already(control: FakeControl) -> None:
    control.timers = [START + 10]
    ran = ControlClient().run_until(lambda: True, at_most="1h")
    assert (ran.met, ran.fired, ran.now) == (True, 0, START)
    assert control.timers == [START + 10]


def test_run_until_gives_up_at_most_that_far_on(control: FakeControl) -> None:
    control.timers = [START + 10, START + 7200]
    ran = ControlClient().run_until(lambda: False, at_most="1h")
    assert not ran
    assert (ran.fired, ran.now, control.timers) == (1, START + 3600, [START + 7200])


def test_run_until_looks_once_more_at_its_end(control: FakeControl) -> None:
    ran = ControlClient().run_until(lambda: control.now >= START + 60, at_most=60)
    assert (ran.met, ran.fired, ran.now) == (True, 0, START + 60)


def test_a_condition_as_data_is_the_servers_to_try(control: FakeControl) -> None:
    condition = {"queue": "orders", "visible": {"at_least": 3}}
    assert ControlClient().run_until(condition, at_most="7d")
    assert control.asked == [
        ("POST", "/_undercast/time/run_until", {"condition": condition, "at_most": 604800}),
    ]


def test_the_mode_is_set_and_told(control: FakeControl) -> None:
    assert ControlClient().set_time_mode("real").mode == "real"
    assert control.asked[0] == ("PUT", "/_undercast/time/mode", {"mode": "real"})


def test_a_refusal_keeps_the_servers_words(control: FakeControl) -> None:
    control.fixed["/_undercast/time/advance"] = (409, b'{"error": "time moves by itself: the mode is real"}')
    with pytest.raises(RefusedError, match="time moves by itself") as refused:
        ControlClient().advance(1)
    assert refused.value.status == 409


@pytest.mark.parametrize("answer", [(200, b"<html>"), (200, b"[]"), (404, b"Not found"), (404, b'{"detail": "x"}')])
def test_another_program_at_the_address_is_recognised(control: FakeControl, answer: tuple[int, bytes]) -> None:
    control.fixed["/_undercast/health"] = answer
    with pytest.raises(UndercastError, match="is not Undercast"):
        attach()


def test_a_failing_server_is_not_taken_for_another_program(control: FakeControl) -> None:
    control.fixed["/_undercast/health"] = (500, b"Internal Server Error")
    with pytest.raises(UndercastError, match=r"failed to answer \(status 500\)"):
        attach()


def test_an_answer_that_lacks_something_says_what(control: FakeControl) -> None:
    control.fixed["/_undercast/time"] = (200, b'{"mode": "real", "now": 1}')
    with pytest.raises(UndercastError, match=r"lacks scale, now_iso, .*another version"):
        ControlClient().time()


def test_nobody_at_home_is_said_plainly(nobody: str) -> None:
    with pytest.raises(NoServerError, match=f"^No Undercast at {nobody}$"):
        ControlClient().health()
    with pytest.raises(NoServerError):
        attach()


def test_no_proxy_of_the_environment_is_asked(control: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert ControlClient().health().status == "running"


def test_an_attached_server_is_left_alone_by_its_block_and_stopped_when_asked(control: FakeControl) -> None:
    with attach() as server:
        assert (server.endpoint, server.pid, server.log) == (control.endpoint, None, "")
    assert "/_undercast/shutdown" not in [path for _, path, _ in control.asked]
    server.stop()
    assert control.asked[-1] == ("POST", "/_undercast/shutdown", {})
    with pytest.raises(UndercastError, match="Only a server that this process started"):
        server.wait()
