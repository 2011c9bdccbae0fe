"""Fair queues: a quiet tenant's messages overtake a noisy tenant's backlog.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html says what is
done here. A standard queue's `MessageGroupId` names the tenant; messages without one are never noisy. A tenant with a
backlog is noisy while it has more than a tenth of the messages in flight (and at least 30), or of the recent
processing time, and has sent something in the last five minutes. Quiet tenants are served first, oldest message
first; then noisy ones, the one with the fewest messages in flight first.

A queue uses this from its first message with a group on; until then it has no cost at all. The choice is O(log
tenants): as a noisy tenant holds more than a tenth of something, there are never more than 18 of them to look at.
"""

from __future__ import annotations

from collections import OrderedDict
from heapq import heapify, heappop, heappush
from itertools import count
from math import exp
from typing import TYPE_CHECKING

from services.sqs import limits
from services.sqs.structures import InOrder

if TYPE_CHECKING:
    from services.sqs.message import Message

_SLACK = 1024


class _Load:
    """Messages in flight, and the processing time they have taken lately (older time fades with `FAIR_RECENT_S`)."""

    __slots__ = ("_at", "_busy_s", "in_flight")

    def __init__(self, now: float) -> None:
        self.in_flight = 0
        self._busy_s = 0.0
        self._at = now

    def busy_s(self, now: float) -> float:
        """Recent processing time in seconds, up to `now`."""
        elapsed = now - self._at
        if elapsed > 0:
            fading = exp(-elapsed / limits.FAIR_RECENT_S)
            self._busy_s = self._busy_s * fading + self.in_flight * limits.FAIR_RECENT_S * (1 - fading)
            self._at = now
        return self._busy_s

    def change(self, by: int, now: float) -> None:
        """So many more (or fewer) are in flight from `now` on."""
        self.busy_s(now)
        self.in_flight += by


class Tenant:
    """The messages of one group, or those without one (`name` is empty)."""

    __slots__ = ("last_active_at", "last_sent_at", "load", "name", "noisy", "ready")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.ready = InOrder()
        self.load = _Load(now)
        self.noisy = False
        self.last_sent_at = now
        self.last_active_at = now


class Tenants:
    """Visible messages of a fair queue. Takes the place of one `InOrder`."""

    __slots__ = ("_nameless", "_noisy", "_quiet", "_tenants", "_ticket", "_total")

    def __init__(self, ready: InOrder, in_flight: int, now: float) -> None:
        """`ready` and `in_flight`: the messages that are here already, none of which has a group."""
        self._nameless = Tenant("", now)
        self._nameless.ready = ready
        self._nameless.load.in_flight = in_flight
        self._tenants: OrderedDict[str, Tenant] = OrderedDict({"": self._nameless})
        self._total = _Load(now)
        self._total.in_flight = in_flight
        self._quiet: list[tuple[int, int, Tenant]] = []
        """Heap by the number of a tenant's first message. An entry whose number is no longer that is void."""
        self._noisy: list[Tenant] = []
        self._ticket = count()
        self._offer(self._nameless)

    def sent(self, message: Message, now: float) -> None:
        """A message has arrived, visible or not."""
        tenant = self._tenant(message.group_id, now)
        tenant.last_sent_at = now
        message.lane = tenant

    def push(self, message: Message) -> None:
        """A message has become visible."""
        tenant = self._of(message)
        known = self._tenants.setdefault(tenant.name, tenant)
        if known is not tenant:
            # While this message was delayed its tenant was idle for so long that it was forgotten, and came anew.
            message.lane = tenant = known
        tenant.ready.push(message)
        if tenant.ready.first() is message:
            self._offer(tenant)

    def pop(self, now: float) -> Message | None:
        """Take the message to be received next."""
        self._review_noisy(now)
        while self._quiet:
            number, _, tenant = heappop(self._quiet)
            first = tenant.ready.first()
            if first is None or first.number != number or tenant.noisy:
                continue
            if self._is_noisy(tenant, now):
                tenant.noisy = True
                self._noisy.append(tenant)
                continue
            return self._take(tenant)
        return self._pop_noisy()

    def forget(self, message: Message) -> None:
        """A visible message has left without being received."""
        tenant = self._of(message)
        tenant.ready.forget_one()
        self._offer(tenant)

    def in_flight(self, message: Message, by: int, now: float) -> None:
        """A message was received (`by` 1), or came back or left (-1)."""
        tenant = self._of(message)
        tenant.load.change(by, now)
        self._total.change(by, now)
        tenant.last_active_at = now
        self._tenants.move_to_end(tenant.name)

    def _of(self, message: Message) -> Tenant:
        lane = message.lane
        return lane if isinstance(lane, Tenant) else self._nameless

    def _tenant(self, name: str, now: float) -> Tenant:
        tenant = self._tenants.get(name)
        if tenant is None:
            self._drop_idle(now)
            tenant = self._tenants[name] = Tenant(name, now)
        else:
            self._tenants.move_to_end(name)
        tenant.last_active_at = now
        return tenant

    def _drop_idle(self, now: float) -> None:
        """Forget tenants that have nothing here and whose past no longer counts."""
        while self._tenants:
            tenant = next(iter(self._tenants.values()))
            if tenant.last_active_at + limits.FAIR_RECENT_S > now:
                return
            if tenant is self._nameless or tenant.ready.live or tenant.load.in_flight:
                tenant.last_active_at = now
                self._tenants.move_to_end(tenant.name)
            else:
                del self._tenants[tenant.name]

    def _offer(self, tenant: Tenant) -> None:
        first = tenant.ready.first()
        if first is None or tenant.noisy:
            return
        heappush(self._quiet, (first.number, next(self._ticket), tenant))
        if len(self._quiet) > 2 * len(self._tenants) + _SLACK:
            self._rebuild()

    def _rebuild(self) -> None:
        self._quiet = [
            (first.number, next(self._ticket), tenant)
            for tenant in self._tenants.values()
            if not tenant.noisy and (first := tenant.ready.first()) is not None
        ]
        heapify(self._quiet)

    def _take(self, tenant: Tenant) -> Message | None:
        message = tenant.ready.pop()
        self._offer(tenant)
        return message

    def _is_noisy(self, tenant: Tenant, now: float) -> bool:
        if not tenant.name or now - tenant.last_sent_at >= limits.FAIR_QUIET_AFTER_S:
            return False
        load, total = tenant.load, self._total
        if load.in_flight >= limits.FAIR_IN_FLIGHT_MIN and load.in_flight > limits.FAIR_SHARE * total.in_flight:
            return True
        return load.busy_s(now) > limits.FAIR_SHARE * total.busy_s(now)

    def _review_noisy(self, now: float) -> None:
        if not self._noisy:
            return
        still = []
        for tenant in self._noisy:
            if tenant.ready.live and self._is_noisy(tenant, now):
                still.append(tenant)
            else:
                tenant.noisy = False
                self._offer(tenant)
        self._noisy = still

    def _pop_noisy(self) -> Message | None:
        waiting = [
            (tenant.load.in_flight, first.number, tenant) for tenant in self._noisy if (first := tenant.ready.first())
        ]
        if not waiting:
            return None
        return self._take(min(waiting)[2])
