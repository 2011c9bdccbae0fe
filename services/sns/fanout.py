"""From a published message to everybody who is to have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping

    from services.sns.channels import QueueChannel
    from services.sns.filters.recipients import Recipients
    from services.sns.model import Channel, DataProtection, Message, Subscription, Topic


_LOGS_SUCCESSES: Final = "SQSSuccessFeedbackRoleArn"
"""With this attribute of a topic somebody wants to hear of every delivery to a queue."""


class Fanout:
    """Gives messages to channels."""

    def __init__(
        self,
        recipients: Recipients,
        channels: Mapping[str, Channel],
        queues: QueueChannel,
        protection: DataProtection,
    ) -> None:
        """`queues` is the channel of queues, which takes many deliveries at once."""
        self._recipients = recipients
        self._channels = channels
        self._queues = queues
        self._protection = protection
        self.held_back: dict[str, deque[Message]] = {}
        """By ARN: messages for a subscription that is to get others before. Who put it there delivers them."""
        self.on_published: list[Callable[[Topic, Message], None]] = []
        """Told of each message that is published to a topic, before it is delivered."""

    def send(self, topic: Topic, message: Message) -> None:
        """Deliver to every subscription whose filter lets the message pass."""
        for told in self.on_published:
            told(topic, message)
        if not topic.subscriptions:
            return
        recipients = self._recipients.of(topic, message)
        if self.held_back:
            recipients = [one for one in recipients if not self._hold_back(one, message)]
        if topic.data_protection_policy:
            for subscription in recipients:
                self.deliver(topic, subscription, message)
            return
        others = recipients
        if not topic.attributes.get(_LOGS_SUCCESSES):
            queues = [subscription for subscription in recipients if subscription.protocol == "sqs"]
            if queues:
                self._queues.deliver_all(queues, message)
                if len(queues) == len(recipients):
                    return
                others = [subscription for subscription in recipients if subscription.protocol != "sqs"]
        channels = self._channels
        for subscription in others:
            channels[subscription.protocol].deliver(subscription, message)

    def _hold_back(self, subscription: Subscription, message: Message) -> bool:
        waiting = self.held_back.get(subscription.arn)
        if waiting is None:
            return False
        waiting.append(message)
        return True

    def deliver(self, topic: Topic, subscription: Subscription, message: Message) -> None:
        """Deliver to one subscription, whatever its filter says."""
        if topic.data_protection_policy:
            protected = self._protection.outbound(topic, subscription, message)
            if protected is None:
                return
            message = protected
        self._channels[subscription.protocol].deliver(subscription, message)
