"""Topics: CreateTopic, DeleteTopic, ListTopics, and their attributes.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.api import operation
from services.sns import limits, names, paging, tags, topic_attributes
from services.sns.errors import InvalidParameter, TopicLimitExceeded
from services.sns.model import Topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.api import Call, Params
    from services.ports import Clock
    from services.sns.state import Topics


class TopicsApi:
    """The operations of topics.

    Whoever knows more of a topic's attributes than the topic does appends to `checks` (name to a function of the topic
    and the value, which raises or gives the value to keep) and to `shown` (more of GetTopicAttributes).
    """

    def __init__(self, topics: Topics, clock: Clock) -> None:
        self._topics = topics
        self._clock = clock
        self.on_created: list[Callable[[Topic, Params], Any]] = []
        """Told of a new topic and of the request, before anybody can see it. May refuse."""
        self.on_delete: list[Callable[[Topic], None]] = []
        """Told of a topic before it is deleted. May refuse."""
        self.checks: dict[str, Callable[[Topic, str], str]] = {"MaximumMessageSize": _check_message_size}
        self.shown: list[Callable[[Topic], dict[str, str]]] = []

    @operation
    def create_topic(self, call: Call, params: Params) -> Params:
        name, given = params["Name"], params.get("Attributes") or {}
        fifo = topic_attributes.is_fifo(given)
        names.check_topic_name(name, fifo=fifo)
        wanted = topic_attributes.for_new_topic(given)
        wanted_tags = tags.read(params.get("Tags") or ())
        of_scope = self._topics.in_scope(call.scope)
        existing = of_scope.get(name)
        if existing is not None:
            if not topic_attributes.same(existing, wanted, fifo=fifo):
                raise InvalidParameter.of("Attributes", "Topic already exists with different attributes")
            if any(existing.tags.get(key) != value for key, value in wanted_tags.items()):
                raise InvalidParameter.of("Tags", "Topic already exists with different tags")
            return {"TopicArn": existing.arn}
        most = limits.TOPICS_MAX_FIFO if fifo else limits.TOPICS_MAX_STANDARD
        if len(of_scope) >= most and sum(topic.fifo is fifo for topic in of_scope.values()) >= most:
            raise TopicLimitExceeded("Topic limit exceeded")
        topic = Topic(
            names.topic_arn(call.scope, name),
            name,
            call.scope,
            self._clock.now(),
            fifo=fifo,
            attributes={},
            tags=tags.merged({}, wanted_tags),
            number=self._topics.number(),
        )
        for attribute, value in wanted.items():
            topic.attributes[attribute] = self._checked(topic, attribute, value)
        for told in self.on_created:
            told(topic, params)
        self._topics.add(topic)
        return {"TopicArn": topic.arn}

    def _checked(self, topic: Topic, name: str, value: str) -> str:
        check = self.checks.get(name)
        return value if check is None else check(topic, value)

    @operation
    def delete_topic(self, call: Call, params: Params) -> Params:
        topic_arn = params["TopicArn"]
        parsed = names.parse_arn(topic_arn, "TopicArn")
        if parsed.service != "sns" or parsed.region != call.scope.region:
            raise InvalidParameter.of("TopicArn")
        topic = self._topics.find(topic_arn)
        if topic is not None:
            for told in self.on_delete:
                told(topic)
            self._topics.delete(topic)
        return {}

    @operation
    def list_topics(self, call: Call, params: Params) -> Params:
        shown, more = paging.page(self._topics.in_scope(call.scope).values(), params)
        return {"Topics": [{"TopicArn": topic.arn} for topic in shown], **more}

    @operation
    def get_topic_attributes(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        found = topic_attributes.shown(topic)
        for more in self.shown:
            found |= more(topic)
        return {"Attributes": found}

    @operation
    def set_topic_attributes(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        name = params["AttributeName"]
        value = topic_attributes.checked(name, params.get("AttributeValue") or "", fifo=topic.fifo)
        topic.attributes[name] = self._checked(topic, name, value)
        self._topics.tell_changed(topic)
        return {}


def _check_message_size(topic: Topic, value: str) -> str:
    """https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html"""
    if int(value) > limits.MESSAGE_MAX:
        protocols = {subscription.protocol for subscription in topic.subscriptions.values()}
        if len(topic.subscriptions) > limits.LARGE_TOPIC_SUBSCRIPTIONS_MAX or not protocols <= limits.LARGE_PROTOCOLS:
            raise InvalidParameter.of("MaximumMessageSize")
    return value
