"""The functions that Step Functions adds to JSONata's, and the one that it takes away.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from statemachine.data.intrinsic_functions import BadArgument, digest
from statemachine.data.java_random import JavaRandom
from statemachine.jsonata.engine import inward
from statemachine.jsonata.functions import Native, library
from statemachine.jsonata.messages import JsonataError
from statemachine.jsonata.text import normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.jsonata.bounds import Run


def _partition(run: Run, items: Any, size: Any) -> Any:
    if items is None or size is None:
        return None
    step = math.floor(size)
    if step <= 0:
        raise JsonataError("D3137", message="The chunk size of the partition function must be a positive number")
    return [items[at : at + step] for at in range(0, len(items), step)]


def _range(run: Run, first: Any, last: Any, step: Any) -> Any:
    if first is None or last is None or step is None:
        return None
    if step == 0:
        raise JsonataError("D3137", message="The step of the range function must not be zero")
    count = max(math.floor((last - first) / step) + 1, 0)
    run.made(8 * count)
    return [normal(first + step * at) for at in range(count)]


def _hash(run: Run, data: Any, algorithm: Any) -> Any:
    if data is None:
        return None
    try:
        return digest(data, algorithm)
    except BadArgument as e:
        raise JsonataError("D3137", message=str(e)) from None


def _random(run: Run, seed: Any = None) -> Any:
    if seed is not None:
        return JavaRandom(math.trunc(seed)).next_double()
    return run.world.uniform() if run.world is not None else 0.5


def _uuid(run: Run) -> Any:
    world: Any = run.world
    return world.uuid()


def _parse(run: Run, text: Any) -> Any:
    if text is None:
        return None
    try:
        return inward(json.loads(text))
    except (ValueError, RecursionError):
        raise JsonataError("D3137", message="The argument of the parse function is not valid JSON") from None


_ROWS: Final[tuple[tuple[str, Callable[..., Any], str, int], ...]] = (
    ("partition", _partition, "<an:a<a>>", 2),
    ("range", _range, "<nnn:a<n>>", 3),
    ("hash", _hash, "<s-s:s>", 2),
    ("random", _random, "<n?:n>", 1),
    ("uuid", _uuid, "<:s>", 0),
    ("parse", _parse, "<s-:x>", 1),
)
FUNCTIONS: Final = library(
    *(Native(name, signature, function, arity) for name, function, signature, arity in _ROWS), without=("eval",)
)
"""All that an expression can call."""
NAMES: Final = frozenset(FUNCTIONS.bindings) | {"eval"}
