"""The wire's own refusals, as AWS words them. `errors` makes bytes of them.

The common codes of the Query protocol are at
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html .
"""

from __future__ import annotations

from services.errors import ServiceError

CORAL = "com.amazon.coral.service#"


class UnknownOperation(ServiceError):
    """No such operation (JSON), no path like this (REST), or a Query request without Action."""

    code = "UnknownOperationException"
    json_type = CORAL + "UnknownOperationException"


class InvalidAction(ServiceError):
    """The Query protocol's answer to an Action that it does not know, or not at this address."""

    code = "InvalidAction"

    def __init__(self, action: str) -> None:
        super().__init__(f"The action {action} is not valid for this endpoint.")


class SerializationError(ServiceError):
    """A JSON body that cannot be read, or a member of the wrong type. Without a message when the body is no JSON."""

    code = "SerializationException"
    json_type = CORAL + "SerializationException"


class MalformedInput(ServiceError):
    """A form field of the wrong type."""

    code = "MalformedInput"
    json_type = CORAL + "MalformedInputException"


class MalformedQueryString(ServiceError):
    """A form or query string that cannot be decoded."""

    code = "MalformedQueryString"
    json_type = CORAL + "MalformedQueryStringException"
    status = 404

    def __init__(self) -> None:
        super().__init__("The query string contains a syntax error.")


class MissingParameter(ServiceError):
    """A required parameter is absent, in SQS's words."""

    code = "MissingParameter"
    json_type = CORAL + "MissingRequiredParameterException"

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The request must contain the parameter {parameter}.")


class ValidationFailure(ServiceError):
    """The model's constraints are not met."""

    code = "ValidationException"


class ValidationFailureOfQuery(ValidationFailure):
    """The same, as the services of the Query protocol name it."""

    code = "ValidationError"


class BodyTooLarge(ServiceError):
    """The body is longer than the service takes."""

    code = "RequestEntityTooLarge"
    json_type = CORAL + "RequestEntityTooLargeException"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request must be smaller than {limit} bytes.")


class UnsupportedProtocol(ServiceError):
    """A service that we own, asked in a protocol that it does not speak here."""

    code = "UnsupportedProtocol"
    json_type = CORAL + "UnsupportedProtocolException"

    def __init__(self, service: str, protocol: str, spoken: tuple[str, ...]) -> None:
        super().__init__(f"{service} does not speak {protocol} here, it speaks {' and '.join(spoken)}.")
