"""The library's taste for deep stacks stays its own."""

from __future__ import annotations

import sys

from statemachine.jsonata import compile_expression


def test_the_limit_of_frames_is_as_it_was() -> None:
    before = sys.getrecursionlimit()
    text = "(" * 60 + "1" + ")" * 60
    assert compile_expression(text).evaluate({}) == 1
    assert sys.getrecursionlimit() == before
    assert before < 10_000
