"""`aws-sdk:<service>:<action>`: any operation of any service that botocore knows.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.integrations import failures, values
from emulator.integrations.functions import refusal_of
from services.errors import ServiceError

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue, KnownService
    from emulator.integrations.tasks import Work
    from emulator.wire.model import Operation
    from services.ports import Entropy


class SdkCalls:
    """Calls operations for tasks."""

    def __init__(self, services: Services, catalogue: Catalogue, entropy: Entropy) -> None:
        self._services = services
        self._catalogue = catalogue
        self._entropy = entropy

    async def run(self, work: Work) -> None:
        """One call."""
        work.events.started()
        known = self._catalogue.sdk(work.resource.service)
        operation = None if known is None else known.actions.get(work.resource.action)
        if known is None or operation is None:
            work.fail("States.Runtime", f"There is no {work.call.resource}.")
            return
        try:
            params = values.to_params(operation.input, work.call.arguments, values.Sdk.SECOND)
            result = await self._call(work, known, operation, params)
        except values.Refused as refused:
            work.fail(*refusal_of(work, refused.problems))
        except ServiceError as refused:
            work.fail(*failures.in_second_sdk(known, operation.name, refused, self._entropy.uuid()))
        else:
            work.answered(values.to_json(operation.output, result, values.Sdk.SECOND))

    async def _call(
        self, work: Work, known: KnownService, operation: Operation, params: dict[str, Any]
    ) -> dict[str, Any]:
        return await self._services.call(
            known, operation, params, account=work.account, region=work.call.region, trace=work.call.trace
        )
