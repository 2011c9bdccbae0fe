"""Attributes of topics: what may be set, and what GetTopicAttributes shows.

https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from services.sns import archive, limits, policies
from services.sns.errors import InvalidParameter
from services.sns.outside import delivery_policies, status_logs
from services.sns.outside.documents import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.sns.model import Topic

_FEEDBACK: Final = frozenset(
    f"{protocol}{name}"
    for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS")
    for name in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
_OF_FIFO: Final = frozenset({"ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope"})
_SETTABLE: Final = _FEEDBACK | _OF_FIFO | {
    "DeliveryPolicy",
    "DisplayName",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
}  # fmt: skip


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        if value not in allowed:
            raise InvalidParameter.of(name)
        return value

    return check


def _boolean(name: str, value: str) -> str:
    if value.lower() not in {"true", "false"}:
        raise InvalidParameter.of(f"{name}: Invalid value [{value}]. Must be true or false.")
    return value.lower()


def _display_name(name: str, value: str) -> str:
    if len(value) > limits.DISPLAY_NAME_MAX:
        raise InvalidParameter.of(name)
    return value


def _sample_rate(name: str, value: str) -> str:
    if not status_logs.is_sample_rate(value):
        raise InvalidParameter.of(name)
    return value


def _policy(name: str, value: str) -> str:
    if value:
        policies.check(value)
    return value


def _delivery_policy(name: str, value: str) -> str:
    delivery_policies.check_topic(value)
    if not value:
        return ""
    # As AWS shows it: nothing that is null, and whether subscriptions may say otherwise in any case.
    http = {key: given for key, given in (json.loads(value).get("http") or {}).items() if given is not None}
    return json.dumps({"http": {"disableSubscriptionOverrides": False, **http}}, separators=(",", ":"))


def _archive_policy(name: str, value: str) -> str:
    archive.retention_days(value)
    return value


def _message_size(name: str, value: str) -> str:
    fits = value.isascii() and value.isdecimal() and len(value) < 10
    if not fits or not limits.MESSAGE_SIZE_MIN <= int(value) <= limits.MESSAGE_SIZE_MAX:
        raise InvalidParameter.of(name)
    return value


_CHECKS: Final[dict[str, Callable[[str, str], str]]] = {
    "ArchivePolicy": _archive_policy,
    "ContentBasedDeduplication": _boolean,
    "DeliveryPolicy": _delivery_policy,
    "DisplayName": _display_name,
    "FifoThroughputScope": _one_of("Topic", "MessageGroup"),
    "MaximumMessageSize": _message_size,
    "Policy": _policy,
    "SignatureVersion": _one_of("1", "2"),
    "TracingConfig": _one_of("PassThrough", "Active"),
}


def is_fifo(given: Mapping[str, str]) -> bool:
    """Whether CreateTopic is asked for a FIFO topic."""
    return given.get("FifoTopic", "").lower() == "true"


def checked(name: str, value: str, *, fifo: bool) -> str:
    """A value as it is kept.

    Raises:
        InvalidParameter: no such attribute, not for this kind of topic, or not such a value.
    """
    if name not in _SETTABLE:
        raise InvalidParameter.of("AttributeName")
    if name in _OF_FIFO and not fifo and value.lower() not in {"", "false"}:
        if name == "ContentBasedDeduplication":
            raise InvalidParameter.of("Content-based deduplication can only be set for FIFO topics")
        raise InvalidParameter.of(f"{name} can only be set for FIFO topics")
    check = _CHECKS.get(name, _sample_rate if name.endswith("SampleRate") else None)
    if check is None:
        return value
    try:
        return check(name, value)
    except Refused as refused:
        raise InvalidParameter.of(refused.text) from None


def for_new_topic(given: Mapping[str, str]) -> dict[str, str]:
    """CreateTopic's attributes as they are kept, without `FifoTopic`.

    Raises:
        InvalidParameter: the first that is wrong.
    """
    fifo = is_fifo(given)
    kept: dict[str, str] = {}
    for name, value in given.items():
        if name == "FifoTopic":
            _boolean(name, value)
        elif name not in _SETTABLE:
            raise InvalidParameter.of("Attributes", f"Unknown attribute {name}")
        else:
            try:
                kept[name] = checked(name, value, fifo=fifo)
            except InvalidParameter as refused:
                what = refused.message.removeprefix("Invalid parameter: ")
                raise InvalidParameter.of("Attributes", what) from None
    return kept


def shown(topic: Topic) -> dict[str, str]:
    """What GetTopicAttributes tells, but for `BeginningArchiveTime`, which the archive knows."""
    confirmed = sum(subscription.confirmed for subscription in topic.subscriptions.values())
    found = {
        "Policy": policies.shown(topic),
        "Owner": topic.scope.account,
        "SubscriptionsPending": str(len(topic.subscriptions) - confirmed),
        "TopicArn": topic.arn,
        "EffectiveDeliveryPolicy": delivery_policies.effective_topic(topic.attributes.get("DeliveryPolicy", "")),
        "SubscriptionsConfirmed": str(confirmed),
        "DisplayName": "",
        "SubscriptionsDeleted": str(topic.deleted_subscriptions),
    }
    if topic.fifo:
        found |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    return found | {name: value for name, value in topic.attributes.items() if value or name == "DisplayName"}


def same(topic: Topic, wanted: Mapping[str, str], *, fifo: bool) -> bool:
    """Whether an existing topic is what CreateTopic asks for. What is not asked for may be anything."""
    if fifo is not topic.fifo:
        return False
    there = shown(topic)
    return all(there.get(name, "") == value for name, value in wanted.items())
