"""`email` and `email-json`: captured, not sent.

https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.sns.envelope import subscribe_url, unsubscribe_url
from services.sns.model import NOTIFICATION, SUBSCRIPTION_CONFIRMATION, Attempted

if TYPE_CHECKING:
    from services.ports import Clock
    from services.scope import Scope
    from services.sns.envelope import Envelopes
    from services.sns.mobile.state import Mobile
    from services.sns.model import Message, Outcomes, Subscription
    from services.sns.state import Topics

_SUBJECTS: Final = {NOTIFICATION: "AWS Notification Message"}
_CONFIRMATION: Final = "AWS Notification - Subscription Confirmation"
_FAREWELL: Final = "AWS Notification - Unsubscribe Confirmation"


class EmailChannel:
    """services.sns.model.Channel of `email` and `email-json`."""

    def __init__(self, clock: Clock, mobile: Mobile, topics: Topics, envelopes: Envelopes, outcomes: Outcomes) -> None:
        """The e-mails are kept in `mobile`, with everything else that is captured."""
        self._clock = clock
        self._mobile = mobile
        self._topics = topics
        self._envelopes = envelopes
        self._outcomes = outcomes

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Capture the e-mail."""
        topic = self._topics.find(subscription.topic_arn)
        sender = "" if topic is None else topic.attributes.get("DisplayName", "") or topic.name
        record: dict[str, Any] = {
            "Protocol": subscription.protocol,
            "From": f"{sender} <no-reply@sns.amazonaws.com>".lstrip(),
            "To": subscription.endpoint,
            "Subject": _subject(message),
            "Body": self._body(subscription, message),
            "Type": message.type,
            "TopicArn": subscription.topic_arn,
            "SubscriptionArn": subscription.arn,
            "MessageId": message.message_id,
        }
        self._mobile[subscription.scope].captured.emails.append(record)
        if message.type == NOTIFICATION:
            dwell_ms = max(0.0, (self._clock.now() - message.published_at) * 1000)
            self._outcomes.ended(subscription, message, Attempted(ok=True, status_code=200, text="", dwell_ms=dwell_ms))

    def busy(self) -> bool:
        """Never: nothing takes time."""
        return False

    def forget(self, scope: Scope) -> None:
        """What was captured goes with the rest of the scope."""

    def _body(self, subscription: Subscription, message: Message) -> str:
        if subscription.protocol == "email-json":
            return self._envelopes.envelope(subscription, message)
        if message.type == NOTIFICATION:
            return (
                f"{message.text_for('email')}\n\n--\nTo stop receiving notifications from this topic, visit the link "
                f"below to unsubscribe:\n{unsubscribe_url(message.origin, subscription.arn)}\n"
            )
        link = subscribe_url(message)
        if message.type == SUBSCRIPTION_CONFIRMATION:
            return (
                f"You have chosen to subscribe to the topic:\n{subscription.topic_arn}\n\nTo confirm, visit:\n{link}\n"
            )
        return f"Your subscription was deactivated:\n{subscription.arn}\n\nTo restore it, visit:\n{link}\n"


def _subject(message: Message) -> str:
    if message.type == NOTIFICATION:
        return message.subject or _SUBJECTS[NOTIFICATION]
    return _CONFIRMATION if message.type == SUBSCRIPTION_CONFIRMATION else _FAREWELL
