"""`firehose`: records for a delivery stream of the neighbours'.

https://docs.aws.amazon.com/sns/latest/dg/sns-firehose-as-subscriber.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from services.errors import ServiceError
from services.sns.model import Attempted

if TYPE_CHECKING:
    from services.ports import Clock, Deliveries, Hold
    from services.scope import Scope
    from services.sns.envelope import Envelopes
    from services.sns.model import Message, Outcomes, Subscription

_BAD_REQUEST: Final = 400
_OK: Final = 200


class FirehoseChannel:
    """services.sns.model.Channel of `firehose`. One record at a time, so that a stream has them in order."""

    def __init__(self, clock: Clock, deliveries: Deliveries, envelopes: Envelopes, outcomes: Outcomes) -> None:
        self._clock = clock
        self._deliveries = deliveries
        self._envelopes = envelopes
        self._outcomes = outcomes
        self._waiting: deque[tuple[Subscription, Message]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._hold: Hold | None = None

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Take a message; it goes to the stream once those before it have."""
        self._waiting.append((subscription, message))
        if self._task is None:
            self._hold = self._clock.hold()
            self._task = asyncio.get_running_loop().create_task(self._send_all(), name="sns firehose")

    def busy(self) -> bool:
        """Whether a record is still to be put."""
        return self._task is not None

    def forget(self, scope: Scope) -> None:
        """Drop what waits for a scope."""
        self._waiting = deque(entry for entry in self._waiting if entry[0].scope != scope)

    async def close(self) -> None:
        """Drop everything."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                subscription, message = self._waiting.popleft()
                self._outcomes.ended(subscription, message, await self._send(subscription, message))
        finally:
            self._task = None
            if self._hold is not None:
                self._hold.release()

    async def _send(self, subscription: Subscription, message: Message) -> Attempted:
        body = self._envelopes.firehose_record(subscription, message)
        dwell_ms = max(0.0, (self._clock.now() - message.published_at) * 1000)
        scope = subscription.scope
        try:
            await self._deliveries.send(
                subscription.endpoint, body, {}, account=scope.account, region=scope.region, trace=message.trace_header
            )
        except ServiceError as error:
            text = error.message or error.code
            return Attempted(False, _BAD_REQUEST, text, dwell_ms=dwell_ms, error_code=error.code)
        return Attempted(True, _OK, "", dwell_ms=dwell_ms)
