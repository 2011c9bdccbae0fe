"""Everything that a Task's Resource can name: the port `Integrations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.integrations import functions as function_tasks
from emulator.integrations import gateway, http_task, mocked, resources, values
from emulator.integrations.calls import Services
from emulator.integrations.catalogue import Catalogue
from emulator.integrations.executions import NestedExecutions
from emulator.integrations.functions import Functions
from emulator.integrations.gateway import ApiGateway
from emulator.integrations.http_task import HttpTasks
from emulator.integrations.jobs import Jobs
from emulator.integrations.metadata import Metadata
from emulator.integrations.optimised import OptimisedCalls
from emulator.integrations.sdk import SdkCalls
from emulator.integrations.tasks import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from emulator.integrations.executions import Executions
    from emulator.integrations.resources import Resource
    from emulator.neighbours.moto import Neighbours
    from services.api import Service
    from services.ports import Clock, Entropy, HttpOut, TaskCall, TaskEvents


_PROBLEMS: Final[dict[str, Callable[[Any], list[str]]]] = {"apigateway": gateway.problems, "http": http_task.problems}
"""What stands against arguments that no service's model describes."""


class Integrations:
    """Runs tasks."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        owned: Mapping[str, Service],
        neighbours: Callable[[], Neighbours],
        executions: Callable[[], Executions],
        http: HttpOut,
        origin: Callable[[], str],
        mock_config: str = "",
    ) -> None:
        """`owned`: our services by botocore's name. `mock_config`: a file of Step Functions Local, or nothing."""
        self._clock = clock
        self.catalogue = Catalogue()
        self.mocks = mocked.Mocks(mock_config)
        services = Services(owned, neighbours, origin)
        metadata = Metadata(clock)
        optimised = OptimisedCalls(services, self.catalogue, metadata, entropy)
        functions = Functions(services, self.catalogue, metadata, entropy)
        self._by_arn = functions.by_arn
        self._sdk = SdkCalls(services, self.catalogue, entropy).run
        self._optimised = optimised.run
        self._nested = NestedExecutions(optimised, services, executions).run
        self._jobs = Jobs(optimised, services, self.catalogue).run
        self._special: dict[str, Callable[[Work], Coroutine[Any, Any, None]]] = {
            "lambda": functions.optimised,
            "apigateway": ApiGateway(services, self.catalogue, http, clock, entropy).run,
            "http": HttpTasks(services, http).run,
        }

    def why_not(self, resource: str) -> str:
        """What CreateStateMachine says against this resource; empty when it is a supported one."""
        return resources.why_not(resource, self.catalogue)

    def why_not_start(self, resource: str, arguments: Any) -> str:
        """Why a task can't be begun with these arguments, as the cause of States.Runtime without the place; or empty.

        To be asked before a task is scheduled: AWS writes no TaskScheduled for such a one.
        """
        parsed = resources.parse(resource)
        if parsed is None or parsed.kind in ("function", "activity"):
            return ""
        sdk = parsed.kind == "sdk"
        known = (self.catalogue.sdk if sdk else self.catalogue.optimised)(parsed.service)
        operation = None if known is None else known.actions.get(parsed.action)
        if not sdk and (find := _PROBLEMS.get(parsed.service)) is not None:
            problems = find(arguments)
            return function_tasks.refusal_text(arguments, problems) if problems else ""
        if operation is None:
            return ""
        try:
            if parsed.service == "lambda" and not sdk:
                function_tasks.parameters(self.catalogue, arguments)
            else:
                values.to_params(operation.input, arguments, values.Sdk.SECOND if sdk else values.Sdk.FIRST)
        except values.Refused as refused:
            return function_tasks.refusal_text(arguments, refused.problems)
        return ""

    def test_case_problem(self, machine_name: str, test_case: str) -> str:
        """Why an execution can't be started with that mocked test case; empty when it can."""
        return self.mocks.problem(machine_name, test_case)

    def begin(self, call: TaskCall, events: TaskEvents) -> Work:
        """Begin. `events` come later, never before this has returned."""
        parsed = resources.parse(call.resource) or resources.Resource("optimised", "", "")
        work = Work(call, parsed, events, self._clock)
        mock = self.mocks.find(call)
        work.run(self._way(parsed)(work) if mock is None else mocked.run(work, mock))
        return work

    def _way(self, parsed: Resource) -> Callable[[Work], Coroutine[Any, Any, None]]:
        if parsed.kind == "function":
            return self._by_arn
        if parsed.kind == "sdk":
            return self._sdk
        if parsed.service in self._special:
            return self._special[parsed.service]
        if parsed.pattern.startswith("sync"):
            return self._nested if parsed.service == "states" else self._jobs
        if parsed.service in resources.OPTIMISED:
            return self._optimised
        return _nothing


async def _nothing(work: Work) -> None:
    """A definition that was let through names something that there is not."""
    work.fail("States.Runtime", f"The resource {work.call.resource} is not supported by Undercast.", "start")
