"""Which fields a state may have, by its type and query language.

https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
https://states-language.net/#state-type-table
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from statemachine.parse.part import Part

TYPES: Final = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
"""In the order in which AWS lists them."""

TERMINAL: Final = frozenset(("Succeed", "Fail"))

_ALL = frozenset(("Type", "Comment", "QueryLanguage"))
_FLOWING = frozenset(("Next", "End"))
_CATCHING = frozenset(("Retry", "Catch"))
_IN_OUT = frozenset(("InputPath", "OutputPath"))
_RESULT = frozenset(("Parameters", "ResultSelector", "ResultPath"))

EITHER: Final = {
    "Task": _FLOWING | _CATCHING | {"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials", "Assign"},
    "Wait": _FLOWING | {"Seconds", "Timestamp", "Assign"},
    "Pass": _FLOWING | {"Assign"},
    "Succeed": frozenset[str](),
    "Fail": frozenset(("Error", "Cause")),
    "Choice": frozenset(("Choices", "Default", "Assign")),
    "Parallel": _FLOWING | _CATCHING | {"Branches", "Assign"},
    "Map": _FLOWING
    | _CATCHING
    | {
        "ItemProcessor",
        "Iterator",
        "ItemReader",
        "ItemSelector",
        "ItemBatcher",
        "ResultWriter",
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
        "Label",
        "Assign",
    },
}
"""In both languages."""

JSONPATH: Final = {
    "Task": _IN_OUT | _RESULT | {"TimeoutSecondsPath", "HeartbeatSecondsPath"},
    "Wait": _IN_OUT | {"SecondsPath", "TimestampPath"},
    "Pass": _IN_OUT | {"Result", "Parameters", "ResultPath"},
    "Succeed": _IN_OUT,
    "Fail": frozenset(("ErrorPath", "CausePath")),
    "Choice": _IN_OUT,
    "Parallel": _IN_OUT | _RESULT,
    "Map": _IN_OUT
    | _RESULT
    | {"ItemsPath", "MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"},
}

JSONATA: Final = {
    "Task": frozenset(("Arguments", "Output")),
    "Wait": frozenset(("Output",)),
    "Pass": frozenset(("Output",)),
    "Succeed": frozenset(("Output",)),
    "Fail": frozenset[str](),
    "Choice": frozenset(("Output",)),
    "Parallel": frozenset(("Arguments", "Output")),
    "Map": frozenset(("Items", "Output")),
}


def check_fields(state: Part, kind: str) -> None:
    """Report the fields that a state of this type does not have, or not in its language."""
    own, other, language = (
        (JSONATA, JSONPATH, "JSONPath") if state.language == "JSONata" else (JSONPATH, JSONATA, "JSONata")
    )
    for field in state.fields:
        if field in _ALL or field in EITHER[kind] or field in own[kind]:
            continue
        if field in other[kind]:
            state.fault(
                f"The QueryLanguage is set to '{state.language}', but field '{field}' is only supported "
                f"for the '{language}' QueryLanguage"
            )
        else:
            state.report.unsupported(state.place, field)
