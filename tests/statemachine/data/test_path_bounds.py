"""A path that goes through the same values again and again comes to an end."""

from __future__ import annotations

from typing import Any

import pytest

from statemachine.data.paths import compile_path
from statemachine.data.scope import Scope
from statemachine.errors import StateError


def chain(length: int) -> Any:
    value: Any = [1]
    for _ in range(length):
        value = {"a": value}
    return value


@pytest.mark.parametrize("path", ["$..a..a..a..a", "$..*..*..*..*", "$..a..*..a..[0]"])
def test_a_path_that_multiplies_is_ended(path: str) -> None:
    document = chain(200)
    with pytest.raises(StateError) as refused:
        compile_path(path, "InputPath").evaluate(Scope(document, {}, {}, None), document)  # type: ignore[arg-type]
    assert refused.value.error == "States.Runtime"


def test_an_honest_path_over_many_values_is_not() -> None:
    document = {"rows": [{"id": number, "cells": [1, 2, 3]} for number in range(20_000)]}
    found = compile_path("$..id", "InputPath").evaluate(Scope(document, {}, {}, None), document)  # type: ignore[arg-type]
    assert found == list(range(20_000))
