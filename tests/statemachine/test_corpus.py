"""Machines with the histories they must have: `tests/corpus`, a folder for each state type.

A file says `definition`, `input`, what tasks are told (`outcomes`), what else happens (`calls`), and the `history` and
the `result` that follow. They were written from what AWS records for machines of the same shape.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent.parent / "corpus"
CASES = sorted(CORPUS.glob("*/*.json"))


def test_there_is_a_corpus_for_every_state_type() -> None:
    assert {path.parent.name for path in CASES} >= {
        "pass", "choice", "wait", "succeed", "fail", "task", "parallel", "map", "map_distributed", "redrive",
    }  # fmt: skip


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_history_is_as_written(path: Path, world: Any) -> None:
    case = json.loads(path.read_text())
    run = world(
        case["definition"],
        case.get("input", {}),
        case.get("outcomes"),
        case.get("calls"),
        **case.get("start", {}),
    )

    execution = run.run()

    got = [[e.id, e.previous_id, e.at, e.type, dict(e.details)] for e in execution.events]
    assert json.loads(json.dumps(got)) == case["history"]
    result = {"status": execution.status}
    if execution.status == "SUCCEEDED":
        result["output"] = execution.output
    result |= {k: v for k, v in (("error", execution.error), ("cause", execution.cause)) if v is not None}
    assert result == case["result"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_log_gives_the_same_history_again(path: Path, world: Any) -> None:
    case = json.loads(path.read_text())
    run = world(case["definition"], case.get("input", {}), case.get("outcomes"), case.get("calls"))
    execution = run.run()

    again = run.replayed()

    assert again.events == execution.events
    assert (again.status, again.output, again.error, again.cause) == (
        execution.status, execution.output, execution.error, execution.cause,
    )  # fmt: skip
