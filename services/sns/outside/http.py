"""HTTP and HTTPS endpoints: the confirmations, notifications, retries and throttling.

https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from services.ports import HttpAnswer, HttpFailure
from services.sns.model import NOTIFICATION, SUBSCRIPTION_CONFIRMATION, Attempted
from services.sns.outside import authentication, delivery_policies
from services.sns.outside.retries import Throttle

if TYPE_CHECKING:
    from services.ports import Clock, Entropy, Hold, HttpOut, Timer
    from services.scope import Scope
    from services.sns.envelope import Envelopes
    from services.sns.model import Message, Outcomes, Subscription
    from services.sns.outside.delivery_policies import Delivery
    from services.sns.state import Topics

log = logging.getLogger("undercast.sns")

AGENT: Final = "Amazon Simple Notification Service Agent"
TIMEOUT_S: Final = 15.0
"""DG/SendMessageToHttp.prepare.html: an endpoint that needs longer has failed. Real seconds."""
ANSWER_MAX: Final = 65_536
"""Bytes of an answer that are read. Nobody needs more than a few, for the status log."""
_SHOWN_MAX: Final = 1_000
"""Characters of an answer that the status log shows."""
_TOO_MANY_REQUESTS: Final = 429
_UNAUTHORIZED: Final = 401


class _Parcel:
    """One message on its way to one endpoint."""

    __slots__ = ("attempts", "body", "hold", "message", "policy", "subscription", "timer")

    def __init__(self, subscription: Subscription, message: Message, policy: Delivery, body: str) -> None:
        self.subscription = subscription
        self.message = message
        self.policy = policy
        self.body = body
        self.attempts = 0
        self.timer: Timer | None = None
        self.hold: Hold | None = None
        """While a request is out."""


class HttpChannel:
    """services.sns.model.Channel of `http` and `https`."""

    def __init__(
        self, clock: Clock, entropy: Entropy, http: HttpOut, topics: Topics, envelopes: Envelopes, outcomes: Outcomes
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._http = http
        self._topics = topics
        self._envelopes = envelopes
        self._outcomes = outcomes
        self._parcels: dict[_Parcel, asyncio.Task[None] | None] = {}
        """What is under way, and the request that is out for it."""
        self._throttles: dict[str, tuple[float, Throttle]] = {}
        """By subscription: the rate that it was made for, and the throttle."""
        topics.on_subscriptions.append(lambda topic, before, after: self._subscription_changed(before, after))
        topics.on_deleted.append(lambda topic: self._drop(set(topic.subscriptions)))

    # -- services.sns.model.Channel

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Take a message: it goes out as soon as the throttle lets it."""
        policy = self._policy(subscription)
        plain = subscription.raw and message.type == NOTIFICATION
        body = message.text_for(subscription.protocol) if plain else self._envelopes.envelope(subscription, message)
        parcel = _Parcel(subscription, message, policy, body)
        self._parcels[parcel] = None
        self._take_turn(parcel)

    def busy(self) -> bool:
        """Whether a request is out, or a retry is due."""
        return bool(self._parcels)

    def forget(self, scope: Scope) -> None:
        """Drop what is under way for a scope."""
        for parcel in [parcel for parcel in self._parcels if parcel.subscription.scope == scope]:
            self._end(parcel)

    async def close(self) -> None:
        """Drop everything and wait for requests to end."""
        tasks = [task for task in self._parcels.values() if task is not None]
        for parcel in list(self._parcels):
            self._end(parcel)
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- one parcel

    def _policy(self, subscription: Subscription) -> Delivery:
        topic = self._topics.find(subscription.topic_arn)
        of_topic = "" if topic is None else topic.attributes.get("DeliveryPolicy", "")
        return delivery_policies.delivery(of_topic, subscription.attributes.get("DeliveryPolicy", ""))

    def _take_turn(self, parcel: _Parcel) -> None:
        """Send as soon as the throttle lets it. A retry takes its place when it is due, not before: what is published
        meanwhile need not wait for it.
        """
        parcel.timer = None
        rate, now = parcel.policy.per_second, self._clock.now()
        if rate is None or parcel.message.type != NOTIFICATION:
            self._send(parcel)
            return
        known = self._throttles.get(parcel.subscription.arn)
        if known is None or known[0] != rate:
            known = self._throttles[parcel.subscription.arn] = (rate, Throttle(rate))
        when = known[1].take(now)
        if when > now:
            parcel.timer = self._clock.at(when, lambda: self._send(parcel))
        else:
            self._send(parcel)

    def _send(self, parcel: _Parcel) -> None:
        parcel.timer = None
        # From now on, not from when the task has its turn: else time might move between.
        parcel.hold = self._clock.hold()
        task = asyncio.get_running_loop().create_task(self._attempt(parcel), name="sns http")
        self._parcels[parcel] = task
        task.add_done_callback(lambda done: self._look_after(parcel, done))

    def _look_after(self, parcel: _Parcel, task: asyncio.Task[None]) -> None:
        """An attempt that a bug of ours has ended must not hold the clock for ever."""
        if self._parcels.get(parcel) is task:
            self._end(parcel)
            if not task.cancelled():
                log.error("A delivery to %s failed", parcel.subscription.endpoint, exc_info=task.exception())

    async def _attempt(self, parcel: _Parcel) -> None:
        begun_at = self._clock.now()
        parcel.attempts += 1
        try:
            answer = await self._request(parcel)
        except HttpFailure as failure:
            status, text, again = 0, failure.text, True
        else:
            status, text = answer.status, answer.body.decode("utf-8", "replace")[:_SHOWN_MAX]
            again = status < 200 or status >= 500 or status == _TOO_MANY_REQUESTS
        if parcel not in self._parcels:
            return
        self._parcels[parcel] = None
        delay = parcel.policy.retries.delay_s(parcel.attempts) if again else None
        if delay is not None:
            # Before: what goes out again at once takes a hold of its own.
            self._let_go(parcel)
            if delay:
                parcel.timer = self._clock.at(self._clock.now() + delay, lambda: self._take_turn(parcel))
            else:
                self._take_turn(parcel)
            return
        message = parcel.message
        dwell_ms = max(0.0, (begun_at - message.published_at) * 1000)
        ok = 200 <= status < 300
        code = "" if ok else "HTTP" if status else "Connection"
        if message.type == NOTIFICATION:
            attempted = Attempted(ok, status or 500, text, parcel.attempts, dwell_ms, code)
            self._outcomes.ended(parcel.subscription, message, attempted)
        self._end(parcel)

    async def _request(self, parcel: _Parcel) -> HttpAnswer:
        """One attempt; with credentials a second request, once the endpoint has asked for them."""
        url, credentials = authentication.split(parcel.subscription.endpoint)
        headers, body = _headers(parcel), parcel.body.encode("utf-8", "replace")

        async def post() -> HttpAnswer:
            return await self._http.request(
                "POST", url, headers=headers, body=body, timeout_s=TIMEOUT_S, answer_max=ANSWER_MAX
            )

        answer = await post()
        if answer.status == _UNAUTHORIZED and credentials is not None:
            path = "/" + url.split("//", 1)[-1].partition("/")[2]
            challenge = answer.headers.get("www-authenticate", "")
            said = authentication.answer(challenge, credentials, "POST", path, f"{self._entropy.bits(64):016x}")
            if said:
                headers["Authorization"] = said
                return await post()
        return answer

    def _end(self, parcel: _Parcel) -> None:
        task = self._parcels.pop(parcel, None)
        if task is not None and not task.done():
            task.cancel()
        if parcel.timer is not None:
            parcel.timer.cancel()
            parcel.timer = None
        self._let_go(parcel)

    @staticmethod
    def _let_go(parcel: _Parcel) -> None:
        hold, parcel.hold = parcel.hold, None
        if hold is not None:
            hold.release()

    # -- changes

    def _subscription_changed(self, before: Subscription | None, after: Subscription | None) -> None:
        if before is not None and after is None:
            self._drop({before.arn})

    def _drop(self, subscription_arns: set[str]) -> None:
        """Subscriptions are gone: what they were still to get is not sent any more (but that they are gone is)."""
        for parcel in list(self._parcels):
            kept = parcel.message.type not in {NOTIFICATION, SUBSCRIPTION_CONFIRMATION}
            if parcel.subscription.arn in subscription_arns and not kept:
                self._end(parcel)
        for arn in subscription_arns:
            self._throttles.pop(arn, None)


def _headers(parcel: _Parcel) -> dict[str, str]:
    """https://docs.aws.amazon.com/sns/latest/dg/http-header.html"""
    message, subscription = parcel.message, parcel.subscription
    headers = {
        "x-amz-sns-message-type": message.type,
        "x-amz-sns-message-id": message.message_id,
        "x-amz-sns-topic-arn": subscription.topic_arn,
    }
    content_type = delivery_policies.TEXT_PLAIN
    if message.type != SUBSCRIPTION_CONFIRMATION:
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if message.type == NOTIFICATION:
        content_type = parcel.policy.content_type
        if subscription.raw:
            headers["x-amz-sns-rawdelivery"] = "true"
        if message.trace_header:
            headers["X-Amzn-Trace-Id"] = message.trace_header
    return headers | {
        "Content-Type": content_type,
        "Connection": "Keep-Alive",
        "User-Agent": AGENT,
        "Accept-Encoding": "gzip,deflate",
    }
