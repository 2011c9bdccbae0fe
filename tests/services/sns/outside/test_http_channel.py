"""HTTP endpoints: what is sent, when it is sent again, when it is given up."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode

import pytest

from services.ports import HttpAnswer, HttpFailure
from services.scope import Scope
from services.sns.model import SUBSCRIPTION_CONFIRMATION, UNSUBSCRIBE_CONFIRMATION
from services.sns.outside.http import HttpChannel

DLQ = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}'


def policy(**retries):
    return json.dumps({"healthyRetryPolicy": retries})


@pytest.fixture
def channel(world):
    return HttpChannel(world.clock, world.entropy, world.http, world.topics, world.envelopes, world.outcomes)


def run(coroutine):
    asyncio.run(coroutine)


def test_a_notification_has_awss_headers_and_the_envelope(world, channel):
    async def main():
        subscription, message = world.subscribe(), world.message(trace_header="Root=1-2-3")
        channel.deliver(subscription, message)
        assert channel.busy()
        await world.clock.advance()
        assert not channel.busy()
        assert world.clock.holds == 0
        [(_, url, headers, body)] = world.http.requests
        assert url == "http://hooks.test/in"
        assert headers == {
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": message.message_id,
            "x-amz-sns-topic-arn": subscription.topic_arn,
            "x-amz-sns-subscription-arn": subscription.arn,
            "X-Amzn-Trace-Id": "Root=1-2-3",
            "Content-Type": "text/plain; charset=UTF-8",
            "Connection": "Keep-Alive",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "Accept-Encoding": "gzip,deflate",
        }
        assert json.loads(body)["Message"] == "hello"

    run(main())


def test_raw_delivery_sends_the_message_itself_and_says_so(world, channel):
    async def main():
        types = {"requestPolicy": {"headerContentType": "application/json"}}
        subscription = world.subscribe(raw=True, DeliveryPolicy=json.dumps(types))
        message = world.message(bodies={"default": "d", "http": "for http"})
        channel.deliver(subscription, message)
        await world.clock.advance()
        [(_, _, headers, body)] = world.http.requests
        assert body == "for http"
        assert headers["x-amz-sns-rawdelivery"] == "true"
        assert headers["Content-Type"] == "application/json"

    run(main())


@pytest.mark.parametrize("kind", [SUBSCRIPTION_CONFIRMATION, UNSUBSCRIBE_CONFIRMATION])
def test_confirmations_are_plain_text_and_never_raw(world, channel, kind):
    async def main():
        subscription = world.subscribe(raw=True)
        channel.deliver(subscription, world.message(type=kind, token="abc"))
        await world.clock.advance()
        [(_, _, headers, body)] = world.http.requests
        assert headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert "x-amz-sns-rawdelivery" not in headers
        assert ("x-amz-sns-subscription-arn" in headers) == (kind == UNSUBSCRIBE_CONFIRMATION)
        assert json.loads(body)["Token"] == "abc"

    run(main())


@pytest.mark.parametrize("trouble", [500, 503, 429, HttpFailure("no"), HttpFailure("late", timed_out=True)])
def test_the_default_policy_tries_three_times_more_each_twenty_seconds_later(world, channel, trouble):
    async def main():
        world.http.script = [trouble]
        channel.deliver(world.subscribe(RedrivePolicy=DLQ), world.message())
        await world.clock.advance(59)
        assert world.http.times == [0, 20, 40]
        assert channel.busy()
        assert world.queues.sent == []
        await world.clock.advance(1000)
        assert world.http.times == [0, 20, 40, 60]
        assert not channel.busy()
        assert len(world.queues.sent) == 1

    run(main())


@pytest.mark.parametrize("status", [301, 400, 404, 410])
def test_what_is_the_senders_fault_is_not_tried_again(world, channel, status):
    async def main():
        world.http.script = [status]
        channel.deliver(world.subscribe(RedrivePolicy=DLQ), world.message())
        await world.clock.advance(1000)
        assert world.http.times == [0]
        assert len(world.queues.sent) == 1

    run(main())


def test_all_four_phases(world, channel):
    async def main():
        world.http.script = [500]
        text = policy(
            minDelayTarget=10,
            maxDelayTarget=30,
            numRetries=9,
            numNoDelayRetries=2,
            numMinDelayRetries=2,
            numMaxDelayRetries=2,
        )
        channel.deliver(world.subscribe(DeliveryPolicy=text), world.message())
        await world.clock.advance(5000)
        gaps = [after - before for before, after in zip(world.http.times, world.http.times[1:], strict=False)]
        assert gaps == [0, 0, 10, 10, 10, 20, 30, 30, 30]

    run(main())


def test_a_retry_that_succeeds_ends_it(world, channel):
    async def main():
        world.http.script = [500, 200]
        channel.deliver(world.subscribe(RedrivePolicy=DLQ), world.message())
        await world.clock.advance(1000)
        assert world.http.times == [0, 20]
        assert world.queues.sent == []

    run(main())


def test_the_throttle_spreads_deliveries(world, channel):
    async def main():
        subscription = world.subscribe(DeliveryPolicy='{"throttlePolicy":{"maxReceivesPerSecond":2}}')
        other = world.subscribe(endpoint="http://hooks.test/other")
        for number in range(4):
            channel.deliver(subscription, world.message(str(number)))
            channel.deliver(other, world.message(str(number)))
        await world.clock.advance()
        assert len([url for _, url, *_ in world.http.requests if url.endswith("other")]) == 4
        await world.clock.advance(10)
        throttled = [
            (at, json.loads(body)["Message"]) for at, url, _, body in world.http.requests if url.endswith("in")
        ]
        assert throttled == [(0, "0"), (0.5, "1"), (1.0, "2"), (1.5, "3")]

    run(main())


def test_a_retry_takes_no_place_of_the_throttle_before_it_is_due(world, channel):
    async def main():
        subscription = world.subscribe(DeliveryPolicy='{"throttlePolicy":{"maxReceivesPerSecond":10}}')
        world.http.script = [500, 200]
        channel.deliver(subscription, world.message("fails"))
        await world.clock.advance(1)
        channel.deliver(subscription, world.message("new"))
        await world.clock.advance(1)
        assert world.http.times == [0, 1]
        await world.clock.advance(100)
        assert world.http.times == [0, 1, 20]

    run(main())


def test_reset_of_a_scope_leaves_the_throttles_of_others(world, channel):
    async def main():
        subscription = world.subscribe(DeliveryPolicy='{"throttlePolicy":{"maxReceivesPerSecond":1}}')
        channel.deliver(subscription, world.message("1"))
        await world.clock.advance()
        channel.forget(Scope("111111111111", "us-east-1"))
        channel.deliver(subscription, world.message("2"))
        await world.clock.advance(10)
        assert world.http.times == [0, 1]

    run(main())


def test_a_bug_in_an_attempt_neither_holds_the_clock_nor_goes_unheard(world, channel, caplog):
    async def main():
        world.http.script = [RuntimeError("a bug")]
        channel.deliver(world.subscribe(), world.message())
        await world.clock.advance(100)
        assert world.clock.holds == 0
        assert not channel.busy()

    run(main())
    assert "a bug" in caplog.text


@pytest.mark.parametrize(
    ("group", "sequence", "target", "told"),
    [("g", "", "dead", "g"), ("g", "1", "dead", ""), ("g", "1", "dead.fifo", "g"), ("", "", "dead", "")],
)
def test_a_dead_letter_has_a_group_where_the_endpoint_would_have_had_one(world, channel, group, sequence, target, told):
    async def main():
        world.http.script = [404]
        dlq = f'{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:{target}"}}'
        message = world.message(group_id=group, sequence_number=sequence, deduplication_id="d" if sequence else "")
        channel.deliver(world.subscribe(RedrivePolicy=dlq), message)
        await world.clock.advance()
        [(_, _, _, more)] = world.queues.sent
        assert more["group_id"] == told

    run(main())


def test_what_was_still_to_come_goes_with_the_subscription(world, channel):
    async def main():
        world.http.script = [500]
        subscription = world.subscribe()
        channel.deliver(subscription, world.message())
        await world.clock.advance(1)
        world.topics.remove(world.topic, subscription)
        assert not channel.busy()
        assert world.clock.armed == 0
        await world.clock.advance(1000)
        assert world.http.times == [0]

    run(main())


def test_a_farewell_outlives_its_subscription(world, channel):
    async def main():
        world.http.script = [500, 200]
        subscription = world.subscribe()
        world.topics.remove(world.topic, subscription)
        channel.deliver(subscription, world.message(type=UNSUBSCRIBE_CONFIRMATION, token="abc"))
        await world.clock.advance(1000)
        assert world.http.times == [0, 20]

    run(main())


def test_reset_drops_everything(world, channel):
    async def main():
        world.http.script = [500]
        for _ in range(3):
            channel.deliver(world.subscribe(), world.message())
        await world.clock.advance(1)
        channel.deliver(world.subscribe(), world.message())
        channel.forget(world.topic.scope)
        assert not channel.busy()
        assert world.clock.holds == 0
        await channel.close()

    run(main())


def test_credentials_of_the_url_answer_a_challenge(world, channel):
    async def main():
        asks = HttpAnswer(401, {"www-authenticate": 'Basic realm="hooks"'}, b"")
        world.http.script = [asks, 200]
        channel.deliver(world.subscribe(endpoint="https://me:p%40ss@hooks.test/in"), world.message())
        await world.clock.advance()
        first, second = world.http.requests
        assert first[1] == second[1] == "https://hooks.test/in"
        assert "Authorization" not in first[2]
        assert second[2]["Authorization"] == f"Basic {b64encode(b'me:p@ss').decode()}"

    run(main())


def test_the_dead_letter_is_what_the_endpoint_would_have_got(world, channel):
    async def main():
        world.http.script = [404]
        attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
        channel.deliver(world.subscribe(RedrivePolicy=DLQ), world.message(attributes=attributes))
        channel.deliver(world.subscribe(RedrivePolicy=DLQ, raw=True), world.message(attributes=attributes))
        await world.clock.advance()
        (_, enveloped, none, _), (_, plain, kept, _) = world.queues.sent
        assert json.loads(enveloped)["Message"] == "hello"
        assert json.loads(enveloped) == json.loads(world.http.requests[0][3])
        assert none == {}
        assert (plain, kept) == ("hello", attributes)

    run(main())


def test_a_missing_dead_letter_queue_loses_the_message_and_nothing_else(world, channel, caplog):
    async def main():
        world.http.script = [404]
        world.queues.missing.add(json.loads(DLQ)["deadLetterTargetArn"])
        channel.deliver(world.subscribe(RedrivePolicy=DLQ), world.message())
        await world.clock.advance()
        assert not channel.busy()

    run(main())
    assert "was lost" in caplog.text
