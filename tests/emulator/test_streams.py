"""Whether there is such a stream, as the neighbours say."""

import asyncio

import pytest

from emulator.neighbours.errors import NeighbourError
from emulator.streams import Streams

KINESIS = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/t"
LATEST = f"{TABLE}/stream/2025-01-01T00:00:00.000"


class FakeNeighbours:
    async def call(self, service, operation, params, account, region):
        assert (account, region) == ("000000000000", "us-east-1")
        if params in ({"StreamName": "s"}, {"ConsumerARN": f"{KINESIS}/consumer/c:1"}):
            return {}
        if params == {"TableName": "t"}:
            return {"Table": {"LatestStreamArn": LATEST}}
        raise NeighbourError("ResourceNotFoundException", "no such thing", 400)


@pytest.mark.parametrize(
    ("stream", "there"),
    [
        (KINESIS, True),
        (KINESIS + "x", False),
        (f"{KINESIS}/consumer/c:1", True),
        (f"{KINESIS}/consumer/c:2", False),
        (LATEST, True),
        (LATEST[:-1], False),
        (TABLE, False),
        (f"{TABLE}x/stream/2025", False),
        ("arn:aws:kinesis:us-east-1:000000000000:s", False),
        ("text", False),
    ],
)
def test_exists(stream, there):
    streams = Streams(FakeNeighbours)
    assert asyncio.run(streams.exists(stream)) is there
