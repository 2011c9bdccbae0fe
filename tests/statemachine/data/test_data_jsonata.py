"""JSONata as Step Functions has it, with causes as AWS words them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.jsonata import (
    compile_jsonata,
    compile_jsonata_condition,
    compile_jsonata_template,
    is_jsonata,
)
from statemachine.data.scope import Scope
from statemachine.data.variables import compile_assign, references
from statemachine.errors import StateError


class Chance:
    def uuid(self):
        return "00000000-0000-4000-8000-000000000000"

    def bits(self, n):
        return 0

    def uniform(self):
        return 0.25


def scope(input=None, **variables):
    made = Scope(input, {"Execution": {"Id": "arn"}}, variables, Chance())
    made.now = 1_700_000_000.5
    return made


def value(text, input=None, expect=None, field="Output/r", **variables):
    return compile_jsonata("{% " + text + " %}", field, expect).evaluate(scope(input, **variables), None)


def failure(text, input=None, expect=None, field="Output/r", **variables):
    with pytest.raises(StateError) as caught:
        value(text, input, expect, field, **variables)
    assert caught.value.error == "States.QueryEvaluationError"
    assert caught.value.location == field
    return caught.value.cause


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$states.input.a", 1),
        ("$states.input.l[1]", 20),
        ("$states.input.nothing", None),
        ("$states.context.Execution.Id", "arn"),
        ("$v.k", 5),
        ("$v", {"k": 5}),
        ("$now()", "2023-11-14T22:13:20.500Z"),
        ("$millis()", 1_700_000_000_500),
        ("$random()", 0.25),
        ("$random(42)", 0.7275636800328681),
        ("$uuid()", "00000000-0000-4000-8000-000000000000"),
        ("$partition([1,2,3,4,5], 4)", [[1, 2, 3, 4], [5]]),
        ("$range(0, 6, 2)", [0, 2, 4, 6]),
        ('$hash("input", "SHA-1")', "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ('$parse("{\\"a\\": [1, null]}").a', [1, None]),
        ("1/0", "Infinity"),
        ("$map($states.input.l, function($x) { $x + $v.k })", [15, 25]),
    ],
)
def test_values(text, found):
    assert value(text, {"a": 1, "l": [10, 20], "nothing": None}, v={"k": 5}) == found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("$doesNotExist", "returned nothing (undefined)."),
        ("$states.input.x", "returned nothing (undefined)."),
        ("$states.errorOutput", "returned nothing (undefined)."),
        (
            '1 + "a"',
            'threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number',
        ),
        ('$eval("1+1")', "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        (
            '$sum(["a"])',
            'threw an error during evaluation. T0412: Argument 1 of function "sum" must be an array of "numbers"',
        ),
        (
            "$sum([1..900000])",
            (
                "threw an error during evaluation: Expression evaluation memory limit exceeded: "
                "Check for excessive memory usage"
            ),
        ),
        (
            "($f := function($n) { 1 + $f($n) }; $f(1))",
            (
                "threw an error during evaluation: Stack overflow error: "
                "Check for non-terminating recursive function. Consider rewriting as tail-recursive"
            ),
        ),
    ],
)
def test_causes(text, what):
    assert failure(text, {}) == f"The JSONata expression '{text}' specified for the field 'Output/r' {what}"


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [("1", "number", "1"), ("'string'", "string", '"string"'), ("true", "boolean", "true"),
     ("{'foo': 'bar'}", "object", '{"foo":"bar"}'), ("null", "null", "null")],
)  # fmt: skip
def test_unexpected_types_as_recorded(text, kind, shown):
    assert failure(text, expect="array", field="Items") == (
        f"The JSONata expression '{text}' specified for the field 'Items' returned an unexpected result type. "
        f"Expected 'array', but was '{kind}' for value: {shown}"
    )


def test_conditions_are_booleans():
    condition = compile_jsonata_condition("{% $states.input.n > 1 %}", "Choices[0]/Condition")
    assert condition.holds(scope({"n": 2}), None)
    assert not condition.holds(scope({"n": 1}), None)
    with pytest.raises(StateError, match="Expected 'boolean'"):
        compile_jsonata_condition("{% 1 %}", "Choices[0]/Condition").holds(scope(), None)


def test_templates():
    template = {"a": "{% $states.input.x %}", "b": ["{% 1 + 1 %}", {"c": "plain {% no %} text"}], "d": None}
    compiled = compile_jsonata_template(template, "Output")
    assert compiled.evaluate(scope({"x": [7]}), None) == {"a": [7], "b": [2, {"c": "plain {% no %} text"}], "d": None}


def test_templates_name_their_places():
    compiled = compile_jsonata_template({"a": [{"b": "{% $no %}"}]}, "Output")
    with pytest.raises(StateError) as caught:
        compiled.evaluate(scope(), None)
    assert caught.value.location == "Output/a[0]/b"
    with pytest.raises(FieldError) as refused:
        compile_jsonata_template({"a": [{"b/c": "{% 1 + %}"}]}, "Output")
    assert (refused.value.at, refused.value.message) == ("/a/0/b~1c", "Unexpected end of expression")


def test_constants_are_kept_as_they_are():
    template = {"a": [1, "x"]}
    compiled = compile_jsonata_template(template, "Output")
    assert isinstance(compiled, Constant)
    assert compiled.value is template


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("{% 1 %}", True),
        ("{%%}", True),
        (" {% 1 %}", False),
        ("{% 1 %} ", False),
        ("{%}", False),
        ("1", False),
        (1, False),
    ],
)
def test_delimiters(text, is_one):
    assert is_jsonata(text) is is_one


def test_no_expression_is_refused():
    with pytest.raises(FieldError):
        compile_jsonata("1", "Output")
    with pytest.raises(FieldError, match=r'Expected "\]", got ","'):
        compile_jsonata("{% a[1,2) %}", "Output")


def test_variables_that_are_read():
    assert references(compile_assign({"a": "{% $b + $sum($c.d) + ($e := 1; $e) + $states.input.f %}"}, "JSONata")) == {
        "b",
        "c",
    }


def test_assign_sees_what_was():
    assign = compile_assign({"a": "{% $a + 1 %}", "b": "{% $a %}"}, "JSONata")
    assert assign.evaluate(scope(a=1), None) == {"a": 2, "b": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.lists(st.sampled_from("ab"), max_size=3))
def test_the_short_way_is_the_long_way(data, names):
    path = "".join(f".{name}" for name in names)
    short = compile_jsonata("{% $states.input" + path + " %}", "Output")
    # In brackets it is a block, which goes through the machinery.
    long = compile_jsonata("{% ($states.input" + path + ") %}", "Output")
    results = []
    for compiled in (short, long):
        try:
            results.append(compiled.evaluate(scope(data), None))
        except StateError as e:
            results.append(e.cause.rpartition("'")[2])
    assert results[0] == results[1]
