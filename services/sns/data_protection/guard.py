"""Data protection policies at work (`services.sns.model.DataProtection`).

What is looked at is the message's text, of every protocol. A published message is audited first, then refused, then
freed of what is to be masked or redacted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.sns.data_protection.policy import AUDIT, DENY, INBOUND, OUTBOUND, REDACT, read
from services.sns.errors import AuthorizationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.ports import Clock, Entropy, LogSink
    from services.sns.data_protection.detectors import Span
    from services.sns.data_protection.policy import Statement
    from services.sns.model import Message, Subscription, Topic

_READ_MAX: Final = 256
"""Policies that are kept read."""
_STREAM: Final = "sns-message-data-protection"


class Guard:
    """Holds messages against the policies of their topics."""

    def __init__(self, clock: Clock, entropy: Entropy, logs: LogSink) -> None:
        self._clock = clock
        self._entropy = entropy
        self._logs = logs
        self._read: dict[str, tuple[Statement, ...]] = {}

    def inbound(self, topic: Topic, message: Message, account: str) -> Message:
        """What is published of a message that `account` sends.

        Raises:
            AuthorizationError: the policy denies it.
        """
        statements = [one for one in self._statements(topic) if one.concerns(INBOUND, account)]
        for statement in statements:
            if statement.operation == AUDIT:
                self._audit(topic, message, account, statement)
        if _denied(statements, _texts(message)):
            raise AuthorizationError("Message contains sensitive data that the topic's data protection policy denies")
        return _cleaned(statements, message)

    def outbound(self, topic: Topic, subscription: Subscription, message: Message) -> Message | None:
        """What a subscription gets of a message; None when the policy denies it."""
        statements = tuple(one for one in self._statements(topic) if one.concerns(OUTBOUND, subscription.owner))
        if not statements:
            return message
        # The same for all subscriptions of an account.
        key = ("protected", statements, subscription.protocol)
        if key not in message.prepared:
            denied = _denied(statements, [message.text_for(subscription.protocol)])
            message.prepared[key] = None if denied else _cleaned(statements, message)
        protected: Message | None = message.prepared[key]
        return protected

    def _statements(self, topic: Topic) -> tuple[Statement, ...]:
        text = topic.data_protection_policy
        found = self._read.get(text)
        if found is None:
            if len(self._read) >= _READ_MAX:
                self._read.clear()
            found = self._read[text] = read(text)
        return found

    def _audit(self, topic: Topic, message: Message, account: str, statement: Statement) -> None:
        if self._entropy.uniform() * 100 >= statement.sample_rate:
            return
        findings = []
        for name, detector in statement.identifiers:
            spans = list(detector.find(message.body))
            if spans:
                detections = [{"start": span.start + 1, "end": span.end} for span in spans]
                findings.append({"name": name, "count": len(spans), "detections": detections})
        group = statement.findings_group if findings else statement.no_findings_group
        if not group:
            return
        now = self._clock.now()
        record: dict[str, Any] = {
            "messageId": message.message_id,
            "auditTimestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "callerPrincipal": f"arn:aws:iam::{account}:root",
            "resourceArn": topic.arn,
            "dataIdentifiers": findings,
        }
        event = (int(now * 1000), json.dumps(record, separators=(",", ":")))
        self._logs.write(topic.scope.account, topic.scope.region, group, _STREAM, [event])


def _texts(message: Message) -> list[str]:
    return [message.body, *(message.bodies or {}).values()]


def _denied(statements: Iterable[Statement], texts: list[str]) -> bool:
    return any(
        True
        for statement in statements
        if statement.operation == DENY
        for _, detector in statement.identifiers
        for text in texts
        for _ in detector.find(text)
    )


def _cleaned(statements: Iterable[Statement], message: Message) -> Message:
    """The message without what is to be masked or redacted; itself when there is nothing."""
    cleaning = [statement for statement in statements if statement.operation not in {AUDIT, DENY}]
    if not cleaning:
        return message
    body = _clean(cleaning, message.body)
    bodies = None if message.bodies is None else {name: _clean(cleaning, text) for name, text in message.bodies.items()}
    if body == message.body and bodies == message.bodies:
        return message
    return replace(message, body=body, bodies=bodies, prepared={}, parsed_body=None)


def _clean(statements: list[Statement], text: str) -> str:
    for statement in statements:
        spans = sorted({span for _, detector in statement.identifiers for span in detector.find(text)})
        text = _without(text, spans, "" if statement.operation == REDACT else statement.mask)
    return text


def _without(text: str, spans: list[Span], mask: str) -> str:
    parts = []
    at = 0
    for start, end in spans:
        # Two identifiers may have found overlapping pieces.
        begin = max(start, at)
        if end > begin:
            parts += [text[at:begin], mask * (end - begin)]
            at = end
    return "".join(parts) + text[at:]
