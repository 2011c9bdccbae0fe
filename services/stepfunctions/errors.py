"""Every way Step Functions refuses, once.

Names are those of the service model: https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html
"""

from __future__ import annotations

from typing import ClassVar, Self

from services.errors import ServiceError


class _Named(ServiceError):
    """A refusal that names what it is about: `<what>: '<name>'`."""

    what: ClassVar[str]

    @classmethod
    def of(cls, name: str) -> Self:
        """The usual wording."""
        return cls(f"{cls.what}: '{name}'")


class ActivityAlreadyExists(_Named):
    """An activity of that name exists and is encrypted otherwise."""

    code = "ActivityAlreadyExists"
    what = "Activity Already Exists"


class ActivityDoesNotExist(_Named):
    """No such activity."""

    code = "ActivityDoesNotExist"
    what = "Activity Does Not Exist"


class ActivityLimitExceeded(ServiceError):
    """Too many activities."""

    code = "ActivityLimitExceeded"


class ActivityWorkerLimitExceeded(ServiceError):
    """Too many workers wait for one activity."""

    code = "ActivityWorkerLimitExceeded"


class Conflict(ServiceError):
    """The resource is not in a state that allows it."""

    code = "ConflictException"


class ExecutionAlreadyExists(_Named):
    """An execution has that name, and has ended or has another input."""

    code = "ExecutionAlreadyExists"
    what = "Execution Already Exists"


class ExecutionDoesNotExist(_Named):
    """No such execution."""

    code = "ExecutionDoesNotExist"
    what = "Execution Does Not Exist"


class ExecutionNotRedrivable(ServiceError):
    """It ended well, still runs, or ended too long ago."""

    code = "ExecutionNotRedrivable"


class InvalidArn(_Named):
    """The text is no ARN, or one of another kind of thing."""

    code = "InvalidArn"
    what = "Invalid Arn"


class InvalidDefinition(_Named):
    """The definition can't be run."""

    code = "InvalidDefinition"
    what = "Invalid State Machine Definition"


class InvalidEncryptionConfiguration(ServiceError):
    """Settings of encryption that contradict each other."""

    code = "InvalidEncryptionConfiguration"


class InvalidExecutionInput(_Named):
    """The input is no JSON."""

    code = "InvalidExecutionInput"
    what = "Invalid State Machine Execution Input"


class InvalidLoggingConfiguration(ServiceError):
    """Logs can't be written there."""

    code = "InvalidLoggingConfiguration"

    @classmethod
    def because(cls, why: str) -> InvalidLoggingConfiguration:
        """The usual wording."""
        return cls(f"Invalid Logging Configuration: {why}")


class InvalidName(_Named):
    """The name has a character that no name may have."""

    code = "InvalidName"
    what = "Invalid Name"


class InvalidOutput(_Named):
    """A task's output is no JSON."""

    code = "InvalidOutput"
    what = "Invalid Output"


class InvalidToken(_Named):
    """A task token, or a page's, that was never given."""

    code = "InvalidToken"
    what = "Invalid Token"

    def __init__(self, message: str = "Invalid Token: 'Invalid token'") -> None:
        super().__init__(message)


class MissingRequiredParameter(ServiceError):
    """An update that changes nothing."""

    code = "MissingRequiredParameter"


class ResourceNotFound(ServiceError):
    """No such alias, version, Map Run or tagged thing."""

    code = "ResourceNotFound"

    @classmethod
    def of(cls, arn: str) -> ResourceNotFound:
        """The usual wording."""
        return cls(f"Resource not found: '{arn}'", resourceName=arn)

    @classmethod
    def unreferenced(cls, arn: str) -> ResourceNotFound:
        """The wording for aliases, versions and Map Runs."""
        return cls("Request references a resource that does not exist.", resourceName=arn)


class ServiceQuotaExceeded(ServiceError):
    """Too many versions or aliases."""

    code = "ServiceQuotaExceededException"


class StateMachineAlreadyExists(_Named):
    """A state machine has that name, and is another."""

    code = "StateMachineAlreadyExists"
    what = "State Machine Already Exists"


class StateMachineDeleting(_Named):
    """The state machine ends as soon as its executions have."""

    code = "StateMachineDeleting"
    what = "State Machine is being deleted"


class StateMachineDoesNotExist(_Named):
    """No such state machine."""

    code = "StateMachineDoesNotExist"
    what = "State Machine Does Not Exist"


class StateMachineLimitExceeded(ServiceError):
    """Too many state machines."""

    code = "StateMachineLimitExceeded"


class StateMachineTypeNotSupported(ServiceError):
    """Only for standard, or only for express state machines."""

    code = "StateMachineTypeNotSupported"

    def __init__(self, message: str = "This operation is not supported by this type of state machine") -> None:
        super().__init__(message)


class TaskTimedOut(_Named):
    """Whoever waited for the task does no more."""

    code = "TaskTimedOut"
    what = "Task Timed Out"


class TooManyTags(ServiceError):
    """More than 50 of them."""

    code = "TooManyTags"

    @classmethod
    def on(cls, arn: str) -> TooManyTags:
        """The usual wording."""
        return cls(f"Too many tags on resource: '{arn}'", resourceName=arn)


class Validation(ServiceError):
    """Parameters that contradict each other. `emulator/wire` raises its twin for what the model forbids."""

    code = "ValidationException"
