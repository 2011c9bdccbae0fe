"""Dead-letter queues: which queue gives its dead letters to which, and who may.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from services import arn
from services.sqs import documents, limits
from services.sqs.errors import InvalidParameterValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.sqs.queue import Queue


class RedrivePolicy(NamedTuple):
    """Where a queue's dead letters go, and after how many receives."""

    target_arn: str
    max_receive_count: int


class RedriveAllowPolicy(NamedTuple):
    """Which queues may name this one as theirs for dead letters."""

    permission: str = "allowAll"
    sources: frozenset[str] = frozenset()

    def allows(self, source_arn: str) -> bool:
        """Whether the queue of `source_arn` may."""
        return self.permission == "allowAll" or (self.permission == "byQueue" and source_arn in self.sources)


def parse_policy(text: str) -> RedrivePolicy | None:
    """A RedrivePolicy attribute, None for an empty one. InvalidParameterValue when it is malformed."""
    if not text:
        return None
    document = _json_map(text, "RedrivePolicy", "Redrive policy")
    target = document.get("deadLetterTargetArn")
    if not target:
        raise _invalid(text, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
    if "maxReceiveCount" not in document:
        raise _invalid(text, "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
    count = document["maxReceiveCount"]
    digits = str(count)
    number = int(digits) if len(digits) <= 20 and digits.isascii() and digits.isdecimal() else 0
    if isinstance(count, bool) or not 1 <= number <= limits.RECEIVE_COUNT_MAX:
        raise _invalid(
            text,
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {limits.RECEIVE_COUNT_MAX} "
            f"both inclusive.",
        )
    if not isinstance(target, str) or arn.parse(target) is None:
        raise _invalid(text, f"Invalid value for deadLetterTargetArn: {target}.")
    return RedrivePolicy(target, number)


def parse_allow_policy(text: str) -> RedriveAllowPolicy:
    """A RedriveAllowPolicy attribute; an empty one allows all. InvalidParameterValue when it is malformed."""
    if not text:
        return RedriveAllowPolicy()
    parameter = "RedriveAllowPolicy"
    document = _json_map(text, parameter, "Redrive allow policy")
    permission = document.get("redrivePermission")
    if not isinstance(permission, str) or permission not in {"allowAll", "denyAll", "byQueue"}:
        raise InvalidParameterValue.of(text, parameter, "Invalid value for redrivePermission.")
    sources = document.get("sourceQueueArns", [])
    if not isinstance(sources, list) or not all(isinstance(source, str) and arn.parse(source) for source in sources):
        raise InvalidParameterValue.of(text, parameter, "Invalid value for sourceQueueArns.")
    if len(sources) > limits.REDRIVE_SOURCES_MAX:
        raise InvalidParameterValue.of(
            text, parameter, f"sourceQueueArns can contain at most {limits.REDRIVE_SOURCES_MAX} queue ARNs."
        )
    if bool(sources) != (permission == "byQueue"):
        raise InvalidParameterValue.of(
            text, parameter, "sourceQueueArns must be given if, and only if, redrivePermission is byQueue."
        )
    return RedriveAllowPolicy(permission, frozenset(sources))


def check_target(text: str, source_arn: str, *, fifo: bool, find: Callable[[str], Queue | None]) -> None:
    """InvalidParameterValue unless the RedrivePolicy `text` of the queue `source_arn` names a queue that it may use.

    The queue itself is allowed, as on AWS. It may not exist yet: it is then its own target of the right kind.
    """
    policy = parse_policy(text)
    if policy is None or policy.target_arn == source_arn:
        return
    source, target_arn = arn.parse(source_arn), arn.parse(policy.target_arn)
    assert source is not None
    assert target_arn is not None
    if target_arn.region != source.region:
        raise _invalid(text, "Dead-letter target must be in same region as the source.")
    if target_arn.account != source.account:
        raise _invalid(text, "Dead-letter target owner should be same as the source.")
    target = find(policy.target_arn)
    if target is None:
        raise _invalid(text, "Dead letter target does not exist.")
    if target.attributes.fifo != fifo:
        raise _invalid(text, "Dead-letter queue must be same type of queue as the source.")
    if not target.attributes.redrive_allow.allows(source_arn):
        raise _invalid(text, "The dead-letter queue's RedriveAllowPolicy does not allow this source queue.")


def _json_map(text: str, parameter: str, what: str) -> dict[str, Any]:
    document = documents.read(text)
    if document is None:
        raise InvalidParameterValue.of(text, parameter, f"{what} is not a valid JSON map.")
    return document


def _invalid(text: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue.of(text, "RedrivePolicy", reason)
