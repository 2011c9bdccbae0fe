"""A route: one operation in one protocol, compiled. And the table of protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from emulator.wire import (
    errors,
    json,
    lambda_texts,
    query,
    rest_json,
    sns_texts,
    sqs_query,
    stepfunctions_texts,
    validate,
)
from services.errors import NotImplementedByUndercast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.wire.errors import Fail
    from emulator.wire.exchange import Exchange, Reply
    from emulator.wire.model import Operation, ServiceModel
    from emulator.wire.validate import Check
    from services.api import Call, Params
    from services.errors import ServiceError

    Handler = Callable[[Call, Params], Params | Awaitable[Params]]


class Route:
    """What to do with a request for one operation in one protocol. Never changed once made."""

    __slots__ = ("fail", "handler", "limit", "operation", "parse", "serialize", "service")

    def __init__(
        self,
        service: str,
        operation: str,
        handler: Handler,
        parse: Callable[[Exchange], dict[str, Any]],
        serialize: Callable[[dict[str, Any], str], Reply],
        fail: Fail,
        limit: int,
    ) -> None:
        self.service = service
        """botocore's name of the service, e.g. `stepfunctions`."""
        self.operation = operation
        """AWS's name of the operation; empty in a route that only refuses."""
        self.handler = handler
        """Takes (Call, params), gives the result or an awaitable of it. Raises ServiceError."""
        self.parse = parse
        """Takes the Exchange, gives params. Raises ServiceError and nothing else."""
        self.serialize = serialize
        """Takes the result and the request id, gives the Reply."""
        self.fail = fail
        """Takes a ServiceError and the request id, gives the Reply."""
        self.limit = limit
        """The longest body that the service takes, bytes."""

    def __repr__(self) -> str:
        return f"<Route {self.service}.{self.operation or 'refusal'}>"


class Codec(NamedTuple):
    """A protocol: compilers of its three directions."""

    parser: Callable[[Operation, Check | None], Callable[[Exchange], dict[str, Any]]]
    serializer: Callable[[ServiceModel, Operation], Callable[[dict[str, Any], str], Reply]]
    fail: Callable[[ServiceModel], Fail]


CODECS: dict[str, Codec] = {
    "json": Codec(json.parser, json.serializer, errors.json_fail),
    "query": Codec(query.parser, query.serializer, errors.query_fail),
    "query+json": Codec(query.parser, query.json_serializer, errors.query_json_fail),
    "rest-json": Codec(rest_json.parser, rest_json.serializer, errors.rest_json_fail),
    "sqs-query": Codec(sqs_query.parser, query.serializer, errors.query_fail),
    "sqs-query+json": Codec(sqs_query.parser, query.json_serializer, errors.query_json_fail),
}
"""Every protocol that we speak for services of our own. `+json` answers `Accept: application/json`. Requests in the
others (rest-xml, ec2, smithy-rpc-v2-cbor) are for neighbours and pass through untouched."""

CHECKS: dict[str, Callable[[Operation], Check | None]] = {
    "sqs": sqs_query.required,
    "sns": sns_texts.in_sns,
    "lambda": lambda_texts.in_lambda,
    "stepfunctions": stepfunctions_texts.in_stepfunctions,
}
"""How a service words what the model forbids; the others as validate.in_json does."""

MIB = 1024 * 1024
LIMITS = {
    # A message of 1 MiB is six times as long when JSON escapes each of its characters.
    "sqs": 8 * MIB,
    "sns": 8 * MIB,
    "stepfunctions": 8 * MIB,
    # A 50 MB archive in base64, with the rest of CreateFunction. What is a little larger Lambda refuses by itself.
    "lambda": 128 * MIB,
}
"""The longest body that a service takes, bytes."""
DEFAULT_LIMIT = 8 * MIB


def limit_of(service: str) -> int:
    """The longest body that `service` takes, bytes."""
    return LIMITS.get(service, DEFAULT_LIMIT)


def compile_routes(model: ServiceModel, protocol: str, handlers: dict[str, Handler]) -> dict[str, Route]:
    """One route an operation, by AWS's names. An operation without a handler refuses by name."""
    codec = CODECS[protocol]
    fail = codec.fail(model)
    check_of = CHECKS.get(model.name, validate.in_json)
    return {
        name: Route(
            model.name,
            name,
            handlers.get(name) or not_implemented(model.name, name),
            codec.parser(operation, check_of(operation)),
            codec.serializer(model, operation),
            fail,
            limit_of(model.name),
        )
        for name, operation in model.operations.items()
    }


def not_implemented(service: str, operation: str) -> Handler:
    """A handler that says plainly that there is none."""

    def refuse(call: Call, params: Params) -> Params:
        raise NotImplementedByUndercast(f"{operation} of {service} is not implemented by Undercast yet.")

    return refuse


def refusal(service: str, make: Callable[[], ServiceError], fail: Fail, limit: int) -> Route:
    """A route whose parse refuses, for requests that name no operation of the service."""

    def parse(exchange: Exchange) -> dict[str, Any]:
        raise make()

    def never(*_: Any) -> Any:
        raise AssertionError("a refused request has no handler")

    return Route(service, "", never, parse, never, fail, limit)
