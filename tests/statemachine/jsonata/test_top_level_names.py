"""Which names an expression reads from nowhere."""

from __future__ import annotations

import pytest

from statemachine.jsonata import compile_expression
from statemachine.jsonata.names import top_level_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("phone", ["phone"]),
        ("phone.number", ["phone"]),
        ("$states.input.phone", []),
        ("$states.input[price > 3].name", []),
        ("$states.input.(a + b)", []),
        ("$states.input{type: $sum(price)}", []),
        ("$states.input^(price)", []),
        ("$v ~> |items|{'a': b}|", []),
        ("[a, b.c, a]", ["a", "b"]),
        ("{'x': a, b: 1}", ["a", "b"]),
        ("$map($states.input, function($x) { $x.y + z })", ["z"]),
        ("a ? b : c", ["a", "b", "c"]),
        ("($x := a; $x.b)", ["a"]),
        ("-a + $sum(b) & c", ["a", "b", "c"]),
        ("(a).b", ["a"]),
        ("'text'", []),
        ("$foo(a)", ["a"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert top_level_names(compile_expression(text).tree) == names
