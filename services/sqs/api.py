"""The 23 operations of SQS, one short method each: read the parameters, ask the domain, shape the answer.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.api import operation
from services.scope import Scope, Scoped
from services.sqs import (
    addresses,
    attributes,
    batches,
    content,
    limits,
    message,
    paging,
    policy,
    redrive,
    sending,
    tags,
)
from services.sqs.attributes import QueueAttributes
from services.sqs.by_arn import QueuesByArn
from services.sqs.errors import (
    InvalidParameterValue,
    MissingParameter,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)
from services.sqs.fifo import FifoQueue
from services.sqs.move_tasks import MoveTasks
from services.sqs.standard import StandardQueue
from services.sqs.waiting import Wanted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from services.api import Call, Params
    from services.ports import Clock, Entropy
    from services.sqs.queue import Depth, Queue
    from services.sqs.settings import SqsSettings

_RESOLVED_MAX: Final = 4096
_RESOLVED_URL_MAX: Final = 512
_RECEIVE_NAMES: Final = message.SYSTEM_ATTRIBUTES | attributes.NAMES


class _Region:
    """The queues of one account in one region."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.queues: dict[str, Queue] = {}
        self.deleted_at: dict[str, float] = {}


class SqsApi:
    """Amazon SQS. Besides its operations: `peek`, `depth` and `queue_names`, for consoles and other services."""

    name = "sqs"

    def __init__(self, clock: Clock, entropy: Entropy, settings: SqsSettings) -> None:
        self._clock = clock
        self._entropy = entropy
        self._settings = settings
        self._regions = Scoped(_Region)
        self._resolved: dict[tuple[Scope, str], Queue] = {}
        """Queues by the caller's scope and the QueueUrl as it was spelled; emptied when a queue comes or goes."""
        self._by_arn: dict[str, Queue] = {}
        self._move_tasks = MoveTasks(clock, entropy, self._find)
        self.by_arn = QueuesByArn(clock, entropy, self._find)

    def reset(self) -> None:
        """Forget every queue of every scope."""
        self.reset_scope(None, None)

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the queues of that account, or region, or both; None is any."""
        for scope, of_region in self._regions:
            if account in {None, scope.account} and region in {None, scope.region}:
                for queue in list(of_region.queues.values()):
                    self._close(of_region, queue)
                self._regions.discard(scope)

    def busy(self) -> bool:
        """Whether a message is in flight or delayed, or a move task runs. Visible messages wait for a receiver."""
        now = self._clock.now()
        depths = (queue.depth(now) for _, region in self._regions for queue in region.queues.values())
        return self._move_tasks.running() or any(depth.in_flight or depth.delayed for depth in depths)

    # Queues.

    @operation
    def create_queue(self, call: Call, params: Params) -> Params:
        name, given = params["QueueName"], params.get("Attributes") or {}
        fifo = str(given.get("FifoQueue", "")).lower() == "true"
        addresses.check_name(name, fifo=fifo)
        region, now = self._regions[call.scope], self._clock.now()
        checked = attributes.for_new_queue(given, fifo=fifo)
        existing = region.queues.get(name)
        if existing is not None:
            if different := existing.attributes.different(checked):
                raise QueueNameExists(different)
            return {"QueueUrl": self._url(call, call.scope, name)}
        if now < region.deleted_at.get(name, -limits.DELETE_COOLDOWN_S) + self._cooldown_s(limits.DELETE_COOLDOWN_S):
            raise QueueDeletedRecently
        self._create(region, name, QueueAttributes(fifo=fifo, given=checked), checked, params.get("tags") or {})
        return {"QueueUrl": self._url(call, call.scope, name)}

    def _create(
        self,
        region: _Region,
        name: str,
        settings: QueueAttributes,
        given: Mapping[str, str],
        new_tags: Mapping[str, str],
    ) -> None:
        queue_arn = _arn(region.scope, name)
        redrive.check_target(given.get("RedrivePolicy", ""), queue_arn, fifo=settings.fifo, find=self._find)
        make = FifoQueue if settings.fifo else StandardQueue
        region.queues[name] = self._by_arn[queue_arn] = make(
            queue_arn,
            settings,
            clock=self._clock,
            find=self._find,
            tag=self._entropy.bits(64),
            tags=tags.merged(name, {}, new_tags),
        )
        region.deleted_at.pop(name, None)
        self._resolved.clear()

    @operation
    def delete_queue(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        region = self._regions[_scope_of(queue)]
        region.deleted_at[queue.name] = self._clock.now()
        self._close(region, queue)
        return {}

    def _close(self, region: _Region, queue: Queue) -> None:
        del region.queues[queue.name]
        del self._by_arn[queue.arn]
        self._resolved.clear()
        self._move_tasks.forget(queue.arn)
        queue.close()

    @operation
    def get_queue_url(self, call: Call, params: Params) -> Params:
        scope = Scope(params.get("QueueOwnerAWSAccountId") or call.scope.account, call.scope.region)
        region = self._regions.get(scope)
        if region is None or params["QueueName"] not in region.queues:
            raise QueueDoesNotExist
        return {"QueueUrl": self._url(call, scope, params["QueueName"])}

    @operation
    def list_queues(self, call: Call, params: Params) -> Params:
        prefix = params.get("QueueNamePrefix") or ""
        names = [name for name in self.queue_names(call.scope) if name.startswith(prefix)]
        return self._listed("QueueUrls", call, call.scope, names, params)

    @operation
    def list_dead_letter_source_queues(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        names = sorted(source.name for source in self._dead_letter_sources(queue.arn))
        return {"queueUrls": [], **self._listed("queueUrls", call, _scope_of(queue), names, params)}

    def _listed(self, member: str, call: Call, scope: Scope, names: list[str], params: Params) -> Params:
        found, token = paging.page(names, params.get("MaxResults"), params.get("NextToken"))
        answer: Params = {}
        if found:
            answer[member] = [self._url(call, scope, name) for name in found]
        if token:
            answer["NextToken"] = token
        return answer

    @operation
    def purge_queue(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        queue.purge(self._clock.now(), cooldown_s=self._cooldown_s(limits.PURGE_COOLDOWN_S))
        return {}

    # Attributes, permissions, tags.

    @operation
    def get_queue_attributes(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        names = params.get("AttributeNames")
        if not names:
            return {}
        depth = queue.depth(self._clock.now())
        found = attributes.select(names, {
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": str(depth.visible),
            "ApproximateNumberOfMessagesNotVisible": str(depth.in_flight),
            "ApproximateNumberOfMessagesDelayed": str(depth.delayed),
            "CreatedTimestamp": str(int(queue.created_at)),
            "LastModifiedTimestamp": str(int(queue.modified_at)),
            **queue.attributes.shown(),
        })  # fmt: skip
        return {"Attributes": found} if found else {}

    @operation
    def set_queue_attributes(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        changes = queue.attributes.checked(params["Attributes"])
        redrive.check_target(changes.get("RedrivePolicy", ""), queue.arn, fifo=queue.attributes.fifo, find=self._find)
        queue.configure(changes, self._clock.now())
        return {}

    @operation
    def add_permission(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        text = policy.with_permission(
            queue.attributes.policy, queue.arn, params["Label"], params["AWSAccountIds"], params["Actions"]
        )
        queue.configure({"Policy": text}, self._clock.now())
        return {}

    @operation
    def remove_permission(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        text = policy.without_permission(queue.attributes.policy, params["Label"])
        queue.configure({"Policy": text}, self._clock.now())
        return {}

    @operation
    def tag_queue(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        if not params["Tags"]:
            raise MissingParameter.of("Tags")
        queue.tags = tags.merged(queue.name, queue.tags, params["Tags"])
        return {}

    @operation
    def untag_queue(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        tags.check_keys(params["TagKeys"] or [""])
        for key in params["TagKeys"]:
            queue.tags.pop(key, None)
        return {}

    @operation
    def list_queue_tags(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        return {"Tags": dict(queue.tags)} if queue.tags else {}

    # Messages.

    @operation
    def send_message(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        return sending.send(queue, params, call, self._entropy.uuid(), self._clock.now())

    @operation
    def send_message_batch(self, call: Call, params: Params) -> Params:
        queue, entries, now = self._queue(call, params["QueueUrl"]), params["Entries"], self._clock.now()
        batches.check(entries, "SendMessageBatchRequestEntry", "MessageBody")
        sending.check_batch(queue, entries)
        return batches.run(
            entries, lambda entry: sending.send(queue, entry, call, self._entropy.uuid(), now, sending.IN_BATCH)
        )

    @operation
    def receive_message(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        """A dict at once when there is a message or nothing to wait for; else a future, woken by the first message."""
        queue = self._queue(call, params["QueueUrl"])
        wait_s = params.get("WaitTimeSeconds")
        if wait_s is None:
            wait_s = queue.attributes.wait_s
        else:
            _check_range("WaitTimeSeconds", wait_s, 0, limits.LONG_POLL_MAX_S)
        return queue.receive(_wanted(queue, params), wait_s, self._clock.now())

    @operation
    def delete_message(self, call: Call, params: Params) -> Params:
        self._queue(call, params["QueueUrl"]).delete(params["ReceiptHandle"], self._clock.now())
        return {}

    @operation
    def delete_message_batch(self, call: Call, params: Params) -> Params:
        queue, now = self._queue(call, params["QueueUrl"]), self._clock.now()
        batches.check(params["Entries"], "DeleteMessageBatchRequestEntry", "ReceiptHandle")

        def delete(entry: batches.Entry) -> batches.Entry:
            queue.delete(entry["ReceiptHandle"], now)
            return {}

        return batches.run(params["Entries"], delete)

    @operation
    def change_message_visibility(self, call: Call, params: Params) -> Params:
        queue = self._queue(call, params["QueueUrl"])
        queue.change_visibility(params["ReceiptHandle"], params["VisibilityTimeout"], self._clock.now())
        return {}

    @operation
    def change_message_visibility_batch(self, call: Call, params: Params) -> Params:
        queue, now = self._queue(call, params["QueueUrl"]), self._clock.now()
        batches.check(params["Entries"], "ChangeMessageVisibilityBatchRequestEntry", "ReceiptHandle")

        def change(entry: batches.Entry) -> batches.Entry:
            if entry.get("VisibilityTimeout") is None:
                raise MissingParameter.of("VisibilityTimeout")
            queue.change_visibility(entry["ReceiptHandle"], entry["VisibilityTimeout"], now)
            return {}

        return batches.run(params["Entries"], change)

    # Moving dead letters.

    @operation
    def start_message_move_task(self, call: Call, params: Params) -> Params:
        source = self._move_tasks.require(params["SourceArn"], "SourceArn")
        task = self._move_tasks.start(
            source,
            params.get("DestinationArn") or "",
            params.get("MaxNumberOfMessagesPerSecond"),
            is_dead_letter_queue=bool(self._dead_letter_sources(source.arn)),
        )
        return {"TaskHandle": task.handle}

    @operation
    def list_message_move_tasks(self, call: Call, params: Params) -> Params:
        return {"Results": self._move_tasks.listed(params["SourceArn"], params.get("MaxResults"))}

    @operation
    def cancel_message_move_task(self, call: Call, params: Params) -> Params:
        return {"ApproximateNumberOfMessagesMoved": self._move_tasks.cancel(params["TaskHandle"]).moved}

    # For consoles and other services.

    def queue_names(self, scope: Scope) -> list[str]:
        """The names of a scope's queues, sorted."""
        region = self._regions.get(scope)
        return sorted(region.queues) if region is not None else []

    def depth(self, scope: Scope, queue_name: str) -> Depth | None:
        """How many messages a queue has, None if there is no such queue."""
        region = self._regions.get(scope)
        queue = region.queues.get(queue_name) if region is not None else None
        return queue.depth(self._clock.now()) if queue is not None else None

    def peek(
        self, scope: Scope, queue_name: str, *, show_invisible: bool = False, show_delayed: bool = False
    ) -> list[dict[str, Any]]:
        """A queue's messages as ReceiveMessage shows them, with all attributes, without receiving them.

        Those that could be received now; on demand those in flight (or behind one in flight, in a FIFO queue), and
        those delayed. `Attributes` has `IsVisible` and `IsDelayed` besides. QueueDoesNotExist if there is no such
        queue.
        """
        region = self._regions.get(scope)
        queue = region.queues.get(queue_name) if region is not None else None
        if queue is None:
            raise QueueDoesNotExist
        return queue.peek(self._clock.now(), show_invisible=show_invisible, show_delayed=show_delayed)

    def locate(self, scope: Scope, queue_url: str) -> tuple[Scope, str]:
        """Scope and name of the queue that `queue_url` names for a caller of `scope`; InvalidAddress if it has no form
        of a queue URL. The queue need not exist.
        """
        address = addresses.parse(queue_url)
        return Scope(address.account or scope.account, address.region or scope.region), address.name

    # Look-up.

    def _queue(self, call: Call, url: str) -> Queue:
        key = (call.scope, url)
        queue = self._resolved.get(key)
        return queue if queue is not None else self._resolve(key)

    def _resolve(self, key: tuple[Scope, str]) -> Queue:
        scope, name = self.locate(*key)
        region = self._regions.get(scope)
        queue = region.queues.get(name) if region is not None else None
        if queue is None:
            raise QueueDoesNotExist
        if len(self._resolved) >= _RESOLVED_MAX:
            self._resolved.clear()
        if len(key[1]) <= _RESOLVED_URL_MAX:
            self._resolved[key] = queue
        return queue

    def _find(self, queue_arn: str) -> Queue | None:
        return self._by_arn.get(queue_arn)

    def _dead_letter_sources(self, target_arn: str) -> list[Queue]:
        return [
            queue
            for _, region in self._regions
            for queue in region.queues.values()
            if queue.attributes.redrive is not None and queue.attributes.redrive.target_arn == target_arn
        ]

    def _url(self, call: Call, scope: Scope, name: str) -> str:
        return addresses.build(self._settings.queue_url, call.origin, scope, name)

    def _cooldown_s(self, seconds: int) -> int:
        return 0 if self._settings.relax_cooldowns else seconds


def _arn(scope: Scope, name: str) -> str:
    return str(arn.Arn(arn.partition(scope.region), "sqs", scope.region, scope.account, name))


def _scope_of(queue: Queue) -> Scope:
    parsed = arn.parse(queue.arn)
    assert parsed is not None
    return Scope(parsed.account, parsed.region)


def _wanted(queue: Queue, params: Params) -> Wanted:
    """The parameters of a ReceiveMessage, checked."""
    limit = params.get("MaxNumberOfMessages")
    if limit is None:
        limit = 1
    elif not 1 <= limit <= limits.RECEIVE_MAX:
        reason = f"Must be between 1 and {limits.RECEIVE_MAX}, if provided."
        raise InvalidParameterValue.of(limit, "MaxNumberOfMessages", reason)
    visibility_s = params.get("VisibilityTimeout")
    if visibility_s is not None:
        _check_range("VisibilityTimeout", visibility_s, 0, limits.VISIBILITY_MAX_S)
    attempt_id = params.get("ReceiveRequestAttemptId")
    if attempt_id is not None:
        if not queue.attributes.fifo:
            raise InvalidParameterValue.not_for_this_queue_type(attempt_id, "ReceiveRequestAttemptId")
        content.check_id(attempt_id, "ReceiveRequestAttemptId")
    system = [*(params.get("MessageSystemAttributeNames") or ()), *(params.get("AttributeNames") or ())]
    names = params.get("MessageAttributeNames") or ()
    selection = message.selection(system, names, _RECEIVE_NAMES) if system or names else message.NOTHING
    return Wanted(limit, visibility_s, selection, attempt_id or "")


def _check_range(parameter: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidParameterValue.of(value, parameter, f"Must be >= {low} and <= {high}, if provided.")
