"""The official JSONata test suite (jsonata-js, MIT), as data.

It is kept beside the project, not in it (`../shared/vectors/jsonata`); without it these tests are skipped.
"""

import json
import math
from pathlib import Path

import pytest

from statemachine.jsonata import UNDEFINED, JsonataError, compile_expression

SUITE = Path(__file__).parents[3].parent / "shared" / "vectors" / "jsonata"
BOUNDED = {
    # Ten million items: Step Functions stops at 873,782, and so do we.
    "range-operator/case021.json": "U1003",
    "range-operator/case024.json": "U1003",
    # A loop without end: the suite ends it by time or depth under one code, AWS's two texts have two.
    "tail-recursion/case006.json": "U1002",
}

PICTURE = "the library checks a picture's faults in another order, and so names another one"
FAILS = {
    "default-operator/case016.json-0": "JSONata 2.1, which Step Functions does not have",
    "default-operator/case017.json-0": "JSONata 2.1, which Step Functions does not have",
    "default-operator/case018.json-0": "JSONata 2.1, which Step Functions does not have",
    "function-formatInteger/formatInteger.json-43": "1e46 in words: all digits of the double, and not its first ones",
    "function-formatNumber/case014.json-0": "0.123 by #.e9 is 1e-1, and not 0.1e0",
    "function-formatNumber/case028.json-0": PICTURE,
    "function-formatNumber/case032.json-0": PICTURE,
    "function-formatNumber/issue786.json-0": PICTURE,
    "function-formatNumber/issue786.json-1": PICTURE,
    "function-formatNumber/issue786.json-2": PICTURE,
    "function-formatNumber/issue786.json-3": PICTURE,
    "partial-application/case003.json-0": "a bare name that is applied in part: T1008, and not the hint of T1007",
}
"""What still fails, as docs/jsonata.md has it."""

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason="the JSONata suite is not beside the project")


class World:
    def uniform(self):
        return 0.37

    def now(self):
        return 1_700_000_000.123


def cases():
    for path in sorted(SUITE.glob("groups/*/*.json")):
        content = json.loads(path.read_text())
        for at, case in enumerate(content if isinstance(content, list) else [content]):
            name = f"{path.parent.name}/{path.name}"
            reason = FAILS.get(f"{name}-{at}")
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason)]
            yield pytest.param(name, case, path, id=f"{name}-{at}", marks=marks)


def same(left, right):
    """Equal, to the last digits of a double."""
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-12)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return left == right


def data_of(case):
    if "data" in case:
        return case["data"]
    if case.get("dataset"):
        return json.loads((SUITE / "datasets" / f"{case['dataset']}.json").read_text())
    return UNDEFINED


@pytest.mark.parametrize(("name", "case", "path"), list(cases()))
def test_case(name, case, path):
    text = case["expr"] if "expr" in case else (path.parent / case["expr-file"]).read_text()
    data = data_of(case)
    before = None if data is UNDEFINED else json.dumps(data)
    code = BOUNDED.get(name) or case.get("code") or case.get("error", {}).get("code")
    found, failed = UNDEFINED, None
    try:
        found = compile_expression(text).evaluate(
            data, case.get("bindings") or {}, World(), depth_max=case.get("depth", 150)
        )
    except JsonataError as e:
        failed = e.code
    assert failed == code
    if failed:
        return
    if case.get("undefinedResult"):
        assert found is UNDEFINED
    else:
        assert same(found, case["result"]), found
    # What comes in is never changed.
    assert before is None or json.dumps(data) == before
