"""Publish and PublishBatch: from a request to a message that is on its way.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from services.api import operation
from services.sns import fifo, limits, message_attributes
from services.sns.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameter,
    SnsError,
    TooManyEntriesInBatchRequest,
)
from services.sns.fifo import Deduplication, Published
from services.sns.model import NO_ATTRIBUTES, Message
from services.sns.names import parse_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Call, Params
    from services.ports import Clock, Entropy
    from services.sns.fanout import Fanout
    from services.sns.model import DataProtection, DirectTargets, Topic
    from services.sns.state import Topics

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]+\Z").match
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]").search


class PublishApi:
    """The operations that publish."""

    def __init__(
        self,
        topics: Topics,
        clock: Clock,
        entropy: Entropy,
        *,
        fanout: Fanout,
        targets: DirectTargets,
        protection: DataProtection,
    ) -> None:
        self._topics = topics
        self._clock = clock
        self._entropy = entropy
        self._fanout = fanout
        self._targets = targets
        self._protection = protection
        self._deduplications: dict[str, Deduplication] = {}
        topics.on_deleted.append(self._deleted)

    def _deleted(self, topic: Topic) -> None:
        self._deduplications.pop(topic.arn, None)

    @operation
    def publish(self, call: Call, params: Params) -> Params:
        _check_text(params)
        target_arn = params.get("TopicArn")
        if target_arn is None:
            target_arn = params.get("TargetArn")
        if target_arn is None:
            return self._to_phone(call, params)
        if ":endpoint/" in target_arn:
            return self._to_endpoint(call, target_arn, params)
        parameter = "TopicArn" if params.get("TopicArn") is not None else "TargetArn"
        topic = self._topics.topic(target_arn, call.scope.region, parameter)
        if _size(params) > _most(topic):
            raise InvalidParameter.of("Message too long")
        _check_for(topic, params)
        return _answer(self._publish(topic, call, params, _bodies(params)))

    def _to_phone(self, call: Call, params: Params) -> Params:
        number = params.get("PhoneNumber")
        if number is None:
            raise InvalidParameter.of("TopicArn or TargetArn", "no value for required parameter")
        message = self._direct(call, params)
        self._targets.to_phone(number, message)
        return {"MessageId": message.message_id}

    def _to_endpoint(self, call: Call, endpoint_arn: str, params: Params) -> Params:
        parsed = parse_arn(endpoint_arn, "TargetArn")
        if parsed.service != "sns" or parsed.region != call.scope.region:
            raise InvalidParameter.of("TargetArn")
        message = self._direct(call, params)
        self._targets.to_endpoint(endpoint_arn, message)
        return {"MessageId": message.message_id}

    def _direct(self, call: Call, params: Params) -> Message:
        """A message for one endpoint or phone."""
        if _size(params) > limits.MESSAGE_MAX:
            raise InvalidParameter.of("Message too long")
        bodies = _bodies(params)
        attributes = params.get("MessageAttributes") or {}
        if attributes:
            message_attributes.check(attributes)
        return Message(
            self._entropy.uuid(),
            self._clock.now(),
            params["Message"] if bodies is None else bodies["default"],
            subject=params.get("Subject"),
            attributes=attributes,
            bodies=bodies,
            trace_header=call.trace_header,
            origin=call.origin,
            account=call.scope.account,
            region=call.scope.region,
        )

    @operation
    def publish_batch(self, call: Call, params: Params) -> Params:
        topic = self._topics.topic(params["TopicArn"], call.scope.region)
        entries = params["PublishBatchRequestEntries"]
        _check_batch(entries)
        prepared: list[tuple[Params, Mapping[str, str] | None]] = []
        for entry in entries:
            _check_text(entry)
            _check_for(topic, entry)
            prepared.append((entry, _bodies(entry)))
        if sum(map(_size, entries)) > _most(topic):
            raise BatchRequestTooLong
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry, bodies in prepared:
            try:
                done.append({"Id": entry["Id"], **_answer(self._publish(topic, call, entry, bodies))})
            except SnsError as refused:
                # A data protection policy denies it; the others are none the worse for that.
                told = {"Code": refused.code, "Message": refused.message, "SenderFault": refused.status < 500}
                failed.append({"Id": entry["Id"], **told})
        return {"Successful": done, "Failed": failed}

    def _publish(self, topic: Topic, call: Call, params: Params, bodies: Mapping[str, str] | None) -> Published:
        """Publish what was checked."""
        now = self._clock.now()
        message = Message(
            self._entropy.uuid(),
            now,
            params["Message"] if bodies is None else bodies["default"],
            topic_arn=topic.arn,
            subject=params.get("Subject"),
            attributes=params.get("MessageAttributes") or NO_ATTRIBUTES,
            bodies=bodies,
            group_id=params.get("MessageGroupId") or "",
            trace_header=call.trace_header,
            origin=call.origin,
            account=topic.scope.account,
            region=topic.scope.region,
            signature_version=topic.signature_version,
        )
        if topic.data_protection_policy:
            message = self._protection.inbound(topic, message, call.scope.account)
        if not topic.fifo:
            self._fanout.send(topic, message)
            return Published(message.message_id, "")
        deduplication_id = params.get("MessageDeduplicationId") or fifo.content_id(params["Message"])
        deduplication = self._deduplications.get(topic.arn)
        if deduplication is None:
            deduplication = self._deduplications[topic.arn] = Deduplication()
        before = deduplication.before(topic, message.group_id, deduplication_id, now)
        if before is not None:
            return before
        message.deduplication_id = deduplication_id
        message.sequence_number = fifo.next_number(topic)
        published = Published(message.message_id, message.sequence_number)
        deduplication.remember(topic, message.group_id, deduplication_id, now, published)
        self._fanout.send(topic, message)
        return published


def _answer(published: Published) -> Params:
    if published.sequence_number:
        return {"MessageId": published.message_id, "SequenceNumber": published.sequence_number}
    return {"MessageId": published.message_id}


def _check_text(params: Params) -> None:
    """The subject and the body, as far as no topic is needed for it."""
    subject = params.get("Subject")
    if subject is not None and (not subject or len(subject) > limits.SUBJECT_MAX or _CONTROL(subject)):
        raise InvalidParameter.of("Subject")
    if not params["Message"]:
        raise InvalidParameter.of("Empty message")


def _check_for(topic: Topic, params: Params) -> None:
    """What a topic of this kind must be given, and must not; and the attributes."""
    group_id, deduplication_id = params.get("MessageGroupId"), params.get("MessageDeduplicationId")
    if topic.fifo:
        if not group_id:
            raise InvalidParameter.of("The MessageGroupId parameter is required for FIFO topics")
        if not deduplication_id and topic.attributes.get("ContentBasedDeduplication") != "true":
            raise InvalidParameter.of(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                "explicitly"
            )
    elif deduplication_id is not None:
        raise InvalidParameter.of(
            "MessageDeduplicationId",
            "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        )
    if group_id is not None:
        fifo.check_id(group_id, "MessageGroupId")
    if deduplication_id:
        fifo.check_id(deduplication_id, "MessageDeduplicationId")
    attributes = params.get("MessageAttributes")
    if attributes:
        message_attributes.check(attributes)


def _size(params: Params) -> int:
    attributes = params.get("MessageAttributes")
    size = len(params["Message"].encode("utf-8", "surrogatepass"))
    return size + message_attributes.size(attributes) if attributes else size


def _most(topic: Topic) -> int:
    return int(topic.attributes.get("MaximumMessageSize") or limits.MESSAGE_MAX)


def _bodies(params: Params) -> Mapping[str, str] | None:
    """The text for each protocol, with MessageStructure json."""
    if params.get("MessageStructure") != "json":
        return None
    try:
        given: Any = json.loads(params["Message"])
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidParameter.of("Message Structure - JSON message body failed to parse")
    bodies = {name: text for name, text in given.items() if isinstance(text, str)}
    if "default" not in bodies:
        raise InvalidParameter.of("Message Structure - No default entry in JSON message body")
    return bodies


def _check_batch(entries: list[Params]) -> None:
    if not entries:
        raise EmptyBatchRequest
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest
    ids = [entry["Id"] for entry in entries]
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct
    for given in ids:
        if len(given) > limits.BATCH_ID_MAX:
            raise InvalidBatchEntryId(f"The Id of a batch entry in the batch request is too long: {given}")
        if not _ENTRY_ID(given):
            raise InvalidBatchEntryId(
                f"The Id of a batch entry in the batch request contains an impermissible character: {given}"
            )
