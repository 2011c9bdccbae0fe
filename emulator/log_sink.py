"""CloudWatch Logs for what functions write: kept here, compact, until somebody reads logs.

The neighbour that answers the Logs API is imported when it is first asked, and that costs more than all functions
together. So events wait here as bytes and go over before the first request for logs is answered, or when there are
many; a reader never sees a difference.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from emulator.neighbours.errors import NeighbourError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.neighbours.moto import Neighbours
    from services.ports import Clock, Timer

log = logging.getLogger("undercast.logs")

WAITING_MAX: Final = 16 * 1024 * 1024
"""Bytes that may wait."""
OLDEST_S: Final = 10 * 86_400.0
"""CloudWatch Logs takes no events older than 14 days: what waits goes over before."""
BATCH_EVENTS: Final = 10_000
BATCH_BYTES: Final = 1_048_576
_AROUND_AN_EVENT: Final = 26


class _Stream(NamedTuple):
    account: str
    region: str
    group: str
    stream: str
    into_existing: bool = False
    """Only where the group exists."""


class LogSink:
    """The port `LogSink`, by way of the neighbours."""

    def __init__(self, clock: Clock, neighbours: Callable[[], Neighbours]) -> None:
        self._clock = clock
        self._neighbours = neighbours
        self._waiting: dict[_Stream, list[bytes]] = {}
        self._size = 0
        self._flushing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience: Timer | None = None

    def write(
        self,
        account: str,
        region: str,
        group: str,
        stream: str,
        events: list[tuple[int, str]],
        *,
        into_existing: bool = False,
    ) -> None:
        """Append events (epoch milliseconds, text). Returns at once; the order of a stream is kept.

        The group is made where there is none; `into_existing` rather loses the events.
        """
        encoded = orjson.dumps([(at, text.encode("utf-8", "replace").decode()) for at, text in events])
        self._waiting.setdefault(_Stream(account, region, group, stream, into_existing), []).append(encoded)
        self._size += len(encoded)
        if self._patience is None:
            self._patience = self._clock.patience(OLDEST_S, self._send)
        if self._size > WAITING_MAX:
            self._size = 0
            self._send()

    def _send(self) -> None:
        task = asyncio.get_running_loop().create_task(self.flush(), name="logs")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Hand over everything that waits. What comes meanwhile may be left for the next time."""
        async with self._flushing:
            waiting, self._waiting, self._size = self._waiting, {}, 0
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None
            for stream, chunks in waiting.items():
                for batch in _batches(chunks):
                    await self._put(stream, batch)

    def forget(self, account: str | None = None, region: str | None = None) -> None:
        """Drop what waits of that account, or region, or both; None is any."""
        for stream in list(self._waiting):
            if account in {None, stream.account} and region in {None, stream.region}:
                self._size -= sum(map(len, self._waiting.pop(stream)))

    async def _put(self, stream: _Stream, events: list[dict[str, Any]]) -> None:
        at = {"logGroupName": stream.group, "logStreamName": stream.stream}
        try:
            try:
                await self._call(stream, "PutLogEvents", {**at, "logEvents": events})
            except NeighbourError as error:
                if error.code != "ResourceNotFoundException":
                    raise
                if not stream.into_existing:
                    await self._create(stream, "CreateLogGroup", {"logGroupName": stream.group})
                await self._create(stream, "CreateLogStream", at)
                await self._call(stream, "PutLogEvents", {**at, "logEvents": events})
        except NeighbourError as error:
            if stream.into_existing and error.code == "ResourceNotFoundException":
                return
            # Nobody asked for this; a function must not fail because its log can't be kept.
            log.warning("%d events of %s %s were not kept: %s", len(events), stream.group, stream.stream, error)

    async def _create(self, stream: _Stream, operation: str, params: dict[str, Any]) -> None:
        try:
            await self._call(stream, operation, params)
        except NeighbourError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise

    async def _call(self, stream: _Stream, operation: str, params: dict[str, Any]) -> None:
        await self._neighbours().call("logs", operation, params, stream.account, stream.region)


def _batches(chunks: list[bytes]) -> Iterator[list[dict[str, Any]]]:
    """The events as PutLogEvents takes them, as many at a time as it takes."""
    batch: list[dict[str, Any]] = []
    room = BATCH_BYTES
    for chunk in chunks:
        for at, text in orjson.loads(chunk):
            size = len(text.encode()) + _AROUND_AN_EVENT
            if batch and (size > room or len(batch) == BATCH_EVENTS):
                yield batch
                batch, room = [], BATCH_BYTES
            batch.append({"timestamp": at, "message": text})
            room -= size
    if batch:
        yield batch
