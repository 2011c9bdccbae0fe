"""Tags of a topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.sns import limits
from services.sns.errors import InvalidParameter, NotFound, ResourceNotFound, TagLimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.api import Call, Params
    from services.sns.model import Topic
    from services.sns.state import Topics

Tag = dict[str, str]


def read(given: Iterable[Tag]) -> dict[str, str]:
    """Tags as a request gives them. InvalidParameter when a key comes twice."""
    found: dict[str, str] = {}
    for tag in given:
        if tag["Key"] in found:
            raise InvalidParameter.of("Duplicated keys are not allowed.")
        found[tag["Key"]] = tag["Value"]
    return found


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """`old` tags with the `new` ones. TagLimitExceeded when they are too many."""
    tags = {**old, **new}
    if len(tags) > limits.TAGS_MAX:
        raise TagLimitExceeded("Could not complete request: tag quota of per resource exceeded")
    return tags


class TagsApi:
    """TagResource, UntagResource, ListTagsForResource."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def _topic(self, call: Call, params: Params) -> Topic:
        try:
            return self._topics.topic(params["ResourceArn"], call.scope.region, "ResourceArn")
        except NotFound:
            raise ResourceNotFound("Resource does not exist") from None

    @operation
    def tag_resource(self, call: Call, params: Params) -> Params:
        topic = self._topic(call, params)
        topic.tags = merged(topic.tags, read(params["Tags"]))
        self._topics.tell_changed(topic)
        return {}

    @operation
    def untag_resource(self, call: Call, params: Params) -> Params:
        topic = self._topic(call, params)
        topic.tags = {key: value for key, value in topic.tags.items() if key not in params["TagKeys"]}
        self._topics.tell_changed(topic)
        return {}

    @operation
    def list_tags_for_resource(self, call: Call, params: Params) -> Params:
        tags = self._topic(call, params).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
