"""Choice rules."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.data.choice import COMPARISONS, OPERATORS, compile_condition
from statemachine.data.field_error import FieldError
from statemachine.data.scope import Scope
from statemachine.errors import StateError

T0, T1 = "2012-10-09T19:00:55Z", "2012-10-09T19:00:56Z"


def holds(rule, root, **variables):
    return compile_condition(rule).holds(Scope(root, {"c": "ctx"}, variables, None), root)


def compare(name, value, other):
    return holds({"Variable": "$.v", name: other}, {"v": value})


def test_there_are_39():
    assert len(OPERATORS) == 2 * len(COMPARISONS) + 7 == 39


@pytest.mark.parametrize(
    ("name", "value", "other", "result"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", 1, "1", False),
        ("StringLessThan", "A", "AB", True),
        ("StringGreaterThanEquals", "", "", True),
        ("NumericEquals", 0, 0.0, True),
        ("NumericEquals", None, 0, False),
        ("NumericEquals", True, 1, False),
        ("NumericLessThanEquals", 1, 1, True),
        ("NumericGreaterThan", "2", 1, False),
        ("BooleanEquals", True, True, True),
        ("BooleanEquals", 1, True, False),
        ("TimestampEquals", T0, T0, True),
        ("TimestampEquals", "2012-10-09T21:00:55+02:00", T0, True),
        ("TimestampEquals", "2023-02-24 12:15:56.832957", T0, False),
        ("TimestampLessThan", T0, T1, True),
        ("TimestampGreaterThanEquals", T0, T1, False),
        ("IsNull", None, True, True),
        ("IsNull", 0, False, True),
        ("IsString", "", True, True),
        ("IsNumeric", True, True, False),
        ("IsNumeric", 1.1, True, True),
        ("IsBoolean", False, True, True),
        ("IsTimestamp", T0, True, True),
        ("IsTimestamp", "2023-02-24", True, False),
        ("IsPresent", None, True, True),
        ("StringMatches", "log-2.txt", "log-*.txt", True),
        ("StringMatches", "log-2.txt", "*-*.*", True),
        ("StringMatches", "a*b", r"a\*b", True),
        ("StringMatches", "axb", r"a\*b", False),
        ("StringMatches", "a\\b", r"a\\b", True),
        ("StringMatches", 5, "*", False),
    ],
)
def test_comparisons(name, value, other, result):
    assert compare(name, value, other) is result


@given(st.integers(-3, 3) | st.floats(-3, 3), st.integers(-3, 3) | st.floats(-3, 3))
def test_numbers_compare_as_numbers(value, other):
    for name, order in {"Equals": "eq", "LessThan": "lt", "GreaterThan": "gt", "LessThanEquals": "le"}.items():
        expected = getattr(operator, order)(value, other)
        assert compare(f"Numeric{name}", value, other) is expected
        rule = {"Variable": "$.v", f"Numeric{name}Path": "$.o"}
        assert holds(rule, {"v": value, "o": other}) is expected


@given(st.text("ab*", max_size=8), st.text("ab*", max_size=6))
def test_stars_match_as_by_hand(text, pattern):
    def by_hand(t, p):
        if not p:
            return not t
        if p[0] == "*":
            return any(by_hand(t[at:], p[1:]) for at in range(len(t) + 1))
        return bool(t) and t[0] == p[0] and by_hand(t[1:], p[1:])

    assert compare("StringMatches", text, pattern) is by_hand(text, pattern)


@pytest.mark.parametrize("bad", ["\\a", "a\\"])
def test_bad_escapes(bad):
    with pytest.raises(FieldError):
        compile_condition({"Variable": "$.v", "StringMatches": bad})


def test_combinations():
    yes, no = {"Variable": "$.a", "IsPresent": True}, {"Variable": "$.b", "IsPresent": True}
    root = {"a": 1}
    assert holds({"And": [yes, {"Not": no}]}, root)
    assert not holds({"And": [yes, no]}, root)
    assert holds({"Or": [no, yes]}, root)
    assert not holds({"Not": {"Or": [yes, no]}}, root)


def test_combinations_look_no_further_than_they_must():
    fails = {"Variable": "$.missing", "NumericEquals": 1}
    present = {"Variable": "$.a", "IsPresent": True}
    assert holds({"Or": [present, fails]}, {"a": 1})
    assert not holds({"And": [{"Not": present}, fails]}, {"a": 1})


@pytest.mark.parametrize("rule", [{"Variable": "$.x", "IsNull": True}, {"Variable": "$.a", "StringEqualsPath": "$.x"}])
def test_missing_variables_fail(rule):
    with pytest.raises(StateError) as caught:
        holds(rule, {"a": "b"})
    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == "Invalid path '$.x': The choice state's condition path references an invalid value."


def test_context_and_variables():
    assert holds({"Variable": "$$.c", "StringEquals": "ctx"}, None)
    assert holds({"Variable": "$v.k", "NumericEqualsPath": "$.n"}, {"n": 1}, v={"k": 1})
    assert compile_condition({"Variable": "$v.k", "NumericEqualsPath": "$w"}).variables == {"v", "w"}


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ({"Variable": "$.a"}, ""),
        ({"Variable": "$.a", "IsNull": True, "IsString": True}, ""),
        ({"Variable": "$.a[*]", "IsNull": True}, "/Variable"),
        ({"Variable": "$.a", "IsNull": "true"}, "/IsNull"),
        ({"Variable": "$.a", "NumericEquals": "1"}, "/NumericEquals"),
        ({"Variable": "$.a", "TimestampEquals": "yesterday"}, "/TimestampEquals"),
        (
            {"And": [{"Variable": "$.a", "IsNull": True}, {"Not": {"Variable": "a", "IsNull": True}}]},
            "/And/1/Not/Variable",
        ),
        ({"And": []}, "/And"),
        ({"Variable": "$.a", "StringEqualsPath": 5}, "/StringEqualsPath"),
        ([], ""),
    ],
)
def test_faults_have_their_place(rule, at):
    with pytest.raises(FieldError) as caught:
        compile_condition(rule)
    assert caught.value.at == at


def test_deep_rules_are_refused():
    rule = {"Variable": "$.a", "IsNull": True}
    for _ in range(500):
        rule = {"Not": rule}
    with pytest.raises(FieldError):
        compile_condition(rule)
