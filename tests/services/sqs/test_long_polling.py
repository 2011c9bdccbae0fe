from __future__ import annotations

import asyncio

import pytest

from services.sqs.errors import OverLimit, QueueDoesNotExist


def poll(sqs, url, wait=20, **more):
    return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, **more)


def bodies(answer):
    return [message["Body"] for message in answer.get("Messages", [])]


def test_it_does_not_wait_when_there_is_something(sqs):
    url = sqs.queue()
    sqs.send(url, "here")
    assert bodies(poll(sqs, url)) == ["here"]


def test_a_message_wakes_the_pollers_in_turn(sqs, run):
    async def main():
        url = sqs.queue()
        first, second = poll(sqs, url), poll(sqs, url)
        sqs.send(url, "a")
        assert bodies(await first) == ["a"]
        assert not second.done()
        sqs.send(url, "b")
        assert bodies(await second) == ["b"]
        assert sqs.depth(url) == (0, 2, 0)
        assert sqs.clock.armed <= 1

    run(main)


def test_it_ends_empty_when_patience_ends(sqs, run):
    async def main():
        url = sqs.queue()
        answer = poll(sqs, url, 10)
        sqs.clock.advance(9.9)
        assert not answer.done()
        sqs.clock.advance(0.1)
        assert await answer == {}
        sqs.send(url, "late")
        assert sqs.depth(url) == (1, 0, 0)

    run(main)


def test_the_queue_may_say_how_long(sqs, run):
    async def main():
        url = sqs.queue(ReceiveMessageWaitTimeSeconds=5)
        assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0) == {}
        answer = sqs.receive_message(QueueUrl=url)
        sqs.clock.advance(5)
        assert await answer == {}

    run(main)


@pytest.mark.parametrize("how", ["delay", "visibility", "change"])
def test_a_message_that_becomes_visible_wakes_a_poller_on_time(sqs, run, how):
    async def main():
        url = sqs.queue(VisibilityTimeout=30)
        sqs.send(url, "m", DelaySeconds=10 if how == "delay" else 0)
        message = sqs.receive(url, VisibilityTimeout=10 if how == "visibility" else 30)
        answer = poll(sqs, url)
        if how == "change":
            sqs.hide(url, message[0], 10)
        sqs.clock.advance(9.9)
        assert not answer.done()
        sqs.clock.advance(0.1)
        assert bodies(await answer) == ["m"]

    run(main)


def test_a_poller_whose_client_has_gone_takes_nothing(sqs, run):
    async def main():
        url = sqs.queue()
        gone, there = poll(sqs, url), poll(sqs, url)
        gone.cancel()
        sqs.send(url, "m")
        assert bodies(await there) == ["m"]
        assert sqs.depth(url) == (0, 1, 0)

    run(main)


def test_deleting_the_queue_answers_the_pollers(sqs, run):
    async def main():
        url = sqs.queue()
        answer = poll(sqs, url)
        sqs.delete_queue(QueueUrl=url)
        with pytest.raises(QueueDoesNotExist):
            await answer
        assert sqs.clock.armed == 0

    run(main)


def test_a_purge_lets_pollers_wait_on(sqs, run):
    async def main():
        url = sqs.queue()
        sqs.send(url, "gone", DelaySeconds=5)
        answer = poll(sqs, url)
        sqs.purge_queue(QueueUrl=url)
        sqs.clock.advance(6)
        assert not answer.done()
        sqs.send(url, "m")
        assert bodies(await answer) == ["m"]

    run(main)


def test_a_fifo_poller_is_woken_when_its_group_is_free(sqs, run):
    async def main():
        url = sqs.queue("q.fifo", ContentBasedDeduplication="true")
        first, second, third = (poll(sqs, url) for _ in range(3))
        sqs.send(url, "m-1", MessageGroupId="g")
        (message,) = (await first)["Messages"]
        sqs.send(url, "m-2", MessageGroupId="g")
        assert not second.done()
        sqs.delete(url, message)
        assert bodies(await second) == ["m-2"]
        sqs.send(url, "m-3", MessageGroupId="h")
        assert bodies(await third) == ["m-3"]

    run(main)


def test_a_dead_letter_wakes_who_waits_at_its_queue(sqs, run):
    async def main():
        dead = sqs.queue("dead")
        url = sqs.queue(
            VisibilityTimeout=0, RedrivePolicy=f'{{"deadLetterTargetArn":"{sqs.arn("dead")}","maxReceiveCount":1}}'
        )
        answer = poll(sqs, dead)
        sqs.send(url, "m")
        assert sqs.bodies(url) == ["m"]
        assert sqs.bodies(url) == []
        assert bodies(await answer) == ["m"]

    run(main)


def test_too_many_in_flight_make_a_long_poll_wait_and_a_short_one_fail(sqs, run, monkeypatch):
    monkeypatch.setattr("services.sqs.standard.StandardQueue.in_flight_max", 1)

    async def main():
        url = sqs.queue()
        first, second = poll(sqs, url), poll(sqs, url)
        sqs.send(url, "a")
        sqs.send(url, "b")
        third = poll(sqs, url)
        with pytest.raises(OverLimit):
            poll(sqs, url, wait=0)
        answer = await first
        assert bodies(answer) == ["a"]
        assert not second.done()
        assert sqs.depth(url) == (1, 1, 0)
        sqs.delete(url, answer["Messages"][0])
        assert bodies(await second) == ["b"]
        assert not third.done()

    run(main)


def test_polls_that_end_without_a_message_do_not_pile_up(sqs, run):
    async def main():
        url = sqs.queue()
        for _ in range(50):
            waiting = poll(sqs, url, wait=1)
            sqs.clock.advance(1)
            assert await waiting == {}
        assert len(sqs.api._find(sqs.arn("q"))._waiting._polls) == 1
        assert sqs.clock.armed == 0

    run(main)


def test_many_pollers_and_messages_meet_one_to_one(sqs, run):
    async def main():
        url = sqs.queue()
        answers = [poll(sqs, url) for _ in range(50)]
        for number in range(50):
            sqs.send(url, str(number))
        got = [bodies(answer) for answer in await asyncio.gather(*answers)]
        assert got == [[str(number)] for number in range(50)]

    run(main)


def test_a_queue_that_is_its_own_dead_letter_queue_serves_its_pollers_in_turn(sqs, run):
    async def main():
        policy = f'{{"deadLetterTargetArn":"{sqs.arn("q")}","maxReceiveCount":1}}'
        url = sqs.queue(VisibilityTimeout=10)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
        sqs.send(url, "m")
        assert sqs.bodies(url) == ["m"]
        first, second = poll(sqs, url), poll(sqs, url)
        sqs.clock.advance(10)
        assert bodies(await first) == ["m"]
        assert not second.done()
        sqs.send(url, "n")
        assert bodies(await second) == ["n"]

    run(main)
