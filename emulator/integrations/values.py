"""A Task's arguments as parameters of an operation, and the operation's result as JSON.

Members are named as the two Java SDKs name them (`naming`), not as botocore does. Inside, an instant is epoch seconds
and a blob bytes. https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from emulator.integrations import naming
from emulator.wire import timestamps
from statemachine.data import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.wire.model import Shape


class Sdk(Enum):
    """Which of the Java SDKs' names are spoken."""

    FIRST = 1
    """The optimised integrations'."""
    SECOND = 2
    """The SDK integrations'."""


_NULL = {"NULL": "Nul"}
"""Members that the second SDK had to rename, for Java's sake (DynamoDB's AttributeValue)."""


def member_name(name: str, sdk: Sdk) -> str:
    """A member's name as Step Functions has it."""
    if sdk is Sdk.FIRST:
        return naming.upper_first(name)
    return _NULL.get(name) or naming.pascal(name)


class Refused(Exception):
    """Arguments that are none of the operation's; `problems` in AWS's words."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems[0])
        self.problems = problems


def to_params(shape: Shape | None, arguments: Any, sdk: Sdk) -> dict[str, Any]:
    """The parameters by botocore's names. A member that is null is left out, as one that is not there.

    Raises:
        Refused: a field that the operation does not have, or a value of the wrong type.
    """
    if not isinstance(arguments, dict):
        arguments = {}
    problems: list[str] = []
    params = {} if shape is None else _structure(shape, arguments, sdk, problems)
    if shape is None:
        problems.extend(_unknown(name) for name in arguments)
    if problems:
        raise Refused(problems)
    return params


def _unknown(name: str) -> str:
    return f'The field "{name}" is not supported by Step Functions'


def _structure(shape: Shape, given: dict[str, Any], sdk: Sdk, problems: list[str]) -> dict[str, Any]:
    names = {member_name(name, sdk): name for name in shape.members}
    if sdk is Sdk.SECOND:
        # `BOOL` beside `Bool`: what begins with a capital is taken as the API has it, too.
        names |= {naming.upper_first(name): name for name in shape.members}
    params: dict[str, Any] = {}
    for key, value in given.items():
        name = names.get(key)
        if name is None:
            problems.append(_unknown(key))
        elif value is not None:
            params[name] = _value(shape.members[name].shape, value, key, sdk, problems)
    return params


def _value(shape: Shape, value: Any, field: str, sdk: Sdk, problems: list[str]) -> Any:
    if shape.document:
        return value
    kind = shape.kind
    if kind == "structure":
        if isinstance(value, dict):
            return _structure(shape, value, sdk, problems)
        problems.append(f"The value for the field '{field}' must be an object")
    elif kind == "list" and shape.element is not None:
        if isinstance(value, list):
            element = shape.element.shape
            return [_value(element, item, field, sdk, problems) for item in value if item is not None]
        problems.append(f"The value for the field '{field}' must be an array")
    elif kind == "map" and shape.value is not None:
        if isinstance(value, dict):
            inner = shape.value.shape
            return {name: _value(inner, item, name, sdk, problems) for name, item in value.items() if item is not None}
        problems.append(f"The value for the field '{field}' must be an object")
    else:
        return _scalar(kind, value, field, problems)
    return None


def _scalar(kind: str, value: Any, field: str, problems: list[str]) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("string", "character"):
        if isinstance(value, dict | list):
            # Messages, inputs and the like may be given as JSON: what is sent is its text.
            return json_text.dumps(value)
        if not isinstance(value, str):
            problems.append(f"The value for the field '{field}' must be a STRING")
    elif kind == "blob":
        return (value if isinstance(value, str) else json_text.dumps(value)).encode()
    elif kind == "boolean":
        if not isinstance(value, bool):
            problems.append(f"The value for the field '{field}' must be a BOOLEAN")
    elif kind in ("integer", "long"):
        if not number or value != int(value):
            problems.append(f"The value for the field '{field}' must be an INTEGER")
        else:
            return int(value)
    elif kind in ("float", "double"):
        if not number:
            problems.append(f"The value for the field '{field}' must be a NUMBER")
    elif kind == "timestamp":
        return _instant(value, field, problems)
    return value


def _instant(value: Any, field: str, problems: list[str]) -> Any:
    try:
        if isinstance(value, str):
            return timestamps.parse(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    problems.append(f"The value for the field '{field}' must be a valid timestamp")
    return value


def to_json(shape: Shape | None, result: dict[str, Any], sdk: Sdk) -> dict[str, Any]:
    """A result as a Task gives it: members by name in alphabetical order, what is not there left out."""
    return {} if shape is None else _shown_structure(shape, result, sdk)


def _shown_structure(shape: Shape, value: dict[str, Any], sdk: Sdk) -> dict[str, Any]:
    shown = {
        member_name(name, sdk): _shown(shape.members[name].shape, item, sdk)
        for name, item in value.items()
        if item is not None and name in shape.members
    }
    return {name: shown[name] for name in sorted(shown)}


def _shown(shape: Shape, value: Any, sdk: Sdk) -> Any:
    if shape.document or value is None:
        return value
    kind = shape.kind
    if kind == "structure" and isinstance(value, dict):
        return _shown_structure(shape, value, sdk)
    if kind == "list" and shape.element is not None and isinstance(value, list | tuple | set):
        return _shown_list(shape.element.shape, value, sdk)
    if kind == "map" and shape.value is not None and isinstance(value, dict):
        inner = shape.value.shape
        return {name: _shown(inner, item, sdk) for name, item in value.items()}
    if kind == "timestamp":
        at = value.timestamp() if isinstance(value, datetime) else float(value)
        # The first SDK's dates became JSON as Java counts time: in milliseconds.
        return round(at * 1000) if sdk is Sdk.FIRST else timestamps.iso8601(at)
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value


def _shown_list(shape: Shape, values: Iterable[Any], sdk: Sdk) -> list[Any]:
    return [_shown(shape, item, sdk) for item in values]
