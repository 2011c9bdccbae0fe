"""States and where they lead: the machine's own, a branch's, an item processor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from statemachine.data.json_text import sendable
from statemachine.definition import Flow
from statemachine.parse import states
from statemachine.parse.fields import TERMINAL, TYPES, check_fields
from statemachine.parse.limits import NAME_MAX
from statemachine.parse.maps import map_
from statemachine.parse.part import Part
from statemachine.parse.report import inside
from statemachine.parse.reserved import check_reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from statemachine.definition import Language, State
    from statemachine.parse.report import Report

_PLAIN: Final[dict[str, Callable[[Part, str], State]]] = {
    "Task": states.task,
    "Wait": states.wait,
    "Pass": states.pass_,
    "Succeed": states.succeed,
    "Fail": states.fail,
    "Choice": states.choice,
}
_NESTING: Final[dict[str, Callable[[Part, str, Callable[[Part], Flow]], State]]] = {
    "Parallel": states.parallel,
    "Map": map_,
}
_MACHINE: Final = frozenset(("Comment", "StartAt", "States", "QueryLanguage", "TimeoutSeconds", "Version"))
_BRANCH: Final = frozenset(("Comment", "StartAt", "States"))
_PROCESSOR: Final = _BRANCH | {"ProcessorConfig"}


class Flows:
    """Reads the flows of one definition: state names and labels are unique across all of them."""

    def __init__(self, language: Language, report: Report) -> None:
        self.language: Language = language
        """The whole machine's, which is every state's default, however deep."""
        self.report = report
        self._names: set[str] = set()
        self._labels: set[str] = set()
        self._graphs: list[tuple[Mapping[str, Any], str]] = []

    def read(self, part: Part, allowed: frozenset[str] = _MACHINE) -> Flow:
        """A flow, and all flows within."""
        part.only(allowed)
        part.require(*(field for field in ("StartAt", "States") if field not in part))
        found = part.fields.get("States")
        if "States" in part and not isinstance(found, dict):
            part.fault("Expected value of type Object", "States")
        start = part.text("StartAt")
        if not isinstance(found, dict):
            return Flow(start or "", {}, self.language)
        if not found:
            part.fault("Value cannot be empty", "States")
        self._graphs.append((part.fields, part.place))
        made = {name: self.state(name, given, inside(part.at("States"), name)) for name, given in found.items()}
        return Flow(start or "", {name: state for name, state in made.items() if state is not None}, self.language)

    def state(self, name: str, given: Any, place: str) -> State | None:
        """One state. None if so much is wrong with it that it can't even be read."""
        self._name(name, place)
        if not isinstance(given, dict):
            self.report.error(place, "Expected value of type Object")
            return None
        part = Part(given, place, self.report, self._language(given, place))
        if not part.require("Type"):
            return None
        kind = part.choice("Type", TYPES)
        if kind is None:
            return None
        check_fields(part, kind)
        if part.language == "JSONata":
            check_reserved(part, kind)
        self._transition(part, kind)
        if kind in _NESTING:
            self._label(part)
            return _NESTING[kind](part, name, self._nested)
        return _PLAIN[kind](part, name)

    def _nested(self, part: Part) -> Flow:
        branch = "ProcessorConfig" not in part and not part.place.endswith(("/ItemProcessor", "/Iterator"))
        return self.read(Part(part.fields, part.place, self.report), _BRANCH if branch else _PROCESSOR)

    def _name(self, name: str, place: str) -> None:
        if not name or len(name) > NAME_MAX:
            self.report.error(
                place, f"State name must be between 1 and {NAME_MAX} characters long", "INVALID_STATE_NAME"
            )
        elif sendable(name) != name:
            self.report.error(place, "State name must not have half a surrogate pair", "INVALID_STATE_NAME")
        if name in self._names:
            self.report.error(place, f"Duplicate State name: {name}", "DUPLICATE_STATE_NAME")
        self._names.add(name)

    def _label(self, part: Part) -> None:
        label = part.fields.get("Label")
        if not isinstance(label, str):
            return
        if label in self._labels:
            part.fault(f"Duplicate Label name: {label}", "Label", "DUPLICATE_LABEL_NAME")
        self._labels.add(label)

    def _language(self, given: dict[str, Any], place: str) -> Language:
        said = given.get("QueryLanguage", self.language)
        if said not in ("JSONPath", "JSONata"):
            Part(given, place, self.report).choice("QueryLanguage", ("JSONPath", "JSONata"))
        elif said == "JSONPath" and self.language == "JSONata":
            self.report.error(
                place, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            )
        # Anything else is JSONata to AWS while it looks for more.
        return "JSONPath" if said == "JSONPath" else "JSONata"

    def _transition(self, part: Part, kind: str) -> None:
        if kind in TERMINAL or kind == "Choice":
            return
        end = part.flag("End")
        if "Next" in part and end:
            part.at_most_one("Next", "End")
        elif "Next" not in part and not end and not ("End" in part and end is None):
            part.fault("Exactly one of these fields is required: [Next, End]")

    # -- the graph

    def check_graphs(self) -> None:
        """Where every flow leads. Only of definitions without other faults: AWS looks no further then."""
        for fields, place in self._graphs:
            _Graph(fields, place, self.report).check()


class _Graph:
    """The transitions of one flow."""

    def __init__(self, fields: Mapping[str, Any], place: str, report: Report) -> None:
        self.states: Mapping[str, Mapping[str, Any]] = fields["States"]
        self.start = fields["StartAt"]
        self.place = place
        self.report = report
        self.reached: set[str] = set()

    def check(self) -> None:
        self._target(self.start, inside(self.place, "StartAt"))
        for name, state in self.states.items():
            self._targets_of(state, f"{inside(self.place, 'States')}/{name}")
        if not any(_ends(state) for state in self.states.values()):
            self.report.error("", "Workflow has no terminal state", "MISSING_END_STATE")
            return
        for name in self.states:
            if name not in self.reached:
                place = f"{inside(self.place, 'States')}/{name}"
                self.report.error(place, f'State "{name}" is not reachable.', "MISSING_TRANSITION_TARGET")

    def _targets_of(self, state: Mapping[str, Any], place: str) -> None:
        for field in ("Next", "Default"):
            if field in state:
                self._target(state[field], f"{place}/{field}")
        for field in ("Choices", "Catch"):
            for i, entry in enumerate(state.get(field, ())):
                self._target(entry["Next"], f"{place}/{field}[{i}]/Next")

    def _target(self, name: str, place: str) -> None:
        if name in self.states:
            self.reached.add(name)
        else:
            self.report.error(place, f"Missing 'Next' target: {name}", "MISSING_TRANSITION_TARGET")


def _ends(state: Mapping[str, Any]) -> bool:
    return state.get("End") is True or state["Type"] in TERMINAL
