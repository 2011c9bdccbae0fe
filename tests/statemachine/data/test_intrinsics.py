"""Intrinsic functions, with what was recorded from AWS."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.data.field_error import FieldError
from statemachine.data.intrinsics import compile_intrinsic, compile_path_or_intrinsic
from statemachine.data.scope import Scope
from statemachine.errors import StateError
from statemachine.payloads import DEPTH_MAX


class Chance:
    def uuid(self):
        return "00000000-0000-4000-8000-000000000000"

    def bits(self, n):
        return 0

    def uniform(self):
        return 0.5


CONTEXT = {"StateMachine": {"Id": "arn", "Name": "name-of-it"}}


def call(text, root=None):
    return compile_intrinsic(text, "result.$").evaluate(Scope(root, CONTEXT, {"v": [1, 2]}, Chance()), root)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("States.Format('a {} b {}', $.s, 1.5)", "a text b 1.5"),
        ("States.Format('{}', null)", "null"),
        ("States.Format('{}', $$.StateMachine)", "{Id=arn, Name=name-of-it}"),
        (r"States.Format('\{{}\}', true)", "{true}"),
        (r"States.Format('it\'s')", "it's"),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        ("States.StringToJson('')", None),
        ("States.JsonToString($.o)", '{"k":[1,"é"]}'),
        ("States.Array()", []),
        ("States.Array(1, 'a', $.o)", [1, "a", {"k": [1, "é"]}]),
        ("States.ArrayPartition($.l, 4)", [[1, 2, 3, 4], [5]]),
        ("States.ArrayContains($.l, 5)", True),
        ("States.ArrayContains($.l, true)", False),
        ("States.ArrayRange(0, 10, 3)", [0, 3, 6, 9]),
        ("States.ArrayRange(1, 9, 9)", [1]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.l, 4)", 5),
        ("States.ArrayLength($.l)", 5),
        ("States.ArrayUnique(States.Array(1, 1.0, true, 'a', 'a', null, null))", [1, True, "a", None]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.Base64Decode('aGVsbG8')", "hello"),
        ("States.Hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("States.JsonMerge($.o, $.p, false)", {"k": 2}),
        ("States.MathAdd(111, -1)", 110),
        ("States.MathRandom(1, 3)", 2),
        ("States.StringSplit('1,2;3,,4', ',;')", ["1", "2", "3", "4"]),
        ("States.StringSplit('Hello\nWorld', '\n')", ["Hello", "World"]),
        ("States.UUID()", "00000000-0000-4000-8000-000000000000"),
        ("States.ArrayLength($v)", 2),
        ("States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), States.MathAdd(1, 1))", "it"),
    ],
)
def test_results(text, result):
    assert call(text, {"s": "text", "o": {"k": [1, "é"]}, "p": {"k": 2}, "l": [1, 2, 3, 4, 5]}) == result


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [(1.49, 1.5, 3), (1.5, 1.51, 4), (-1.49, -1.5, -2), (-1.5, -1.51, -3), (-0.5, 0.5, 1), (-2.5, 0, -2), (3.5, 0, 4)],
)
def test_halves_go_up_as_recorded(first, second, total):
    assert call("States.MathAdd($.a, $.b)", {"a": first, "b": second}) == total


def test_seeded_chance_is_javas():
    assert call("States.MathRandom(0, 1000, 42)") == 727


@pytest.mark.parametrize(
    "text",
    [
        "States.ArrayGetItem($.l, 9)", "States.ArrayPartition($.l, 0)", "States.ArrayRange(1, 5000, 1)",
        "States.ArrayRange(1, 2, 0)", "States.StringToJson('{')", "States.Hash('a', 'CRC')", "States.ArrayLength('a')",
        "States.MathAdd('1', 1)", "States.MathAdd(2147483647, 1)", "States.MathRandom(2, 1)", "States.Format('{}')",
        "States.Format('a', 1)", "States.JsonMerge($.o, $.o, true)", "States.JsonMerge($.l, $.o, false)",
        "States.Base64Decode('%')", "States.Format('{', 1)", "States.StringToJson('NaN')",
    ],
)  # fmt: skip
def test_failures(text):
    with pytest.raises(StateError) as caught:
        call(text, {"l": [1], "o": {}})
    assert caught.value.error == "States.IntrinsicFailure"


@pytest.mark.parametrize(
    "text",
    [
        "States.Nothing()", "States.Format", "States.Format('a'", "States.Format('a',)", "States.Array(a)",
        "States.UUID(1)", "States.Format('a') b", "States.Array('a)", "Format('a')", "States.ArrayLength()",
        "States.Array(" * 500,
    ],
)  # fmt: skip
def test_refused(text):
    with pytest.raises(FieldError):
        compile_intrinsic(text)


HUGE = 10**400


@pytest.mark.parametrize(
    "text",
    [
        "States.MathAdd($.n, 1)", "States.MathAdd(1, $.f)", "States.MathRandom($.n, 1)", "States.MathRandom($.m, $.f)",
        "States.MathRandom(1, 3, $.n)", "States.ArrayGetItem($.l, $.n)", "States.ArrayRange(0, $.n, 1)",
        "States.ArrayRange(0, 1, $.f)", "States.ArrayPartition($.l, $.n)", "States.StringToJson('1e400')",
        "States.StringToJson($.deep)",
    ],
)  # fmt: skip
def test_numbers_and_texts_beyond_all_bounds_fail(text):
    with pytest.raises(StateError) as caught:
        call(text, {"n": HUGE, "m": -1e308, "f": 1e308, "l": [1], "deep": "[" * 900 + "]" * 900})
    assert caught.value.error == "States.IntrinsicFailure"


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_values_as_deep_as_a_payload_may_be(make):
    deep = 1
    for _ in range(DEPTH_MAX - 1):
        deep = make(deep)
    again = json.loads(json.dumps(deep))

    assert call("States.ArrayUnique(States.Array($.a, $.b))", {"a": deep, "b": again}) == [deep]
    assert call("States.ArrayContains(States.Array($.a), $.b)", {"a": deep, "b": again}) is True
    assert len(call("States.Format('{}', $.a)", {"a": deep})) > DEPTH_MAX
    assert json.loads(call("States.JsonToString($.a)", {"a": deep})) == deep


def test_calls_nest_ten_deep():
    assert call("States.Array(" * 11 + ")" * 11)
    with pytest.raises(FieldError):
        compile_intrinsic("States.Array(" * 12 + ")" * 12)


def test_a_path_or_a_call():
    assert compile_path_or_intrinsic("$.a", "ErrorPath").evaluate(Scope(None, {}, {}, Chance()), {"a": 1}) == 1
    with pytest.raises(FieldError):
        compile_path_or_intrinsic("text", "ErrorPath")


@given(st.text(max_size=30))
def test_base64_there_and_back(text):
    assert call("States.Base64Decode(States.Base64Encode($.t))", {"t": text}) == text


@given(st.lists(st.integers(), max_size=20), st.integers(1, 6))
def test_partitions_lose_nothing(items, size):
    parts = call("States.ArrayPartition($.l, $.n)", {"l": items, "n": size})
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3) | st.none(), max_size=4))
def test_json_there_and_back(value):
    assert call("States.StringToJson(States.JsonToString($))", value) == value
    assert json.loads(call("States.JsonToString($)", value)) == value
