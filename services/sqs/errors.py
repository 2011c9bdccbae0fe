"""Every way SQS refuses, once, with both of its names: `code` (Query protocol, and what SDKs show) and `json_type`.

The pairs and statuses are those of AWS's `awsQueryError` trait; those of the `coral` namespace belong to AWS's
framework and are in no model. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from services.errors import ServiceError


class SqsError(ServiceError):
    """A refusal of SQS's."""


class InvalidParameterValue(SqsError):
    """Also `InvalidParameterValueException`, as its JSON type."""

    code = "InvalidParameterValue"
    json_type = "com.amazon.coral.service#InvalidParameterValueException"

    @classmethod
    def of(cls, value: object, parameter: str, reason: str) -> InvalidParameterValue:
        """The usual wording for one parameter."""
        return cls(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")

    @classmethod
    def not_for_this_queue_type(cls, value: object, parameter: str) -> InvalidParameterValue:
        """A parameter of FIFO queues given to a standard queue, or the other way round."""
        return cls.of(value, parameter, "The request include parameter that is not valid for this queue type.")


class MissingParameter(SqsError):
    """Also `MissingRequiredParameterException`, as its JSON type."""

    code = "MissingParameter"
    json_type = "com.amazon.coral.service#MissingRequiredParameterException"

    @classmethod
    def of(cls, parameter: str) -> MissingParameter:
        """The usual wording."""
        return cls(f"The request must contain the parameter {parameter}.")


class QueueDoesNotExist(SqsError):
    """No such queue. (The Query protocol ends the sentence with "for this wsdl version".)"""

    code = "AWS.SimpleQueueService.NonExistentQueue"
    json_type = "com.amazonaws.sqs#QueueDoesNotExist"

    def __init__(self) -> None:
        super().__init__("The specified queue does not exist.")


class QueueNameExists(SqsError):
    """A queue of this name exists and has another value for `attribute`."""

    code = "QueueAlreadyExists"
    json_type = "com.amazonaws.sqs#QueueNameExists"

    def __init__(self, attribute: str) -> None:
        super().__init__(f"A queue already exists with the same name and a different value for attribute {attribute}")


class QueueDeletedRecently(SqsError):
    """Created again too soon."""

    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    json_type = "com.amazonaws.sqs#QueueDeletedRecently"

    def __init__(self) -> None:
        super().__init__(
            "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        )


class PurgeQueueInProgress(SqsError):
    """Purged twice within a minute."""

    code = "AWS.SimpleQueueService.PurgeQueueInProgress"
    json_type = "com.amazonaws.sqs#PurgeQueueInProgress"
    status = 403

    def __init__(self, queue_name: str) -> None:
        super().__init__(f"Only one PurgeQueue operation on {queue_name} is allowed every 60 seconds.")


class InvalidAddress(SqsError):
    """A queue URL that is none."""

    code = "InvalidAddress"
    json_type = "com.amazonaws.sqs#InvalidAddress"
    status = 404

    def __init__(self, url: str) -> None:
        super().__init__(f"The address {url} is not valid for this endpoint.")


class InvalidAttributeName(SqsError):
    """A queue attribute there is not, or not for this queue."""

    code = "InvalidAttributeName"
    json_type = "com.amazonaws.sqs#InvalidAttributeName"

    @classmethod
    def unknown(cls, name: str) -> InvalidAttributeName:
        """The usual wording."""
        return cls(f"Unknown Attribute {name}.")


class InvalidAttributeValue(SqsError):
    """A queue attribute out of its range."""

    code = "InvalidAttributeValue"
    json_type = "com.amazonaws.sqs#InvalidAttributeValue"

    @classmethod
    def of(cls, name: str, reason: str = "") -> InvalidAttributeValue:
        """The usual wording."""
        return cls(f"Invalid value for the parameter {name}." + (f" Reason: {reason}" if reason else ""))


class InvalidMessageContents(SqsError):
    """A character outside XML 1.0's set."""

    code = "InvalidMessageContents"
    json_type = "com.amazonaws.sqs#InvalidMessageContents"

    def __init__(self) -> None:
        super().__init__(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
            "#xE000 to #xFFFD | #x10000 to #x10FFFF"
        )


class ReceiptHandleIsInvalid(SqsError):
    """Not a receipt handle of this queue."""

    code = "ReceiptHandleIsInvalid"
    json_type = "com.amazonaws.sqs#ReceiptHandleIsInvalid"
    status = 404

    def __init__(self, handle: str) -> None:
        super().__init__(f'The input receipt handle "{handle}" is not a valid receipt handle.')


class MessageNotInflight(SqsError):
    """The message is not in flight."""

    code = "AWS.SimpleQueueService.MessageNotInflight"
    json_type = "com.amazonaws.sqs#MessageNotInflight"


class OverLimit(SqsError):
    """Too many messages in flight, or too many actions in a permission."""

    code = "OverLimit"
    json_type = "com.amazonaws.sqs#OverLimit"
    status = 403


class UnsupportedOperation(SqsError):
    """Asked of a queue that cannot."""

    code = "AWS.SimpleQueueService.UnsupportedOperation"
    json_type = "com.amazonaws.sqs#UnsupportedOperation"


class ResourceNotFound(SqsError):
    """What a message move task needs is not there."""

    code = "ResourceNotFoundException"
    json_type = "com.amazonaws.sqs#ResourceNotFoundException"
    status = 404


class EmptyBatchRequest(SqsError):
    """A batch of nothing."""

    code = "AWS.SimpleQueueService.EmptyBatchRequest"
    json_type = "com.amazonaws.sqs#EmptyBatchRequest"

    def __init__(self, entry_type: str) -> None:
        super().__init__(f"There should be at least one {entry_type} in the request.")


class TooManyEntriesInBatchRequest(SqsError):
    """A batch of more than ten."""

    code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
    json_type = "com.amazonaws.sqs#TooManyEntriesInBatchRequest"

    def __init__(self, limit: int, sent: int) -> None:
        super().__init__(f"Maximum number of entries per request are {limit}. You have sent {sent}.")


class InvalidBatchEntryId(SqsError):
    """An entry's Id that is none."""

    code = "AWS.SimpleQueueService.InvalidBatchEntryId"
    json_type = "com.amazonaws.sqs#InvalidBatchEntryId"

    def __init__(self) -> None:
        super().__init__(
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long."
        )


class BatchEntryIdsNotDistinct(SqsError):
    """Two entries of one Id."""

    code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
    json_type = "com.amazonaws.sqs#BatchEntryIdsNotDistinct"

    def __init__(self, entry_id: str) -> None:
        super().__init__(f"Id {entry_id} repeated.")


class BatchRequestTooLong(SqsError):
    """Together more than 1 MiB."""

    code = "AWS.SimpleQueueService.BatchRequestTooLong"
    json_type = "com.amazonaws.sqs#BatchRequestTooLong"

    def __init__(self, limit: int, sent: int) -> None:
        super().__init__(f"Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")
