"""CloudWatch Logs for services that deliver into groups which somebody else has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.log_sink import LogSink
    from emulator.neighbours.moto import Neighbours


class LogGroups:
    """The port `LogDelivery`, by way of the neighbours."""

    def __init__(self, sink: LogSink, neighbours: Callable[[], Neighbours]) -> None:
        self._sink = sink
        self._neighbours = neighbours

    async def exists(self, account: str, region: str, group: str) -> bool:
        """Whether there is such a log group."""
        found = await self._neighbours().call(
            "logs", "DescribeLogGroups", {"logGroupNamePrefix": group}, account, region
        )
        return any(one["logGroupName"] == group for one in found.get("logGroups", ()))

    def deliver(self, account: str, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Append events (epoch milliseconds, text), in order. Returns at once; without such a group they are lost."""
        self._sink.write(account, region, group, stream, events, into_existing=True)
