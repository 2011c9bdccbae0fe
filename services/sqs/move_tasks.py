"""Message move tasks: dead letters go back to where they came from, or to a queue of one's choice, over time.

A task takes one step at once and each further one from a timer of the clock: one message every 1/rate seconds, or
fifty every tenth of a second when no rate is given (AWS then chooses one itself, of at most 500 a second).

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from services import arn
from services.sqs import documents, limits
from services.sqs.errors import InvalidParameterValue, QueueDoesNotExist, ResourceNotFound, SqsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.ports import Clock, Entropy, Timer
    from services.sqs.message import Message
    from services.sqs.queue import Queue

_STEP_MESSAGES: Final = 50
_STEP_S: Final = 0.1

RUNNING: Final = "RUNNING"
COMPLETED: Final = "COMPLETED"
CANCELLED: Final = "CANCELLED"
FAILED: Final = "FAILED"


class CouldNotDetermineMessageSource(SqsError):
    """A message that was sent to the dead-letter queue directly has no queue to go back to."""

    code = "CouldNotDetermineMessageSource"


class TaskTimedOut(SqsError):
    """36 hours are over."""

    code = "TaskTimedOut"


class MoveTask:
    """One task. `destination_arn` is empty when each message goes back to its own source."""

    def __init__(
        self, task_id: str, source_arn: str, destination_arn: str, rate: int | None, to_move: int, now: float
    ) -> None:
        self.id = task_id
        self.source_arn = source_arn
        self.destination_arn = destination_arn
        self.rate = rate
        self.to_move = to_move
        self.moved = 0
        self.status = RUNNING
        self.failure_reason = ""
        self.started_at = now
        self.timer: Timer | None = None

    @property
    def handle(self) -> str:
        """What CancelMessageMoveTask takes."""
        document = json.dumps({"taskId": self.id, "sourceArn": self.source_arn}, separators=(",", ":"))
        return base64.b64encode(document.encode()).decode("ascii")

    def end(self, status: str) -> None:
        """Be over."""
        self.status = status
        if self.timer is not None:
            self.timer.cancel()

    def shown(self) -> dict[str, Any]:
        """An entry of ListMessageMoveTasks."""
        entry: dict[str, Any] = {"Status": self.status, "SourceArn": self.source_arn}
        if self.status == RUNNING:
            entry["TaskHandle"] = self.handle
        if self.destination_arn:
            entry["DestinationArn"] = self.destination_arn
        if self.rate is not None:
            entry["MaxNumberOfMessagesPerSecond"] = self.rate
        entry["ApproximateNumberOfMessagesMoved"] = self.moved
        entry["ApproximateNumberOfMessagesToMove"] = self.to_move
        if self.failure_reason:
            entry["FailureReason"] = self.failure_reason
        entry["StartedTimestamp"] = int(self.started_at * 1000)
        return entry


class MoveTasks:
    """All tasks, by the queue they take from."""

    def __init__(self, clock: Clock, entropy: Entropy, find: Callable[[str], Queue | None]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._find = find
        self._tasks: dict[str, list[MoveTask]] = {}
        """By the source's ARN, latest first, as many as are listed."""

    def start(self, source: Queue, destination_arn: str, rate: int | None, *, is_dead_letter_queue: bool) -> MoveTask:
        """StartMessageMoveTask, of which the first step has been taken."""
        if not is_dead_letter_queue:
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        if destination_arn:
            self._check_destination(source, destination_arn)
        if rate is not None and not 1 <= rate <= limits.MOVE_RATE_MAX:
            raise InvalidParameterValue.of(
                rate, "MaxNumberOfMessagesPerSecond", f"Must be between 1 and {limits.MOVE_RATE_MAX}, if provided."
            )
        tasks = self._tasks.setdefault(source.arn, [])
        if tasks and tasks[0].status == RUNNING:
            raise InvalidParameterValue(
                "There is already a task running. "
                "Only one active task is allowed for a source queue arn at a given time."
            )
        now = self._clock.now()
        task = MoveTask(self._entropy.uuid(), source.arn, destination_arn, rate, source.depth(now).visible, now)
        tasks.insert(0, task)
        del tasks[limits.MOVE_TASKS_LISTED_MAX :]
        self._step(task)
        return task

    def listed(self, source_arn: str, max_results: int | None) -> list[dict[str, Any]]:
        """ListMessageMoveTasks, latest first."""
        self.require(source_arn, "SourceArn")
        if max_results is not None and not 1 <= max_results <= limits.MOVE_TASKS_LISTED_MAX:
            raise InvalidParameterValue.of(
                max_results, "MaxResults", f"Must be between 1 and {limits.MOVE_TASKS_LISTED_MAX}, if provided."
            )
        return [task.shown() for task in self._tasks.get(source_arn, [])[: max_results or 1]]

    def cancel(self, handle: str) -> MoveTask:
        """CancelMessageMoveTask; what has been moved stays moved."""
        task_id, source_arn = _read(handle)
        self.require(source_arn, "SourceArn")
        for task in self._tasks.get(source_arn, []):
            if task.id == task_id:
                break
        else:
            raise ResourceNotFound("Task does not exist.")
        if task.status != RUNNING:
            raise InvalidParameterValue("Only active tasks can be cancelled.")
        task.end(CANCELLED)
        return task

    def running(self) -> bool:
        """Whether any task runs."""
        return any(tasks and tasks[0].status == RUNNING for tasks in self._tasks.values())

    def forget(self, source_arn: str) -> None:
        """The queue of this ARN has been deleted."""
        for task in self._tasks.pop(source_arn, []):
            if task.status == RUNNING:
                task.end(CANCELLED)

    def require(self, queue_arn: str, parameter: str) -> Queue:
        """The queue of an ARN given as `parameter`; ResourceNotFound if there is none."""
        if arn.parse(queue_arn) is None:
            raise InvalidParameterValue(
                f"You must use this format to specify the {parameter}: "
                "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
            )
        queue = self._find(queue_arn)
        if queue is None:
            raise ResourceNotFound(f"The resource that you specified for the {parameter} parameter doesn't exist.")
        return queue

    def _check_destination(self, source: Queue, destination_arn: str) -> None:
        destination = self.require(destination_arn, "DestinationArn")
        if destination is source:
            raise InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
        if destination.attributes.fifo != source.attributes.fifo:
            raise InvalidParameterValue("Source queue and destination queue must be of the same type.")

    def _step(self, task: MoveTask) -> None:
        now = self._clock.now()
        task.timer = None
        try:
            done = self._move_some(task, now)
        except SqsError as error:
            task.failure_reason = error.code
            task.end(FAILED)
            return
        if done:
            task.end(COMPLETED)
        else:
            pause_s = _STEP_S if task.rate is None else 1 / task.rate
            task.timer = self._clock.at(now + pause_s, lambda: self._step(task))

    def _move_some(self, task: MoveTask, now: float) -> bool:
        """Move what one step may; True when nothing is left."""
        if now >= task.started_at + limits.MOVE_TASK_MAX_S:
            raise TaskTimedOut
        source = self._find(task.source_arn)
        if source is None:
            raise QueueDoesNotExist

        def move(message: Message) -> None:
            destination = self._destination(task, message)
            destination.readmit(message.as_new(self._entropy.uuid(), now), now)

        for _ in range(_STEP_MESSAGES if task.rate is None else 1):
            if not source.move_next(move, now):
                return True
            task.moved += 1
        return not source.visible

    def _destination(self, task: MoveTask, message: Message) -> Queue:
        destination_arn = task.destination_arn or message.dead_letter_source
        if not destination_arn:
            raise CouldNotDetermineMessageSource
        destination = self._find(destination_arn)
        if destination is None:
            raise QueueDoesNotExist
        return destination


def _read(handle: str) -> tuple[str, str]:
    """Task id and source ARN of a task handle."""
    try:
        document = documents.read(base64.b64decode(handle, validate=True).decode()) or {}
        return str(document["taskId"]), str(document["sourceArn"])
    except (ValueError, KeyError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
