"""CreateStateMachine's text about faults, and ValidateStateMachineDefinition's diagnostics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.api import Call
from services.scope import Scope
from services.stepfunctions.errors import InvalidDefinition
from services.stepfunctions.validation import Definitions, ValidationApi

CALL = Call(Scope("000000000000", "us-east-1"), "http://localhost:4566")
END = {"Type": "Pass", "End": True}


class Integrations:
    def why_not(self, resource: str) -> str:
        return "unknown" if "nonsense" in resource else ""

    def begin(self, call: Any, events: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def definitions() -> Definitions:
    return Definitions(Integrations())


def task(resource: str) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, "End": True}}})


def refusal(definitions: Definitions, definition: str, express: bool = False) -> str:
    with pytest.raises(InvalidDefinition) as error:
        definitions.compile(definition, express)
    return error.value.message


def test_all_faults_are_in_one_sentence(definitions: Definitions) -> None:
    states = {"pass1": {"Type": "Pass", "Next": "pass3"}, "pass2": END}
    assert refusal(definitions, json.dumps({"StartAt": "pass1", "States": states})) == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at "
        '/States/pass1/Next, MISSING_TRANSITION_TARGET: State "pass2" is not reachable. at /States/pass2\''
    )


def test_a_fault_without_a_place_is_at_null(definitions: Definitions) -> None:
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    assert refusal(definitions, json.dumps(loop)) == (
        "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
    )


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "'.waitForTaskToken' service integration "),
        ("arn:aws:states:::states:startExecution.sync", "'.sync' service integration"),
        ("arn:aws:states:::states:startExecution.sync:2", "'.sync' service integration"),
        ("arn:aws:states:us-east-1:000000000000:activity:a", "Activity ARN"),
    ],
)
def test_what_express_state_machines_lack(definitions: Definitions, resource: str, text: str) -> None:
    definitions.compile(task(resource))
    assert refusal(definitions, task(resource), express=True) == (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support "
        f"{text} at /States/A/Resource'"
    )


def validate(definitions: Definitions, definition: Any, **params: Any) -> Any:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return ValidationApi(definitions).validate_state_machine_definition(CALL, {"definition": text, **params})


def test_a_good_definition(definitions: Definitions) -> None:
    answer = validate(definitions, {"StartAt": "A", "States": {"A": END}})
    assert answer == {"result": "OK", "diagnostics": [], "truncated": False}


def test_diagnostics(definitions: Definitions) -> None:
    assert validate(definitions, {"States": {"A": END}}) == {
        "result": "FAIL",
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": "These fields are required: [StartAt]",
                "location": "/",
            }
        ],
        "truncated": False,
    }
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    assert "location" not in validate(definitions, loop)["diagnostics"][0]


def test_warnings_are_told_when_asked_for_and_never_fail(definitions: Definitions) -> None:
    definition = {"StartAt": "A", "States": {"A": {**END, "Parameters": {"a": "$.b"}}}}
    assert validate(definitions, definition)["diagnostics"] == []
    answer = validate(definitions, definition, severity="WARNING")
    assert (answer["result"], [d["code"] for d in answer["diagnostics"]]) == ("OK", ["NO_DOLLAR"])


def test_no_more_than_asked_for(definitions: Definitions) -> None:
    definition = {"StartAt": "A", "States": {name: {"Type": "Wait"} for name in "ABC"}}
    answer = validate(definitions, definition, maxResults=2)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (2, True)
    answer = validate(definitions, definition, maxResults=0)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (6, False)


def test_resources_are_looked_at(definitions: Definitions) -> None:
    answer = validate(definitions, task("arn:aws:states:::nonsense:x"))
    assert answer["diagnostics"][0]["message"] == "unknown"
    assert answer["diagnostics"][0]["location"] == "/States/A/Resource"
