"""What SNS is about: topics, subscriptions, messages, and the roads (`Channel`) that messages take to endpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from services.sns.names import scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.scope import Scope

MessageAttributes = dict[str, dict[str, Any]]
"""As in Publish: name to `DataType` and `StringValue` or `BinaryValue` (bytes). Checked; nobody changes it."""

NOTIFICATION: Final = "Notification"
SUBSCRIPTION_CONFIRMATION: Final = "SubscriptionConfirmation"
UNSUBSCRIBE_CONFIRMATION: Final = "UnsubscribeConfirmation"

NO_ATTRIBUTES: Final[MessageAttributes] = {}


class Decision(NamedTuple):
    """Whether a subscription gets a message, and if not, why."""

    accepted: bool
    key: str = ""
    """Of the filter policy: which key decided, its path joined by dots."""
    rule: str = ""
    """What was asked of it, as JSON, or a word on what was wrong with the message."""


class Filter(Protocol):
    """A filter policy, compiled."""

    def accepts(self, message: Message) -> bool:
        """Whether the message passes."""

    def explain(self, message: Message) -> Decision:
        """The same with the reason."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as it is; a change makes another with the same ARN (`Subscriptions.replace`).

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    """The account that subscribed."""
    created_at: float
    confirmed: bool
    authenticated: bool = False
    """`ConfirmationWasAuthenticated`: so Unsubscribe needs a signature of the owner's (or of the topic's)."""
    principal: str = ""
    """`SubscriptionPrincipal`: the ARN of who subscribed."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """As set, checked: FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy, DeliveryPolicy, ..."""
    raw: bool = False
    """RawMessageDelivery."""
    filter: Filter | None = None
    """FilterPolicy, compiled; None lets everything pass."""
    number: int = 0
    """Counts up over topics and subscriptions: the order of lists, and what their tokens hold."""

    @property
    def scope(self) -> Scope:
        """Where its topic is."""
        return scope_of(self.topic_arn)


@dataclass(slots=True, eq=False)
class Topic:
    """One topic with its subscriptions.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """

    arn: str
    name: str
    scope: Scope
    created_at: float
    fifo: bool
    attributes: dict[str, str]
    """As set, checked. What was never set is absent; `attributes.py` knows the defaults."""
    tags: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """By ARN, oldest first; the pending ones too. Only `Topics` changes it."""
    arn_of: dict[tuple[str, str], str] = field(default_factory=dict)
    """The subscription's ARN by protocol and endpoint. Only `Topics` changes it."""
    deleted_subscriptions: int = 0
    data_protection_policy: str = ""
    sequence: int = 0
    """Of the FIFO message published last."""
    number: int = 0
    """Counts up over topics and subscriptions: the order of lists, and what their tokens hold."""

    @property
    def signature_version(self) -> str:
        """`1` (SHA-1) or `2` (SHA-256)."""
        return self.attributes.get("SignatureVersion") or "1"


@dataclass(slots=True, eq=False)
class Message:
    """One published message, the same for every subscription. Nobody changes it, but for what is kept in
    `prepared` and `parsed_body`.
    """

    message_id: str
    published_at: float
    body: str
    """What protocols get that have no text of their own in `bodies`."""
    topic_arn: str = ""
    """Empty when it was published to one endpoint or phone number."""
    subject: str | None = None
    attributes: MessageAttributes = field(default_factory=dict)
    bodies: Mapping[str, str] | None = None
    """With MessageStructure json: the text for each protocol."""
    group_id: str = ""
    deduplication_id: str = ""
    """As given, or made of the content."""
    sequence_number: str = ""
    """Of FIFO topics: twenty digits."""
    trace_header: str = ""
    """X-Amzn-Trace-Id."""
    origin: str = ""
    """How the publisher addressed us, for the URLs in the envelope."""
    account: str = ""
    """The topic's owner, or who published without a topic."""
    region: str = ""
    signature_version: str = "1"
    type: str = NOTIFICATION
    token: str = ""
    """Of the two confirmations: what ConfirmSubscription takes."""
    replayed: bool = False
    prepared: dict[Any, Any] = field(default_factory=dict)
    """What `envelope.py` has made of it so far: whoever gets the same text gets the same signature."""
    parsed_body: Any = None
    """For filters on the body: its JSON, parsed once. `filters` knows what stands for "not yet"."""

    def text_for(self, protocol: str) -> str:
        """What a subscription of this protocol is told."""
        if self.bodies is None:
            return self.body
        return self.bodies.get(protocol, self.body)


class Channel(Protocol):
    """The road to endpoints of one protocol. It sees to what becomes of the message: retries, log, dead letters."""

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Take a message for a subscription that is to have it. Never raises, never waits.

        Also the two confirmations (`message.type`), where the protocol has them.
        """

    def busy(self) -> bool:
        """Whether something is still under way: a request is out, a retry is due."""

    def forget(self, scope: Scope) -> None:
        """Everything of a scope is gone: nothing of it is to be delivered any more."""


class Attempted(NamedTuple):
    """How a delivery ended, for status logs and dead letters."""

    ok: bool
    status_code: int
    """HTTP's, or 200 and 400 for protocols that have none."""
    text: str
    """What the endpoint answered, or why it did not."""
    attempts: int = 1
    dwell_ms: float = 0.0
    """From Publish until the end."""
    error_code: str = ""
    """Of a failure: what the service said, e.g. `AWS.SimpleQueueService.NonExistentQueue`."""


class Outcomes(Protocol):
    """What is done once a delivery has ended: delivery status logs and dead letters."""

    def ended(self, subscription: Subscription, message: Message, attempted: Attempted) -> None:
        """Told once for each delivery, good or bad. Never raises, never waits."""


class DirectTargets(Protocol):
    """Where Publish sends without a topic: platform endpoints (`TargetArn`) and phones (`PhoneNumber`)."""

    def to_endpoint(self, endpoint_arn: str, message: Message) -> None:
        """Send to a platform endpoint. Raises SnsError: no such endpoint, or it is disabled."""

    def to_phone(self, phone_number: str, message: Message) -> None:
        """Send an SMS. Raises SnsError: no such number, or it has opted out."""


class DataProtection(Protocol):
    """Data protection policies at work. Asked only where a topic has one."""

    def inbound(self, topic: Topic, message: Message, account: str) -> Message:
        """What is published of a message that `account` sends. Raises SnsError when the policy denies it."""

    def outbound(self, topic: Topic, subscription: Subscription, message: Message) -> Message | None:
        """What a subscription gets of a message; None when the policy denies it."""
