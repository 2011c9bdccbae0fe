"""RedrivePolicy: where a subscription's undeliverable messages go.

What arrives is what the endpoint would have got: the envelope, or with raw delivery the message and its attributes.
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

from __future__ import annotations

from typing import Final

from services import arn
from services.sns.outside.documents import Refused, read

ATTRIBUTE: Final = "RedrivePolicy"
_TARGET: Final = "deadLetterTargetArn"
_ARN_PARTS: Final = 6


def check(text: str, topic_arn: str) -> None:
    """A subscription's RedrivePolicy; the queue must be of the topic's region and account.

    Raises:
        Refused: it is not one.
    """
    if not text:
        return
    document = read(ATTRIBUTE, text)
    for name in document:
        if name != _TARGET:
            raise Refused(ATTRIBUTE, f"invalid JSON. Attribute {name} is unknown.")
    target = document.get(_TARGET)
    if target is None:
        return
    parsed = arn.parse(target) if isinstance(target, str) else None
    if parsed is None or parsed.service != "sqs" or len(target.split(":")) != _ARN_PARTS:
        raise Refused(ATTRIBUTE, f"{_TARGET} is an invalid arn")
    topic = arn.parse(topic_arn)
    if topic is not None and (parsed.region, parsed.account) != (topic.region, topic.account):
        raise Refused(ATTRIBUTE, f"{_TARGET} must be in the same region and account as the topic")


def target_of(text: str) -> str:
    """The queue's ARN in a RedrivePolicy that was checked; empty without one."""
    target = read(ATTRIBUTE, text).get(_TARGET) if text else None
    return target if isinstance(target, str) else ""
