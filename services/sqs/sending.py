"""SendMessage, for one message or an entry of a batch.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from services.sqs import content, limits, md5
from services.sqs.errors import BatchRequestTooLong, InvalidParameterValue, MissingParameter
from services.sqs.fifo import FifoQueue
from services.sqs.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.api import Call
    from services.sqs.queue import Queue

Entry = dict[str, Any]

ALONE: Final = "One or more parameters are invalid. Reason: "
IN_BATCH: Final = "One or more parameters cannot be validated. Reason: "
_NO_DEDUPLICATION_ID: Final = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)


def send(queue: Queue, entry: Entry, call: Call, message_id: str, now: float, too_long: str = ALONE) -> Entry:
    """Check and send one message; the result is SendMessage's. `too_long` begins the refusal of one too long."""
    body = entry["MessageBody"]
    utf8 = content.checked_body(body)
    size = len(utf8)
    attributes = entry.get("MessageAttributes")
    if attributes:
        content.check_attributes(attributes)
        size += content.attributes_size(attributes)
    if size > queue.attributes.message_size:
        raise InvalidParameterValue(f"{too_long}Message must be shorter than {queue.attributes.message_size} bytes.")
    message = Message(message_id, body, md5.of_body(utf8), call.scope.account, now)
    result = {"MD5OfMessageBody": message.md5, "MessageId": message_id}
    if attributes:
        message.attributes = attributes
        result["MD5OfMessageAttributes"] = message.attributes_md5 = md5.of_attributes(attributes)
    message.trace_header = call.trace_header
    system = entry.get("MessageSystemAttributes")
    if system:
        message.trace_header = content.checked_system_attributes(system)
        result["MD5OfMessageSystemAttributes"] = md5.of_attributes(system)
    delay_s = entry.get("DelaySeconds")
    if isinstance(queue, FifoQueue):
        _send_fifo(queue, message, entry, utf8, result, now)
        return result
    if delay_s is None:
        delay_s = queue.attributes.delay_s
    elif not 0 <= delay_s <= limits.DELAY_MAX_S:
        reason = f"DelaySeconds must be >= 0 and <= {limits.DELAY_MAX_S}."
        raise InvalidParameterValue.of(delay_s, "DelaySeconds", reason)
    deduplication_id = entry.get("MessageDeduplicationId")
    if deduplication_id is not None:
        raise InvalidParameterValue.not_for_this_queue_type(deduplication_id, "MessageDeduplicationId")
    group_id = entry.get("MessageGroupId")
    if group_id is not None:
        content.check_id(group_id, "MessageGroupId")
        message.group_id = group_id
    queue.send(message, delay_s, now)
    return result


def _send_fifo(
    queue: FifoQueue, message: Message, entry: Entry, utf8: bytes, result: dict[str, str], now: float
) -> None:
    if entry.get("DelaySeconds"):
        raise InvalidParameterValue.not_for_this_queue_type(entry["DelaySeconds"], "DelaySeconds")
    group_id, deduplication_id = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
    if group_id is None:
        raise MissingParameter.of("MessageGroupId")
    content.check_id(group_id, "MessageGroupId")
    if deduplication_id is not None:
        content.check_id(deduplication_id, "MessageDeduplicationId")
    elif queue.attributes.content_based_deduplication:
        deduplication_id = hashlib.sha256(utf8).hexdigest()
    else:
        raise InvalidParameterValue(_NO_DEDUPLICATION_ID)
    message.group_id = group_id
    message.deduplication_id = deduplication_id
    before = queue.accepted_before(message, now)
    if before is not None:
        result["MessageId"] = before.message_id
        result["SequenceNumber"] = before.sequence_number
        return
    result["SequenceNumber"] = message.sequence_number
    queue.send(message, queue.attributes.delay_s, now)


def check_batch(queue: Queue, entries: Sequence[Mapping[str, Any]]) -> None:
    """What refuses a SendMessageBatch as a whole, beyond `batches.check`: a FIFO queue's ids, and the total size."""
    if queue.attributes.fifo:
        for entry in entries:
            if entry.get("MessageDeduplicationId") is None and not queue.attributes.content_based_deduplication:
                raise InvalidParameterValue(_NO_DEDUPLICATION_ID)
            if entry.get("MessageGroupId") is None:
                # AWS's recorded answer: not MissingParameter, as it is for a message alone.
                raise InvalidParameterValue(MissingParameter.of("MessageGroupId").message)
    size = sum(
        len(entry["MessageBody"].encode("utf-8", "surrogatepass"))
        + content.attributes_size(entry.get("MessageAttributes") or {})
        for entry in entries
    )
    if size > limits.BATCH_SIZE_MAX:
        raise BatchRequestTooLong(limits.BATCH_SIZE_MAX, size)
