"""Map Runs: what a distributed Map state starts. Each item, or batch of items, is a child execution of its own.

    runs = MapRuns(clock, entropy, state, items)          # the driver's `map_runs`
    runs.connect(starter, driver)                         # once there are both
    MapRunsApi(clock, state, runs)                        # ListMapRuns, DescribeMapRun, UpdateMapRun
    runs.forget(scope)                                    # the scope is reset

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.api import operation
from services.scope import Scoped
from services.stepfunctions import limits, names, paging
from services.stepfunctions.errors import ResourceNotFound, Validation
from services.stepfunctions.item_readers import ItemReader
from services.stepfunctions.map_run import MapRun

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.ports import Clock, Entropy, ItemStore
    from services.scope import Scope
    from services.stepfunctions.driver import Driver, Reply
    from services.stepfunctions.model import Run
    from services.stepfunctions.starting import Starter
    from services.stepfunctions.state import State
    from statemachine.effects import RunMap


class MapRuns:
    """The Map Runs of every account and region; the driver's `MapRuns`."""

    def __init__(self, clock: Clock, entropy: Entropy, state: State, items: ItemStore) -> None:
        self.clock = clock
        self.store = items
        self.reader = ItemReader(items)
        self.starter: Starter
        self.driver: Driver
        self._entropy = entropy
        self._state = state
        self._sequence = 0
        self._of: Scoped[dict[str, MapRun]] = Scoped(lambda _: {})
        self._labels: dict[tuple[str, str, str], str] = {}
        """Labels that were made up, by state machine, revision and state."""

    def sequence(self) -> int:
        """A number for a new Map Run."""
        self._sequence += 1
        return self._sequence

    def connect(self, starter: Starter, driver: Driver) -> None:
        """Meet those who run executions."""
        self.starter, self.driver = starter, driver

    def begin(self, parent: Run, effect: RunMap, reply: Reply) -> MapRun:
        """Begin a Map Run, or go on with a redriven one. `reply` hears nothing before this has returned."""
        runs = self._of[parent.scope]
        map_run = runs.get(effect.map_run_arn) if effect.map_run_arn else None
        if map_run is None:
            label = effect.state.label or self._label(parent, effect.state.name)
            name = f"{parent.state_machine.name}/{label}"
            arn = effect.map_run_arn or names.make(parent.scope, "mapRun", name, self._entropy.uuid())
            map_run = runs[arn] = MapRun(self, arn, label, parent, effect)
            self._expire(runs)
        map_run.begin(effect, reply)
        return map_run

    def find(self, arn: str) -> MapRun:
        """The Map Run of that ARN. Raises InvalidArn, ResourceNotFound."""
        named = names.parse(arn, "mapRun")
        found = (self._of.get(named.scope) or {}).get(arn)
        if found is None:
            raise ResourceNotFound.of(arn)
        return found

    def of_execution(self, run: Run) -> list[MapRun]:
        """Those that an execution has started, latest first."""
        found = (self._of.get(run.scope) or {}).values()
        return sorted((each for each in found if each.parent is run), key=lambda each: each.sequence, reverse=True)

    def forget(self, scope: Scope) -> None:
        """Forget all of a scope."""
        self._of.discard(scope)
        self._labels.clear()

    def _label(self, parent: Run, state_name: str) -> str:
        key = (parent.state_machine.arn, parent.revision.id, state_name)
        if key not in self._labels:
            if len(self._labels) >= limits.MAP_RUNS_KEPT:
                self._labels.clear()
            self._labels[key] = self._entropy.uuid()
        return self._labels[key]

    def _expire(self, runs: dict[str, MapRun]) -> None:
        """Map Runs are forgotten with their execution, and the oldest where there are too many."""
        if len(runs) <= limits.MAP_RUNS_KEPT:
            return
        for arn, map_run in list(runs.items()):
            if map_run.stopped_at is not None and (
                len(runs) > limits.MAP_RUNS_KEPT or self._state.run(map_run.parent.arn) is None
            ):
                del runs[arn]


class MapRunsApi:
    """ListMapRuns, DescribeMapRun, UpdateMapRun."""

    def __init__(self, clock: Clock, state: State, map_runs: MapRuns) -> None:
        self._clock = clock
        self._state = state
        self._map_runs = map_runs

    @operation
    def list_map_runs(self, call: Call, params: Params) -> Params:
        run = self._state.require_run(params["executionArn"])
        found, more = paging.page(
            self._map_runs.of_execution(run),
            lambda map_run: map_run.sequence,
            params,
            of=f"ListMapRuns {run.arn}",
            now=self._clock.now(),
            descending=True,
        )
        return {"mapRuns": [_listed(map_run) for map_run in found], **more}

    @operation
    def describe_map_run(self, call: Call, params: Params) -> Params:
        return _described(self._map_runs.find(params["mapRunArn"]), self._clock.now())

    @operation
    def update_map_run(self, call: Call, params: Params) -> Params:
        map_run = self._map_runs.find(params["mapRunArn"])
        changes = {
            name: params[name]
            for name in ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")
            if params.get(name) is not None
        }
        if not changes:
            raise Validation(
                "At least one of maxConcurrency, toleratedFailureCount, toleratedFailurePercentage is required"
            )
        if map_run.status != "RUNNING":
            raise Validation(f"Map Run is {map_run.status} and cannot be updated")
        map_run.update(changes)
        return {}


def _listed(map_run: MapRun) -> Params:
    listed: dict[str, Any] = {
        "executionArn": map_run.parent.arn,
        "mapRunArn": map_run.arn,
        "stateMachineArn": f"{map_run.parent.state_machine.arn}/{map_run.label}",
        "startDate": map_run.started_at,
    }
    return listed if map_run.stopped_at is None else {**listed, "stopDate": map_run.stopped_at}


def _described(map_run: MapRun, now: float) -> Params:
    answer: dict[str, Any] = {
        "mapRunArn": map_run.arn,
        "executionArn": map_run.parent.arn,
        "status": map_run.status,
        "startDate": map_run.started_at,
        "maxConcurrency": map_run.max_concurrency,
        "toleratedFailurePercentage": map_run.tolerated_percentage or 0.0,
        "toleratedFailureCount": map_run.tolerated_count or 0,
        "itemCounts": map_run.counts(now, items=True),
        "executionCounts": map_run.counts(now, items=False),
    }
    if map_run.stopped_at is not None:
        answer["stopDate"] = map_run.stopped_at
    if map_run.redrive_count:
        answer |= {"redriveCount": map_run.redrive_count, "redriveDate": map_run.redriven_at}
    return answer
