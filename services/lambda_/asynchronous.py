"""Asynchronous invocations: accepted at once, run when there is room, retried, and told of when they end.

A function error is retried after one minute and then after two. An event that is throttled goes back to its function's
queue; it is tried again when an invocation of the function ends, and after a growing while in any case. AWS documents
only the latter (one second up to five minutes); who tests locally need not wait for it.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from services.errors import ServiceError
from services.lambda_ import destinations, limits, names
from services.lambda_.errors import RecursiveInvocation, TooManyRequests
from services.lambda_.model import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from services.lambda_.invocation import Outcome
    from services.lambda_.invoker import Invoker
    from services.lambda_.model import AsyncPolicy, FunctionName, Target
    from services.lambda_.state import Functions
    from services.ports import Clock, Deliveries, Entropy, Timer

log = logging.getLogger("undercast.lambda")

RETRY_S: Final = (60.0, 120.0)
"""Before the first and before the second retry."""
THROTTLED_S: Final = (1.0, 300.0)
"""A throttled event waits at most this long: the first time, and after many."""


class Event:
    """One event on its way."""

    __slots__ = (
        "accepted_at",
        "attempts",
        "client_context",
        "function",
        "outcome",
        "payload",
        "qualifier",
        "queued",
        "request_id",
        "throttled",
        "timer",
        "trace",
    )

    def __init__(
        self, request_id: str, target: Target, payload: bytes, accepted_at: float, trace: str, client_context: str
    ) -> None:
        self.request_id = request_id
        self.function = target.version.function
        self.qualifier = target.qualifier
        self.payload = payload
        self.accepted_at = accepted_at
        self.trace = trace
        self.client_context = client_context
        self.attempts = 0
        """Invocations that ended."""
        self.throttled = 0
        """How often in a row there was no room."""
        self.queued = False
        """Whether it is in the queue of those that wait for room."""
        self.outcome: Outcome | None = None
        """Of the last attempt."""
        self.timer: Timer | None = None

    @property
    def arn(self) -> str:
        """What was invoked, always qualified."""
        return self.function.arn(self.qualifier or LATEST)


class AsyncInvocations:
    """Every event that was accepted and has not ended."""

    def __init__(
        self,
        functions: Functions,
        clock: Clock,
        entropy: Entropy,
        deliveries: Deliveries,
        policy_of: Callable[[FunctionName, str], AsyncPolicy],
    ) -> None:
        self._functions = functions
        self._clock = clock
        self._entropy = entropy
        self._deliveries = deliveries
        self._policy_of = policy_of
        self._invoker: Invoker | None = None
        self._events: set[Event] = set()
        self._throttled: dict[FunctionName, deque[Event]] = {}
        """Events that wait for room, oldest first. Those that got it meanwhile are skipped when met."""
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self, invoker: Invoker) -> None:
        """Where events run."""
        self._invoker = invoker

    def accept(
        self, request_id: str, target: Target, payload: bytes, trace: str = "", client_context: str = ""
    ) -> None:
        """Take an event; it runs now if there is room."""
        event = Event(request_id, target, payload, self._clock.now(), trace, client_context)
        self._events.add(event)
        self._attempt(event)

    def busy(self) -> bool:
        """Whether an event or a delivery is under way."""
        return bool(self._events or self._tasks)

    def room(self, name: FunctionName) -> None:
        """An invocation of the function ended, or more may run: the events that wait longest have their turn."""
        waiting = self._throttled.get(name)
        while waiting:
            event = waiting.popleft()
            event.queued = False
            if event.throttled and event in self._events:
                if event.timer is not None:
                    event.timer.cancel()
                self._attempt(event, first=True)
                if event.queued:
                    return
        self._throttled.pop(name, None)

    def drop(self, account: str | None, region: str | None) -> None:
        """Forget the events of that account, or region, or both; None is any."""
        for event in list(self._events):
            if account in {None, event.function.account} and region in {None, event.function.region}:
                self._end(event)
        self._throttled = {name: events for name, events in self._throttled.items() if events}

    async def close(self) -> None:
        """Drop everything and end deliveries."""
        self.drop(None, None)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- one event

    def _attempt(self, event: Event, *, first: bool = False) -> None:
        """Run it, if there is room. What its name stands for is asked anew each time; `first`: keep its place."""
        event.timer = None
        if event not in self._events:
            return
        assert self._invoker is not None
        now, target = self._clock.now(), self._functions.find(event.function.arn(event.qualifier))
        if target is None:
            self._end(event)
            return
        if event.throttled and now - event.accepted_at >= self._policy(event).max_age_s:
            self._failed(event, destinations.AGE_EXCEEDED)
            return
        try:
            self._invoker.start(
                target,
                event.payload,
                lambda outcome: self._ran(event, outcome),
                lambda error: self._broke(event, error),
                request_id=event.request_id,
                trace=event.trace,
                client_context=event.client_context,
            )
        except TooManyRequests:
            self._wait_for_room(event, first=first)
        except RecursiveInvocation:
            self._failed(event, destinations.RETRIES_EXHAUSTED)
        except ServiceError as error:
            self._broke(event, error)
        else:
            event.throttled = 0

    def _wait_for_room(self, event: Event, *, first: bool) -> None:
        function = self._functions.get(event.function)
        if function is not None and function.reserved == 0:
            self._failed(event, destinations.NO_CONCURRENCY)
            return
        least, most = THROTTLED_S
        delay = min(most, least * 2 ** min(event.throttled, 16))
        event.throttled += 1
        waiting = self._throttled.setdefault(event.function, deque())
        if not event.queued:
            event.queued = True
            if first:
                waiting.appendleft(event)
            else:
                waiting.append(event)
        self._again(event, delay)

    def _again(self, event: Event, delay: float) -> None:
        event.timer = self._clock.at(self._clock.now() + delay, lambda: self._attempt(event))

    def _ran(self, event: Event, outcome: Outcome) -> None:
        event.attempts += 1
        event.outcome = outcome
        if event not in self._events:
            return
        if outcome.function_error:
            self._retry(event)
            return
        policy = self._policy(event)
        self._end(event)
        if policy.on_success:
            self._tell(policy.on_success, event, destinations.SUCCESS)

    def _broke(self, event: Event, error: ServiceError) -> None:
        """Lambda itself could not run it: taken as an attempt, so that it does not go on for hours."""
        event.attempts += 1
        log.warning("An asynchronous invocation of %s failed: %s %s", event.arn, error.code, error.message)
        if event in self._events:
            self._retry(event)

    def _retry(self, event: Event) -> None:
        policy = self._policy(event)
        if event.attempts > policy.max_attempts:
            self._failed(event, destinations.RETRIES_EXHAUSTED)
            return
        delay = RETRY_S[min(event.attempts, len(RETRY_S)) - 1]
        if self._clock.now() + delay - event.accepted_at >= policy.max_age_s:
            # AWS does not wait for the age to be reached either.
            self._failed(event, destinations.AGE_EXCEEDED)
            return
        self._again(event, delay)

    def _failed(self, event: Event, condition: str) -> None:
        policy = self._policy(event)
        self._end(event)
        if policy.on_failure:
            self._tell(policy.on_failure, event, condition)
        target = self._functions.find(event.function.arn(event.qualifier))
        dead_letters = "" if target is None else target.version.configuration.dead_letter_arn
        if dead_letters:
            attributes = destinations.dead_letter_attributes(event.request_id, event.outcome)
            self._send(dead_letters, event, event.payload.decode("utf-8", "replace"), attributes)

    def _end(self, event: Event) -> None:
        self._events.discard(event)
        if event.timer is not None:
            event.timer.cancel()
            event.timer = None

    def _policy(self, event: Event) -> AsyncPolicy:
        return self._policy_of(event.function, event.qualifier)

    # -- telling of it

    def _tell(self, destination: str, event: Event, condition: str) -> None:
        body = destinations.record(
            self._clock.now(), event.request_id, event.arn, condition, event.attempts, event.payload, event.outcome
        )
        self._send(destination, event, body, {})

    def _send(self, target_arn: str, event: Event, body: str, attributes: Mapping[str, Mapping[str, Any]]) -> None:
        if names.of_arn(target_arn) is not None:
            self._invoke_next(target_arn, event, body.encode())
            return
        task = asyncio.get_running_loop().create_task(self._deliver(target_arn, event, body, attributes))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _invoke_next(self, target_arn: str, event: Event, record: bytes) -> None:
        """A function as destination. The chain goes on, so that two that tell each other are ended as a loop."""
        target = self._functions.find(target_arn)
        if target is None or len(record) > limits.ASYNCHRONOUS_PAYLOAD_MAX:
            log.warning("The end of %s could not be told to %s", event.arn, target_arn)
            return
        self.accept(self._entropy.uuid(), target, record, _trace(event))

    async def _deliver(
        self, target_arn: str, event: Event, body: str, attributes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        name = event.function
        # Time waits for it: whoever is told must be told now, not later.
        with self._clock.hold():
            try:
                await self._deliveries.send(
                    target_arn, body, attributes, account=name.account, region=name.region, trace=_trace(event)
                )
            except ServiceError as error:
                log.warning("The end of %s could not be told to %s: %s", event.arn, target_arn, error.message)


def _trace(event: Event) -> str:
    """The trace as the last attempt left it: with the function in its lineage."""
    return event.trace if event.outcome is None else event.outcome.trace
