"""Which variables the states of a definition read: DescribeStateMachine's `variableReferences`.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from statemachine.data.variables import references
from statemachine.definition import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from statemachine.definition import Machine


def references_of(machine: Machine) -> dict[str, list[str]]:
    """The variables by the names of the states that read them, each list sorted. States that read none are left out."""
    found: dict[str, list[str]] = {}
    flows = [machine.flow]
    while flows:
        for state in flows.pop().states.values():
            names: set[str] = set()
            for part in _parts(state):
                if isinstance(part, Flow):
                    flows.append(part)
                else:
                    names |= references(part)
            if names:
                found[state.name] = sorted(names)
    return found


def _parts(node: Any) -> Iterator[Any]:
    """What a state is made of: compiled fields, also those of its retriers, rules, reader; and flows, whole."""
    for field in fields(node):
        value = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if item is None or isinstance(item, str | int | float | dict):
                continue
            if is_dataclass(item) and not isinstance(item, Flow) and type(item).__module__ == "statemachine.definition":
                yield from _parts(item)
            else:
                yield item
