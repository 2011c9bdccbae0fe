"""Every way SNS refuses, once. `code` is what the Query protocol says, `json_type` the shape's name.

https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html and the errors of each operation in the same reference.
"""

from __future__ import annotations

from services.errors import ServiceError


class SnsError(ServiceError):
    """A refusal of SNS's."""


class InvalidParameter(SnsError):
    """The usual refusal: `Invalid parameter: <what>`, with a reason or without."""

    code = "InvalidParameter"
    json_type = "InvalidParameterException"

    @classmethod
    def of(cls, what: str, reason: str = "") -> InvalidParameter:
        """The usual wording."""
        return cls(f"Invalid parameter: {what} Reason: {reason}" if reason else f"Invalid parameter: {what}")


class InvalidParameterValue(SnsError):
    """`ParameterValueInvalid`: message attributes."""

    code = "ParameterValueInvalid"
    json_type = "InvalidParameterValueException"


class ValidationError(SnsError):
    """What the framework finds before SNS does. Said as `ValidationError`, though no shape has that code."""

    code = "ValidationError"


class ValidationException(SnsError):
    """`ValidationException`, of the newer operations."""

    code = "ValidationException"
    json_type = "ValidationException"


class NotFound(SnsError):
    """No such topic, subscription, endpoint or application."""

    code = "NotFound"
    json_type = "NotFoundException"
    status = 404

    @classmethod
    def topic(cls) -> NotFound:
        """No such topic."""
        return cls("Topic does not exist")

    @classmethod
    def subscription(cls) -> NotFound:
        """No such subscription."""
        return cls("Subscription does not exist")


class ResourceNotFound(SnsError):
    """Nothing has this ARN: tags, sandbox phone numbers."""

    code = "ResourceNotFound"
    json_type = "ResourceNotFoundException"
    status = 404


class AuthorizationError(SnsError):
    """Not allowed."""

    code = "AuthorizationError"
    json_type = "AuthorizationErrorException"
    status = 403


class InvalidSecurity(SnsError):
    """A signature or its credentials are refused."""

    code = "InvalidSecurity"
    json_type = "InvalidSecurityException"
    status = 403


class TopicLimitExceeded(SnsError):
    """Too many topics."""

    code = "TopicLimitExceeded"
    json_type = "TopicLimitExceededException"
    status = 403


class SubscriptionLimitExceeded(SnsError):
    """Too many subscriptions of a topic."""

    code = "SubscriptionLimitExceeded"
    json_type = "SubscriptionLimitExceededException"
    status = 403


class FilterPolicyLimitExceeded(SnsError):
    """Too many filter policies."""

    code = "FilterPolicyLimitExceeded"
    json_type = "FilterPolicyLimitExceededException"
    status = 403


class ReplayLimitExceeded(SnsError):
    """Too many replays at once."""

    code = "ReplayLimitExceeded"
    json_type = "ReplayLimitExceededException"
    status = 403


class TagLimitExceeded(SnsError):
    """Too many tags."""

    code = "TagLimitExceeded"
    json_type = "TagLimitExceededException"


class InvalidState(SnsError):
    """Something is in the wrong state for this."""

    code = "InvalidState"
    json_type = "InvalidStateException"


class EndpointDisabled(SnsError):
    """The platform endpoint is disabled."""

    code = "EndpointDisabled"
    json_type = "EndpointDisabledException"


class PlatformApplicationDisabled(SnsError):
    """The platform application is disabled."""

    code = "PlatformApplicationDisabled"
    json_type = "PlatformApplicationDisabledException"


class OptedOut(SnsError):
    """The phone number gets no messages."""

    code = "OptedOut"
    json_type = "OptedOutException"


class UserError(SnsError):
    """A request parameter does not comply with its constraints (SMS sandbox)."""

    code = "UserError"
    json_type = "UserErrorException"


class VerificationException(SnsError):
    """A one-time password that is wrong."""

    code = "VerificationException"
    json_type = "VerificationException"


class BatchError(SnsError):
    """A batch is refused as a whole."""


class EmptyBatchRequest(BatchError):
    """A batch without entries."""

    code = "EmptyBatchRequest"
    json_type = "EmptyBatchRequestException"

    def __init__(self) -> None:
        super().__init__("The batch request doesn't contain any entries.")


class TooManyEntriesInBatchRequest(BatchError):
    """A batch of more than ten."""

    code = "TooManyEntriesInBatchRequest"
    json_type = "TooManyEntriesInBatchRequestException"

    def __init__(self) -> None:
        super().__init__("The batch request contains more entries than permissible.")


class BatchEntryIdsNotDistinct(BatchError):
    """Two entries of a batch have the same id."""

    code = "BatchEntryIdsNotDistinct"
    json_type = "BatchEntryIdsNotDistinctException"

    def __init__(self) -> None:
        super().__init__("Two or more batch entries in the request have the same Id.")


class InvalidBatchEntryId(BatchError):
    """An entry's id is too long, or has other characters than it may have."""

    code = "InvalidBatchEntryId"
    json_type = "InvalidBatchEntryIdException"


class BatchRequestTooLong(BatchError):
    """The messages of a batch are too long together."""

    code = "BatchRequestTooLong"
    json_type = "BatchRequestTooLongException"

    def __init__(self) -> None:
        super().__init__("The length of all the messages put together is more than the limit.")
