"""What subscribers get to see of a message: the signed JSON document, and Lambda's event.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.sns import instants
from services.sns.model import NOTIFICATION

if TYPE_CHECKING:
    from services.ports import Signer
    from services.sns.model import Message, Subscription

_DIGESTS: Final = {"1": "sha1", "2": "sha256"}
_quoted = json.encoder.encode_basestring
"""A JSON string. Other than ASCII stays as it is, as on AWS."""


class _Halves(NamedTuple):
    """A notification before and after the subscription's ARN."""

    before: str
    after: str


def shown_attributes(message: Message) -> dict[str, dict[str, str]]:
    """`MessageAttributes` of the document: `{"Type", "Value"}` by name, binary values in base64."""
    return {
        name: {
            "Type": value["DataType"],
            "Value": (
                base64.b64encode(value["BinaryValue"]).decode()
                if value.get("BinaryValue") is not None
                else value["StringValue"]
            ),
        }
        for name, value in message.attributes.items()
    }


def subscribe_url(message: Message) -> str:
    """Where a visit confirms a subscription."""
    return f"{message.origin}/?Action=ConfirmSubscription&TopicArn={message.topic_arn}&Token={message.token}"


def unsubscribe_url(origin: str, subscription_arn: str) -> str:
    """Where a visit ends a subscription."""
    return f"{origin}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"


def string_to_sign(message: Message, text: str) -> bytes:
    """The members that are signed, each as its name and its value on lines of their own."""
    members: list[tuple[str, str]] = [("Message", text), ("MessageId", message.message_id)]
    if message.type == NOTIFICATION:
        if message.subject is not None:
            members.append(("Subject", message.subject))
        members.append(("Timestamp", instants.shown(message.published_at)))
    else:
        members += [
            ("SubscribeURL", subscribe_url(message)),
            ("Timestamp", instants.shown(message.published_at)),
            ("Token", message.token),
        ]
    members += [("TopicArn", message.topic_arn), ("Type", message.type)]
    return "".join(f"{name}\n{value}\n" for name, value in members).encode("utf-8", "surrogatepass")


class Envelopes:
    """Makes the documents, and signs them."""

    def __init__(self, signer: Signer, origin: str) -> None:
        self._signer = signer
        self._origin = origin

    def signature(self, message: Message, text: str) -> str:
        """Base64 of the signature of a message with this text. Made once."""
        key = ("signature", text)
        found: str | None = message.prepared.get(key)
        if found is None:
            found = self._signer.sign(string_to_sign(message, text), _DIGESTS[message.signature_version])
            message.prepared[key] = found
        return found

    def certificate_url(self, message: Message) -> str:
        """`SigningCertURL`."""
        return self._signer.certificate_url(message.origin or self._origin)

    def notification(self, subscription: Subscription, message: Message) -> str:
        """The document of a notification for a subscription."""
        return self.notification_for(message, message.text_for(subscription.protocol), subscription.arn)

    def notification_for(self, message: Message, text: str, subscription_arn: str) -> str:
        """The document of a notification with this text."""
        halves: _Halves | None = message.prepared.get(text)
        if halves is None:
            halves = message.prepared[text] = self._halves(message, text)
        return f"{halves.before}{subscription_arn}{halves.after}"

    def _halves(self, message: Message, text: str) -> _Halves:
        members = [("Type", message.type), ("MessageId", message.message_id)]
        if message.sequence_number:
            members.append(("SequenceNumber", message.sequence_number))
        members.append(("TopicArn", message.topic_arn))
        if message.subject is not None:
            members.append(("Subject", message.subject))
        members += [("Message", text), ("Timestamp", instants.shown(message.published_at))]
        if message.replayed:
            members.append(("Replayed", "true"))
        if not message.sequence_number:
            # What a FIFO topic sends is not signed.
            members += self._signed(message, text)
        url = _quoted(unsubscribe_url(message.origin or self._origin, ""))[:-1]
        before = ",\n".join(f'  "{name}" : {_quoted(value)}' for name, value in members)
        shown = shown_attributes(message)
        after = '"\n}'
        if shown:
            listed = ",\n".join(
                f'    {_quoted(name)} : {{"Type":{_quoted(value["Type"])},"Value":{_quoted(value["Value"])}}}'
                for name, value in shown.items()
            )
            after = f'",\n  "MessageAttributes" : {{\n{listed}\n  }}\n}}'
        return _Halves(f'{{\n{before},\n  "UnsubscribeURL" : {url}', after)

    def _signed(self, message: Message, text: str) -> list[tuple[str, str]]:
        return [
            ("SignatureVersion", message.signature_version),
            ("Signature", self.signature(message, text)),
            ("SigningCertURL", self.certificate_url(message)),
        ]

    def confirmation(self, message: Message) -> str:
        """The document of a SubscriptionConfirmation or UnsubscribeConfirmation."""
        members = [
            ("Type", message.type),
            ("MessageId", message.message_id),
            ("Token", message.token),
            ("TopicArn", message.topic_arn),
            ("Message", message.body),
            ("SubscribeURL", subscribe_url(message)),
            ("Timestamp", instants.shown(message.published_at)),
            *self._signed(message, message.body),
        ]
        return "{\n" + ",\n".join(f'  "{name}" : {_quoted(value)}' for name, value in members) + "\n}"

    def envelope(self, subscription: Subscription, message: Message) -> str:
        """The document of whatever kind of message it is."""
        if message.type == NOTIFICATION:
            return self.notification(subscription, message)
        return self.confirmation(message)

    def firehose_record(self, subscription: Subscription, message: Message) -> str:
        """What a delivery stream gets: the document on one line, unsigned; or the text with raw delivery.

        https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format.html
        """
        text = message.text_for(subscription.protocol)
        if subscription.raw:
            return f"{text}\n"
        record: dict[str, Any] = {
            "Type": message.type,
            "MessageId": message.message_id,
            "TopicArn": message.topic_arn,
        }
        if message.subject is not None:
            record["Subject"] = message.subject
        record |= {
            "Message": text,
            "Timestamp": instants.shown(message.published_at),
            "UnsubscribeURL": unsubscribe_url(message.origin or self._origin, subscription.arn),
        }
        if message.attributes:
            record["MessageAttributes"] = shown_attributes(message)
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"

    def lambda_event(self, subscription: Subscription, message: Message) -> bytes:
        """The event that a function gets: one record."""
        text = message.text_for(subscription.protocol)
        sns: dict[str, Any] = {
            "Type": message.type,
            "MessageId": message.message_id,
            "TopicArn": message.topic_arn,
            "Subject": message.subject,
            "Message": text,
            "Timestamp": instants.shown(message.published_at),
            # Whatever was signed: AWS says 1 to functions also where it signs with SHA-256.
            "SignatureVersion": "1",
            "Signature": self.signature(message, text),
            "SigningCertUrl": self.certificate_url(message),
            "UnsubscribeUrl": unsubscribe_url(message.origin or self._origin, subscription.arn),
            "MessageAttributes": shown_attributes(message),
        }
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": sns,
        }
        return json.dumps({"Records": [record]}, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
