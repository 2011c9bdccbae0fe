"""The topics of every account and region, their subscriptions and tokens, and the look-ups that everybody uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.scope import Scope, Scoped
from services.sns.errors import InvalidParameter, NotFound
from services.sns.names import parse_arn, scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.sns.model import Subscription, Topic

_TOKENS_MAX: Final = 100_000
"""Tokens that are kept of those that would still confirm something."""


class _InScope:
    """What one account has in one region."""

    __slots__ = ("topics",)

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}


class Topics:
    """All topics. The one place where an ARN becomes a topic or a subscription, and where subscriptions are kept."""

    def __init__(self) -> None:
        self._of: Scoped[_InScope] = Scoped(lambda scope: _InScope())
        self._by_arn: dict[str, Topic] = {}
        self._tokens: dict[str, tuple[str, float]] = {}
        self._tokens_of: dict[str, list[str]] = {}
        """By subscription, those given last at the end."""
        self._count = 0
        # Who keeps something about topics appends a callable. They are called on the loop, and must not wait.
        self.on_subscriptions: list[Callable[[Topic, Subscription | None, Subscription | None], None]] = []
        """`(topic, before, after)`: a subscription came (no before), changed, or went (no after)."""
        self.on_changed: list[Callable[[Topic], None]] = []
        """A topic's attributes, policies or tags have changed."""
        self.on_deleted: list[Callable[[Topic], None]] = []
        """A topic is gone with all its subscriptions; `on_subscriptions` is not told of each."""

    def in_scope(self, scope: Scope) -> dict[str, Topic]:
        """The topics of one account and region by name, oldest first. Only `add` and `delete` change it."""
        return self._of[scope].topics

    def __iter__(self) -> Iterator[Topic]:
        for _, found in self._of:
            yield from list(found.topics.values())

    def find(self, topic_arn: str) -> Topic | None:
        """The topic of that ARN, in whichever account and region; None without one."""
        return self._by_arn.get(topic_arn)

    def topic(self, topic_arn: str, region: str, parameter: str = "TopicArn") -> Topic:
        """The topic of that ARN, for a request that came to `region`. It may be another account's.

        Raises:
            InvalidParameter: it is no topic's ARN, or of another region; `parameter` is what it was given as.
            NotFound: there is no such topic.
        """
        topic = self.find(topic_arn)
        if topic is not None and topic.scope.region == region:
            return topic
        parsed = parse_arn(topic_arn, parameter)
        if parsed.service != "sns" or parsed.region != region:
            raise InvalidParameter.of(parameter)
        raise NotFound.topic()

    def number(self) -> int:
        """The next number: of a new topic or subscription."""
        self._count += 1
        return self._count

    def add(self, topic: Topic) -> None:
        """A new topic."""
        self._of[topic.scope].topics[topic.name] = topic
        self._by_arn[topic.arn] = topic

    def delete(self, topic: Topic) -> None:
        """A topic goes, and its subscriptions with it."""
        self._of[topic.scope].topics.pop(topic.name, None)
        self._gone(topic)

    def put(self, topic: Topic, subscription: Subscription) -> None:
        """A subscription comes or, with the same ARN as before, changes."""
        before = topic.subscriptions.get(subscription.arn)
        topic.subscriptions[subscription.arn] = subscription
        topic.arn_of[subscription.protocol, subscription.endpoint] = subscription.arn
        for told in self.on_subscriptions:
            told(topic, before, subscription)

    def remove(self, topic: Topic, subscription: Subscription) -> None:
        """A subscription goes."""
        gone = topic.subscriptions.pop(subscription.arn, None)
        if gone is not None:
            topic.arn_of.pop((gone.protocol, gone.endpoint), None)
            topic.deleted_subscriptions += 1
            if not gone.confirmed:
                # Of a confirmed one a token may still tell whom it was given for.
                self._forget_tokens(gone.arn)
            for told in self.on_subscriptions:
                told(topic, gone, None)

    def _gone(self, topic: Topic) -> None:
        self._by_arn.pop(topic.arn, None)
        for subscription_arn in topic.subscriptions:
            self._forget_tokens(subscription_arn)
        for told in self.on_deleted:
            told(topic)

    def tell_changed(self, topic: Topic) -> None:
        """Tell everybody of `on_changed`."""
        for told in self.on_changed:
            told(topic)

    def subscriptions_of(self, account: str, region: str) -> Iterator[Subscription]:
        """What an account has subscribed to in a region, oldest first in each topic; topics of others too."""
        for scope, found in self._of:
            if scope.region == region:
                for topic in found.topics.values():
                    for subscription in topic.subscriptions.values():
                        if account in {subscription.owner, scope.account}:
                            yield subscription

    # A token alone finds its subscription: ConfirmSubscription needs of the topic's ARN no more than the region.

    def remember_token(self, token: str, subscription_arn: str, now: float, until: float) -> None:
        """A token that confirms a subscription until the instant `until`. Those that have expired are dropped, and the
        oldest of very many.
        """
        while self._tokens and (next(iter(self._tokens.values()))[1] <= now or len(self._tokens) >= _TOKENS_MAX):
            self._forget_token(next(iter(self._tokens)))
        self._tokens[token] = (subscription_arn, until)
        self._tokens_of.setdefault(subscription_arn, []).append(token)

    def _forget_token(self, token: str) -> None:
        subscription_arn, _ = self._tokens.pop(token)
        left = self._tokens_of[subscription_arn]
        left.remove(token)
        if not left:
            del self._tokens_of[subscription_arn]

    def _forget_tokens(self, subscription_arn: str) -> None:
        for token in self._tokens_of.pop(subscription_arn, ()):
            del self._tokens[token]

    def subscription_of_token(self, token: str) -> tuple[str, float] | None:
        """The ARN of the subscription that a token confirms, and until when; None for a token that nobody gave."""
        return self._tokens.get(token)

    def token_of(self, subscription_arn: str) -> str:
        """The token given last for a subscription; empty without one."""
        given = self._tokens_of.get(subscription_arn)
        return given[-1] if given else ""

    def forget(self, scope: Scope) -> None:
        """Forget a scope; `on_deleted` hears of each topic."""
        found = self._of.get(scope)
        self._of.discard(scope)
        for topic in [] if found is None else list(found.topics.values()):
            self._gone(topic)
        for subscription_arn in [of for of in self._tokens_of if scope_of(of) == scope]:
            self._forget_tokens(subscription_arn)

    def scopes(self) -> list[Scope]:
        """Where there are topics, or were."""
        return [scope for scope, _ in self._of]
