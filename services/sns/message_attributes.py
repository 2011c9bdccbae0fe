"""Message attributes: their names, types and values.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from services.sns import limits
from services.sns.errors import InvalidParameterValue

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z").match
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]").search
_TYPE = re.compile(r"(String|Number|Binary)(?:\..+)?\Z", re.DOTALL).match
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII).match
_FIELDS: Final = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}


def check(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """InvalidParameterValue for the first attribute that is none."""
    for name, value in attributes.items():
        if not _NAME(name) or len(name) > limits.ATTRIBUTE_NAME_MAX:
            _refuse_name(name)
        _check_value(name, value)


def _refuse_name(name: str) -> None:
    if len(name) > limits.ATTRIBUTE_NAME_MAX:
        raise InvalidParameterValue(
            f"Length of message attribute name must be less than {limits.ATTRIBUTE_NAME_MAX} bytes."
        )
    if name.startswith("."):
        raise InvalidParameterValue("Invalid message attribute name starting with character '.' was found.")
    if name.endswith("."):
        raise InvalidParameterValue("Invalid message attribute name ending with character '.' was found.")
    odd = _NOT_IN_NAMES(name)
    if odd is not None:
        raise InvalidParameterValue(
            f"Invalid non-alphanumeric character '#x{ord(odd.group()):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    raise InvalidParameterValue("Message attribute name can not have successive '.' character.")


def _check_value(name: str, value: Mapping[str, Any]) -> None:
    data_type = value["DataType"]
    kind = _TYPE(data_type)
    if kind is None:
        raise InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    field = _FIELDS[kind[1]]
    given = value.get(field)
    if given is None and (value.get("StringValue") is not None or value.get("BinaryValue") is not None):
        raise InvalidParameterValue(
            f"The message attribute '{name}' with type '{data_type}' must use field '{field.removesuffix('Value')}'."
        )
    if not given:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{data_type}'."
        )
    if kind[1] == "Number" and not _NUMBER(given):
        raise InvalidParameterValue(f"Could not cast message attribute '{name}' value to number.")


def size(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that they add to a message: names, types and values. Asked also of what `check` is still to refuse."""
    total = 0
    for name, value in attributes.items():
        texts = (name, value["DataType"], value.get("StringValue") or "")
        total += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        total += len(value.get("BinaryValue") or b"")
    return total
