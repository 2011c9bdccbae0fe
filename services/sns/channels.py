"""The roads to queues and functions.

https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Final

from services.errors import ServiceError
from services.sns import limits
from services.sns.model import NO_ATTRIBUTES, NOTIFICATION, Attempted
from services.sns.names import FIFO_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.ports import Clock, FunctionSink, QueueSink
    from services.scope import Scope
    from services.sns.envelope import Envelopes
    from services.sns.model import Message, MessageAttributes, Outcomes, Subscription

_ACCEPTED: Final = 202
_OK: Final = 200


_AROUND_IT: Final = 4_096
"""Bytes that are more than a document has besides what the publisher gave: names, ids, ARNs, URLs, signature."""
_WRITTEN: Final = 6
"""Bytes that a character, or base64 of a byte, may take in a document."""
_UNUSUAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search
"""Characters that queues refuse, some of which a document would have escaped."""


def _plain(message: Message, text: str) -> bool:
    """Whether no queue can have anything against a character of this message."""
    if not (text.isascii() and text.isprintable()) and _UNUSUAL(text):
        return False
    if message.subject is not None and _UNUSUAL(message.subject):
        return False
    return not any(
        _UNUSUAL(name) or _UNUSUAL(value["DataType"]) or _UNUSUAL(value.get("StringValue") or "")
        for name, value in message.attributes.items()
    )


def _extent(message: Message) -> int:
    """Characters and bytes of what else the publisher gave."""
    extent = len(message.subject or "")
    for name, value in message.attributes.items():
        extent += len(name) + len(value["DataType"]) + 16
        extent += len(value.get("StringValue") or "") + len(value.get("BinaryValue") or b"")
    return extent


class _AtOnce:
    """A channel whose endpoints are in this process: there is nothing to wait for, nor to try again."""

    def __init__(self, clock: Clock, envelopes: Envelopes, outcomes: Outcomes) -> None:
        self._clock = clock
        self._envelopes = envelopes
        self._outcomes = outcomes

    def busy(self) -> bool:
        """Never."""
        return False

    def forget(self, scope: Scope) -> None:
        """Nothing is kept."""

    def _failed(self, subscription: Subscription, message: Message, status: int, code: str, text: str) -> None:
        attempted = Attempted(
            ok=False, status_code=status, text=text, dwell_ms=self._dwell_ms(message), error_code=code
        )
        self._outcomes.ended(subscription, message, attempted)

    def _succeeded(self, subscription: Subscription, message: Message, status: int, text: str) -> None:
        attempted = Attempted(ok=True, status_code=status, text=text, dwell_ms=self._dwell_ms(message))
        self._outcomes.ended(subscription, message, attempted)

    def _dwell_ms(self, message: Message) -> float:
        return max(0.0, (self._clock.now() - message.published_at) * 1000)


class QueueChannel(_AtOnce):
    """Protocol `sqs`."""

    def __init__(self, clock: Clock, envelopes: Envelopes, outcomes: Outcomes, queues: QueueSink) -> None:
        super().__init__(clock, envelopes, outcomes)
        self._queues = queues

    def deliver_all(self, subscriptions: Sequence[Subscription], message: Message) -> None:
        """Send a notification to many queues; nobody is told of the end of those that succeed.

        The documents are made, and signed, when somebody receives them: until then a delivery costs next to nothing.
        """
        text = message.text_for("sqs")
        if len(message.attributes) > limits.RAW_ATTRIBUTES_MAX or not _plain(message, text):
            for subscription in subscriptions:
                self.deliver(subscription, message)
            return
        length = len(text) if text.isascii() else 4 * len(text)
        raw = [subscription for subscription in subscriptions if subscription.raw]
        if raw:
            self._post(raw, message, lambda arn: text, message.attributes, length)
        if len(raw) < len(subscriptions):
            others = [subscription for subscription in subscriptions if not subscription.raw]
            make = partial(self._envelopes.notification_for, message, text)
            self._post(others, message, make, NO_ATTRIBUTES, _AROUND_IT + _WRITTEN * (length + _extent(message)))

    def _post(
        self,
        subscriptions: Sequence[Subscription],
        message: Message,
        make: Callable[[str], str],
        attributes: MessageAttributes,
        size_at_most: int,
    ) -> None:
        refused = self._queues.post(
            [(subscription.endpoint, subscription.arn) for subscription in subscriptions],
            make,
            attributes,
            size_at_most=size_at_most,
            account=message.account,
            group_id="" if message.sequence_number else message.group_id,
            trace_header=message.trace_header,
        )
        for number in refused:
            self.deliver(subscriptions[number], message)

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Send to the queue; what the queue refuses has failed."""
        raw = subscription.raw and message.type == NOTIFICATION
        if raw and len(message.attributes) > limits.RAW_ATTRIBUTES_MAX:
            text = f"More than {limits.RAW_ATTRIBUTES_MAX} message attributes with raw message delivery"
            self._failed(subscription, message, 400, "InvalidParameterValue", text)
            return
        body = message.text_for("sqs") if raw else self._envelopes.envelope(subscription, message)
        to_fifo = subscription.endpoint.endswith(FIFO_SUFFIX)
        # Of a FIFO topic, a standard queue gets no group; of a standard topic it does, for fair queues.
        grouped = to_fifo or not message.sequence_number
        try:
            sent = self._queues.send(
                subscription.endpoint,
                body,
                message.attributes if raw else NO_ATTRIBUTES,
                account=message.account,
                group_id=message.group_id if grouped else "",
                deduplication_id=message.deduplication_id if to_fifo else "",
                trace_header=message.trace_header,
            )
        except ServiceError as error:
            self._failed(subscription, message, error.status, error.code, error.message)
        else:
            self._succeeded(subscription, message, _OK, json.dumps({"sqsMessageId": sent.get("MessageId", "")}))


class FunctionChannel(_AtOnce):
    """Protocol `lambda`."""

    def __init__(self, clock: Clock, envelopes: Envelopes, outcomes: Outcomes, functions: FunctionSink) -> None:
        super().__init__(clock, envelopes, outcomes)
        self._functions = functions

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Invoke the function asynchronously; what Lambda does not accept has failed."""
        event = self._envelopes.lambda_event(subscription, message)
        try:
            request_id = self._functions.invoke_event(subscription.endpoint, event, message.trace_header)
        except ServiceError as error:
            self._failed(subscription, message, error.status, error.code, error.message)
        else:
            self._succeeded(subscription, message, _ACCEPTED, json.dumps({"lambdaRequestId": request_id}))
