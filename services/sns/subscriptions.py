"""Subscriptions: from Subscribe over ConfirmSubscription to Unsubscribe, and their attributes.

https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.api import operation
from services.sns import endpoints, limits, names, paging
from services.sns import subscription_attributes as attributes
from services.sns.errors import AuthorizationError, InvalidParameter, NotFound, SubscriptionLimitExceeded
from services.sns.model import SUBSCRIPTION_CONFIRMATION, UNSUBSCRIBE_CONFIRMATION, Message, Subscription
from services.sns.subscription_attributes import Unacceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.api import Call, Params
    from services.ports import Clock, Entropy, Timer
    from services.scope import Scope
    from services.sns.model import Channel, Topic
    from services.sns.state import Topics

PENDING: Final = "pending confirmation"
"""What Subscribe answers in place of the ARN. Lists say it as one word."""
_TOKEN_BITS: Final = 1152
_RESTORABLE_MAX: Final = 1000
"""Of subscriptions that were ended so many can come back; older ones are forgotten."""
_WITH_UNSUBSCRIBE_CONFIRMATION: Final = frozenset({"http", "https", "email", "email-json"})


class SubscriptionsApi:
    """The operations of subscriptions.

    Whoever knows more of a subscription's attributes appends to `checks` (name to a function of the topic, the
    subscription, and the value, which raises `Unacceptable`) and to `shown` (more of GetSubscriptionAttributes).
    """

    def __init__(self, topics: Topics, clock: Clock, entropy: Entropy, channels: Mapping[str, Channel]) -> None:
        self._topics = topics
        self._clock = clock
        self._entropy = entropy
        self._channels = channels
        self._gone: dict[str, Subscription] = {}
        """By ARN: what the token of an UnsubscribeConfirmation brings back."""
        self._waiting: dict[str, Timer] = {}
        """By ARN: until when a subscription may still be confirmed."""
        topics.on_subscriptions.append(self._changed)
        topics.on_deleted.append(self._topic_deleted)
        self.checks: dict[str, Callable[[Topic, Subscription | None, str], Any]] = {}
        self.shown: list[Callable[[Subscription], dict[str, str]]] = []

    # Coming.

    @operation
    def subscribe(self, call: Call, params: Params) -> Params:
        names.parse_arn(params["TopicArn"], "TopicArn")
        protocol, endpoint = params["Protocol"], params.get("Endpoint") or ""
        endpoints.check(None, protocol, endpoint)
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        endpoints.check(topic, protocol, endpoint)
        try:
            wanted = self._checked(topic, protocol, endpoint, params.get("Attributes") or {})
            matcher = attributes.compiled(wanted)
        except Unacceptable as refused:
            raise InvalidParameter.of("Attributes", refused.text) from None
        subscription = topic.subscriptions.get(topic.arn_of.get((protocol, endpoint), ""))
        if subscription is not None:
            if not attributes.same(subscription, wanted):
                raise InvalidParameter.of("Attributes", "Subscription already exists with different attributes")
        else:
            _check_room(topic, protocol)
            number, account = self._topics.number(), call.scope.account
            subscription = Subscription(
                f"{topic.arn}:{self._entropy.uuid()}",
                topic.arn,
                protocol,
                endpoint,
                account,
                self._clock.now(),
                confirmed=not endpoints.needs_confirmation(protocol, endpoint, account),
                authenticated=not endpoints.needs_confirmation(protocol, endpoint, account),
                principal=f"arn:{arn.partition(call.scope.region)}:iam::{account}:user/undercast",
                attributes=wanted,
                raw=wanted.get("RawMessageDelivery") == "true",
                filter=matcher,
                number=number,
            )
            self._topics.put(topic, subscription)
            if not subscription.confirmed:
                until = self._clock.now() + limits.PENDING_S
                self._waiting[subscription.arn] = self._clock.at(until, partial(self._give_up, subscription.arn))
        if not subscription.confirmed:
            self._ask(topic, subscription, SUBSCRIPTION_CONFIRMATION, call.origin)
        pending = not subscription.confirmed and not params.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": PENDING if pending else subscription.arn}

    def _give_up(self, subscription_arn: str) -> None:
        """Nobody has confirmed in time."""
        topic = self._topics.find(names.topic_of_subscription(subscription_arn))
        subscription = None if topic is None else topic.subscriptions.get(subscription_arn)
        if topic is not None and subscription is not None:
            self._topics.remove(topic, subscription)

    def _changed(self, topic: Topic, before: Subscription | None, after: Subscription | None) -> None:
        if before is not None and (after is None or after.confirmed):
            self._wait_no_more(before.arn)

    def _topic_deleted(self, topic: Topic) -> None:
        for subscription_arn in topic.subscriptions:
            self._wait_no_more(subscription_arn)

    def _wait_no_more(self, subscription_arn: str) -> None:
        timer = self._waiting.pop(subscription_arn, None)
        if timer is not None:
            timer.cancel()

    def _checked(self, topic: Topic, protocol: str, endpoint: str, given: Mapping[str, str]) -> dict[str, str]:
        wanted: dict[str, str] = {}
        for name, value in given.items():
            wanted[name] = attributes.checked(topic, protocol, endpoint, name, value)
            if name in self.checks:
                self.checks[name](topic, None, value)
        return wanted

    def _ask(self, topic: Topic, subscription: Subscription, kind: str, origin: str) -> None:
        """Send a confirmation with a new token, by the road of the protocol."""
        now = self._clock.now()
        token = f"{self._entropy.bits(_TOKEN_BITS):0{_TOKEN_BITS // 4}x}"
        self._topics.remember_token(token, subscription.arn, now, now + limits.TOKEN_S)
        text = (
            f"You have chosen to subscribe to the topic {topic.arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
            if kind == SUBSCRIPTION_CONFIRMATION
            else f"You have chosen to deactivate subscription {subscription.arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
        channel = self._channels.get(subscription.protocol)
        if channel is not None:
            message = Message(
                self._entropy.uuid(),
                now,
                text,
                topic_arn=topic.arn,
                origin=origin,
                account=topic.scope.account,
                region=topic.scope.region,
                signature_version=topic.signature_version,
                type=kind,
                token=token,
            )
            channel.deliver(subscription, message)

    @operation
    def confirm_subscription(self, call: Call, params: Params) -> Params:
        topic_arn, token = params["TopicArn"], params["Token"]
        given = arn.parse(topic_arn)
        if given is None or given.service != "sns":
            raise InvalidParameter.of("Topic")
        if not token.isalnum() or not token.isascii() or token.strip("0123456789abcdef"):
            raise InvalidParameter("Invalid token")
        found = self._topics.subscription_of_token(token)
        if found is None or found[1] <= self._clock.now():
            raise InvalidParameter.of("Token")
        subscription_arn, _ = found
        of = arn.parse(subscription_arn)
        if of is None or of.region != given.region:
            raise InvalidParameter.of("Topic")
        # The token decides, whatever topic of the region was named: so does AWS.
        topic = self._topics.find(names.topic_of_subscription(subscription_arn))
        if topic is None:
            raise InvalidParameter.of("Token")
        subscription = topic.subscriptions.get(subscription_arn) or self._gone.get(subscription_arn)
        if subscription is None:
            raise InvalidParameter.of("Token")
        if not subscription.confirmed:
            authenticated = (params.get("AuthenticateOnUnsubscribe") or "").lower() == "true"
            self._gone.pop(subscription_arn, None)
            self._topics.put(topic, replace(subscription, confirmed=True, authenticated=authenticated))
        return {"SubscriptionArn": subscription_arn}

    # Going.

    @operation
    def unsubscribe(self, call: Call, params: Params) -> Params:
        subscription_arn = params["SubscriptionArn"]
        parsed = names.parse_arn(subscription_arn, "SubscriptionArn")
        # A visit of the link in a message carries no signature, and so no region.
        if parsed.service != "sns" or (call.access_key and parsed.region != call.scope.region):
            raise InvalidParameter.of("SubscriptionArn")
        if ":" not in parsed.resource:
            raise InvalidParameter.of("SubscriptionId")
        topic = self._topics.find(names.topic_of_subscription(subscription_arn))
        subscription = None if topic is None else topic.subscriptions.get(subscription_arn)
        if topic is None or subscription is None:
            return {}
        if subscription.authenticated and not call.access_key:
            raise AuthorizationError("This operation requires authentication")
        self._topics.remove(topic, subscription)
        if subscription.confirmed and subscription.protocol in _WITH_UNSUBSCRIBE_CONFIRMATION:
            if len(self._gone) >= _RESTORABLE_MAX:
                del self._gone[next(iter(self._gone))]
            self._gone[subscription_arn] = replace(subscription, confirmed=False)
            self._ask(topic, subscription, UNSUBSCRIBE_CONFIRMATION, call.origin)
        return {}

    # Looking.

    @operation
    def list_subscriptions(self, call: Call, params: Params) -> Params:
        shown, more = paging.page(self._topics.subscriptions_of(call.scope.account, call.scope.region), params)
        return {"Subscriptions": list(map(_listed, shown)), **more}

    @operation
    def list_subscriptions_by_topic(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        shown, more = paging.page(topic.subscriptions.values(), params)
        return {"Subscriptions": list(map(_listed, shown)), **more}

    def _require(self, call: Call, params: Params) -> tuple[Topic, Subscription]:
        subscription_arn = params["SubscriptionArn"]
        parsed = names.parse_arn(subscription_arn, "SubscriptionArn")
        if parsed.service != "sns" or parsed.region != call.scope.region:
            raise InvalidParameter.of("SubscriptionArn")
        if ":" not in parsed.resource:
            raise InvalidParameter.of("SubscriptionArn")
        topic = self._topics.find(names.topic_of_subscription(subscription_arn))
        subscription = None if topic is None else topic.subscriptions.get(subscription_arn)
        if topic is None or subscription is None:
            raise NotFound.subscription()
        return topic, subscription

    @operation
    def get_subscription_attributes(self, call: Call, params: Params) -> Params:
        topic, subscription = self._require(call, params)
        found = attributes.shown(topic, subscription)
        for more in self.shown:
            found |= more(subscription)
        return {"Attributes": found}

    @operation
    def set_subscription_attributes(self, call: Call, params: Params) -> Params:
        topic, subscription = self._require(call, params)
        name, value = params["AttributeName"], params.get("AttributeValue") or ""
        try:
            kept = attributes.checked(topic, subscription.protocol, subscription.endpoint, name, value)
            if name in self.checks:
                self.checks[name](topic, subscription, value)
            wanted = {**subscription.attributes, name: kept}
            matcher = subscription.filter
            if name in {"FilterPolicy", "FilterPolicyScope"}:
                matcher = attributes.compiled(wanted)
        except Unacceptable as refused:
            raise InvalidParameter.of(refused.text) from None
        raw = wanted.get("RawMessageDelivery") == "true"
        self._topics.put(topic, replace(subscription, attributes=wanted, raw=raw, filter=matcher))
        return {}

    def forget(self, scope: Scope) -> None:
        """Forget what could have been restored of a scope."""
        self._gone = {key: kept for key, kept in self._gone.items() if kept.scope != scope}


def _check_room(topic: Topic, protocol: str) -> None:
    if int(topic.attributes.get("MaximumMessageSize") or 0) > limits.MESSAGE_MAX and (
        protocol not in limits.LARGE_PROTOCOLS or len(topic.subscriptions) >= limits.LARGE_TOPIC_SUBSCRIPTIONS_MAX
    ):
        raise InvalidParameter.of("MaximumMessageSize")
    most = limits.SUBSCRIPTIONS_MAX_FIFO if topic.fifo else limits.SUBSCRIPTIONS_MAX_STANDARD
    if len(topic.subscriptions) >= most:
        raise SubscriptionLimitExceeded("Subscription limit exceeded")


def _listed(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": subscription.arn if subscription.confirmed else "PendingConfirmation",
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }
