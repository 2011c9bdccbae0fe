"""Data protection policies: kept here with their topics; `data_protection` reads them and acts.

https://docs.aws.amazon.com/sns/latest/api/API_PutDataProtectionPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.ports import Clock, Entropy, LogSink
    from services.sns.data_protection.guard import Guard
    from services.sns.model import Message, Subscription, Topic
    from services.sns.state import Topics


class ProtectionApi:
    """PutDataProtectionPolicy and GetDataProtectionPolicy, and `services.sns.model.DataProtection`."""

    def __init__(self, topics: Topics, clock: Clock, entropy: Entropy, logs: LogSink) -> None:
        self._topics = topics
        self._of_the_world = (clock, entropy, logs)
        self._made: Guard | None = None

    @operation
    def put_data_protection_policy(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["ResourceArn"], call.scope.region, "ResourceArn")
        self._set(topic, params["DataProtectionPolicy"])
        self._topics.tell_changed(topic)
        return {}

    @operation
    def get_data_protection_policy(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["ResourceArn"], call.scope.region, "ResourceArn")
        return {"DataProtectionPolicy": topic.data_protection_policy}

    def created(self, topic: Topic, params: Params) -> None:
        """A topic is being created: CreateTopic takes a policy as well.

        Raises:
            InvalidParameter: it is none.
        """
        text = params.get("DataProtectionPolicy")
        if text:
            self._set(topic, text)

    @property
    def _guard(self) -> Guard:
        # Its patterns take a tenth of SNS's whole import to compile, and hardly anybody needs them.
        from services.sns.data_protection.guard import Guard

        if self._made is None:
            self._made = Guard(*self._of_the_world)
        return self._made

    def _set(self, topic: Topic, text: str) -> None:
        if text:
            from services.sns.data_protection import policy

            policy.read(text)
        topic.data_protection_policy = text

    def inbound(self, topic: Topic, message: Message, account: str) -> Message:
        """What is published of a message that `account` sends. Raises AuthorizationError when it is denied."""
        return self._guard.inbound(topic, message, account)

    def outbound(self, topic: Topic, subscription: Subscription, message: Message) -> Message | None:
        """What a subscription gets of a message; None when it is denied."""
        return self._guard.outbound(topic, subscription, message)
