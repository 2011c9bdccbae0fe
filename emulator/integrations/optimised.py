"""The optimised integrations that are one call of a service: its result, and what the HTTP exchange was like.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.integrations import failures, values
from emulator.integrations.functions import refusal_of
from services.errors import ServiceError
from statemachine.data import json_text

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue, KnownService
    from emulator.integrations.metadata import Metadata
    from emulator.integrations.tasks import Work
    from emulator.wire.model import Operation
    from services.ports import Entropy

FAILED_ENTRY = "EventBridge.FailedEntry"


class OptimisedCalls:
    """Calls operations for tasks."""

    def __init__(self, services: Services, catalogue: Catalogue, metadata: Metadata, entropy: Entropy) -> None:
        self._services = services
        self._catalogue = catalogue
        self._metadata = metadata
        self._entropy = entropy

    async def run(self, work: Work) -> None:
        """Request Response, and with a task token."""
        if not self.has(work):
            work.fail("States.Runtime", f"Undercast does not run {work.call.resource} yet.", "start")
            return
        work.events.started()
        answered = await self.call(work, self.arguments_of(work))
        if answered is None:
            return
        _, output = answered
        if work.resource.service == "events" and output.get("FailedEntryCount"):
            work.fail(FAILED_ENTRY, _failed_entries(output))
            return
        work.answered(output)

    async def call(self, work: Work, arguments: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The result by botocore's names and as a task gives it; None where the task has failed."""
        known, operation = self.known(work)
        try:
            params = values.to_params(operation.input, arguments, values.Sdk.FIRST)
            result = await self._services.call(
                known, operation, params, account=work.account, region=work.call.region, trace=work.call.trace
            )
        except values.Refused as refused:
            work.fail(*refusal_of(work, refused.problems))
            return None
        except ServiceError as refused:
            stage = "submit" if work.resource.pattern else ""
            work.fail(*failures.in_first_sdk(work.resource.service, known, refused, self._entropy.uuid()), stage)
            return None
        return result, self.shown(known, operation, result)

    def shown(self, known: KnownService, operation: Operation, result: dict[str, Any]) -> dict[str, Any]:
        """A result with its metadata."""
        output = values.to_json(operation.output, result, values.Sdk.FIRST)
        output |= self._metadata.of(known, operation, result, self._entropy.uuid())
        return {name: output[name] for name in sorted(output)}

    def has(self, work: Work) -> bool:
        """Whether the Resource is an operation of its service: a few are Step Functions' own."""
        known = self._catalogue.optimised(work.resource.service)
        return known is not None and work.resource.action in known.actions

    def known(self, work: Work) -> tuple[KnownService, Operation]:
        """The service and the operation that the Resource names."""
        known = self._catalogue.optimised(work.resource.service)
        if known is None or work.resource.action not in known.actions:
            raise LookupError(work.call.resource)
        return known, known.actions[work.resource.action]

    def arguments_of(self, work: Work) -> Any:
        """The arguments as the operation takes them."""
        if work.resource.service == "events":
            return _with_execution(work.call.arguments, work.call.execution_arn)
        return work.call.arguments


def _with_execution(arguments: Any, execution_arn: str) -> Any:
    """Step Functions adds the execution to each event's resources.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
    """
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Entries"), list):
        return arguments
    entries = [
        {**entry, "Resources": [*(entry.get("Resources") or ()), execution_arn]} if isinstance(entry, dict) else entry
        for entry in arguments["Entries"]
    ]
    return {**arguments, "Entries": entries}


def _failed_entries(output: dict[str, Any]) -> str:
    kept = {name: value for name, value in output.items() if not name.startswith("Sdk")}
    return json_text.dumps(kept)
