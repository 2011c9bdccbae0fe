"""One call of a service, without HTTP: our own services in process, every other by the neighbours."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

from emulator.wire import validate
from emulator.wire.compile import CHECKS
from services.api import Call, operations
from services.errors import NotImplementedByUndercast, ServiceError
from services.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from emulator.integrations.catalogue import KnownService
    from emulator.neighbours.moto import Neighbours
    from emulator.wire.model import Operation
    from emulator.wire.validate import Check
    from services.api import Params, Service


_TABLE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]+")


class InvalidArguments(ServiceError):
    """What the client of a service that is not ours would not even have sent."""

    code = "ValidationException"


class Services:
    """Every service that can be asked, by botocore's name."""

    def __init__(
        self,
        owned: Mapping[str, Service],
        neighbours: Callable[[], Neighbours],
        origin: Callable[[], str],
    ) -> None:
        """`owned` is looked into at each call, so services may be made later. `origin` is our own address."""
        self._owned = owned
        self._neighbours = neighbours
        self._origin = origin
        self._handlers: dict[str, dict[str, Callable[[Call, Params], Params | Awaitable[Params]]]] = {}
        self._checks: dict[tuple[str, str], Check | None] = {}

    async def call(
        self,
        service: KnownService,
        operation: Operation,
        params: dict[str, Any],
        *,
        account: str,
        region: str,
        trace: str = "",
    ) -> dict[str, Any]:
        """The result by botocore's names (instants as epoch seconds or datetime, bodies as bytes).

        Raises:
            ServiceError: the service refuses, or what the model demands is missing.
        """
        check = self._check(service, operation)
        if check is not None:
            check(params)
        if service.name == "dynamodb":
            _check_table(params)
        if service.name not in self._owned:
            if operation.name == "RunTask" and "awsvpcConfiguration" in params.get("networkConfiguration", {}):
                # moto does not run a task without security groups; ECS takes the VPC's default one.
                params["networkConfiguration"]["awsvpcConfiguration"].setdefault("securityGroups", [])
            found = await self._ask_neighbour(service.name, operation.name, params, account, region)
            if params.get("ReturnConsumedCapacity", "NONE") == "NONE":
                # moto tells DynamoDB's even to those who did not ask.
                found.pop("ConsumedCapacity", None)
            return found
        handler = self._handlers_of(service.name).get(operation.name)
        if handler is None:
            raise NotImplementedByUndercast(f"{operation.name} of {service.name} is not implemented by Undercast yet.")
        given = handler(Call(Scope(account, region), self._origin(), trace_header=trace), params)
        return await given if inspect.isawaitable(given) else given

    async def ask(
        self, service: str, operation: str, params: dict[str, Any], *, account: str, region: str
    ) -> dict[str, Any]:
        """A neighbour's answer, unchecked. Raises ServiceError."""
        return await self._ask_neighbour(service, operation, params, account, region)

    async def _ask_neighbour(
        self, service: str, operation: str, params: dict[str, Any], account: str, region: str
    ) -> dict[str, Any]:
        # Whatever asks a neighbour has botocore in memory; nobody else needs it for this.
        from botocore.exceptions import BotoCoreError

        try:
            return await self._neighbours().call(service, operation, params, account, region)
        except BotoCoreError as error:
            raise InvalidArguments(str(error)) from error

    def _handlers_of(self, service: str) -> dict[str, Callable[[Call, Params], Params | Awaitable[Params]]]:
        found = self._handlers.get(service)
        if found is None:
            found = self._handlers[service] = operations(self._owned[service])
        return found

    def _check(self, service: KnownService, operation: Operation) -> Check | None:
        key = (service.name, operation.name)
        if key not in self._checks:
            compile_check = CHECKS.get(service.name, validate.in_json)
            self._checks[key] = compile_check(operation)
        return self._checks[key]


def _check_table(params: dict[str, Any]) -> None:
    """DynamoDB's own constraint, which its model lost when tables could be named by ARN, too."""
    name = params.get("TableName")
    if isinstance(name, str) and not name.startswith("arn:") and not _TABLE_NAME.fullmatch(name):
        raise InvalidArguments(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )
