"""`$states.result` and `$states.errorOutput`, which only some fields of JSONata states have.

Elsewhere they are caught when the state machine is created.
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from statemachine.data.jsonata import is_jsonata
from statemachine.parse.report import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from statemachine.parse.part import Part

_CODE: Final = "UNSUPPORTED_JSONATA_EXPRESSION"
_SILENT: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|/\*.*?\*/", re.DOTALL)
"""Texts and comments of an expression."""
_USE: Final = re.compile(r"\$states\s*\.\s*(?:`(result|errorOutput)`|(result|errorOutput)\b)")
_WITH_RESULT: Final = frozenset(("Task", "Parallel", "Map"))
_FLOWS: Final = frozenset(("Branches", "ItemProcessor", "Iterator"))


def check_reserved(state: Part, kind: str) -> None:
    """Report what a JSONata state's expressions say of a result or an error that is not there."""
    for field, value in state.fields.items():
        place = state.at(field)
        if field in _FLOWS:
            continue
        if field == "Catch" and isinstance(value, list):
            for i, catcher in enumerate(value):
                for name, part in catcher.items() if isinstance(catcher, dict) else ():
                    has = "errorOutput" if name in ("Output", "Assign") else ""
                    _check(state, part, f"{place}[{i}]/{name}", has)
        else:
            has = "result" if field in ("Output", "Assign") and kind in _WITH_RESULT else ""
            _check(state, value, place, has)


def _check(state: Part, value: Any, place: str, has: str) -> None:
    for at, text in _expressions(value, place):
        for found in _USE.finditer(_SILENT.sub("", text)):
            name = found[1] or found[2]
            if name != has:
                state.report.error(at, f"Reference to '$states.{name}' is not supported.", _CODE)


def _expressions(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if is_jsonata(value):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _expressions(item, inside(place, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _expressions(item, f"{place}[{i}]")
