"""A message as a function sees it in its event.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT_SOURCE: Final = "aws:sqs"

_ATTRIBUTES_IN_ORDER: Final = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "DeadLetterQueueSourceArn",
    "ApproximateFirstReceiveTimestamp",
)


def record(message: Mapping[str, Any], queue_arn: str, region: str, *, windowed: bool) -> dict[str, Any]:
    """The record of a message as ReceiveMessage gives it with all attributes.

    `windowed`: the mapping has a batching window. AWS's pollers for those write the digest of the message attributes
    as null where there are none; the others leave it out (both recorded).
    """
    system = message.get("Attributes") or {}
    shown: dict[str, Any] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: system[name] for name in _ATTRIBUTES_IN_ORDER if name in system},
        "messageAttributes": {
            name: _attribute(given) for name, given in (message.get("MessageAttributes") or {}).items()
        },
    }
    digest = message.get("MD5OfMessageAttributes")
    if digest or windowed:
        shown["md5OfMessageAttributes"] = digest
    shown["md5OfBody"] = message["MD5OfBody"]
    shown["eventSource"] = EVENT_SOURCE
    shown["eventSourceARN"] = queue_arn
    shown["awsRegion"] = region
    return shown


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if given.get("StringValue") is not None:
        shown["stringValue"] = given["StringValue"]
    if given.get("BinaryValue") is not None:
        shown["binaryValue"] = b64encode(given["BinaryValue"]).decode()
    # SQS has not implemented lists; they are there all the same.
    shown["stringListValues"] = []
    shown["binaryListValues"] = []
    shown["dataType"] = given["DataType"]
    return shown
