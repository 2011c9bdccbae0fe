"""Queues as other services use them: by ARN, in process, without a caller of their own.

`services.ports.QueueSource` for who polls, `services.ports.QueueSink` for who delivers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from services.api import Call
from services.scope import Scope
from services.sqs import content, md5, sending
from services.sqs.errors import QueueDoesNotExist, SqsError
from services.sqs.message import EVERYTHING, Message
from services.sqs.waiting import Wanted

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.ports import Clock, Entropy
    from services.sqs.queue import Queue
    from services.sqs.waiting import Messages

_AS_LONG_AS_IT_TAKES_S: Final = 366 * 86_400.0


class QueuesByArn:
    """The queues of every account and region."""

    def __init__(self, clock: Clock, entropy: Entropy, find: Callable[[str], Queue | None]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._find = find

    def visibility_s(self, queue_arn: str) -> int | None:
        """The queue's visibility timeout; None without such a queue."""
        queue = self._find(queue_arn)
        return None if queue is None else queue.attributes.visibility_s

    def poll(self, queue_arn: str, limit: int) -> Messages | asyncio.Future[Messages]:
        """See `services.ports.QueueSource.poll`."""
        queue = self._require(queue_arn)
        return queue.receive(Wanted(limit, None, EVERYTHING), _AS_LONG_AS_IT_TAKES_S, self._clock.now())

    def delete(self, queue_arn: str, receipt_handles: Iterable[str]) -> None:
        """Delete messages. Expired handles and missing queues are passed over."""
        queue, now = self._find(queue_arn), self._clock.now()
        for handle in receipt_handles if queue is not None else ():
            try:
                queue.delete(handle, now)  # type: ignore[union-attr]
            except SqsError:
                # A FIFO queue's handle that has expired: the message is visible again, and somebody else's.
                continue

    def release(self, queue_arn: str, receipt_handles: Iterable[str]) -> None:
        """Make messages visible again. Expired handles and missing queues are passed over."""
        queue, now = self._find(queue_arn), self._clock.now()
        for handle in receipt_handles if queue is not None else ():
            try:
                queue.change_visibility(handle, 0, now)  # type: ignore[union-attr]
            except SqsError:
                continue

    def send(
        self,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        account: str,
        group_id: str = "",
        deduplication_id: str = "",
        trace_header: str = "",
    ) -> dict[str, Any]:
        """Send a message on behalf of `account`; the result is SendMessage's.

        Raises:
            SqsError: no such queue, or SendMessage would refuse the message.
        """
        queue = self._require(queue_arn)
        entry: dict[str, Any] = {"MessageBody": body}
        if attributes:
            entry["MessageAttributes"] = attributes
        if group_id:
            entry["MessageGroupId"] = group_id
        if deduplication_id:
            entry["MessageDeduplicationId"] = deduplication_id
        call = Call(Scope(account, ""), "", trace_header=trace_header)
        return sending.send(queue, entry, call, self._entropy.uuid(), self._clock.now())

    def post(
        self,
        letters: Sequence[tuple[str, str]],
        make: Callable[[str], str],
        attributes: Mapping[str, Mapping[str, Any]],
        *,
        size_at_most: int,
        account: str,
        group_id: str = "",
        trace_header: str = "",
    ) -> list[int]:
        """See `services.ports.QueueSink.post`."""
        if attributes:
            try:
                content.check_attributes(attributes)
            except SqsError:
                return list(range(len(letters)))
            size_at_most += content.attributes_size(attributes)
        refused: list[int] = []
        now, find, sealed = self._clock.now(), self._find, partial(self._open, make)
        for number, (queue_arn, key) in enumerate(letters):
            queue = find(queue_arn)
            if queue is None or queue.attributes.fifo or size_at_most > queue.attributes.message_size:
                refused.append(number)
                continue
            message = Message("", key, "", account, now)
            message.sealed = sealed
            message.trace_header = trace_header
            message.group_id = group_id
            if attributes:
                message.attributes = attributes
            queue.send(message, queue.attributes.delay_s, now)
        return refused

    def _open(self, make: Callable[[str], str], message: Message) -> None:
        message.id = self._entropy.uuid()
        message.body = make(message.body)
        message.md5 = md5.of_body(message.body.encode())
        if message.attributes:
            message.attributes_md5 = md5.of_attributes(message.attributes)

    def _require(self, queue_arn: str) -> Queue:
        queue = self._find(queue_arn)
        if queue is None:
            raise QueueDoesNotExist
        return queue
