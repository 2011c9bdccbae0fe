"""Kinesis and DynamoDB streams, by way of the neighbours: whether there is such a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.neighbours.errors import NeighbourError
from services import arn

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.neighbours.moto import Neighbours
    from services.arn import Arn


class Streams:
    """The port `Streams`."""

    def __init__(self, neighbours: Callable[[], Neighbours]) -> None:
        self._neighbours = neighbours

    async def exists(self, stream_arn: str) -> bool:
        """Whether there is such a stream, or such a consumer of one."""
        parsed = arn.parse(stream_arn)
        if parsed is None:
            return False
        try:
            if parsed.service == "kinesis":
                return await self._in_kinesis(parsed)
            return await self._in_dynamodb(parsed, stream_arn)
        except NeighbourError:
            return False

    async def _in_kinesis(self, parsed: Arn) -> bool:
        # stream/<name>, or stream/<name>/consumer/<name>:<instant>
        parts = parsed.resource.split("/")
        if len(parts) < 2 or parts[0] != "stream":
            return False
        ask = self._neighbours().call
        if len(parts) == 2:
            await ask("kinesis", "DescribeStreamSummary", {"StreamName": parts[1]}, parsed.account, parsed.region)
        else:
            await ask("kinesis", "DescribeStreamConsumer", {"ConsumerARN": str(parsed)}, parsed.account, parsed.region)
        return True

    async def _in_dynamodb(self, parsed: Arn, stream_arn: str) -> bool:
        # table/<name>/stream/<instant>; only a table's latest stream is of use.
        parts = parsed.resource.split("/")
        if len(parts) != 4 or parts[0] != "table" or parts[2] != "stream":
            return False
        ask = self._neighbours().call
        found = await ask("dynamodb", "DescribeTable", {"TableName": parts[1]}, parsed.account, parsed.region)
        return bool(found["Table"].get("LatestStreamArn") == stream_arn)
