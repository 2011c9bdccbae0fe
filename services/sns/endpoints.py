"""What may be subscribed: the endpoints of each protocol, and who has to confirm.

https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from services import arn
from services.sns.errors import InvalidParameter
from services.sns.names import FIFO_SUFFIX

if TYPE_CHECKING:
    from services.sns.model import Topic

PROTOCOLS: Final = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
CONFIRMED_BY_HAND: Final = frozenset({"http", "https", "email", "email-json"})
"""Whoever owns such an endpoint has to say yes."""

# Any number of digits, with no more than one separator between two of them: AWS takes `+12/34-567.890`.
_PHONE = re.compile(r"\+?\d+(?:[-./]\d+)*\Z", re.ASCII).match
_PHONE_DIGITS_MAX: Final = 15
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*\Z").match


def check(topic: Topic | None, protocol: str, endpoint: str) -> None:
    """InvalidParameter for a protocol that there is not, or an endpoint that it cannot have."""
    if protocol not in PROTOCOLS:
        raise InvalidParameter.of(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in {"http", "https"} and not endpoint.startswith(f"{protocol}://"):
        raise InvalidParameter.of("Endpoint must match the specified protocol")
    if protocol in {"email", "email-json"} and not _EMAIL(endpoint):
        raise InvalidParameter.of("Email address")
    if protocol == "sms" and not is_phone(endpoint):
        raise InvalidParameter(f"Invalid SMS endpoint: {endpoint}")
    if protocol == "sqs" and not _is_arn(endpoint, "sqs", ""):
        raise InvalidParameter.of("SQS endpoint ARN")
    if protocol == "lambda" and not _is_arn(endpoint, "lambda", "function:"):
        raise InvalidParameter.of("Lambda endpoint ARN")
    if protocol == "firehose" and not _is_arn(endpoint, "firehose", "deliverystream/"):
        raise InvalidParameter.of("Firehose endpoint ARN")
    if protocol == "application" and not _is_arn(endpoint, "sns", "endpoint/"):
        raise InvalidParameter.of("ApplicationEndpoint ARN")
    if topic is None:
        return
    if protocol == "sqs" and endpoint.endswith(FIFO_SUFFIX) and not topic.fifo:
        # AWS says the first two words twice.
        reason = "FIFO SQS Queues can not be subscribed to standard SNS topics"
        raise InvalidParameter.of("Invalid parameter: Endpoint", reason)
    if topic.fifo and protocol != "sqs":
        raise InvalidParameter.of("Invalid parameter: Endpoint", "Please use FIFO SQS queue")


def is_phone(number: str) -> bool:
    """Whether this is a phone number to subscribe."""
    return bool(_PHONE(number)) and sum(char.isdigit() for char in number) <= _PHONE_DIGITS_MAX


def _is_arn(text: str, service: str, kind: str) -> bool:
    parsed = arn.parse(text)
    if parsed is None or parsed.service != service or not parsed.region or not parsed.account:
        return False
    return parsed.resource.startswith(kind) and len(parsed.resource) > len(kind)


def needs_confirmation(protocol: str, endpoint: str, account: str) -> bool:
    """Whether a subscription of this endpoint by `account` waits until its owner confirms it.

    A queue's owner has confirmed by subscribing it; anybody else has to read the queue to get at the token.
    https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
    """
    if protocol == "sqs":
        queue = arn.parse(endpoint)
        return queue is not None and queue.account != account
    return protocol in CONFIRMED_BY_HAND
