"""Faults of definitions: code, text and place. Texts in this file were given by AWS, unless a test says otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from statemachine.parse import parse, parse_state, problems_of
from statemachine.problems import DefinitionError

END = {"Type": "Pass", "End": True}
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def machine(states: dict[str, Any], start: str = "A", **more: Any) -> str:
    return json.dumps({"StartAt": start, "States": states, **more})


def told(definition: str, **more: Any) -> list[tuple[str, str, str]]:
    return [(p.code, p.message, p.location) for p in problems_of(definition, **more) if p.severity == "ERROR"]


def schema(message: str, place: str) -> tuple[str, str, str]:
    return ("SCHEMA_VALIDATION_FAILED", message, place)


TASK = {"Type": "Task", "Resource": FUNCTION, "End": True}
CATCHER = {"ErrorEquals": ["E"]}
MAP = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "In",
        "States": {"In": END},
    },
    "End": True,
}


def reader(**config: Any) -> dict[str, Any]:
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", **config}}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        pytest.param("{}", [schema("These fields are required: [StartAt, States]", "/")], id="empty"),
        pytest.param(
            json.dumps({"States": {"A": END}}), [schema("These fields are required: [StartAt]", "/")], id="no-start"
        ),
        pytest.param(
            machine({"A": {"Type": "TypeThatDoesNotExist", "End": True}}),
            [
                schema(
                    "The field 'Type' should have one of these values: "
                    "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
                    "/States/A/Type",
                )
            ],
            id="type",
        ),
        pytest.param(
            machine({"Pass": {**END, "QueryLanguage": "JSONPath"}}, "Pass", QueryLanguage="JSONata"),
            [
                schema(
                    "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", "/States/Pass"
                )
            ],
            id="downgrade",
        ),
        pytest.param(
            machine({"A": {**END, "Output": 1}}),
            [
                schema(
                    "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' "
                    "QueryLanguage",
                    "/States/A",
                )
            ],
            id="field-of-the-other-language",
        ),
        pytest.param(
            machine({"A": {"Type": "Parallel", "Branches": [], "End": True}}),
            [schema("Value cannot be empty", "/States/A/Branches")],
            id="no-branches",
        ),
        pytest.param(
            machine({"A": {"Type": "Choice"}}),
            [schema("These fields are required: [Choices]", "/States/A")],
            id="no-choices",
        ),
        pytest.param(
            machine({"A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True}], "Default": "A"}}),
            [schema("These fields are required: [Next]", "/States/A/Choices[0]")],
            id="rule-without-next",
        ),
        pytest.param(
            machine({"A": {"Type": "Wait", "Seconds": 10**16, "End": True}}),
            [schema("Maximum value is 99999999", "/States/A/Seconds")],
            id="too-long",
        ),
        pytest.param(
            machine({"A": {"Type": "Wait", "Seconds": "$.s", "End": True}}),
            [schema("Expected value of type Integer", "/States/A/Seconds")],
            id="no-integer",
        ),
        pytest.param(
            machine({"A": {"Type": "Wait", "Seconds": 1, "ResultPath": None, "End": True}}),
            [schema("Field 'ResultPath' is not supported", "/States/A")],
            id="unsupported",
        ),
        pytest.param(
            machine({"A": {"Type": "Task", "Resource": FUNCTION, "Credentials": {"X": 1}, "End": True}}),
            [schema("The field 'RoleArn' is required but was missing", "/States/A/Credentials")],
            id="credentials",
        ),
        pytest.param(
            machine(
                {
                    "A": {
                        "Type": "Task",
                        "Resource": FUNCTION,
                        "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}],
                        "Catch": [{"ErrorEquals": ["X", "States.ALL"], "Next": "A"}],
                        "End": True,
                    }
                }
            ),
            [
                schema("States.ALL must appear alone and at end of list", "/States/A/Retry[0]/ErrorEquals[0]"),
                schema("States.ALL must appear alone and at end of list", "/States/A/Catch[0]/ErrorEquals[1]"),
            ],
            id="all-not-last",
        ),
        pytest.param(
            machine({"A": {**END, "Parameters": {"x": {"y.$": "foo"}}}}),
            [
                schema(
                    "The value for the field 'y.$' must be a valid JSONPath or a valid intrinsic function call",
                    "/States/A/Parameters/x",
                )
            ],
            id="template",
        ),
        pytest.param(
            machine({"A": {"Type": "Pass", "Next": "A"}}),
            [("MISSING_END_STATE", "Workflow has no terminal state", "")],
            id="loop",
        ),
        pytest.param(
            machine({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": END}),
            [("MISSING_TRANSITION_TARGET", 'State "C" is not reachable.', "/States/C")],
            id="unreachable",
        ),
        pytest.param(
            machine({"A": {"Type": "Pass", "Next": "NOPE"}}),
            [
                ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: NOPE", "/States/A/Next"),
                ("MISSING_END_STATE", "Workflow has no terminal state", ""),
            ],
            id="dangling",
        ),
        pytest.param(
            # What follows an unreachable state is reached by it.
            machine({"Pass One": {"Type": "Pass", "Next": "Success"}, "Success": {"Type": "Succeed"}}, "Not sure"),
            [
                ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: Not sure", "/StartAt"),
                ("MISSING_TRANSITION_TARGET", 'State "Pass One" is not reachable.', "/States/Pass One"),
            ],
            id="start",
        ),
        pytest.param(
            machine(
                {
                    "C": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$", "IsNull": True, "Next": "X"}],
                        "Default": "Y",
                    },
                    "T": {"Type": "Task", "Resource": FUNCTION, "Catch": [{"ErrorEquals": ["E"], "Next": "Z"}], **END}
                    | {"Type": "Task"},
                },
                "C",
            ),
            [
                ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: Y", "/States/C/Default"),
                ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: X", "/States/C/Choices[0]/Next"),
                ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: Z", "/States/T/Catch[0]/Next"),
                ("MISSING_TRANSITION_TARGET", 'State "T" is not reachable.', "/States/T"),
            ],
            id="every-position-says-next",
        ),
        pytest.param(
            machine({"A": {**END, "OutputPath": "Test"}}),
            [schema("Value must be a valid JSONPath.", "/States/A/OutputPath")],
            id="no-path",
        ),
        pytest.param(
            machine({"A": {"Type": "Choice", "Choices": [{"Variable": "a", "IsNull": True, "Next": "B"}]}, "B": END}),
            [
                schema(
                    "Value is not a Reference Path: Reference path didn't start with '$'",
                    "/States/A/Choices[0]/Variable",
                )
            ],
            id="no-reference-path",
        ),
        pytest.param(
            machine({"A": {**MAP, "MaxConcurrency": 1, "MaxConcurrencyPath": "$.a"}}),
            [
                schema(
                    "There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath]",
                    "/States/A",
                )
            ],
            id="both",
        ),
        pytest.param(
            machine({"A": {**MAP, "ToleratedFailurePercentage": -1}}),
            [schema("Minimum value is 0.0", "/States/A/ToleratedFailurePercentage")],
            id="too-little",
        ),
        pytest.param(
            machine({"A": {**MAP, "ToleratedFailurePercentage": 101}}),
            [schema("Maximum value is 100.0", "/States/A/ToleratedFailurePercentage")],
            id="too-much",
        ),
        pytest.param(
            machine({"A": {**MAP, "ItemReader": reader(MaxItems=100_000_001)}}),
            [schema("Maximum value is 100000000", "/States/A/ItemReader/ReaderConfig/MaxItems")],
            id="too-many-items",
        ),
        pytest.param(machine({"A": {**MAP, "ItemReader": reader(MaxItems=100_000_000)}}), [], id="as-many-as-may-be"),
    ],
)
def test_faults_have_the_texts_and_places_of_aws(definition: str, expected: list[tuple[str, str, str]]) -> None:
    assert told(definition) == expected


@pytest.mark.parametrize(
    "text",
    ["2016-03-14T01:59:00", "2016-03-14 01:59:00Z", "2016-02-30T01:59:00Z", "2016-03-14T25:59:00Z", "$.when", ""],
)
def test_a_timestamp_that_is_none(text: str) -> None:
    definition = machine({"A": {"Type": "Wait", "Timestamp": text, "End": True}})
    assert told(definition) == [schema("String does not match RFC3339 timestamp", "/States/A/Timestamp")]


@pytest.mark.parametrize(
    "text", ["2016-03-14T01:59:00Z", "2016-03-14T01:59:00.123456789Z", "2016-03-14T01:59:00+01:00"]
)
def test_a_timestamp(text: str) -> None:
    assert told(machine({"A": {"Type": "Wait", "Timestamp": text, "End": True}})) == []


def nested(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": inner}, **more}, "End": True}


def test_places_within_flows_within_flows() -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [{"StartAt": "M", "States": {"M": nested({"Type": "Choice"})}}],
    }
    definition = machine({"A": {**parallel, "End": True}})
    assert told(definition) == [
        schema("These fields are required: [Choices]", "/States/A/Branches[0]/States/M/ItemProcessor/States/I")
    ]


def test_names_are_unique_across_all_flows() -> None:
    definition = machine({"A": nested(END), "I": END})
    assert told(definition) == [("DUPLICATE_STATE_NAME", "Duplicate State name: I", "/States/I")]


def test_states_of_a_processor_have_the_machines_language_not_the_maps() -> None:
    map_state = {**nested({**END, "Output": 1}), "QueryLanguage": "JSONata"}
    assert told(machine({"A": map_state}))[0][2] == "/States/A/ItemProcessor/States/I"
    assert told(machine({"A": nested({**END, "Output": 1})}, QueryLanguage="JSONata")) == []


def test_a_processor_has_no_language() -> None:
    definition = machine({"A": nested(END, QueryLanguage="JSONata")})
    assert told(definition) == [schema("Field 'QueryLanguage' is not supported", "/States/A/ItemProcessor")]


@pytest.mark.parametrize("kind", ["Pass", "Choice", "Succeed", "Fail", "Wait", "Map", "Parallel"])
def test_only_a_task_has_a_timeout(kind: str) -> None:
    definition = machine({"A": {"Type": kind, "TimeoutSeconds": 1}})
    assert schema("Field 'TimeoutSeconds' is not supported", "/States/A") in told(definition)


def test_every_fault_is_told_at_once() -> None:
    definition = machine({"A": {"Type": "Wait", "Seconds": -1}, "B": {"Type": "Fail", "Next": "A", "Cause": 5}})
    assert [place for _, _, place in told(definition)] == [
        "/States/A",
        "/States/A/Seconds",
        "/States/B",
        "/States/B/Cause",
    ]


# -- the text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  ", "MISSING_DESCRIPTION"),
        ("not a definition", "INVALID_JSON_DESCRIPTION"),
        ('{"StartAt": "A", "StartAt": "B"}', "INVALID_JSON_DESCRIPTION"),
        ("[" * 300 + "]" * 300, "TOO_DEEPLY_NESTED"),
        ("[" * 200_000, "TOO_DEEPLY_NESTED"),
        ("[]", "SCHEMA_VALIDATION_FAILED"),
        ('{"StartAt": "A", "States": {}, "Comment": NaN}', "INVALID_JSON_DESCRIPTION"),
        (json.dumps({"Comment": "x" * 1_048_576}), "SCHEMA_VALIDATION_FAILED"),
    ],
)
def test_text_that_is_no_definition(text: str, code: str) -> None:
    assert [found for found, _, _ in told(text)] == [code]


def test_a_states_name_may_have_80_characters() -> None:
    assert told(machine({"A" * 80: END}, "A" * 80)) == []
    assert told(machine({"A" * 81: END}, "A" * 81))[0][0] == "INVALID_STATE_NAME"


# -- Map


def distributed(**more: Any) -> dict[str, Any]:
    return {**nested(END, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}), **more}


def test_labels() -> None:
    assert told(machine({"A": distributed(Label="ok-1_x")})) == []
    assert told(machine({"A": distributed(Label="a?")})) == [
        ("INVALID_LABEL_NAME", "Label contains invalid character: '?'", "/States/A/Label")
    ]
    assert told(machine({"A": distributed(Label="a" * 41)})) == [
        ("INVALID_LABEL_NAME", "Label cannot exceed 40 characters", "/States/A/Label")
    ]


def test_only_a_distributed_map_has_a_reader() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    assert told(machine({"A": distributed(ItemReader=reader)})) == []
    assert told(machine({"A": {**nested(END), "ItemReader": reader}})) == [
        schema("Field 'ItemReader' is not supported", "/States/A")
    ]


# -- what else looks at a definition


def test_resources_are_asked_about_by_their_place() -> None:
    definition = machine({"A": {"Type": "Task", "Resource": "arn:aws:states:::x:y", "End": True}})
    assert told(definition, why_not=lambda resource: f"no {resource}") == [
        schema("no arn:aws:states:::x:y", "/States/A/Resource")
    ]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"Parameters": {"a": "$.b"}}, "NO_DOLLAR"),
        ({"Parameters": {"a": "States.UUID()"}}, "NO_DOLLAR"),
        ({"Result": {"a.$": "$.b"}}, "PASS_RESULT_IS_STATIC"),
    ],
)
def test_warnings(state: dict[str, Any], code: str) -> None:
    found = problems_of(machine({"A": {**END, **state}}))
    assert [(p.code, p.severity) for p in found] == [(code, "WARNING")]
    parse(machine({"A": {**END, **state}}))


def test_prices_in_dollars_are_no_paths() -> None:
    assert problems_of(machine({"A": {**END, "Parameters": {"price": "$5 only", "text": "a $.b"}}})) == []


def test_a_state_alone_leads_where_it_wants() -> None:
    found = parse_state(json.dumps({"Type": "Pass", "Next": "Elsewhere"}))
    assert found.flow.start_at == "StateName"
    assert found.flow.states["StateName"].next == "Elsewhere"


def test_a_broken_state_alone() -> None:
    with pytest.raises(DefinitionError) as error:
        parse_state(json.dumps({"Type": "Parallel", "Branches": [], "End": True}))
    assert error.value.problems[0].location == "/States/StateName/Branches"


# -- Texts of the following are guessed; that AWS refuses is documented, or was measured


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({**END, "Comment": 5}, "/States/A/Comment"),
        ({**END, "Parameters": "$.a"}, "/States/A/Parameters"),
        ({**END, "Parameters": ["a"]}, "/States/A/Parameters"),
        ({**MAP, "ItemSelector": 1}, "/States/A/ItemSelector"),
        ({**MAP, "ResultSelector": None}, "/States/A/ResultSelector"),
        ({**MAP, "MaxConcurrencyPath": "$$.Execution.Input.n"}, "/States/A/MaxConcurrencyPath"),
        ({**MAP, "ItemReader": reader(MaxItemsPath="$$.a")}, "/States/A/ItemReader/ReaderConfig/MaxItemsPath"),
        ({**MAP, "ItemsPath": "$.a[*]"}, "/States/A/ItemsPath"),
        ({**TASK, "TimeoutSecondsPath": "$..a"}, "/States/A/TimeoutSecondsPath"),
    ],
)
def test_a_field_of_the_wrong_kind(state: dict[str, Any], place: str) -> None:
    assert [problem[2] for problem in told(machine({"A": state}))] == [place]


def test_items_path_may_look_into_the_context_object() -> None:
    assert told(machine({"A": {**MAP, "ItemsPath": "$$.Execution.Input.a"}})) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.a", "StringEqualz": "x"},
        {"Variable": "$.a", "IsNull": True, "Foo": 1},
        {"Not": {"Variable": "$.a", "IsNull": True, "Next": "B"}},
        {"And": [{"Variable": "$.a", "IsNull": True, "Assign": {"a": 1}}]},
        {"And": [{"Variable": "$.a", "IsNull": True}], "Or": [{"Variable": "$.a", "IsNull": True}]},
        {"And": [{"Variable": "$.a", "IsNull": True}], "Variable": "$.a"},
    ],
)
def test_a_rule_has_no_other_fields(rule: dict[str, Any]) -> None:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "B"}]}

    (problem,) = told(machine({"A": choice, "B": END}))

    assert problem[0] == "SCHEMA_VALIDATION_FAILED"
    assert problem[1].endswith("' is not supported")
    assert problem[2].startswith("/States/A/Choices[0]")


def within(states: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": states}, "End": True}


@pytest.mark.parametrize(
    ("outer", "inner", "where"),
    [
        # A variable is in a scope wherever a state of it assigns it, be it afterwards.
        ({"Assign": {"x": 1}}, {"Assign": {"x": 2}}, "Assign"),
        ({"Assign": {"x.$": "$"}}, {"Assign": {"x": 2}}, "Assign"),
        ({"Catch": [{**CATCHER, "Next": "Z", "Assign": {"x": 1}}]}, {"Assign": {"x.$": "$"}}, "Assign"),
        ({"Assign": {"x": 1}}, {"Catch": [{**CATCHER, "Next": "In2", "Assign": {"x": 1}}]}, "Catch[0]/Assign"),
    ],
)
def test_names_of_outer_variables_are_not_assigned_within(
    outer: dict[str, Any], inner: dict[str, Any], where: str
) -> None:
    task = {"Type": "Task", "Resource": FUNCTION, "Next": "In2", **inner}
    flow = {**within({"In": task, "In2": END}), "Next": "Z", **outer}
    del flow["End"]

    assert told(machine({"A": flow, "Z": END})) == [
        schema("Variable 'x' is assigned in an outer scope", f"/States/A/ItemProcessor/States/In/{where}")
    ]


def test_branches_may_use_the_same_names() -> None:
    branches = [{"StartAt": name, "States": {name: {**END, "Assign": {"x": 1}}}} for name in "BC"]

    assert told(machine({"A": {"Type": "Parallel", "Branches": branches, "End": True}})) == []


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({**END, "Output": "{% $states.result %}"}, "/States/A/Output"),
        ({**END, "Assign": {"a": ["{% $x & $states.errorOutput.Cause %}"]}}, "/States/A/Assign/a[0]"),
        ({**TASK, "Arguments": {"a": "{% $states.result %}"}}, "/States/A/Arguments/a"),
        (
            {**TASK, "Catch": [{**CATCHER, "Next": "A", "Output": "{% $states.result %}"}]},
            "/States/A/Catch[0]/Output",
        ),
    ],
)
def test_results_and_errors_are_told_where_they_are(state: dict[str, Any], place: str) -> None:
    assert [(code, at) for code, _, at in told(machine({"A": state}, QueryLanguage="JSONata"))] == [
        ("UNSUPPORTED_JSONATA_EXPRESSION", place)
    ]


def test_results_and_errors_where_they_belong() -> None:
    state = {
        **TASK,
        "Output": "{% $states.result & '$states.errorOutput' /* $states.errorOutput */ %}",
        "Assign": {"a": "{% $states.result %}"},
        "Catch": [{**CATCHER, "Next": "A", "Assign": {"e": "{% $states.errorOutput %}"}}],
    }
    assert told(machine({"A": state}, QueryLanguage="JSONata")) == []


# -- JSONata


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("{% 1 + %}", ("INVALID_JSONATA_EXPRESSION", "Unexpected end of expression", "/States/A/Output")),
        (
            "{% $states.input.a[1,2) %}",
            ("INVALID_JSONATA_EXPRESSION", 'Expected "]", got ","', "/States/A/Output"),
        ),
        (
            {"v": "{% phone %}"},
            (
                "UNSUPPORTED_JSONATA_EXPRESSION",
                "Reference to 'phone' at the top level is not supported.",
                "/States/A/Output/v",
            ),
        ),
        (
            [{"v": ["x", "{% phone %}"]}],
            (
                "UNSUPPORTED_JSONATA_EXPRESSION",
                "Reference to 'phone' at the top level is not supported.",
                "/States/A/Output[0]/v[1]",
            ),
        ),
    ],
)
def test_expressions_are_looked_at(output: Any, expected: tuple[str, str, str]) -> None:
    assert told(machine({"A": {**END, "Output": output}}, QueryLanguage="JSONata")) == [expected]
