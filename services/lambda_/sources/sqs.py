"""The poller of one mapping from a queue.

    poll ──► filter ──► gather (size, bytes, window) ──► invoke ──► delete what was done
      ▲                                                    │
      └────────── room for another batch ◄─────────────────┘   what failed is left to the visibility timeout

One task gathers, one task per batch works. The clock is held from the moment a batch is complete until the function has
answered; it is not held by a poll that waits for a message, nor by an open window or a throttled batch, which wait for
the clock itself.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from services.errors import ServiceError
from services.lambda_.sources.answers import failed_items
from services.lambda_.sources.filters import Filters
from services.lambda_.sources.records import record
from services.lambda_.sources.scaling import STEP_S, Scaling

if TYPE_CHECKING:
    from services.lambda_.invocation import Outcome
    from services.lambda_.mapping import EventSourceMapping
    from services.ports import Clock, Hold, QueueSource

log = logging.getLogger("undercast.lambda")

PAYLOAD_MAX: Final = 6 * 1024 * 1024
"""Bytes of one event. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
RECEIVE_MAX: Final = 10
"""Messages of one ReceiveMessage."""
_AROUND: Final = len('{"Records":[]}')

_POLLS_AT_A_STRETCH: Final = 32
_QUEUE_GONE_S: Final = 20.0
"""How long until a queue that refuses to be polled is tried again."""
_THROTTLED_FIRST_S: Final = 1.0
_THROTTLED_LONGEST_S: Final = 60.0
_TRY_AGAIN: Final = frozenset({
    "TooManyRequestsException",
    "ResourceConflictException",  # the function is still Pending
    "ResourceNotReadyException",
    "EC2ThrottledException",
    "ServiceException",
})  # fmt: skip


class Invocations(Protocol):
    """Runs functions."""

    async def invoke(self, function_arn: str, payload: bytes, trace: str, /) -> Outcome:
        """Invoke synchronously, with a trace header to go on from, or none.

        Raises:
            ServiceError: as Invoke does, TooManyRequestsException among it.
        """


class _Taken(NamedTuple):
    """A message that has been received and passed the filters."""

    message_id: str
    receipt_handle: str
    trace: str
    visible_at: float
    """When it becomes visible again, unless somebody changes that."""
    encoded: bytes
    """Its record as JSON."""


class SqsPoller:
    """Polls for one mapping from `start` to `stop`."""

    def __init__(
        self, mapping: EventSourceMapping, *, clock: Clock, queues: QueueSource, invocations: Invocations
    ) -> None:
        self.mapping = mapping
        self._clock = clock
        self._queues = queues
        self._invocations = invocations
        self._filters = Filters(mapping.patterns)
        self._scaling = Scaling(mapping.max_concurrency)
        self._gathered: list[_Taken] = []
        self._left_over: list[_Taken] = []
        """Received with a batch that they made too large."""
        self._batches: set[asyncio.Task[None]] = set()
        self._throttled = 0
        self._polls = 0
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. On the event loop."""
        self._task = asyncio.get_running_loop().create_task(
            self._poll_forever(), name=f"sqs mapping {self.mapping.uuid}"
        )
        self._task.add_done_callback(_told)

    def stop(self) -> None:
        """Take no more. A batch that is still gathered goes back to the queue; those under way are worked off."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def abandon(self) -> None:
        """Stop, and wait for nothing."""
        self.stop()
        for batch in self._batches:
            batch.cancel()

    @property
    def busy(self) -> bool:
        """Whether messages are being gathered or worked on."""
        return bool(self._batches or self._gathered or self._left_over)

    # Gathering.

    async def _poll_forever(self) -> None:
        try:
            while True:
                await self._until_room()
                await self._gather()
                if self._gathered:
                    self._hand_over()
        except asyncio.CancelledError:
            self._queues.release(self.mapping.source_arn, [one.receipt_handle for one in self._gathered])
            self._queues.release(self.mapping.source_arn, [one.receipt_handle for one in self._left_over])
            self._gathered, self._left_over = [], []
            raise

    async def _until_room(self) -> None:
        while len(self._batches) >= self._scaling.limit:
            self._room.clear()
            # Passive: that one more would be allowed is no event that time should move to.
            timer = self._clock.patience(STEP_S, self._grow)
            try:
                await self._room.wait()
            finally:
                timer.cancel()

    def _grow(self) -> None:
        if not self._throttled and self._scaling.grow():
            self._room.set()

    async def _gather(self) -> None:
        """Fill `_gathered`: the batch is full, its window is over, or, without a window, it has something."""
        mapping = self.mapping
        window: _Window | None = None
        room = PAYLOAD_MAX - _AROUND
        try:
            while len(self._gathered) < mapping.batch_size:
                if self._left_over:
                    now = self._clock.now()
                    more, self._left_over = [one for one in self._left_over if one.visible_at > now], []
                else:
                    received = await self._receive(mapping.batch_size - len(self._gathered), window)
                    if received is None:
                        return
                    more = self._take(received)
                for at, one in enumerate(more):
                    room -= len(one.encoded) + 1
                    if room < 0 and self._gathered:
                        self._left_over = more[at:]
                        return
                    self._gathered.append(one)
                if self._gathered and not mapping.window_s:
                    return
                if self._gathered and window is None:
                    window = _Window(self._clock, mapping.window_s)
        finally:
            if window is not None:
                window.close()

    async def _receive(self, limit: int, window: _Window | None) -> list[dict[str, Any]] | None:
        """Messages as soon as there are some. None when the window is over before."""
        self._polls += 1
        if not self._polls % _POLLS_AT_A_STRETCH:
            await self._breathe()
        while True:
            polled: asyncio.Future[dict[str, Any]] | None = None
            try:
                answer = self._queues.poll(self.mapping.source_arn, min(limit, RECEIVE_MAX))
                if isinstance(answer, asyncio.Future):
                    polled = answer
                    if not self._batches:
                        self._scaling.quiet()
                    await _first(polled, window)
                    if not polled.done():
                        return None
                    answer = polled.result()
                messages: list[dict[str, Any]] = answer.get("Messages") or []
                if messages:
                    return messages
            except ServiceError as error:
                log.debug("mapping %s cannot poll %s: %s", self.mapping.uuid, self.mapping.source_arn, error.message)
                if not await self._pause(window):
                    return None
            except asyncio.CancelledError:
                if polled is not None and polled.done() and not polled.cancelled() and polled.exception() is None:
                    handles = [message["ReceiptHandle"] for message in polled.result().get("Messages") or []]
                    self._queues.release(self.mapping.source_arn, handles)
                raise
            finally:
                if polled is not None:
                    polled.cancel()

    async def _breathe(self) -> None:
        """Let others run: a queue that always has something would never make us wait."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(_settle, turn)
        await turn

    async def _pause(self, window: _Window | None) -> bool:
        """Wait before a queue is tried again; False when the window is over before."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.patience(_QUEUE_GONE_S, lambda: _settle(passed))
        try:
            await _first(passed, window)
        finally:
            timer.cancel()
        return passed.done()

    def _take(self, messages: list[dict[str, Any]]) -> list[_Taken]:
        """The messages that pass the filters; the others are deleted."""
        mapping = self.mapping
        visible_at = self._clock.now() + (self._queues.visibility_s(mapping.source_arn) or 0)
        taken, dropped = [], []
        for message in messages:
            shown = record(message, mapping.source_arn, mapping.scope.region, windowed=mapping.window_s > 0)
            if self._filters.passes(shown):
                trace = (message.get("Attributes") or {}).get("AWSTraceHeader", "")
                encoded = json.dumps(shown, separators=(",", ":")).encode()
                taken.append(_Taken(message["MessageId"], message["ReceiptHandle"], trace, visible_at, encoded))
            else:
                dropped.append(message["ReceiptHandle"])
        if dropped:
            self._queues.delete(mapping.source_arn, dropped)
        return taken

    # Working.

    def _hand_over(self) -> None:
        batch, self._gathered = self._gathered, []
        # Held from here, not from the task's first step: time must not move in between.
        task = asyncio.get_running_loop().create_task(self._work(batch, self._clock.hold()))
        self._batches.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        self._room.set()
        _told(task)

    async def _work(self, batch: list[_Taken], hold: Hold) -> None:
        try:
            outcome = await self._invoke(batch, hold)
        finally:
            hold.release()
        if outcome is None:
            return
        done = {one.message_id for one in batch}
        if outcome.function_error:
            done = set()
        elif self.mapping.reports_item_failures:
            failed = failed_items(outcome.payload, done)
            done = set() if failed is None else done - failed
        if outcome.function_error and not self.mapping.reports_item_failures:
            self._scaling.failed()
        self._queues.delete(self.mapping.source_arn, [one.receipt_handle for one in batch if one.message_id in done])

    async def _invoke(self, batch: list[_Taken], hold: Hold) -> Outcome | None:
        """The function's answer. None when it could not be had before the messages become visible again."""
        payload = b'{"Records":[%b]}' % b",".join(one.encoded for one in batch)
        trace = next((one.trace for one in batch if one.trace), "")
        give_up_at = min(one.visible_at for one in batch)
        pause_s = _THROTTLED_FIRST_S
        while True:
            try:
                with hold:
                    return await self._invocations.invoke(self.mapping.function_arn, payload, trace)
            except ServiceError as error:
                if error.code not in _TRY_AGAIN:
                    log.debug("mapping %s: %s: %s", self.mapping.uuid, error.code, error.message)
                    self._scaling.failed()
                    return None
            again_at = self._clock.now() + pause_s
            if again_at >= give_up_at:
                return None
            self._throttled += 1
            self._scaling.throttled(len(self._batches) - self._throttled)
            try:
                await self._until(again_at)
            finally:
                self._throttled -= 1
            hold = self._clock.hold()
            pause_s = min(2 * pause_s, _THROTTLED_LONGEST_S)

    async def _until(self, when: float) -> None:
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.at(when, lambda: _settle(reached))
        try:
            await reached
        finally:
            timer.cancel()


class _Window:
    """A batching window: `over` is done when its time has passed. An event of the clock's, unlike a poll."""

    __slots__ = ("_timer", "over")

    def __init__(self, clock: Clock, length_s: float) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timer = clock.at(clock.now() + length_s, lambda: _settle(self.over))

    def close(self) -> None:
        """No longer wanted."""
        self._timer.cancel()


async def _first(future: asyncio.Future[Any], window: _Window | None) -> None:
    """Wait for the future, or for the end of the window."""
    await asyncio.wait([future] if window is None else [future, window.over], return_when=asyncio.FIRST_COMPLETED)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _told(task: asyncio.Task[None]) -> None:
    """A bug in a task of ours is said aloud."""
    with suppress(asyncio.CancelledError):
        error = task.exception()
        if error is not None:
            log.error("%s failed", task.get_name(), exc_info=error)
