"""Activities: names for work that somebody outside polls for.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions import limits, names, paging, tags
from services.stepfunctions.errors import (
    ActivityAlreadyExists,
    ActivityDoesNotExist,
    ActivityLimitExceeded,
    ActivityWorkerLimitExceeded,
)
from services.stepfunctions.model import Activity
from statemachine.data.json_text import dumps

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from services.api import Call, Params
    from services.ports import Clock, RunningTask, Timer
    from services.scope import Scope
    from services.stepfunctions.driver import Reply
    from services.stepfunctions.state import State
    from statemachine.effects import Invoke


@dataclass(slots=True, eq=False)
class _Task:
    """Work that waits for a worker, then for its answer."""

    reply: Reply
    effect: Invoke
    counter: _Counter

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self.counter.tasks.pop(self, None)


@dataclass(slots=True, eq=False)
class _Poll:
    """A worker that waits."""

    worker: str
    future: asyncio.Future[dict[str, str]]
    patience: Timer | None = None


@dataclass(slots=True)
class _Counter:
    """Where tasks and workers of one activity meet. One of the two is empty."""

    tasks: OrderedDict[_Task, None] = field(default_factory=OrderedDict)
    """That no worker has yet, first come first."""
    polls: deque[_Poll] = field(default_factory=deque)
    """Some of them may have gone."""
    waiting: int = 0
    """Polls that have not."""


class Activities:
    """Hands tasks to workers, first come, first served; the driver's `Activities`."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._state = state
        self._counters: dict[str, _Counter] = {}

    def begin(self, effect: Invoke, reply: Reply) -> RunningTask | None:
        """Queue a task for workers; None when there is no such activity."""
        arn = effect.state.resource
        if self._state.activity(arn) is None:
            return None
        counter = self._counter(arn)
        task = _Task(reply, effect, counter)
        counter.tasks[task] = None
        # Whoever asked has to know of the task before a worker may have begun it.
        asyncio.get_running_loop().call_soon(self._serve, counter)
        return task

    def poll(self, arn: str, worker: str) -> dict[str, str] | asyncio.Future[dict[str, str]]:
        """GetActivityTask's answer: at once if there is a task, else a future that ends within a minute."""
        counter = self._counter(arn)
        task = self._next(counter)
        if task is not None:
            return self._hand_out(task, worker)
        if counter.waiting >= limits.ACTIVITY_POLLERS_MAX:
            raise ActivityWorkerLimitExceeded("The maximum number of workers concurrently polling is reached.")
        if len(counter.polls) > 2 * counter.waiting + 64:
            counter.polls = deque(poll for poll in counter.polls if not poll.future.done())
        poll = _Poll(worker, asyncio.get_running_loop().create_future())

        def give_up() -> None:
            if not poll.future.done():
                poll.future.set_result({})

        def over(_: object) -> None:
            counter.waiting -= 1
            if poll.patience is not None:
                poll.patience.cancel()

        poll.patience = self._clock.patience(limits.ACTIVITY_POLL_S, give_up)
        poll.future.add_done_callback(over)
        counter.waiting += 1
        counter.polls.append(poll)
        return poll.future

    def close(self, arn: str) -> None:
        """The activity is gone. Tasks under way can still be answered; those nobody took run into their timeout."""
        counter = self._counters.pop(arn, None)
        for poll in counter.polls if counter is not None else ():
            if not poll.future.done():
                poll.future.set_result({})

    def _counter(self, arn: str) -> _Counter:
        return self._counters.setdefault(arn, _Counter())

    def _serve(self, counter: _Counter) -> None:
        while counter.polls:
            poll = counter.polls[0]
            if poll.future.done():
                counter.polls.popleft()
                continue
            task = self._next(counter)
            if task is None:
                return
            counter.polls.popleft()
            poll.future.set_result(self._hand_out(task, poll.worker))

    @staticmethod
    def _next(counter: _Counter) -> _Task | None:
        return counter.tasks.popitem(last=False)[0] if counter.tasks else None

    @staticmethod
    def _hand_out(task: _Task, worker: str) -> dict[str, str]:
        task.reply.started(worker_name=worker)
        return {"taskToken": task.reply.task_token, "input": dumps(task.effect.arguments)}


class ActivitiesApi:
    """Create, Delete, DescribeActivity, ListActivities, GetActivityTask."""

    def __init__(self, clock: Clock, state: State, activities: Activities) -> None:
        self._clock = clock
        self._state = state
        self._activities = activities

    @operation
    def create_activity(self, call: Call, params: Params) -> Params:
        name = params["name"]
        names.check_name(name)
        tags.check(params.get("tags"), names.make(call.scope, "activity", name))
        given = params.get("encryptionConfiguration")
        encryption = None if given is None else tags.check_encryption(given)
        region = self._state.region(call.scope)
        activity = region.activities.get(name)
        if activity is None:
            if len(region.activities) >= limits.ACTIVITIES_MAX:
                raise ActivityLimitExceeded("The maximum number of activities is reached.")
            activity = Activity(call.scope, name, self._clock.now(), tags.as_dict(params.get("tags")), encryption)
            region.activities[name] = activity
        elif activity.encryption != encryption:
            raise ActivityAlreadyExists.of(activity.arn)
        return {"activityArn": activity.arn, "creationDate": activity.created_at}

    @operation
    def delete_activity(self, call: Call, params: Params) -> Params:
        activity = self._state.activity(params["activityArn"])
        if activity is not None:
            self.forget(activity.scope, activity.name)
        return {}

    def forget(self, scope: Scope, name: str) -> None:
        """Delete an activity."""
        activity = self._state.region(scope).activities.pop(name)
        self._activities.close(activity.arn)

    @operation
    def describe_activity(self, call: Call, params: Params) -> Params:
        activity = self._state.require_activity(params["activityArn"])
        answer = _listed(activity)
        if activity.encryption is not None:
            answer["encryptionConfiguration"] = dict(activity.encryption)
        return answer

    @operation
    def list_activities(self, call: Call, params: Params) -> Params:
        activities = sorted(self._state.region(call.scope).activities.values(), key=lambda activity: activity.name)
        found, more = paging.page(
            activities, lambda activity: activity.name, params, of="ListActivities", now=self._clock.now()
        )
        return {"activities": list(map(_listed, found)), **more}

    @operation
    def get_activity_task(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        """A dict at once when there is a task; else a future, woken by the first one, empty after a minute."""
        arn = params["activityArn"]
        if self._state.activity(arn) is None:
            raise ActivityDoesNotExist.of(arn)
        return self._activities.poll(arn, params.get("workerName") or "")


def _listed(activity: Activity) -> Params:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.created_at}
