"""What a message may contain: characters, ids, attributes, size.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from services.sqs import limits
from services.sqs.errors import InvalidMessageContents, InvalidParameterValue, MissingParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search
_ID = re.compile(rf"[!-~]{{1,{limits.GROUP_ID_MAX}}}\Z").match
_TYPE = re.compile(r"(String|Number|Binary)(\..+)?\Z", re.DOTALL).match
_SUPPORTED_TYPES = "You must use only the following supported type prefixes: Binary, Number, String."

TRACE_HEADER = "AWSTraceHeader"


def checked_body(body: str) -> bytes:
    """The body in UTF-8. MissingParameter when empty, InvalidMessageContents for a character outside the set."""
    # The first test decides for almost every body, without the regular expression.
    if not (body.isascii() and body.isprintable()) and _FORBIDDEN(body):
        raise InvalidMessageContents
    if not body:
        raise MissingParameter.of("MessageBody")
    return body.encode()


def check_id(value: str, parameter: str) -> None:
    """MessageGroupId and MessageDeduplicationId: 1 to 128 printable ASCII characters, no space."""
    if not _ID(value):
        raise InvalidParameterValue.of(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters. "
            f"1 to {limits.GROUP_ID_MAX} in length.",
        )


def attributes_size(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that message attributes add to a message: name, type and value of each."""
    size = 0
    for name, attribute in attributes.items():
        size += len(name.encode()) + len((attribute.get("DataType") or "").encode())
        size += len((attribute.get("StringValue") or "").encode()) + len(attribute.get("BinaryValue") or b"")
    return size


def check_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Names, types and values of a message's attributes; InvalidParameterValue for the first that is wrong."""
    if len(attributes) > limits.MESSAGE_ATTRIBUTES_MAX:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{limits.MESSAGE_ATTRIBUTES_MAX}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute, "user")


def checked_system_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """The X-Ray trace header among MessageSystemAttributes, the only one a sender may set."""
    for name, attribute in attributes.items():
        if name != TRACE_HEADER:
            raise InvalidParameterValue(
                f"Message system attribute name '{name}' is invalid. The only supported message system attribute is "
                f"{TRACE_HEADER}."
            )
        _check_value(name, attribute, "system")
        if attribute["DataType"] != "String":
            raise InvalidParameterValue(
                f"The type of message (system) attribute '{name}' is invalid. It must be String."
            )
    return str(attributes[TRACE_HEADER]["StringValue"]) if attributes else ""


def _check_name(name: str) -> None:
    if len(name) > limits.ATTRIBUTE_NAME_MAX or not name:
        raise InvalidParameterValue(
            f"Invalid message attribute name: the length of message attribute name must be between 1 and "
            f"{limits.ATTRIBUTE_NAME_MAX}."
        )
    # AWS takes letters beyond ASCII, though its guide does not say so.
    if not all(character.isalnum() or character in "_-." for character in name):
        raise InvalidParameterValue(
            f"The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore "
            f"(_), hyphen (-), and period (.) characters."
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise InvalidParameterValue(
            f"Invalid message attribute name: '{name}' must not start or end with a period or have two in a row."
        )
    if name.lower().startswith(("aws.", "amazon.")):
        raise InvalidParameterValue(
            f"Invalid message attribute name: '{name}' starts with the reserved prefix AWS. or Amazon."
        )


def _check_value(name: str, attribute: Mapping[str, Any], kind: str) -> None:
    data_type = attribute.get("DataType") or ""
    if not _TYPE(data_type) or len(data_type) > limits.ATTRIBUTE_TYPE_MAX:
        raise InvalidParameterValue(f"The type of message ({kind}) attribute '{name}' is invalid. {_SUPPORTED_TYPES}")
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise InvalidParameterValue("Message attribute list values in SendMessage operation are not supported.")
    base_type = data_type.split(".", 1)[0]
    given, other = ("BinaryValue", "StringValue") if base_type == "Binary" else ("StringValue", "BinaryValue")
    value = attribute.get(given)
    if not value:
        raise InvalidParameterValue(
            f"Message ({kind}) attribute '{name}' must contain a non-empty value of type '{base_type}'."
        )
    if attribute.get(other):
        raise InvalidParameterValue(f"Message ({kind}) attribute '{name}' has multiple values.")
    if base_type != "Binary":
        if _FORBIDDEN(value):
            raise InvalidParameterValue(InvalidMessageContents().message)
        if base_type == "Number" and not _is_number(value):
            raise InvalidParameterValue(f"Can't cast the value of message ({kind}) attribute '{name}' to a number.")


def _is_number(value: str) -> bool:
    # Python would also take these.
    if "_" in value or value != value.strip():
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False
