"""Ids and chance repeat themselves from a seed, and streams do not disturb each other."""

from __future__ import annotations

import uuid  # noqa: TID251 - to read ids, not to make them

from emulator.entropy import RandomEntropy


def test_uuids_are_version_4() -> None:
    entropy = RandomEntropy()
    for _ in range(200):
        text = entropy.uuid()
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 4
        assert parsed.variant == uuid.RFC_4122


def test_request_ids_differ_and_look_like_uuids() -> None:
    ids = RandomEntropy(3).request_ids()
    drawn = [ids() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert all(str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4 for text in drawn)
    assert RandomEntropy(3).request_ids()() == drawn[0]


def test_the_same_seed_draws_the_same() -> None:
    one, two = RandomEntropy(7), RandomEntropy(7)
    assert [one.uuid(), one.bits(64), one.uniform()] == [two.uuid(), two.bits(64), two.uniform()]
    assert RandomEntropy(8).uuid() != RandomEntropy(7).uuid()


def test_without_a_seed_nothing_repeats() -> None:
    assert RandomEntropy().uuid() != RandomEntropy().uuid()
    assert RandomEntropy().stream("sqs").uuid() != RandomEntropy().stream("sqs").uuid()


def test_a_stream_is_not_shifted_by_what_another_draws() -> None:
    quiet, busy = RandomEntropy(7), RandomEntropy(7)
    busy.uuid()
    busy_requests = busy.stream("requests")
    for _ in range(10):
        busy_requests.uuid()
    assert busy.stream("sqs").uuid() == quiet.stream("sqs").uuid()
    assert quiet.stream("sqs").uuid() != quiet.stream("requests").uuid()
