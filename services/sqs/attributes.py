"""Queue attributes: which there are, what each may be, and what is answered for them.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from services.sqs import limits, policy, redrive
from services.sqs.errors import InvalidAttributeName, InvalidAttributeValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def _integer(low: int, high: int) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        text = value.strip()
        # No longer than any number in question: int() refuses what has thousands of digits.
        if not (len(text) <= 20 and text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise InvalidAttributeValue.of(name)
        return str(int(text))

    return check


def _boolean(name: str, value: str) -> str:
    text = value.lower()
    if text not in {"true", "false"}:
        raise InvalidAttributeValue.of(name)
    return text


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        if value not in choices:
            raise InvalidAttributeValue.of(name)
        return value

    return check


def _text(_name: str, value: str) -> str:
    return value


def _policy(_name: str, value: str) -> str:
    policy.check(value)
    return value


def _redrive_policy(_name: str, value: str) -> str:
    redrive.parse_policy(value)
    return value


def _redrive_allow_policy(_name: str, value: str) -> str:
    redrive.parse_allow_policy(value)
    return value


class _Attribute(NamedTuple):
    check: Callable[[str, str], str]
    """(name, value) -> the value as it is kept; raises when it is not allowed."""
    default: str = ""
    """Empty: absent until set; setting it to "" makes it absent again."""
    fifo_only: bool = False


# In the order in which "All" answers them, after the computed ones.
_SETTABLE: Final[dict[str, _Attribute]] = {
    "VisibilityTimeout": _Attribute(_integer(0, limits.VISIBILITY_MAX_S), str(limits.VISIBILITY_DEFAULT_S)),
    "MaximumMessageSize": _Attribute(
        _integer(limits.MESSAGE_SIZE_MIN, limits.MESSAGE_SIZE_MAX), str(limits.MESSAGE_SIZE_MAX)
    ),
    "MessageRetentionPeriod": _Attribute(
        _integer(limits.RETENTION_MIN_S, limits.RETENTION_MAX_S), str(limits.RETENTION_DEFAULT_S)
    ),
    "DelaySeconds": _Attribute(_integer(0, limits.DELAY_MAX_S), "0"),
    "ReceiveMessageWaitTimeSeconds": _Attribute(_integer(0, limits.LONG_POLL_MAX_S), "0"),
    "Policy": _Attribute(_policy),
    "RedrivePolicy": _Attribute(_redrive_policy),
    "RedriveAllowPolicy": _Attribute(_redrive_allow_policy),
    "FifoQueue": _Attribute(_boolean, "true", fifo_only=True),
    "ContentBasedDeduplication": _Attribute(_boolean, "false", fifo_only=True),
    "DeduplicationScope": _Attribute(_one_of("queue", "messageGroup"), "queue", fifo_only=True),
    "FifoThroughputLimit": _Attribute(_one_of("perQueue", "perMessageGroupId"), "perQueue", fifo_only=True),
    "KmsMasterKeyId": _Attribute(_text),
    "KmsDataKeyReusePeriodSeconds": _Attribute(
        _integer(limits.KMS_REUSE_MIN_S, limits.KMS_REUSE_MAX_S), str(limits.KMS_REUSE_DEFAULT_S)
    ),
    "SqsManagedSseEnabled": _Attribute(_boolean, "true"),
}
_COMPUTED: Final = (
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
)
NAMES: Final = frozenset(_SETTABLE) | frozenset(_COMPUTED) | {"All"}
_HIGH_THROUGHPUT: Final = frozenset({"DeduplicationScope", "FifoThroughputLimit"})
_MAY_BE_EMPTIED: Final = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"})


class QueueAttributes:
    """The settings of one queue: as strings for GetQueueAttributes, and as numbers for the queue itself."""

    def __init__(self, *, fifo: bool, given: Mapping[str, str]) -> None:
        """`given` is what `checked` returned."""
        self.fifo = fifo
        self._values = {name: spec.default for name, spec in _SETTABLE.items() if fifo or not spec.fifo_only}
        self.update(given)

    def update(self, given: Mapping[str, str]) -> None:
        """Take over attributes that `checked` has returned."""
        values = self._values
        values.update(given)
        if given.get("KmsMasterKeyId"):
            values["SqsManagedSseEnabled"] = "false"
        elif given.get("SqsManagedSseEnabled") == "true":
            values["KmsMasterKeyId"] = ""
        self.visibility_s = int(values["VisibilityTimeout"])
        self.message_size = int(values["MaximumMessageSize"])
        self.retention_s = int(values["MessageRetentionPeriod"])
        self.delay_s = int(values["DelaySeconds"])
        self.wait_s = int(values["ReceiveMessageWaitTimeSeconds"])
        self.content_based_deduplication = values.get("ContentBasedDeduplication") == "true"
        self.deduplication_by_group = values.get("DeduplicationScope") == "messageGroup"
        self.redrive = redrive.parse_policy(values["RedrivePolicy"])
        self.redrive_allow = redrive.parse_allow_policy(values["RedriveAllowPolicy"])

    @property
    def policy(self) -> str:
        """The queue's policy document, empty if it has none."""
        return self._values["Policy"]

    def checked(self, given: Mapping[str, str]) -> dict[str, str]:
        """`given` normalised, for a change of these attributes; raises for the first name or value not allowed."""
        found = check(given, fifo=self.fifo)
        if found.get("FifoQueue") == "false":
            raise InvalidAttributeValue.of("FifoQueue", "Modifying queue type is not supported.")
        _check_together({**self._values, **found}, found)
        return found

    def different(self, given: Mapping[str, str]) -> str:
        """The first attribute of `given` (as `checked` returned it) whose value is another here; empty if none is."""
        for name, value in given.items():
            if not _same(name, self._values[name], value):
                return name
        return ""

    def shown(self) -> dict[str, str]:
        """What GetQueueAttributes answers for "All", without the computed ones."""
        found = {name: value for name, value in self._values.items() if value}
        if "KmsMasterKeyId" not in found:
            del found["KmsDataKeyReusePeriodSeconds"]
        return found


def check(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """`given` normalised; InvalidAttributeName or InvalidAttributeValue for the first that is not allowed."""
    found = {}
    for name, value in given.items():
        spec = _SETTABLE.get(name)
        if spec is None:
            raise InvalidAttributeName.unknown(name)
        if spec.fifo_only and not fifo:
            if name in _HIGH_THROUGHPUT:
                raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
            raise InvalidAttributeName.unknown(name)
        found[name] = "" if not value and name in _MAY_BE_EMPTIED else spec.check(name, value)
    return found


def for_new_queue(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """`given` normalised for CreateQueue."""
    found = check(given, fifo=fifo)
    _check_together(found, found)
    return found


def select(names: Iterable[str], shown: Mapping[str, str]) -> dict[str, str]:
    """The attributes of `shown` that `names` asks for; InvalidAttributeName for one there is not."""
    wanted = list(names)
    for name in wanted:
        if name not in NAMES:
            raise InvalidAttributeName.unknown(name)
    if "All" in wanted:
        return dict(shown)
    return {name: value for name, value in shown.items() if name in wanted}


def _check_together(values: Mapping[str, str], given: Mapping[str, str]) -> None:
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
    if values.get("FifoThroughputLimit") == "perMessageGroupId" and values.get("DeduplicationScope") != "messageGroup":
        raise InvalidAttributeValue.of(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.",
        )


def _same(name: str, ours: str, theirs: str) -> bool:
    if name == "RedrivePolicy":
        return redrive.parse_policy(ours) == redrive.parse_policy(theirs)
    if name == "RedriveAllowPolicy":
        return redrive.parse_allow_policy(ours) == redrive.parse_allow_policy(theirs)
    if name == "Policy":
        return policy.parse(ours) == policy.parse(theirs)
    return ours == theirs
