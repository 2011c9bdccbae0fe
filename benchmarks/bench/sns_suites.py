"""Suites about topics: fan-out to many queues, and subscriptions with filters of which one matches."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import wrk
from bench.client import CallError
from bench.results import Metric
from bench.run import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.client import Client
    from bench.run import Run
    from bench.server import Server

    Step = tuple[str, str, Callable[["Run[SnsSizes]", Server], "Published"]]

_DELIVERIES = "Deliveries of a topic to its queues, a second"
_PUBLISHES = "Publishes, a second"
_CPU = "CPU of the server, µs a Publish"
_P50 = "Median latency of Publish, ms"
_P99 = "99th percentile of latency of Publish, ms"
_CONNECTIONS = 8
_WARM_PUBLISHES = 10_000
_SETTLE_S = 15.0
_TEXT = "m" * 200
_VERSION = "2010-03-31"
_MATCHING = 7


@dataclass(frozen=True)
class SnsSizes(Sizes):
    """How much of everything: `fanouts` and `filtered` are numbers of subscriptions."""

    warm_up_s: int
    fanouts: tuple[int, ...] = (1, 10, 100)
    filtered: tuple[int, ...] = (10, 100, 1000)


FULL = SnsSizes(rounds=5, seconds=2, fill_limit_s=60, settle_s=1.0, warm_up_s=10)
QUICK = SnsSizes(rounds=1, seconds=1, fill_limit_s=10, settle_s=1.0, warm_up_s=3)


@dataclass(frozen=True)
class Published:
    """A load of Publish, and what came of it. `deliveries` are those that arrived, `took_s` until the last did."""

    load: wrk.Load
    deliveries: int
    took_s: float


class _Topic:
    """A topic with queues of its own on one server."""

    def __init__(self, run: Run[SnsSizes], client: Client, count: int, **attributes: str) -> None:
        """`attributes` of each subscription; `{}` in them becomes its number."""
        self.client = client
        self.urls = [run.queue(client) for _ in range(count)]
        self.arn = self._ask("CreateTopic", "TopicArn", Name=f"t{self.urls[0].rsplit('-', 1)[1]}")
        for number, url in enumerate(self.urls):
            found = client.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])
            given = {}
            for place, (name, value) in enumerate(attributes.items(), 1):
                given[f"Attributes.entry.{place}.key"] = name
                given[f"Attributes.entry.{place}.value"] = value.replace("{}", str(number))
            endpoint = found["Attributes"]["QueueArn"]
            self._ask("Subscribe", "SubscriptionArn", TopicArn=self.arn, Protocol="sqs", Endpoint=endpoint, **given)

    def _ask(self, action: str, element: str, **parameters: str) -> str:
        form = urllib.parse.urlencode({"Action": action, "Version": _VERSION, **parameters})
        answer = self.client.exchange(self.client.encode_form("sns", form)).decode()
        found = re.search(rf"<{element}>(.*?)</{element}>", answer)
        if element and found is None:
            raise CallError(f"{action} answered {answer[:200]!r}")
        return found.group(1) if found else ""

    def form(self, **parameters: str) -> str:
        """The body of a Publish."""
        given = {"Action": "Publish", "Version": _VERSION, "TopicArn": self.arn, "Message": _TEXT, **parameters}
        return urllib.parse.urlencode(given)

    def arrived(self, urls: list[str]) -> int:
        """How many messages are in these queues."""
        names = ["ApproximateNumberOfMessages"]
        calls = (self.client.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names) for url in urls)
        return sum(int(answer["Attributes"][names[0]]) for answer in calls)

    def settle(self, urls: list[str]) -> float:
        """Wait until nothing more arrives (deliveries may be behind); seconds until the last change."""
        began = changed = time.perf_counter()
        before, same = -1, 0
        while same < 3 and time.perf_counter() < began + _SETTLE_S:
            now = self.arrived(urls)
            same = same + 1 if now == before else 0
            if now != before:
                before, changed = now, time.perf_counter()
            time.sleep(0.02)
        return changed - began

    def drop(self) -> None:
        """Delete everything, so that the next step finds the server as this one did."""
        form = urllib.parse.urlencode({"Action": "DeleteTopic", "Version": _VERSION, "TopicArn": self.arn})
        self.client.exchange(self.client.encode_form("sns", form))
        for url in self.urls:
            self.client.call("DeleteQueue", QueueUrl=url)


def fanout(run: Run[SnsSizes]) -> None:
    """Publish to topics with more and more queues, raw, and to ten queues that get SNS's JSON document."""
    steps: list[Step] = [
        (f"fanout_{count}", _title("to {} queue{}, raw", count), _fanner(count, RawMessageDelivery="true"))
        for count in run.sizes.fanouts
    ]
    steps.append(("documents_10", "to 10 queues, documents", _fanner(10)))
    _measure(run, steps, deliveries=True)


def filtered(run: Run[SnsSizes]) -> None:
    """Publish to topics with more and more subscriptions with filters, of which one matches."""
    steps: list[Step] = [
        (f"filtered_{count}", f"{count:,} filtered subscriptions, one matches", _filterer(count))
        for count in run.sizes.filtered
    ]
    _measure(run, steps, deliveries=False)


def _title(form: str, count: int) -> str:
    return form.format(count, "" if count == 1 else "s")


def _measure(run: Run[SnsSizes], steps: list[Step], *, deliveries: bool) -> None:
    with run.all_started() as servers:
        for server in servers:
            run.say(f"warming up {server.name}")
            with run.guarded(server.name, "warm-up"):
                _warm_up(run, server)
        for turn in range(run.sizes.rounds):
            for key, title, step in steps:
                for server in servers:
                    with run.guarded(server.name, title):
                        run.quiet()
                        _keep(run, key, title, server.name, turn, step(run, server), deliveries=deliveries)


def _warm_up(run: Run[SnsSizes], server: Server) -> None:
    answered = 0
    for _ in range(run.sizes.warm_up_s):
        answered += _fanner(2, seconds=1)(run, server).load.answered
        if answered >= _WARM_PUBLISHES:
            break


def _fanner(count: int, seconds: int = 0, **attributes: str) -> Callable[[Run[SnsSizes], Server], Published]:
    def step(run: Run[SnsSizes], server: Server) -> Published:
        with server.client() as client:
            topic = _Topic(run, client, count, **attributes)
            found = _publish(run, server, topic, [topic.urls[0], topic.urls[-1]], seconds)
            topic.drop()
        expected = (found.load.answered - found.load.failed) * count
        _check(run, server, found.deliveries, expected)
        return found

    return step


def _filterer(count: int) -> Callable[[Run[SnsSizes], Server], Published]:
    def step(run: Run[SnsSizes], server: Server) -> Published:
        with server.client() as client:
            topic = _Topic(
                run, client, count, RawMessageDelivery="true", FilterPolicy=json.dumps({"kind": ["kind-{}"]})
            )
            found = _publish(run, server, topic, [topic.urls[_MATCHING]], 0, **_attribute(f"kind-{_MATCHING}"))
            topic.drop()
        _check(run, server, found.deliveries, found.load.answered - found.load.failed)
        return found

    return step


def _attribute(value: str) -> dict[str, str]:
    entry = "MessageAttributes.entry.1"
    return {f"{entry}.Name": "kind", f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}


def _publish(
    run: Run[SnsSizes], server: Server, topic: _Topic, watched: list[str], seconds: int, **parameters: Any
) -> Published:
    form = topic.form(**parameters)
    load = wrk.load(server, "publish", _CONNECTIONS, seconds or run.sizes.seconds, form, cores=run.cores)
    behind_s = topic.settle(watched)
    return Published(load, topic.arrived(topic.urls), load.answered / load.per_s + behind_s)


def _check(run: Run[SnsSizes], server: Server, delivered: int, expected: int) -> None:
    # wrk leaves the last request of each connection unanswered: those may have been delivered as well.
    if delivered < expected:
        run.fail(f"{server.name}: of {expected:,} deliveries {delivered:,} arrived")
    elif delivered > expected * 1.05 + 100 * _CONNECTIONS:
        run.fail(f"{server.name}: {delivered:,} deliveries arrived, and {expected:,} were due")


def _keep(
    run: Run[SnsSizes], key: str, title: str, server: str, turn: int, found: Published, *, deliveries: bool
) -> None:
    results, load = run.results, found.load
    per_s = found.deliveries / found.took_s
    if deliveries:
        results.add(f"{key}_deliveries_per_s", Metric(_DELIVERIES, title, 0, more_is_better=True), server, turn, per_s)
    results.add(f"{key}_per_s", Metric(_PUBLISHES, title, 0, more_is_better=True), server, turn, load.per_s)
    results.add(f"{key}_cpu_us", Metric(_CPU, title, 1, more_is_better=False), server, turn, load.cpu_us)
    results.add(f"{key}_p50_ms", Metric(_P50, title, 2), server, turn, load.p50_ms)
    results.add(f"{key}_p99_ms", Metric(_P99, title, 2), server, turn, load.p99_ms)
    if load.others is not None:
        results.others.append(load.others)
    if load.failed:
        run.fail(f"{server}, {title}: {load.failed} of {load.answered} requests")
    run.say(
        f"round {turn + 1}/{run.sizes.rounds}  {title:40} {server:10} {load.per_s:8,.0f}/s {per_s:9,.0f} deliveries/s"
        f"  p50 {load.p50_ms:7.2f} ms  p99 {load.p99_ms:7.2f} ms"
    )
