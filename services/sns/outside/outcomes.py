"""What is done once a delivery to a subscription has ended: a line in the status log, and a dead letter."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from services.errors import ServiceError
from services.sns.model import NOTIFICATION
from services.sns.names import FIFO_SUFFIX
from services.sns.outside import dead_letters, status_logs

if TYPE_CHECKING:
    from services.ports import QueueSink
    from services.sns.envelope import Envelopes
    from services.sns.model import Attempted, Message, Subscription
    from services.sns.outside.status_logs import StatusLogs
    from services.sns.state import Topics

log = logging.getLogger("undercast.sns")


class DeliveryOutcomes:
    """services.sns.model.Outcomes."""

    def __init__(self, topics: Topics, envelopes: Envelopes, queues: QueueSink, logs: StatusLogs) -> None:
        self._topics = topics
        self._envelopes = envelopes
        self._queues = queues
        self._logs = logs

    def ended(self, subscription: Subscription, message: Message, attempted: Attempted) -> None:
        """Told once for each delivery."""
        if not attempted.ok:
            log.info(
                "Message %s did not reach %s %s: %s",
                message.message_id,
                subscription.protocol,
                subscription.endpoint,
                attempted.text,
            )
            if message.type == NOTIFICATION:
                self._bury(subscription, message)
        prefix = status_logs.PREFIXES.get(subscription.protocol)
        topic = self._topics.find(subscription.topic_arn)
        if prefix is None or topic is None:
            return
        wanted = status_logs.wanted(topic.attributes, prefix)
        if wanted.successes_percent or wanted.failures:
            text = message.text_for(subscription.protocol)
            delivery = {"destination": subscription.endpoint}
            self._logs.write(topic.scope, topic.name, wanted, message, text, attempted, delivery)

    def _bury(self, subscription: Subscription, message: Message) -> None:
        target = dead_letters.target_of(subscription.attributes.get("RedrivePolicy", ""))
        if not target:
            return
        body, attributes = self._letter(subscription, message)
        fifo = target.endswith(FIFO_SUFFIX)
        try:
            self._queues.send(
                target,
                body,
                attributes,
                account=subscription.scope.account,
                # As for endpoints: what a FIFO topic sends to a standard queue has no group.
                group_id=message.group_id if fifo or not message.sequence_number else "",
                deduplication_id=message.deduplication_id if fifo else "",
                trace_header=message.trace_header,
            )
        except ServiceError as error:
            log.warning("Message %s was lost: the dead-letter queue %s: %s", message.message_id, target, error.message)

    def _letter(self, subscription: Subscription, message: Message) -> tuple[str, dict[str, dict[str, Any]]]:
        """What the endpoint would have got."""
        if subscription.raw:
            return message.text_for(subscription.protocol), message.attributes
        return self._envelopes.envelope(subscription, message), {}
