"""Logs wait here until somebody reads logs, and then are all there, in order."""

from __future__ import annotations

import asyncio

import pytest

from emulator import log_sink
from emulator.clock import Clock
from emulator.log_sink import LogSink
from emulator.neighbours.errors import NeighbourError

AT = ("000000000000", "eu-west-1", "/aws/lambda/f", "2027/01/01/[$LATEST]abc")


class FakeNeighbours:
    """CloudWatch Logs, as far as a sink needs it."""

    def __init__(self):
        self.asked = []
        self.streams = {}
        self.groups = set()
        self.refuse = ""

    async def call(self, service, operation, params, account, region):
        self.asked.append(operation)
        assert service == "logs"
        if self.refuse:
            raise NeighbourError(self.refuse, "no", 400)
        group = (account, region, params["logGroupName"])
        if operation == "CreateLogGroup":
            if group in self.groups:
                raise NeighbourError("ResourceAlreadyExistsException", "there is one", 400)
            self.groups.add(group)
            return {}
        stream = (*group, params["logStreamName"])
        if operation == "CreateLogStream":
            if group not in self.groups:
                raise NeighbourError("ResourceNotFoundException", "no such group", 400)
            self.streams[stream] = []
            return {}
        if stream not in self.streams:
            raise NeighbourError("ResourceNotFoundException", "no such stream", 400)
        self.streams[stream].append(params["logEvents"])
        return {}


@pytest.fixture
def simulate():
    def run(main):
        async def whole():
            clock, neighbours = Clock("manual", 0.0, 1_700_000_000.0), FakeNeighbours()
            clock.start(asyncio.get_running_loop())
            await main(LogSink(clock, lambda: neighbours), neighbours, clock)

        asyncio.run(whole())

    return run


def told(neighbours):
    return {
        stream: [(event["timestamp"], event["message"]) for batch in batches for event in batch]
        for stream, batches in neighbours.streams.items()
    }


def test_nothing_is_told_before_somebody_asks(simulate):
    async def main(sink, neighbours, clock):
        sink.write(*AT, [(1, "a\n"), (2, "b\n")])
        sink.write(*AT, [(3, "ü\n")])
        assert neighbours.asked == []
        await sink.flush()
        assert told(neighbours) == {AT: [(1, "a\n"), (2, "b\n"), (3, "ü\n")]}
        assert neighbours.asked == ["PutLogEvents", "CreateLogGroup", "CreateLogStream", "PutLogEvents"]
        assert clock.holds == 0

    simulate(main)


def test_what_was_told_is_not_told_again(simulate):
    async def main(sink, neighbours, clock):
        sink.write(*AT, [(1, "a")])
        await sink.flush()
        sink.write(*AT, [(2, "b")])
        await sink.flush()
        await sink.flush()
        assert told(neighbours) == {AT: [(1, "a"), (2, "b")]}
        assert neighbours.asked[4:] == ["PutLogEvents"]

    simulate(main)


def test_a_second_stream_of_a_group(simulate):
    async def main(sink, neighbours, clock):
        other = (*AT[:3], "another")
        sink.write(*AT, [(1, "a")])
        sink.write(*other, [(2, "b")])
        await sink.flush()
        assert told(neighbours) == {AT: [(1, "a")], other: [(2, "b")]}

    simulate(main)


def test_large_logs_go_in_batches_that_the_api_takes(simulate):
    async def main(sink, neighbours, clock):
        for number in range(30):
            sink.write(*AT, [(number, "x" * 100_000)])
        await sink.flush()
        [batches] = neighbours.streams.values()
        assert len(batches) == 3
        for batch in batches:
            assert sum(len(event["message"]) + 26 for event in batch) <= log_sink.BATCH_BYTES
        assert [at for at, _ in told(neighbours)[AT]] == list(range(30))

    simulate(main)


def test_too_much_goes_over_by_itself(simulate, monkeypatch):
    monkeypatch.setattr(log_sink, "WAITING_MAX", 1000)

    async def main(sink, neighbours, clock):
        for number in range(20):
            sink.write(*AT, [(number, "x" * 100)])
        await clock.advance(0)
        assert len(told(neighbours)[AT]) == 20
        sink.write(*AT, [(20, "y")])
        await sink.flush()
        assert [at for at, _ in told(neighbours)[AT]] == list(range(21))

    simulate(main)


def test_nothing_waits_until_it_is_too_old_to_be_taken(simulate):
    async def main(sink, neighbours, clock):
        sink.write(*AT, [(1, "a")])
        assert clock.pending() == 0
        await clock.advance(30 * 86_400)
        await clock.advance(0)
        assert told(neighbours) == {AT: [(1, "a")]}

    simulate(main)


def test_forgetting_by_account_and_region(simulate):
    async def main(sink, neighbours, clock):
        other = ("111111111111", *AT[1:])
        sink.write(*AT, [(1, "a")])
        sink.write(*other, [(2, "b")])
        sink.forget(account="000000000000")
        await sink.flush()
        assert told(neighbours) == {other: [(2, "b")]}
        sink.write(*other, [(3, "c")])
        sink.forget()
        await sink.flush()
        assert told(neighbours) == {other: [(2, "b")]}

    simulate(main)


def test_a_log_that_is_refused_is_said_and_troubles_nobody(simulate, caplog):
    async def main(sink, neighbours, clock):
        neighbours.refuse = "InvalidParameterException"
        sink.write(*AT, [(1, "a")])
        await sink.flush()

    simulate(main)
    assert "1 events of /aws/lambda/f" in caplog.text


def test_half_a_surrogate_pair_is_no_end(simulate):
    async def main(sink, neighbours, clock):
        sink.write(*AT, [(1, "a\ud800b")])
        await sink.flush()
        assert told(neighbours) == {AT: [(1, "a?b")]}

    simulate(main)


@pytest.mark.parametrize("exists", [True, False])
def test_into_a_group_that_somebody_else_has_made(simulate, caplog, exists):
    async def main(sink, neighbours, clock):
        if exists:
            neighbours.groups.add(AT[:3])
        sink.write(*AT, [(1, "a")], into_existing=True)
        await sink.flush()
        assert told(neighbours) == ({AT: [(1, "a")]} if exists else {})
        assert "CreateLogGroup" not in neighbours.asked

    simulate(main)
    assert not caplog.records
