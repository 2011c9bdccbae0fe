"""AWS Step Functions, whole: its parts put together. Each operation is a method of one of its operation groups.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.stepfunctions import names
from services.stepfunctions.activities import Activities, ActivitiesApi
from services.stepfunctions.aliases import AliasesApi
from services.stepfunctions.driver import Driver
from services.stepfunctions.errors import InvalidArn
from services.stepfunctions.executions import ExecutionsApi
from services.stepfunctions.express import ExpressApi
from services.stepfunctions.journal import Journal
from services.stepfunctions.machines import MachinesApi
from services.stepfunctions.map_runs import MapRuns, MapRunsApi
from services.stepfunctions.starting import Starter
from services.stepfunctions.state import State
from services.stepfunctions.tags import TagsApi
from services.stepfunctions.tasks import TasksApi, Tokens
from services.stepfunctions.test_state import TestStateApi
from services.stepfunctions.validation import Definitions, ValidationApi
from services.stepfunctions.versions import VersionsApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.ports import Clock, Entropy, EventSink, Integrations, ItemStore, LogDelivery, ResultShapes
    from services.stepfunctions.model import Run


class StepFunctionsApi:
    """AWS Step Functions. Besides its operations: what other parts of the emulator may ask, below."""

    name = "stepfunctions"

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        integrations: Integrations,
        items: ItemStore,
        shapes: ResultShapes,
        logs: LogDelivery,
        events: EventSink,
    ) -> None:
        self._clock = clock
        self.state = State(clock, entropy)
        journal = Journal(clock, entropy, self.state, logs, events)
        tokens = Tokens()
        activities = Activities(clock, self.state)
        definitions = Definitions(integrations)
        self._map_runs = MapRuns(clock, entropy, self.state, items)
        self.driver = Driver(
            clock,
            integrations=integrations,
            activities=activities,
            waiting=tokens,
            map_runs=self._map_runs,
            journal=journal,
        )
        self.starter = Starter(clock, entropy, self.state, self.driver, journal, integrations)
        self._map_runs.connect(self.starter, self.driver)
        self._activities = ActivitiesApi(clock, self.state, activities)
        self.operation_groups = (
            MachinesApi(clock, entropy, self.state, definitions.compile, logs, journal),
            VersionsApi(clock, self.state),
            AliasesApi(clock, self.state),
            ExecutionsApi(clock, self.state, self.starter, self.driver, journal),
            ExpressApi(self.starter),
            MapRunsApi(clock, self.state, self._map_runs),
            self._activities,
            TasksApi(tokens),
            TagsApi(self.state),
            ValidationApi(definitions),
            TestStateApi(clock, entropy, definitions, integrations, shapes),
        )

    def reset(self) -> None:
        """Forget all state of every scope."""
        self.reset_scope(None, None)

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both; None is any. What runs there ends untold."""
        self.driver.abandon(account, region)
        for found in self.state:
            scope = found.scope
            if account in {None, scope.account} and region in {None, scope.region}:
                for name in list(found.activities):
                    self._activities.forget(scope, name)
                self._map_runs.forget(scope)
                self.state.forget(scope)

    def busy(self) -> bool:
        """Whether any execution has not ended."""
        return self.driver.busy()

    def standing(self, execution_arn: str) -> tuple[str, set[str]] | None:
        """An execution's status, and the names of the states it is in; None without such an execution."""
        try:
            run = self.state.run(execution_arn)
        except InvalidArn:
            return None
        if run is None:
            return None
        return run.status, run.execution.standing() if run.status == "RUNNING" else set()

    def is_express(self, machine_arn: str) -> bool:
        """Whether that is an express state machine; not so if it is none at all."""
        try:
            found = self.state.state_machine(names.parse(machine_arn, "stateMachine"))
        except InvalidArn:
            return False
        return found is not None and found.express

    def on_end(self, execution_arn: str, told: Callable[[], None]) -> None:
        """Call `told` once when that execution ends, or is forgotten; soon if it has, or is none."""
        run = self.state.run(execution_arn)
        if run is None or run.status != "RUNNING":
            asyncio.get_running_loop().call_soon(told)
            return

        def tell(ended: Run) -> None:
            ended.on_end.remove(tell)
            told()

        run.on_end.append(tell)
