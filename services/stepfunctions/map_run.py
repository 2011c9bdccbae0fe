"""One Map Run: reads the items, starts children, counts what becomes of them, and gives the result.

Theory of operation. Reading and writing are coroutines; between them nothing waits but the children, which tell of
their end by `Run.on_end`. As many are started as may run at once, some at a time, so that ten thousand of them do not
keep the event loop. The clock is held while anything but children is under way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.stepfunctions import batches, item_readers, limits, result_writer
from services.stepfunctions.batches import Input
from services.stepfunctions.executions import redrive
from services.stepfunctions.item_readers import Item, Wanted
from services.stepfunctions.result_writer import Child, Export
from services.stepfunctions.status import redrive_status
from services.stepfunctions.turns import in_turns
from statemachine.data.json_text import dumps
from statemachine.definition import Machine
from statemachine.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, RUNTIME, StateError
from statemachine.states.numbers import not_an_integer

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from services.ports import Hold
    from services.stepfunctions.driver import Reply
    from services.stepfunctions.map_runs import MapRuns
    from services.stepfunctions.model import Run
    from statemachine.data.scope import Value
    from statemachine.effects import RunMap

_EXCEEDED = "The specified tolerated failure threshold was exceeded"
_STATUSES = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "pendingRedrive",
}


class MapRun:
    """The port `RunningTask`, too."""

    def __init__(self, world: MapRuns, arn: str, label: str, parent: Run, effect: RunMap) -> None:
        self._world = world
        self.arn = arn
        self.label = label
        self.parent = parent
        self.sequence = world.sequence()
        self.status = "RUNNING"
        self.started_at = world.clock.now()
        self.stopped_at: float | None = None
        self.redrive_count = 0
        self.redriven_at: float | None = None
        self.max_concurrency = effect.max_concurrency
        self.tolerated_count = effect.tolerated_failure_count
        self.tolerated_percentage = effect.tolerated_failure_percentage
        self._effect = effect
        self._reply: Reply
        self._machine = Machine(effect.state.processor)
        self._express = effect.state.execution_type == "EXPRESS"
        self._inputs: list[Input] = []
        self._runs: dict[int, Run] = {}
        """By the index of their input."""
        self._waiting: list[int] = []
        """Indexes of what is to be started, the next one last."""
        self._running: set[Run] = set()
        self._failed_items = 0
        """Since the beginning, or the last redrive."""
        self._total_items = 0
        self._finishing = False
        self._written = False
        self._task: asyncio.Task[None] | None = None
        self._hold: Hold | None = None
        self._pumping = False

    # -- from outside

    def begin(self, effect: RunMap, reply: Reply) -> None:
        """Begin, or go on after a redrive."""
        self._effect, self._reply = effect, reply
        self._failed_items, self._finishing = 0, False
        if effect.map_run_arn:
            self.status, self.stopped_at, self._written = "RUNNING", None, False
            self.redrive_count += 1
            self.redriven_at = self._world.clock.now()
        self._go(self._again() if self._inputs else self._first())

    def cancel(self) -> None:
        """Its execution waits no more: neither do its children run on."""
        if self.status == "RUNNING":
            self._close("ABORTED")
            if self._task is not None:
                self._task.cancel()
            self._abort_children()

    def update(self, changes: dict[str, Any]) -> None:
        """UpdateMapRun. Holds for what is yet to be started, and to fail."""
        self.max_concurrency = changes.get("maxConcurrency", self.max_concurrency)
        self.tolerated_count = changes.get("toleratedFailureCount", self.tolerated_count)
        self.tolerated_percentage = changes.get("toleratedFailurePercentage", self.tolerated_percentage)
        self._soon()

    def counts(self, now: float, *, items: bool) -> dict[str, int]:
        """Executions by status, or the items in them."""
        found = dict.fromkeys(
            ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten"), 0
        )
        found |= {"failuresNotRedrivable": 0, "pendingRedrive": 0}
        for index, given in enumerate(self._inputs):
            count = given.item_count if items else 1
            found["total"] += count
            run = self._runs.get(index)
            if run is None:
                found["pending"] += count
                continue
            found[_STATUSES.get(run.shown_status, "running")] += count
            if run.status not in {"RUNNING", "SUCCEEDED"} and redrive_status(run, now)[0] == "NOT_REDRIVABLE":
                found["failuresNotRedrivable"] += count
            if self._written and run.status != "RUNNING":
                found["resultsWritten"] += count
        if not found["failuresNotRedrivable"]:
            del found["failuresNotRedrivable"]
        if not self.redrive_count:
            del found["pendingRedrive"]
        return found

    # -- how it goes

    async def _first(self) -> None:
        """Read, select, batch, and start."""
        try:
            limit = self._max_items()
        except StateError as error:
            # No Map Run is started by a state that can't say what it wants.
            self._fail(error)
            return
        self._reply.started(map_run_arn=self.arn)
        try:
            items = await self._items(limit)
            selected = [self._selected(index, item) async for index, item in in_turns(enumerate(items))]
            self._inputs = [given async for given in in_turns(self._batched(selected))]
        except StateError as error:
            self._fail(error)
            return
        self._total_items = sum(given.item_count for given in self._inputs)
        self._waiting = list(range(len(self._inputs) - 1, -1, -1))
        self._soon()

    async def _again(self) -> None:
        """A redrive: what did not succeed once more, and what was never started."""
        self._reply.started(map_run_arn=self.arn)
        self._waiting = [
            index
            for index in range(len(self._inputs) - 1, -1, -1)
            if index not in self._runs or self._runs[index].status != "SUCCEEDED"
        ]
        for index in self._waiting:
            if index in self._runs:
                self._runs[index].awaits_redrive = True
        self._soon()

    def _max_items(self) -> int | None:
        reader = self._effect.state.item_reader
        if reader is None or reader.max_items is None:
            return None
        return self._integer(reader.max_items, "MaxItems")

    async def _items(self, limit: int | None) -> list[Item]:
        reader = self._effect.state.item_reader
        if reader is None:
            return self._given_items()
        arguments = self._value(reader.parameters)
        wanted = Wanted(reader.resource, arguments, reader.config, item_readers.item_limit(limit))
        return await self._world.reader.read(wanted, self.parent.scope)

    def _given_items(self) -> list[Item]:
        """The state's own. An object's entries came as pairs of key and value."""
        return [Item(item) for item in self._effect.items or ()]

    def _selected(self, index: int, item: Item) -> Any:
        """What ItemSelector makes of an item. Raises StateError."""
        selector = self._effect.state.item_selector
        if selector is None:
            return item.value
        scope = self._effect.scope
        context = scope.context
        shown = {"Index": index, "Value": item.value, "Source": item.source}
        if item.key is not None:
            shown["Key"] = item.key
        scope.context = {**context, "Map": {"Item": shown}}
        try:
            return selector.evaluate(scope, self._effect.input)
        finally:
            scope.context = context

    def _batched(self, items: list[Any]) -> Iterator[Input]:
        batcher = self._effect.state.item_batcher
        if batcher is None:
            return (Input(item) for item in items)
        return batches.batched(
            items,
            max_items=self._positive(batcher.max_items, "MaxItemsPerBatch"),
            max_bytes=self._positive(batcher.max_bytes, "MaxInputBytesPerBatch"),
            batch_input=self._value(batcher.batch_input),
        )

    # -- children

    def _soon(self) -> None:
        if not self._pumping and not self._finishing and self.status == "RUNNING":
            self._pumping = True
            if self._hold is None:
                self._hold = self._world.clock.hold()
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Start some children; the rest soon, or when others have ended."""
        self._pumping = False
        at_once = min(self.max_concurrency or limits.MAP_CHILDREN_AT_ONCE, limits.MAP_CHILDREN_AT_ONCE)
        slice_ = limits.MAP_CHILDREN_A_TURN
        while self.status == "RUNNING" and self._waiting and len(self._running) < at_once and slice_:
            self._start(self._waiting.pop())
            slice_ -= 1
        if self.status == "RUNNING" and not self._waiting and not self._running:
            self._finishing = True
            self._go(self._finish())
        elif self._waiting and len(self._running) < at_once:
            self._soon()
        if not self._pumping:
            self._release()

    def _start(self, index: int) -> None:
        old = self._runs.get(index)
        if old is not None:
            old.awaits_redrive = False
        given = self._inputs[index]
        if (
            old is not None
            and not self._express
            and redrive_status(old, self._world.clock.now())[0] != "NOT_REDRIVABLE"
        ):
            self._running.add(old)
            redrive(old, self._world.clock.now(), self._world.driver)
            return
        run = self._world.starter.start_child(
            self.parent,
            self._machine,
            given.value,
            dumps(given.value),
            map_run_arn=self.arn,
            label=self.label,
            express=self._express,
            item_count=given.item_count if self._effect.state.item_batcher is not None else None,
        )
        self._runs[index] = run
        self._running.add(run)
        run.on_end.append(self._ended)

    def _ended(self, run: Run) -> None:
        self._running.discard(run)
        if self.status != "RUNNING":
            return
        if run.status != "SUCCEEDED":
            self._failed_items += run.item_count or 1
            if self._exceeded():
                # Nothing more is started or heard of from here on.
                self.status = "FAILED"
                self._go(self._finish(StateError(EXCEED_TOLERATED_FAILURE_THRESHOLD, _EXCEEDED)))
                return
        self._soon()

    def _exceeded(self) -> bool:
        """Whether more items have failed than may. Without a threshold none may."""
        failed, count, percentage = self._failed_items, self.tolerated_count, self.tolerated_percentage
        if count is None and percentage is None:
            return failed > 0
        too_many = count is not None and failed > count
        return too_many or (percentage is not None and failed * 100 > percentage * self._total_items)

    def _abort_children(self) -> None:
        for index in self._waiting:
            if index in self._runs:
                self._runs[index].awaits_redrive = False
        self._waiting.clear()
        for run in list(self._running):
            self._world.driver.stop(run)

    # -- the end

    async def _finish(self, failure: StateError | None = None) -> None:
        if failure is not None:
            self._abort_children()
        children = [Child(given, self._runs.get(index)) for index, given in enumerate(self._inputs)]
        writer = self._effect.state.result_writer
        now = self._world.clock.now()
        try:
            if writer is not None and writer.resource:
                export = Export(
                    self._world.store, self.parent.scope, self._value(writer.parameters), writer.config, self.arn
                )
                output: Any = await result_writer.export(export, children, now)
            else:
                output = result_writer.result(children, writer.config if writer is not None else {}, now)
        except StateError as error:
            failure = failure or error
        else:
            self._written = True
        if failure is not None:
            self._fail(failure)
        else:
            self._close("SUCCEEDED")
            self._reply.succeeded(output)

    def _fail(self, error: StateError) -> None:
        self._close("FAILED")
        self._reply.failed(error.error, error.cause)

    def _close(self, status: str) -> None:
        self.status = status
        self.stopped_at = self._world.clock.now()

    def _go(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something that may wait for S3, holding the clock."""
        hold = self._world.clock.hold()
        self._task = task = asyncio.get_running_loop().create_task(doing, name=f"map run {self.arn}")

        def done(ended: asyncio.Task[None]) -> None:
            hold.release()
            if not ended.cancelled() and (bug := ended.exception()) is not None:
                self._fail(StateError(RUNTIME, "Undercast failed to run this Map Run; its log says why."))
                loop = asyncio.get_running_loop()
                loop.call_exception_handler({"message": f"{self.arn} failed", "exception": bug, "task": ended})

        task.add_done_callback(done)

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()
            self._hold = None

    # -- fields

    def _value(self, field: Value | None) -> Any:
        return None if field is None else field.evaluate(self._effect.scope, self._effect.input)

    def _positive(self, field: Value | None, name: str) -> int | None:
        if field is None:
            return None
        number = self._integer(field, name)
        if number <= 0:
            raise StateError(RUNTIME, f"field {name} must be positive")
        return number

    def _integer(self, field: Value, name: str) -> int:
        found = self._value(field)
        if isinstance(found, float) and found.is_integer() and self._effect.state.language == "JSONata":
            found = int(found)
        if isinstance(found, bool) or not isinstance(found, int):
            raise not_an_integer(self._effect.state, field, found, name)
        return found
