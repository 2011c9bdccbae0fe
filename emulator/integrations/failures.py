"""A service's refusal as a Task sees it: the error's name and its cause.

Both forms were seen recorded: the optimised integrations speak with the first Java SDK's voice (`Service:
AmazonDynamoDBv2; Status Code: 400; Error Code: ...; Request ID: ...; Proxy: null`), SDK integrations with the second's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from emulator.integrations import naming

if TYPE_CHECKING:
    from emulator.integrations.catalogue import KnownService
    from services.errors import ServiceError


class Failure(NamedTuple):
    """What Retry and Catch see."""

    error: str
    cause: str


def in_first_sdk(service: str, known: KnownService, refusal: ServiceError, request_id: str) -> Failure:
    """Of an optimised integration, by its name (`states`)."""
    names = naming.FIRST_SDK.get(service)
    if names is None:
        names = naming.FirstSdk(known.display, f"Amazon{known.display}")
    shape = _shape_of(known, refusal)
    name = naming.exception(shape) if shape else names.base
    code = _wire_code(known, refusal, shape)
    cause = (
        f"{refusal.message} (Service: {names.service}; Status Code: {refusal.status}; Error Code: {code}; "
        f"Request ID: {request_id}; Proxy: null)"
    )
    return Failure(f"{names.prefix}.{name}", cause)


_WITHOUT_A_BODY: Final = {"HeadObject": "NoSuchKey", "HeadBucket": "NoSuchBucket"}
"""What a 404 means to the SDK where S3's answer has no body to say it."""


def in_second_sdk(known: KnownService, operation: str, refusal: ServiceError, request_id: str) -> Failure:
    """Of an SDK integration."""
    shape, message = _shape_of(known, refusal), refusal.message
    if known.name == "s3" and refusal.status == 404 and operation in _WITHOUT_A_BODY:
        shape, message = _WITHOUT_A_BODY[operation], "null"
    name = naming.exception(shape, second=True) if shape else f"{known.display}Exception"
    extended = f", Extended Request ID: {request_id}" if known.name == "s3" else ""
    of = f"Service: {known.display}, Status Code: {refusal.status}, Request ID: {request_id}{extended}"
    return Failure(f"{known.display}.{name}", f"{message} ({of})")


def _codes(refusal: ServiceError) -> tuple[str, ...]:
    return tuple(code.rpartition("#")[2] for code in (refusal.json_type, refusal.code) if code)


def _shape_of(known: KnownService, refusal: ServiceError) -> str:
    """The model's name of the error; empty for one that the model does not have."""
    codes = _codes(refusal)
    errors = known.model.errors
    for code in codes:
        if code in errors:
            return code
    return next((name for name, shape in errors.items() if shape.error_code in codes), "")


def _wire_code(known: KnownService, refusal: ServiceError, shape: str) -> str:
    """The code that went over the wire: the Query protocol's where the service speaks it, else the shape's name."""
    if shape and known.model.protocols[0] != "query":
        return known.model.errors[shape].error_code or shape if known.model.query_compatible else shape
    return refusal.code.rpartition("#")[2]
