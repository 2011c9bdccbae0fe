"""Workflow variables: the Assign field, names and sizes.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.field_error import FieldError
from statemachine.data.json_text import size_of
from statemachine.data.jsonata import compile_jsonata_template
from statemachine.data.template import compile_template
from statemachine.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from statemachine.data.scope import Condition, Value

NAME_MAX = 80
VARIABLE_MAX = 262_144
"""Bytes of one variable, and of all that one Assign sets."""
ALL_MAX = 10_485_760
"""Bytes of all variables of an execution."""


def check_name(name: str) -> None:
    """A Unicode identifier, which begins with a letter; at most 80 characters; not `states`.

    Raises:
        FieldError: it is no name for a variable.
    """
    if not name.isidentifier() or name.startswith("_"):
        raise FieldError(f"Variable name '{name}' must begin with a letter and have letters, digits and '_' only")
    if len(name) > NAME_MAX:
        raise FieldError(f"Variable name '{name}' must not be longer than {NAME_MAX} characters")
    if name == "states":
        raise FieldError("Variable name 'states' is reserved")


def compile_assign(assign: Any, language: str, field: str = "Assign") -> Value:
    """An Assign field: evaluates to the new variables by name. All of it sees the variables as they were before.

    Raises:
        FieldError: `at` points to what is wrong.
    """
    if not isinstance(assign, dict):
        raise FieldError("Expected value of type Object")
    for key in assign:
        name = key[:-2] if language == "JSONPath" and key.endswith(".$") else key
        try:
            check_name(name)
        except FieldError as e:
            raise FieldError(e.message, f"/{key}") from None
    if language == "JSONata":
        return compile_jsonata_template(assign, field)
    return compile_template(assign, field)


def check_sizes(new: Mapping[str, Any], others: Mapping[str, int]) -> dict[str, int]:
    """The sizes in bytes of new variables by name, given the sizes of all others that the execution has.

    Raises:
        StateError: States.DataLimitExceeded.
    """
    sizes = {name: size_of(value) for name, value in new.items()}
    if sum(sizes.values()) > VARIABLE_MAX:
        raise StateError(
            errors.DATA_LIMIT_EXCEEDED,
            "The state assigned variables with a size exceeding the maximum number of bytes service limit.",
        )
    if sum(sizes.values()) + sum(size for name, size in others.items() if name not in sizes) > ALL_MAX:
        raise StateError(
            errors.DATA_LIMIT_EXCEEDED,
            "The size of all variables exceeds the maximum number of bytes service limit.",
        )
    return sizes


def references(compiled: Value | Condition | None) -> frozenset[str]:
    """The variables that a compiled field reads, by name without `$`."""
    return getattr(compiled, "variables", frozenset())
