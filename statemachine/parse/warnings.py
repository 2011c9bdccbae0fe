"""What a definition may say, and most likely does not mean.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from statemachine.parse.report import inside
from statemachine.parse.scopes import flows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from statemachine.parse.report import Report

_LOOKS_DYNAMIC: Final = re.compile(r"\$\$?(\.|\[)[^\s]*|\$\$?|States\.[A-Z]\w+\(.*\)", re.DOTALL)
_TEMPLATES: Final = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")


def warn_about(definition: Mapping[str, Any], report: Report, place: str = "/") -> None:
    """Look at every JSONPath state of a definition that has no errors."""
    if definition.get("QueryLanguage") == "JSONata":
        return
    for name, state in definition["States"].items():
        _state(state, f"{inside(place, 'States')}/{name}", report)


def _state(state: Mapping[str, Any], place: str, report: Report) -> None:
    for field, branch in flows_of(state):
        warn_about(branch, report, f"{place}/{field}")
    if state.get("QueryLanguage") == "JSONata":
        return
    for field in _TEMPLATES:
        for where, key in _static_paths(state.get(field)):
            report.warn(
                f"{place}/{field}{where}",
                f"The field '{key}' looks like a JSONPath or an intrinsic function, but its name does not end "
                "with '.$': it will be passed on as it is",
                "NO_DOLLAR",
            )
    for field in ("Error", "Cause"):
        if state["Type"] == "Fail" and _dynamic(state.get(field)):
            report.warn(
                f"{place}/{field}",
                f"The value of the field '{field}' looks like a path, but the field's name does not end with 'Path'",
                "NO_PATH",
            )
    if "Result" in state and _has_path(state["Result"]):
        report.warn(
            f"{place}/Result",
            "The Result of a Pass state is static: paths in it are not looked up",
            "PASS_RESULT_IS_STATIC",
        )


def _dynamic(value: Any) -> bool:
    return isinstance(value, str) and _LOOKS_DYNAMIC.fullmatch(value) is not None


def _static_paths(template: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(template, dict):
        for key, value in template.items():
            if not key.endswith(".$") and _dynamic(value):
                yield where, key
            yield from _static_paths(value, f"{where}/{key}")
    elif isinstance(template, list):
        for i, value in enumerate(template):
            yield from _static_paths(value, f"{where}[{i}]")


def _has_path(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key.endswith(".$") or _has_path(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_path(item) for item in value)
    return _dynamic(value)
