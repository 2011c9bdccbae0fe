"""What is common to tasks under way: the clock is held while they work, and let go while they wait for something."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from typing import TYPE_CHECKING, Any, Final

from emulator.integrations import resources
from services import arn
from statemachine import errors
from statemachine.data import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from emulator.integrations.resources import Resource
    from services.ports import Clock, TaskCall, TaskEvents

log = logging.getLogger("undercast.tasks")

RESULT_MAX: Final = 262_144
"""Bytes of a task's result. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


def settle(waited_for: asyncio.Future[None]) -> None:
    """It has come, if anybody still waits."""
    if not waited_for.done():
        waited_for.set_result(None)


class Work:
    """One task under way: the port `RunningTask`."""

    def __init__(self, call: TaskCall, resource: Resource, events: TaskEvents, clock: Clock) -> None:
        self.call = call
        self.resource = resource
        self.events = events
        self.clock = clock
        self._hold = clock.hold()
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self.on_cancel: list[Callable[[], None]] = []
        """What else to do when nobody waits for the task any more, newest first."""

    @property
    def account(self) -> str:
        """On whose behalf: the account of the role that the task assumes, or the execution's own."""
        role = arn.parse(self.call.credentials_role_arn)
        return role.account if role is not None and role.account else self.call.account

    def run(self, doing: Coroutine[Any, Any, None]) -> None:
        """Begin. Nothing of `doing` happens before this has returned."""
        self._task = asyncio.get_running_loop().create_task(doing, name=f"task {self.call.resource}")
        self._task.add_done_callback(self._done)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._over:
            return
        self._over = True
        while self.on_cancel:
            self.on_cancel.pop()()
        if self._task is not None:
            self._task.cancel()
        self._hold.release()

    # -- how it goes; nothing is told after the end

    def succeed(self, output: Any) -> None:
        """Its result; one that is too large is a failure."""
        if json_text.size_of(output) > RESULT_MAX:
            name = self.call.resource if self.resource.kind == "function" else self.resource.resource_type
            self.fail(
                errors.DATA_LIMIT_EXCEEDED,
                f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service "
                "limit.",
            )
        elif self._end():
            self.events.succeeded(output)

    def fail(self, error: str | None, cause: str | None, stage: str = "") -> None:
        """It has failed."""
        if self._end():
            self.events.failed(error, cause, stage)

    def submitted(self, output: Any) -> None:
        """Accepted; it goes on. The end of it, where somebody else brings the result by its token."""
        if not self._over:
            self.events.submitted(output)
            if self.resource.pattern == resources.WAIT:
                self._end()

    def answered(self, output: Any) -> None:
        """The service has answered: the result, or with a task token the submission."""
        if self.resource.pattern == resources.WAIT:
            self.submitted(output)
        else:
            self.succeed(output)

    # -- waiting

    @contextlib.contextmanager
    def letting_time_pass(self) -> Iterator[None]:
        """While the task only waits for something that others bring about."""
        self._hold.release()
        try:
            yield
        finally:
            if not self._over:
                self._hold = self.clock.hold()

    async def pause(self, seconds: float) -> None:
        """Wait for that long, on the clock."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.clock.at(self.clock.now() + seconds, functools.partial(settle, passed))
        with self.letting_time_pass():
            try:
                await passed
            finally:
                timer.cancel()

    def _end(self) -> bool:
        if self._over:
            return False
        self._over = True
        self.on_cancel.clear()
        self._hold.release()
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._hold.release()
            return
        bug = task.exception()
        if bug is not None:
            log.error("A task of %s failed (%s)", self.call.execution_arn, self.call.resource, exc_info=bug)
            self.fail(errors.RUNTIME, "Undercast failed to run this task; its log says why.")
        self._hold.release()
