"""Definitions read: text to a compiled `Machine`, with every fault by its place.

    machine = parse(text)                  DefinitionError with all problems
    problems_of(text)                      all of them, warnings too; nothing is raised
    parse_state(text) -> Machine           one state alone, as TestState takes it: it is called `StateName`

Reading goes on after a fault, so that all are told at once; only where the states lead is looked at last, when
everything else is right. Texts and places are AWS's where they are known (`services/stepfunctions/FIDELITY.md`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from statemachine.definition import Flow, Machine
from statemachine.parse.flow import Flows
from statemachine.parse.limits import DEFINITION_BYTES_MAX, NESTING_MAX
from statemachine.parse.part import Part
from statemachine.parse.report import Report, anything
from statemachine.parse.scopes import check_scopes
from statemachine.parse.source import JsonFault, depth_of, read_json
from statemachine.parse.warnings import warn_about
from statemachine.problems import DefinitionError, Problem

WhyNot = Callable[[str], str]

LONE_STATE: Final = "StateName"
"""What AWS calls a state that is tested without a machine."""


def parse(definition: str, why_not: WhyNot = anything, *, express: bool = False) -> Machine:
    """Compile a definition.

    `why_not` says what is wrong with a Task's resource, or nothing; `express` is what the machine is to be.

    Raises:
        DefinitionError: it can't be run; `problems` are all that is wrong with it.
    """
    report = Report(why_not, express=express)
    machine = _machine(definition, report)
    if machine is None or report.failed():
        raise DefinitionError(report.problems)
    return machine


def problems_of(definition: str, why_not: WhyNot = anything, *, express: bool = False) -> list[Problem]:
    """Everything that is wrong or dubious about a definition. Warnings only where there are no errors."""
    report = Report(why_not, express=express)
    _machine(definition, report, warnings=True)
    return report.problems


def parse_state(definition: str, why_not: WhyNot = anything) -> Machine:
    """Compile a definition that is one state only. Where it leads is not looked at.

    Raises:
        DefinitionError: it can't be run.
    """
    report = Report(why_not)
    given = _read(definition, report)
    if given is None:
        raise DefinitionError(report.problems)
    flows = Flows("JSONPath", report)
    state = flows.state(LONE_STATE, given, f"/States/{LONE_STATE}")
    if not report.failed():
        check_scopes({"States": {LONE_STATE: given}}, report)
        flows.check_graphs()
    if state is None or report.failed():
        raise DefinitionError(report.problems)
    return Machine(Flow(LONE_STATE, {LONE_STATE: state}, state.language))


def _machine(definition: str, report: Report, *, warnings: bool = False) -> Machine | None:
    given = _read(definition, report)
    if given is None:
        return None
    part = Part(given, "/", report)
    part.choice("QueryLanguage", ("JSONPath", "JSONata"))
    # Anything else is JSONata to AWS while it looks for more.
    flows = Flows("JSONPath" if given.get("QueryLanguage", "JSONPath") == "JSONPath" else "JSONata", report)
    flow = flows.read(part)
    version = part.choice("Version", ("1.0",))
    timeout = part.integer("TimeoutSeconds", 1)
    comment = part.text("Comment")
    if report.failed():
        return None
    check_scopes(given, report)
    flows.check_graphs()
    if report.failed():
        return None
    if warnings:
        warn_about(given, report)
    return Machine(flow, timeout, comment or "", version or "1.0")


def _read(definition: str, report: Report) -> dict[str, Any] | None:
    """The JSON object, or None with the fault reported."""
    if not definition.strip():
        report.error("", "Received a null or empty workflow input", "MISSING_DESCRIPTION")
        return None
    # No character is more than four bytes: most definitions need no encoding to be measured.
    if (
        len(definition) * 4 > DEFINITION_BYTES_MAX
        and len(definition.encode("utf-8", "surrogatepass")) > DEFINITION_BYTES_MAX
    ):
        report.error("/", f"Definition exceeds the maximum size of {DEFINITION_BYTES_MAX} bytes")
        return None
    try:
        given = read_json(definition, unique=True)
    except JsonFault as fault:
        code = "TOO_DEEPLY_NESTED" if fault.too_deep else "INVALID_JSON_DESCRIPTION"
        report.error("", fault.text, code)
        return None
    if depth_of(given, NESTING_MAX) > NESTING_MAX:
        report.error("/", "The definition is too deeply nested", "TOO_DEEPLY_NESTED")
        return None
    if not isinstance(given, dict):
        report.error("/", "Expected value of type Object")
        return None
    return given
