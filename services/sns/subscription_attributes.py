"""Attributes of subscriptions: what may be set, and what GetSubscriptionAttributes shows.

https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.sns.filters.policy import compile_policy
from services.sns.filters.tokens import FilterPolicyError
from services.sns.names import FIFO_SUFFIX
from services.sns.outside import dead_letters, delivery_policies
from services.sns.outside.documents import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.sns.model import Filter, Subscription, Topic

_SETTABLE: Final = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    }
)
_HTTP: Final = frozenset({"http", "https"})
_WITH_RAW: Final = frozenset({"http", "https", "sqs", "firehose"})
MESSAGE_ATTRIBUTES: Final = "MessageAttributes"
MESSAGE_BODY: Final = "MessageBody"


class Unacceptable(Exception):
    """An attribute that is refused. What stands before `text` depends on the operation."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def checked(topic: Topic, protocol: str, endpoint: str, name: str, value: str) -> str:
    """A value as it is kept. FilterPolicy and its scope are checked together: `compiled`.

    Raises:
        Unacceptable: no such attribute, or not such a value.
    """
    if name not in _SETTABLE:
        raise Unacceptable("AttributeName")
    try:
        if name == "RawMessageDelivery":
            return _raw(protocol, value)
        if name == "FilterPolicyScope":
            _check_scope(value)
        elif name == "RedrivePolicy":
            dead_letters.check(value, topic.arn)
            target = dead_letters.target_of(value)
            if target and endpoint.endswith(FIFO_SUFFIX) and not target.endswith(FIFO_SUFFIX):
                raise Unacceptable(
                    "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
                )
        elif name == "DeliveryPolicy":
            if value and protocol not in _HTTP:
                raise Unacceptable("DeliveryPolicy: supported by HTTP/S subscriptions only")
            delivery_policies.check_subscription(value)
        elif name == "ReplayPolicy" and value and not topic.fifo:
            raise Unacceptable("ReplayPolicy: supported by FIFO topics only")
    except Refused as refused:
        raise Unacceptable(refused.text) from None
    return value


def _raw(protocol: str, value: str) -> str:
    lowered = value.lower()
    if lowered not in {"true", "false"}:
        raise Unacceptable(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if lowered == "true" and protocol not in _WITH_RAW:
        raise Unacceptable(f"Delivery protocol [{protocol}] does not support raw message delivery.")
    return lowered


def _check_scope(value: str) -> None:
    if value not in {MESSAGE_ATTRIBUTES, MESSAGE_BODY}:
        raise Unacceptable(
            f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        )


def compiled(attributes: Mapping[str, str]) -> Filter | None:
    """The filter of these attributes.

    Raises:
        Unacceptable: it is none, or not for this scope.
    """
    policy = attributes.get("FilterPolicy")
    if not policy:
        return None
    try:
        return compile_policy(policy, attributes.get("FilterPolicyScope") or MESSAGE_ATTRIBUTES)
    except FilterPolicyError as error:
        raise Unacceptable(error.text) from None


def shown(topic: Topic | None, subscription: Subscription) -> dict[str, str]:
    """What GetSubscriptionAttributes tells, but for `ReplayStatus`, which the archive knows."""
    kept = subscription.attributes
    found = {
        "SubscriptionPrincipal": subscription.principal,
        "Owner": subscription.owner,
        "RawMessageDelivery": "true" if subscription.raw else "false",
        "TopicArn": subscription.topic_arn,
        "Endpoint": subscription.endpoint,
        "Protocol": subscription.protocol,
        "PendingConfirmation": "false" if subscription.confirmed else "true",
        "ConfirmationWasAuthenticated": "true" if subscription.authenticated else "false",
        "SubscriptionArn": subscription.arn,
    }
    found |= {name: value for name, value in kept.items() if value and name != "FilterPolicyScope"}
    if kept.get("FilterPolicy"):
        found["FilterPolicyScope"] = kept.get("FilterPolicyScope") or MESSAGE_ATTRIBUTES
    if subscription.protocol in _HTTP:
        of_topic = "" if topic is None else topic.attributes.get("DeliveryPolicy", "")
        found["EffectiveDeliveryPolicy"] = delivery_policies.effective_subscription(
            of_topic, kept.get("DeliveryPolicy", "")
        )
    return found


def same(subscription: Subscription, wanted: Mapping[str, str]) -> bool:
    """Whether an existing subscription is what Subscribe asks for. What is not asked for may be anything."""
    kept = subscription.attributes
    defaults = {"RawMessageDelivery": "false", "FilterPolicyScope": MESSAGE_ATTRIBUTES}
    return all((kept.get(name) or defaults.get(name, "")) == value for name, value in wanted.items())
