"""Delivery status logging: what became of each delivery, in CloudWatch Logs.

https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html for topics,
https://docs.aws.amazon.com/sns/latest/dg/sns-msg-status.html for platform applications,
https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html for SMS.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.ports import Clock, Entropy, LogSink
    from services.scope import Scope
    from services.sns.model import Attempted, Message

PREFIXES: Final = {
    "application": "Application",
    "firehose": "Firehose",
    "http": "HTTP",
    "https": "HTTP",
    "lambda": "Lambda",
    "sqs": "SQS",
}
"""What the attributes of a topic begin with, by the subscription's protocol. There is no log for e-mail."""
SMS_GROUP: Final = "DirectPublishToPhoneNumber"
_PERCENT = re.compile(r"0*(100|[0-9]{1,2})\Z").match


def is_sample_rate(text: str) -> bool:
    """Whether it is a percentage: an integer from 0 to 100."""
    return _PERCENT(text) is not None


class Wanted(NamedTuple):
    """Which deliveries are to be logged."""

    successes_percent: float
    failures: bool


def wanted(attributes: Mapping[str, str], prefix: str = "") -> Wanted:
    """By the attributes of a topic or (without `prefix`) of a platform application."""
    percent = 0.0
    if attributes.get(f"{prefix}SuccessFeedbackRoleArn"):
        percent = _percent(attributes.get(f"{prefix}SuccessFeedbackSampleRate", ""))
    return Wanted(percent, bool(attributes.get(f"{prefix}FailureFeedbackRoleArn")))


def wanted_for_sms(attributes: Mapping[str, str]) -> Wanted:
    """By the account's SMS attributes."""
    if not attributes.get("DeliveryStatusIAMRole"):
        return Wanted(0.0, failures=False)
    return Wanted(_percent(attributes.get("DeliveryStatusSuccessSamplingRate", "")), failures=True)


def _percent(text: str) -> float:
    """With a role and no rate, everything: who asks for a log wants to see something in it."""
    return float(text) if text.isascii() and text.isdecimal() else 100.0


class StatusLogs:
    """Writes the logs."""

    def __init__(self, clock: Clock, entropy: Entropy, sink: LogSink) -> None:
        self._clock = clock
        self._entropy = entropy
        self._sink = sink
        self._streams: dict[tuple[Scope, str], str] = {}
        """The log stream of each group."""

    def write(
        self,
        scope: Scope,
        name: str,
        wanted: Wanted,
        message: Message,
        text: str,
        attempted: Attempted,
        delivery: Mapping[str, Any],
    ) -> None:
        """`name` is what the log is about (a topic, `app/GCM/...`), `delivery` what only this protocol tells."""
        if attempted.ok:
            if wanted.successes_percent <= 0 or self._entropy.uniform() * 100 >= wanted.successes_percent:
                return
        elif not wanted.failures:
            return
        notification: dict[str, Any] = {}
        if message.topic_arn:
            notification["messageMD5Sum"] = md5(text.encode("utf-8", "replace")).hexdigest()
        notification["messageId"] = message.message_id
        if message.topic_arn:
            notification["topicArn"] = message.topic_arn
        at = datetime.fromtimestamp(message.published_at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        notification["timestamp"] = at
        told: dict[str, Any] = {"deliveryId": self._entropy.uuid(), **delivery}
        told["providerResponse"] = attempted.text
        told["dwellTimeMs"] = round(attempted.dwell_ms)
        if not attempted.ok:
            told["attempts"] = attempted.attempts
        told["statusCode"] = attempted.status_code
        record = {
            "notification": notification,
            "delivery": told,
            "status": "SUCCESS" if attempted.ok else "FAILURE",
        }
        group = f"sns/{scope.region}/{scope.account}/{name}{'' if attempted.ok else '/Failure'}"
        stream = self._streams.get((scope, group))
        if stream is None:
            stream = self._streams[scope, group] = self._entropy.uuid()
        event = (int(self._clock.now() * 1000), json.dumps(record, separators=(",", ":")))
        self._sink.write(scope.account, scope.region, group, stream, [event])

    def forget(self, scope: Scope) -> None:
        """Forget a scope's log streams."""
        for key in [key for key in self._streams if key[0] == scope]:
            del self._streams[key]
