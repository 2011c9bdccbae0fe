"""JSON text read strictly, and faults in the words of AWS's parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.parse.source import JsonFault, read_json

VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("not some JSON", f"Unrecognized token 'not': was expecting {VALUE}"),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
        ('{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"),
        ('{"a": 1 "b"}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries"),
        ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        ('{"a": }', f"Unexpected character ('}}' (code 125)): expected a valid value {VALUE}"),
        ('{"a": 1', "Unexpected end-of-input: expected close marker for Object"),
        ('"a', "Unexpected end-of-input in VALUE_STRING"),
        (r'"\x"', "Unrecognized character escape 'x' (code 120)"),
    ],
)
def test_faults(text: str, fault: str) -> None:
    with pytest.raises(JsonFault) as error:
        read_json(text)
    assert error.value.text == fault


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\u \n', max_size=40))
def test_reads_what_json_reads_and_explains_all_else(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(JsonFault) as error:
            read_json(text)
        assert error.value.text
    else:
        assert read_json(text) == expected


def test_a_field_twice_is_a_fault_where_asked_for() -> None:
    assert read_json('{"a": 1, "a": 2}') == {"a": 2}
    with pytest.raises(JsonFault, match="Duplicate field 'a'"):
        read_json('{"a": 1, "a": 2}', unique=True)


def test_what_python_could_read_and_not_write() -> None:
    with pytest.raises(JsonFault) as error:
        read_json("[" * 501 + "]" * 501)
    assert error.value.too_deep
    assert read_json("[" * 500 + "]" * 500)
    assert len(read_json("[" + ",".join(["{}"] * 1000) + "]")) == 1000


def test_a_number_without_end() -> None:
    with pytest.raises(JsonFault, match=r"Number value length \(5000\) exceeds the maximum allowed \(1000\)"):
        read_json("1" * 5000)
