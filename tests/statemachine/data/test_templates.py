"""Payload templates, Assign, sizes and texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.json_text import dumps, java_text, size_of
from statemachine.data.scope import Scope
from statemachine.data.template import compile_template
from statemachine.data.timestamps import parse_timestamp
from statemachine.data.variables import check_sizes, compile_assign, references
from statemachine.errors import StateError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def made(template, root, **variables):
    return compile_template(template).evaluate(Scope(root, {"c": 1}, variables, None), root)


def test_members_are_filled_in():
    template = {"a.$": "$.x", "b": {"c": [1, {"d.$": "$v.y"}]}, "e.$": "States.Format('{}', $$.c)", "f": [{"g": 1}]}
    assert made(template, {"x": [1]}, v={"y": 2}) == {"a": [1], "b": {"c": [1, {"d": 2}]}, "e": "1", "f": [{"g": 1}]}


def test_constants_are_kept_as_they_are():
    template = {"a": [1, {"b": None}]}
    compiled = compile_template(template)
    assert isinstance(compiled, Constant)
    assert compiled.value is template


@pytest.mark.parametrize(
    ("template", "at"),
    [
        ({"a": {"b.$": "text"}}, "/a/b.$"),
        ({"a": [{"b.$": 1}]}, "/a/0/b.$"),
        ({"x/y": {"b.$": "States.No()"}}, "/x~1y/b.$"),
        ({"a": 1, "a.$": "$"}, "/a.$"),
    ],
)
def test_faults_have_their_place(template, at):
    with pytest.raises(FieldError) as caught:
        compile_template(template)
    assert caught.value.at == at


def test_message_of_a_bad_member():
    with pytest.raises(FieldError) as caught:
        compile_template({"out.$": "States.format('x')"})
    assert caught.value.message == (
        "The value for the field 'out.$' must be a valid JSONPath or a valid intrinsic function call"
    )


def test_variables_that_are_read():
    assert references(compile_template({"a.$": "$x.b", "b": [{"c.$": "States.Array($y, $.z)"}]})) == {"x", "y"}
    assert references(compile_template({"a": 1})) == frozenset()
    assert references(None) == frozenset()


@pytest.mark.parametrize("name", ["1a", "_a", "a b", "a-b", "", "x" * 81, "states"])
def test_bad_names(name):
    with pytest.raises(FieldError):
        compile_assign({name: 1}, "JSONata")
    with pytest.raises(FieldError):
        compile_assign({name + ".$": "$"}, "JSONPath")


def test_assign():
    assert compile_assign({"é1.$": "$.x", "k": {"in.$": "$.x"}}, "JSONPath").evaluate(
        Scope(None, {}, {}, None), {"x": 5}
    ) == {"é1": 5, "k": {"in": 5}}
    # Unicode's identifiers have more than letters and digits.
    assert compile_assign({"l·l.$": "$l·l.x"}, "JSONPath").evaluate(Scope(None, {}, {"l·l": {"x": 1}}, None), None) == {
        "l·l": 1
    }
    with pytest.raises(FieldError):
        compile_assign([], "JSONPath")


def test_sizes_of_variables():
    assert check_sizes({"a": "é", "b": [1, 2]}, {"c": 100}) == {"a": 4, "b": 5}
    with pytest.raises(StateError, match="DataLimitExceeded"):
        check_sizes({"a": "x" * 262_144}, {})
    with pytest.raises(StateError, match="DataLimitExceeded"):
        check_sizes({"a": 1}, {"b": 10_485_760})
    assert check_sizes({"a": 1}, {"a": 10_485_760})


@given(JSON)
def test_texts_are_json(value):
    text = dumps(value)
    assert json.loads(text) == value
    assert size_of(value) == len(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("value", ["\ud800", {"a": 2**80}, [[[1]]]])
def test_texts_of_what_is_unusual(value):
    assert json.loads(dumps(value)) == value


@pytest.mark.parametrize("value", [float("inf"), [1, float("-inf")], {"a": [2**80, float("inf"), float("nan")]}])
def test_numbers_that_json_does_not_have_are_null(value):
    json.loads(dumps(value), parse_constant=pytest.fail)


def test_java_texts():
    assert java_text({"a": [1, None, True], "b": {"c": "x"}}) == "{a=[1, null, true], b={c=x}}"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2012-10-09T19:00:55Z", 1349809255),
        ("2012-10-09T19:00:55.5Z", 1349809255.5),
        ("2012-10-09T21:00:55+02:00", 1349809255),
        ("2012-10-09 19:00:55Z", None),
        ("2012-10-09T19:00:55", None),
        ("2012-13-09T19:00:55Z", None),
        ("2012-10-09", None),
        ("2012-10-09T24:00:00Z", None),
        ("2012-10-09T23:59:60Z", None),
        ("2012-10-09T19:00:55+99:00", None),
        ("", None),
        (5, None),
    ],
)
def test_timestamps(text, instant):
    assert parse_timestamp(text) == instant
