"""The bare interpreter: transitions a second, and how cost grows with states, items and turns.

    python benchmarks/interpreter.py [--json]

No server, no clock, no network: `statemachine` alone, in this process. Each figure is the best of five runs.
"""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from statemachine.execution import Execution, Start
from statemachine.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from statemachine.definition import Machine


class Draws:
    """Chance, seeded."""

    def __init__(self) -> None:
        self._random = random.Random(1)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def bits(self, n: int) -> int:
        return self._random.getrandbits(n)

    def uniform(self) -> float:
        return self._random.random()


def seconds(machine: Machine, value: Any) -> float:
    """One execution, from its start to its end."""
    start = Start(
        execution_arn="arn:aws:states:us-east-1:000000000000:execution:m:e",
        name="e",
        role_arn="",
        machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:m",
        machine_name="m",
        input=value,
        events_max=None,
    )
    began = time.perf_counter()
    execution = Execution(machine, start, Draws())
    execution.begin(0)
    while execution.run(0, 10_000):
        pass
    taken = time.perf_counter() - began
    assert execution.status == "SUCCEEDED", execution.cause
    return taken


def chain(length: int, **fields: Any) -> dict[str, Any]:
    """Pass states in a row."""
    states: dict[str, Any] = {f"S{i}": {"Type": "Pass", **fields, "Next": f"S{i + 1}"} for i in range(length - 1)}
    states[f"S{length - 1}"] = {"Type": "Pass", **fields, "End": True}
    return {"StartAt": "S0", "States": states}


def mapping(_: int) -> dict[str, Any]:
    """A Pass for every item."""
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}}


def loop(turns: int) -> dict[str, Any]:
    """A counter that is looked at."""
    rule = {"Variable": "$.n", "NumericLessThan": turns, "Next": "Add"}
    return {
        "StartAt": "Look",
        "States": {
            "Look": {"Type": "Choice", "Choices": [rule], "Default": "Enough"},
            "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Look"},
            "Enough": {"Type": "Succeed"},
        },
    }


CASES: list[tuple[str, str, list[int], int, Callable[[int], dict[str, Any]], Callable[[int], Any]]] = [
    ("pass", "Pass, bare", [100, 1_000, 10_000], 1, chain, lambda n: {"a": n}),
    (
        "parameters",
        "Pass, Parameters",
        [100, 1_000, 10_000],
        1,
        lambda n: chain(n, Parameters={"a.$": "$.a"}),
        lambda n: {"a": n},
    ),
    ("loop", "Choice loop, turns", [50, 500, 5_000], 2, loop, lambda n: {"n": 0}),
    ("map", "Map, items", [100, 1_000, 10_000], 1, mapping, lambda n: list(range(n))),
]


def figures() -> Iterator[dict[str, Any]]:
    """What is found, row by row."""
    for key, name, sizes, per, make, value in CASES:
        for size in sizes:
            machine = parse(json.dumps(make(size)))
            best = min(seconds(machine, value(size)) for _ in range(5))
            yield {"key": key, "name": name, "size": size, "ms": best * 1000, "per_s": size * per / best}


def main() -> None:
    """Print the table, or with --json the rows."""
    if "--json" in sys.argv[1:]:
        print(json.dumps(list(figures())))
        return
    print(f"{'':22}{'size':>8}{'ms':>10}{'transitions/s':>16}")
    for row in figures():
        print(f"{row['name']:22}{row['size']:>8}{row['ms']:>10.2f}{row['per_s']:>16,.0f}")


if __name__ == "__main__":
    main()
