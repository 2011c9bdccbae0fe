"""SMS and mobile push: captured, not sent. Subscriptions (`sms`, `application`) and Publish without a topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from services.scope import Scope
from services.sns import instants, limits
from services.sns.errors import EndpointDisabled, InvalidParameter, PlatformApplicationDisabled
from services.sns.mobile.sms import is_phone_number
from services.sns.model import Attempted
from services.sns.names import scope_of
from services.sns.outside import status_logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.ports import Clock
    from services.sns.mobile.state import Endpoint, Mobile
    from services.sns.model import Message, Outcomes, Subscription
    from services.sns.outside.status_logs import StatusLogs


class _Failure(NamedTuple):
    """Why something is not sent: for people, and for machines."""

    text: str
    kind: str


class Phones:
    """services.sns.model.DirectTargets, and what the two channels share."""

    def __init__(
        self, clock: Clock, mobile: Mobile, logs: StatusLogs, publish: Callable[[str, str], None] | None = None
    ) -> None:
        """`publish(topic_arn, text)` tells a topic that a push failed (`EventDeliveryFailure`); it never raises."""
        self._clock = clock
        self._mobile = mobile
        self._logs = logs
        self._publish = publish

    # -- services.sns.model.DirectTargets

    def to_endpoint(self, endpoint_arn: str, message: Message) -> None:
        """Send to a platform endpoint.

        Raises:
            InvalidParameter: there is none.
            EndpointDisabled: it is disabled.
            PlatformApplicationDisabled: its application is.
        """
        endpoint = self._mobile.find_endpoint(endpoint_arn)
        if endpoint is None:
            raise InvalidParameter.of("TargetArn", "No endpoint found for the target arn specified")
        failure = self._push(endpoint, message, "", "")
        if failure is not None and failure.kind == "PlatformApplicationDisabled":
            raise PlatformApplicationDisabled(failure.text)
        if failure is not None:
            self._tell_failure(endpoint, message, failure)
            raise EndpointDisabled(failure.text)
        application = endpoint.application
        self._logs.write(
            scope_of(application.arn),
            f"app/{application.platform}/{application.name}",
            status_logs.wanted(application.attributes),
            message,
            message.text_for(application.platform),
            self.attempted(message, None),
            {"token": endpoint.attributes["Token"], "destination": endpoint.arn},
        )

    def to_phone(self, phone_number: str, message: Message) -> None:
        """Send an SMS. To a number that has opted out nothing goes, and nobody is told but the status log.

        Raises:
            InvalidParameter: it is no phone number, or the message is too long.
        """
        if not is_phone_number(phone_number):
            raise InvalidParameter.of("PhoneNumber", f"{phone_number} is not valid to publish to")
        if len(message.text_for("sms").encode("utf-8", "surrogatepass")) > limits.SMS_MAX:
            raise InvalidParameter.of("Message too long")
        self.text(Scope(message.account, message.region), phone_number, message, None)

    # -- for the channels

    def push(self, subscription: Subscription, message: Message) -> Attempted:
        """Send to a subscribed platform endpoint."""
        endpoint = self._mobile.find_endpoint(subscription.endpoint)
        if endpoint is None:
            return self.attempted(message, _Failure("Endpoint does not exist", "EndpointNotFound"))
        return self.attempted(message, self._push(endpoint, message, subscription.topic_arn, subscription.arn))

    def text(self, scope: Scope, number: str, message: Message, subscription: Subscription | None) -> Attempted:
        """Send an SMS."""
        state = self._mobile[scope]
        failure = None
        if number in state.opted_out:
            failure = _Failure("Phone number is opted out", "OptedOut")
        elif state.in_sandbox and not (number in state.sandbox and state.sandbox[number].verified):
            failure = _Failure("Phone number is not verified in the SMS sandbox", "Unverified")
        else:
            to = {
                "PhoneNumber": number,
                "TopicArn": None if subscription is None else subscription.topic_arn,
                "SubscriptionArn": None if subscription is None else subscription.arn,
            }
            self._mobile.capture_text(scope, to | _content(message, "sms"))
        attempted = self.attempted(message, failure)
        if failure is None:
            attempted = attempted._replace(text="Message has been accepted by phone carrier")
        kind = message.attributes.get("AWS.SNS.SMS.SMSType", {}).get("StringValue")
        delivery = {
            "phoneCarrier": "Undercast",
            "numberOfMessageParts": 1,
            "destination": number,
            "priceInUSD": 0.0,
            "smsType": kind or state.sms_attributes.get("DefaultSMSType") or "Promotional",
        }
        wanted = status_logs.wanted_for_sms(state.sms_attributes)
        self._logs.write(scope, status_logs.SMS_GROUP, wanted, message, message.text_for("sms"), attempted, delivery)
        return attempted

    def attempted(self, message: Message, failure: _Failure | None) -> Attempted:
        """How it ended: at once."""
        dwell_ms = max(0.0, (self._clock.now() - message.published_at) * 1000)
        if failure is None:
            return Attempted(ok=True, status_code=200, text="", dwell_ms=dwell_ms)
        return Attempted(ok=False, status_code=400, text=failure.text, dwell_ms=dwell_ms, error_code=failure.kind)

    def _push(self, endpoint: Endpoint, message: Message, topic_arn: str, subscription_arn: str) -> _Failure | None:
        if not endpoint.application.enabled:
            return _Failure("Platform application is disabled", "PlatformApplicationDisabled")
        if not endpoint.enabled:
            return _Failure("Endpoint is disabled", "EndpointDisabled")
        to = {"TargetArn": endpoint.arn, "TopicArn": topic_arn, "SubscriptionArn": subscription_arn}
        record = to | _content(message, endpoint.application.platform)
        self._mobile[scope_of(endpoint.arn)].captured.pushes.append(record)
        return None

    def _tell_failure(self, endpoint: Endpoint, message: Message, failure: _Failure) -> None:
        """https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html"""
        topic_arn = endpoint.application.attributes.get("EventDeliveryFailure")
        if not topic_arn or self._publish is None:
            return
        said = {
            "DeliveryAttempts": 1,
            "EndpointArn": endpoint.arn,
            "EventType": "DeliveryFailure",
            "FailureMessage": failure.text,
            "FailureType": failure.kind,
            "MessageId": message.message_id,
            "Resource": endpoint.application.arn,
            "Service": "SNS",
            "Time": instants.shown(self._clock.now()),
        }
        self._publish(topic_arn, json.dumps(said, separators=(",", ":")))


def _content(message: Message, protocol: str) -> dict[str, Any]:
    return {
        "MessageId": message.message_id,
        "Message": message.text_for(protocol),
        "MessageAttributes": message.attributes,
        "MessageStructure": None if message.bodies is None else "json",
        "Subject": message.subject,
    }


class SmsChannel:
    """services.sns.model.Channel of `sms`."""

    def __init__(self, phones: Phones, outcomes: Outcomes) -> None:
        self._phones = phones
        self._outcomes = outcomes

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Send an SMS."""
        attempted = self._phones.text(subscription.scope, subscription.endpoint, message, subscription)
        self._outcomes.ended(subscription, message, attempted)

    def busy(self) -> bool:
        """Never: nothing takes time."""
        return False

    def forget(self, scope: Scope) -> None:
        """What was captured goes with the rest of the scope."""


class ApplicationChannel:
    """services.sns.model.Channel of `application`."""

    def __init__(self, phones: Phones, outcomes: Outcomes) -> None:
        self._phones = phones
        self._outcomes = outcomes

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Send to a platform endpoint."""
        self._outcomes.ended(subscription, message, self._phones.push(subscription, message))

    def busy(self) -> bool:
        """Never: nothing takes time."""
        return False

    def forget(self, scope: Scope) -> None:
        """What was captured goes with the rest of the scope."""
