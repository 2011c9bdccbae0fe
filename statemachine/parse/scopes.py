"""Scopes of variables: a branch or an item processor reads those around it, and can't assign to their names.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine.parse.report import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from statemachine.parse.report import Report


def check_scopes(
    flow: Mapping[str, Any], report: Report, place: str = "/", outer: frozenset[str] = frozenset()
) -> None:
    """Report every assignment to a variable that a flow around this one assigns to, before or after."""
    states = [(f"{inside(place, 'States')}/{name}", state) for name, state in flow["States"].items()]
    own = set()
    for at, state in states:
        for where, assign in _assigns(state):
            for key in assign:
                name = key.removesuffix(".$")
                own.add(name)
                if name in outer:
                    report.error(f"{at}/{where}", f"Variable '{name}' is assigned in an outer scope")
    for at, state in states:
        for where, inner in flows_of(state):
            check_scopes(inner, report, f"{at}/{where}", outer | own)


def flows_of(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The flows within a state, each with its place from the state."""
    for i, branch in enumerate(state.get("Branches", ())):
        yield f"Branches[{i}]", branch
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield field, state[field]


def _assigns(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "Assign" in state:
        yield "Assign", state["Assign"]
    for field in ("Choices", "Catch"):
        for i, entry in enumerate(state.get(field, ())):
            if "Assign" in entry:
                yield f"{field}[{i}]/Assign", entry["Assign"]
