"""Every way Lambda refuses, once. `Type` says whose fault it is; most error shapes have it.

Names and statuses are those of the service model: https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
"""

from __future__ import annotations

from typing import Any, ClassVar

from services.errors import ServiceError


class LambdaError(ServiceError):
    """A refusal of Lambda's, with the member `Type`."""

    fault: ClassVar[str] = "User"

    def __init__(self, message: str = "", /, **members: Any) -> None:
        super().__init__(message, **({"Type": self.fault} | members))


class ValidationException(ServiceError):
    """What AWS's framework refuses before the service sees it; it has no `Type`. `emulator/wire` raises its twin."""

    code = "ValidationException"

    @classmethod
    def of(cls, value: object, member: str, constraint: str) -> ValidationException:
        """The framework's wording for one violation."""
        return cls(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        )


class AccessDenied(ServiceError):
    """Another account's, or a role that lacks a permission."""

    code = "AccessDeniedException"
    status = 403


class InvalidParameterValue(LambdaError):
    """A parameter's value makes no sense."""

    code = "InvalidParameterValueException"


class InvalidRequestContent(LambdaError):
    """The payload is no JSON."""

    code = "InvalidRequestContentException"


class InvalidZipFile(LambdaError):
    """A stored archive cannot be unpacked when it is needed."""

    code = "InvalidZipFileException"
    status = 502


class InvalidRuntime(LambdaError):
    """The runtime cannot run here."""

    code = "InvalidRuntimeException"
    status = 502


class ResourceNotFound(LambdaError):
    """No such function, version, alias, layer, mapping or configuration."""

    code = "ResourceNotFoundException"
    status = 404

    @classmethod
    def function(cls, arn: str) -> ResourceNotFound:
        """The usual wording for a function, a version or an alias."""
        return cls(f"Function not found: {arn}")


class ResourceConflict(LambdaError):
    """It exists already, or is being changed."""

    code = "ResourceConflictException"
    status = 409


class ResourceInUse(LambdaError):
    """An event source mapping that is being changed."""

    code = "ResourceInUseException"


class ResourceNotReady(LambdaError):
    """The function cannot be invoked yet."""

    code = "ResourceNotReadyException"
    status = 502
    fault = "Service"


class PreconditionFailed(LambdaError):
    """The RevisionId is not the latest one."""

    code = "PreconditionFailedException"
    status = 412

    @classmethod
    def revision(cls, kind: str = "Function/GetAlias") -> PreconditionFailed:
        """The usual wording; `kind` is what can be asked for: Function/GetAlias, Policy, ..."""
        return cls(
            "The Revision Id provided does not match the latest Revision Id. Call the "
            f"Get{kind} API to retrieve the latest Revision Id"
        )


class CodeStorageExceeded(LambdaError):
    """All code together is too large."""

    code = "CodeStorageExceededException"


class CodeSigningConfigNotFound(LambdaError):
    """No such code signing configuration."""

    code = "CodeSigningConfigNotFoundException"
    status = 404


class CodeVerificationFailed(LambdaError):
    """The code is not signed as its configuration demands."""

    code = "CodeVerificationFailedException"


class InvalidCodeSignature(LambdaError):
    """The code's signature failed its integrity check."""

    code = "InvalidCodeSignatureException"


class PolicyLengthExceeded(LambdaError):
    """The resource policy is longer than 20 kB."""

    code = "PolicyLengthExceededException"


class PublicPolicy(LambdaError):
    """The policy would make the resource public."""

    code = "PublicPolicyException"


class ProvisionedConcurrencyConfigNotFound(LambdaError):
    """The alias or version has none."""

    code = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404

    def __init__(self) -> None:
        super().__init__("No Provisioned Concurrency Config found for this function")


class RecursiveInvocation(LambdaError):
    """The function was reached by its own doing too often."""

    code = "RecursiveInvocationException"


class RequestTooLarge(LambdaError):
    """The payload exceeds its ceiling."""

    code = "RequestTooLargeException"
    status = 413


class RequestEntityTooLarge(ServiceError):
    """The whole request exceeds its ceiling; the framework's own, without a `Type`."""

    code = "RequestEntityTooLargeException"
    status = 413


class TooManyRequests(LambdaError):
    """Throttled. `Reason` says by what."""

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, message: str = "Rate Exceeded.", reason: str = "", /, **members: Any) -> None:
        super().__init__(message, **({"Reason": reason} if reason else {}) | members)


class UnsupportedMediaType(LambdaError):
    """The content type is not JSON."""

    code = "UnsupportedMediaTypeException"
    status = 415


class Service(LambdaError):
    """Something of ours failed."""

    code = "ServiceException"
    status = 500
    fault = "Service"
