"""Step Functions with all that it needs of the world. Imported when the first request for it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.integrations.integrations import Integrations
from emulator.integrations.mock_results import MockResults
from emulator.item_store import ItemStore
from emulator.log_groups import LogGroups
from services.stepfunctions.api import StepFunctionsApi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.entropy import RandomEntropy
    from emulator.log_sink import LogSink
    from emulator.neighbours.moto import Neighbours
    from services.api import Service
    from services.ports import Clock, HttpOut


class Machines:
    """Step Functions and what its tasks reach. As a service it is `StepFunctionsApi`."""

    name = "stepfunctions"

    def __init__(
        self,
        clock: Clock,
        entropy: RandomEntropy,
        *,
        owned: Mapping[str, Service],
        neighbours: Callable[[], Neighbours],
        logs: LogSink,
        http: HttpOut,
        origin: Callable[[], str],
        mock_config: str,
    ) -> None:
        """`owned` are our services by name, for tasks; `mock_config` a file of Step Functions Local, or nothing."""
        self.integrations = Integrations(
            clock,
            entropy.stream("integrations"),
            owned=owned,
            neighbours=neighbours,
            executions=lambda: self.api,
            http=http,
            origin=origin,
            mock_config=mock_config,
        )
        self.api = StepFunctionsApi(
            clock,
            entropy.stream("stepfunctions"),
            integrations=self.integrations,
            items=ItemStore(neighbours),
            shapes=MockResults(self.integrations.catalogue),
            logs=LogGroups(logs, neighbours),
            events=Nobody(),
        )
        self.operation_groups = self.api.operation_groups

    def reset(self) -> None:
        """Forget all state of every scope."""
        self.api.reset()

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both; None is any."""
        self.api.reset_scope(account, region)

    def busy(self) -> bool:
        """Whether any execution has not ended."""
        return self.api.busy()


class Nobody:
    """The port `EventSink`, until EventBridge is ours: nobody hears."""

    def put(
        self,
        *,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        resources: list[str],
        at: float,
        detail: Callable[[], str],
    ) -> None:
        """Let the event go unheard."""
