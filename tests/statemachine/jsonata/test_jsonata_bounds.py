"""No expression runs, grows or descends without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.jsonata import UNDEFINED, JsonataError, compile_expression
from statemachine.jsonata.messages import MEMORY, STACK_OVERFLOW, TIMEOUT


def code_of(text, data=UNDEFINED, **bounds):
    with pytest.raises(JsonataError) as caught:
        compile_expression(text).evaluate(data, {"v": [*range(9000)]}, **bounds)
    return caught.value.code


def sum_of(terms):
    return "+".join(["1"] * terms)


DOUBLE = '($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p("x", %d)))'


def test_depth_as_aws_has_it():
    assert compile_expression(sum_of(99)).evaluate(UNDEFINED) == 99
    assert code_of(sum_of(102)) == STACK_OVERFLOW


def test_memory_as_aws_has_it():
    assert compile_expression("[1..873782] ~> $count()").evaluate(UNDEFINED) == 873_782
    assert code_of("[1..873783] ~> $count()") == MEMORY
    assert compile_expression(DOUBLE % 22).evaluate(UNDEFINED) == 2**22
    assert code_of(DOUBLE % 23) == MEMORY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("($f := function() { $f() }; $f())", TIMEOUT),
        ("($f := function($n) { 1 + $f($n) }; $f(1))", STACK_OVERFLOW),
        ("$map([1..1000], function($x) { $map([1..1000], function($y) { $map([1..1000], $string) }) })", TIMEOUT),
        ("($f := function($a, $n) { $n = 0 ? $string($a) : $f([[$a], [$a]], $n - 1) }; $f(1, 40))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f([[$a], [$a]], $n - 1) }; $f(1, 40))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f({'a': $a, 'b': $a}, $n - 1) }; $f(1, 40))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f($a.[$, $], $n - 1) }; $f([1, 2], 60))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f($zip($a, $a), $n - 1) }; $f([1, 2], 60))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f($a ~> |$|{'a': $a, 'b': $a}|, $n - 1) }; $f({}, 60))", MEMORY),
        ("($f := function($a, $n) { $n = 0 ? $a : $f([[$a]], $n - 1) }; $f(1, 300))", STACK_OVERFLOW),
        ("$pad('a', 1e12)", MEMORY),
        ("[1..1000].$pad('x', 6000000)", MEMORY),
        ("$replace($pad('a', 100000, 'a'), 'a', $pad('b', 100000))", MEMORY),
        ("$replace($pad('a', 100000, 'a'), /a/, $pad('b', 100000))", MEMORY),
        ("$reduce([1..20000], $append)", MEMORY),
        ("[1..300000].{'k': $}{'k': $}", TIMEOUT),
        ("[1..300000]{'k': $}", MEMORY),
        ("$v@$x.$v@$y.($x)", MEMORY),
        ("($x := [1..400000]; $f := function($n) { $x = $x ? $f($n + 1) : 0 }; $f(0))", MEMORY),
        ("($x := [1..400000]; $f := function($n) { $x ? $f($n + 1) : 0 }; $f(0))", MEMORY),
        ("($x := [[1..400000]]; $f := function($n) { $x.a ? 0 : $f($n + 1) }; $f(0))", MEMORY),
        ("($x := [1..400000]; $f := function($n) { [$x, $x, $x] ? $f($n + 1) : 0 }; $f(0))", MEMORY),
        ("($g := function($a) { 1 }; $f := function($h) { $f($h(?)) }; $f($g))", TIMEOUT),
        # The library's own callbacks go by these names.
        ("($__evaluate_entry := $x; $__evaluate_exit := $x; $f := function() { $f() }; $f())", TIMEOUT),
        ("$formatNumber(1, $pad('0', 5000000, '0'))", "D3137"),
        ("$fromMillis(0, '[Y,*-99999999]')", "D3137"),
        ("$parseInteger($pad('a', 100000, 'z'), 'a')", "D3137"),
        ("$formatNumber(1, '0', {'exponent-separator': '(a+)+$'})", "D3137"),
        ("$formatInteger(1e15, 'I')", STACK_OVERFLOW),
        ("$number('0x' & $pad('f', 6000000, 'f'))", "D3030"),
    ],
)
def test_ends(text, code):
    assert code_of(text, steps_max=100_000) == code


@pytest.mark.parametrize("text", ["(" * 5000, "[" * 5000 + "]" * 5000, "-" * 5000 + "1", "{'a':" * 5000, "!" * 9000])
def test_deep_texts_are_refused(text):
    with pytest.raises(JsonataError):
        compile_expression(text)


def test_long_chains_are_compiled():
    assert compile_expression("a" + ".a" * 90).evaluate({}) is UNDEFINED
    with pytest.raises(JsonataError):
        compile_expression("a" + ".a" * 20_000)
    with pytest.raises(JsonataError, match="100000 characters"):
        compile_expression("1" * 100_001)


def test_a_pattern_that_goes_back_forever():
    pattern = compile_expression("$contains(text, /^(a+)+$/)")
    found = "nothing"
    try:
        found = pattern.evaluate({"text": "a" * 60 + "!"})
    except JsonataError as e:
        found = e.code
    assert found in (False, TIMEOUT)


@given(st.text(alphabet="$abc.[](){}|^%@#*'\"`/\\+-&=<>!?:;, 019~", max_size=40))
def test_any_text_is_refused_or_runs(text):
    code = ""
    try:
        compile_expression(text).evaluate({"a": [1, {"b": "c"}]}, steps_max=10_000)
    except JsonataError as e:
        code = e.code[0]
    assert code in "STDU"
