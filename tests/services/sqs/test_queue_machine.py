"""A queue against a naive model that scans lists, driven by hypothesis over a clock moved by hand.

The model knows nothing of heaps, groups that are open, or lazy deletion. After each step the counts must agree; each
receive must return exactly what the model says; so nothing is lost, nothing is visible twice within its visibility,
and the order within each group holds.
"""

from __future__ import annotations

import importlib.util
from itertools import groupby
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.sqs.errors import InvalidParameterValue, SqsError

_spec = importlib.util.spec_from_file_location("sqs_support", Path(__file__).with_name("conftest.py"))
support = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(support)

RETENTION = 400
SECONDS = st.sampled_from([0, 1, 5, 30])
LIMITS = st.integers(1, 10)


class Known:
    """The model's message."""

    def __init__(self, number, body, group, now, visible_at):
        self.number, self.body, self.group = number, body, group
        self.sent_at = now
        self.visible_at = visible_at
        self.received = False
        self.receives = 0
        self.handle = None

    def visible(self, now):
        return self.visible_at <= now


class QueueMachine(RuleBasedStateMachine):
    name = "q"

    def __init__(self):
        super().__init__()
        self.sqs = support.Sqs()
        self.messages: list[Known] = []
        self.receipts: list[tuple[str, Known, int]] = []
        self.sent = 0

    @initialize(visibility=SECONDS, delay=SECONDS)
    def create(self, visibility, delay):
        self.visibility, self.delay = visibility, delay if delay < 30 else 0
        self.url = self.sqs.queue(
            self.name, VisibilityTimeout=visibility, DelaySeconds=self.delay, MessageRetentionPeriod=RETENTION
        )

    @property
    def now(self):
        return self.sqs.clock.now()

    def alive(self):
        self.messages = [known for known in self.messages if known.sent_at + RETENTION > self.now]
        return self.messages

    def receivable(self):
        """What the model says may be received, in order."""
        return [known for known in self.alive() if known.visible(self.now)]

    def put(self, group, delay):
        self.sent += 1
        self.messages.append(Known(self.sent, str(self.sent), group, self.now, self.now + delay))
        return str(self.sent)

    @rule(seconds=st.sampled_from([0.5, 1, 4, 5, 29.5, 200]))
    def time_passes(self, seconds):
        self.sqs.clock.advance(seconds)

    @rule(limit=LIMITS, visibility=st.none() | SECONDS)
    def receive(self, limit, visibility):
        parameters = {} if visibility is None else {"VisibilityTimeout": visibility}
        got = self.sqs.receive(self.url, limit, **parameters)
        expected = self.receivable()[:limit]
        self.check_received([message["Body"] for message in got], [known.body for known in expected], limit)
        by_body = {known.body: known for known in self.messages}
        hidden_s = self.visibility if visibility is None else visibility
        for message in got:
            known = by_body[message["Body"]]
            known.receives += 1
            known.visible_at = self.now + hidden_s
            known.received = True
            self.receipts.append((message["ReceiptHandle"], known, known.receives))

    @rule(data=st.data())
    def some_come_back_before_others(self, data):
        self.receive(10, 5)
        self.change_visibility(data, 30)
        self.time_passes(5)
        self.receive(10, 0)

    def check_received(self, got, expected, limit):
        assert got == expected

    def a_receipt(self, data):
        # Mostly a fresh one: nearly all are stale in a long run.
        return data.draw(st.sampled_from(self.receipts[-4:]) | st.sampled_from(self.receipts))

    @rule(data=st.data())
    def delete(self, data):
        if not self.receipts:
            return
        handle, known, receive = self.a_receipt(data)
        there = known in self.alive()
        try:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
        except InvalidParameterValue:
            assert there
            assert not self.may_delete(known, receive)
            return
        assert not there or self.may_delete(known, receive)
        if there:
            self.messages.remove(known)

    def may_delete(self, known, receive):
        return True

    @rule(data=st.data(), seconds=SECONDS)
    def change_visibility(self, data, seconds):
        if not self.receipts:
            return
        handle, known, receive = self.a_receipt(data)
        effective = known in self.alive() and not known.visible(self.now) and self.may_delete(known, receive)
        try:
            self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=seconds)
        except SqsError:
            assert not effective
            return
        if effective:
            known.visible_at = self.now + seconds

    @rule()
    def purge(self):
        try:
            self.sqs.purge_queue(QueueUrl=self.url)
        except SqsError:
            return
        self.messages = []

    @invariant()
    def counts_are_exact(self):
        if not hasattr(self, "url"):
            return
        alive = self.alive()
        hidden = [known for known in alive if not known.visible(self.now)]
        in_flight = sum(known.received for known in hidden)
        assert self.sqs.depth(self.url) == (len(alive) - len(hidden), in_flight, len(hidden) - in_flight)
        queue = self.sqs.api._queue(self.sqs.call, self.url)
        assert len(queue._received) == sum(known.received for known in alive)


class StandardMachine(QueueMachine):
    @rule(delay=st.none() | SECONDS, count=st.integers(1, 4))
    def send(self, delay, count):
        parameters = {} if delay is None else {"DelaySeconds": delay}
        for _ in range(count):
            self.sqs.send(self.url, self.put("", self.delay if delay is None else delay), **parameters)


class FairMachine(StandardMachine):
    """The order among tenants is not modelled; that no message is missing or too many, and order within one, is."""

    @rule(group=st.sampled_from("abc"))
    def send_for_a_tenant(self, group):
        self.sqs.send(self.url, self.put(group, self.delay), MessageGroupId=group)

    def check_received(self, got, expected, limit):
        receivable = self.receivable()
        assert len(got) == len(expected)
        assert len(set(got)) == len(got)
        for group in ("", "a", "b", "c"):
            of_group = [known.body for known in receivable if known.group == group]
            taken = [body for body in got if body in of_group]
            assert taken == of_group[: len(taken)]


class FifoMachine(QueueMachine):
    name = "q.fifo"

    @rule(groups=st.text("aaabbc", min_size=1, max_size=6))
    def send(self, groups):
        for group in groups:
            body = self.put(group, self.delay)
            self.sqs.send(self.url, body, MessageGroupId=group, MessageDeduplicationId=body)

    @rule(data=st.data())
    def send_a_duplicate(self, data):
        young = [known for known in self.alive() if known.sent_at + 300 > self.now]
        if young:
            known = data.draw(st.sampled_from(young))
            self.sqs.send(self.url, "duplicate", MessageGroupId="d", MessageDeduplicationId=known.body)

    def runs(self):
        """For each group, what precedes its first invisible message."""
        runs = {}
        for group in "abc":
            run = runs[group] = []
            for known in self.alive():
                if known.group == group:
                    if not known.visible(self.now):
                        break
                    run.append(known.body)
        return runs

    def check_received(self, got, expected, limit):
        runs = self.runs()
        assert len(got) == min(limit, sum(map(len, runs.values())))
        for run in runs.values():
            taken = [body for body in got if body in run]
            assert taken == run[: len(taken)]
        groups = [next(group for group, run in runs.items() if body in run) for body in got]
        # Those of one group come together.
        assert len(list(groupby(groups))) == len(set(groups))

    def may_delete(self, known, receive):
        return not known.visible(self.now) and known.receives == receive


_settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestStandardQueue = StandardMachine.TestCase
TestStandardQueue.settings = _settings
TestFairQueue = FairMachine.TestCase
TestFairQueue.settings = _settings
TestFifoQueue = FifoMachine.TestCase
TestFifoQueue.settings = _settings
