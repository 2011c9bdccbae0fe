"""Whatever the definition: a machine or faults with places, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statemachine.parse import parse, parse_state, problems_of
from statemachine.parse.fields import EITHER, JSONATA, JSONPATH, TYPES
from statemachine.problems import DefinitionError

TEXTS = st.sampled_from(
    [
        "",
        "A",
        "B",
        "$",
        "$.a",
        "$$.x",
        "$v",
        "$.a[*]",
        "{% $states.input %}",
        "{% a %}",
        "{% 1 + %}",
        "States.ALL",
        "States.UUID()",
        "JSONata",
        "JSONPath",
        "DISTRIBUTED",
        "arn:aws:states:::s3:getObject",
        "2020-01-01T00:00:00Z",
    ]
)
TYPES_HAVE = sorted(set().union(*EITHER.values(), *JSONPATH.values(), *JSONATA.values()))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 10**9), st.floats(allow_nan=False), TEXTS)
FIELDS = [
    *TYPES_HAVE,
    *("Comment", "ErrorEquals", "RoleArn", "Variable", "StringEquals", "And", "Not", "Condition", "Parameters.$"),
    *("ProcessorConfig", "Mode", "ExecutionType", "ReaderConfig", "MaxItems", "MaxItemsPerBatch", "InputType"),
]


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(values, max_size=3),
        st.dictionaries(st.sampled_from(FIELDS), values, max_size=6),
        st.fixed_dictionaries(
            {"Type": st.sampled_from(TYPES)}, optional={name: values for name in FIELDS if name != "Type"}
        ),
        st.fixed_dictionaries(
            {"StartAt": st.sampled_from("AB"), "States": st.dictionaries(st.sampled_from("ABCD"), values, max_size=3)}
        ),
    )


JSON = st.recursive(LEAVES, objects, max_leaves=25)


@settings(max_examples=300)
@given(JSON)
def test_any_json(value: Any) -> None:
    text = json.dumps(value)
    found = problems_of(text)
    errors = [problem for problem in found if problem.severity == "ERROR"]
    assert all(problem.code and problem.message for problem in found)
    if errors:
        with pytest.raises(DefinitionError) as refused:
            parse(text)
        assert refused.value.problems == errors
    else:
        machine = parse(text)
        assert machine.flow.start_at in machine.flow.states


@given(objects(JSON))
def test_any_state(value: Any) -> None:
    try:
        machine = parse_state(json.dumps(value))
    except DefinitionError as refused:
        found = refused.problems
    else:
        found = []
        assert list(machine.flow.states) == ["StateName"]
    assert all(problem.message for problem in found)
