"""An expression, compiled and evaluated by the library, within bounds. https://docs.jsonata.org/"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Final

from jsonata import Jsonata  # type: ignore[import-untyped, unused-ignore]
from jsonata.utils import Utils  # type: ignore[import-untyped, unused-ignore]

from statemachine.jsonata.bounds import DEPTH_MAX, STEPS_MAX, Run
from statemachine.jsonata.functions import LIBRARY, Native, copied
from statemachine.jsonata.messages import STRAY, JsonataError, from_library
from statemachine.jsonata.names import facts, refuse_2_1
from statemachine.jsonata.regexes import is_function, regex_engine
from statemachine.jsonata.stack import Room
from statemachine.jsonata.text import NULL, js_number_text, normal, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from statemachine.jsonata.bounds import World

TEXT_MAX: Final = 100_000
"""Characters of an expression: the library's time to read one grows with the square."""
RANGE_MAX: Final = 10_000_000
_ALL: Final[frozenset[tuple[str, ...]]] = frozenset({()})
_FAULTS: Final = (*STRAY, MemoryError)


class _Undefined:
    """Nothing, which is not null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final[Any] = _Undefined()


class _Engine(Jsonata):  # type: ignore[misc, unused-ignore]
    """The library's evaluator, counted, and with operators as the reference has them.

    It counts here and not in the library's callbacks, which are variables that an expression could bind anew.
    """

    run: Run

    def eval(self, expr: Any, input: Any, environment: Any) -> Any:
        """A node's value."""
        self.run.enter(expr, input)
        value = super().eval(expr, input, environment)
        self.run.leave(expr, value)
        return value

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:
        """A call. The library prints what is no function, and then fails as this does."""
        if not is_function(proc):
            raise JsonataError("T1006")
        return super().apply_inner(proc, args, input, environment)

    def evaluate_binary(self, expr: Any, input: Any, environment: Any) -> Any:
        """`and` and `or` here, as the library's forget what went wrong."""
        if expr.value not in ("and", "or"):
            return super().evaluate_binary(expr, input, environment)
        if Jsonata.boolize(self.eval(expr.lhs, input, environment)) is (expr.value == "or"):
            return expr.value == "or"
        return bool(Jsonata.boolize(self.eval(expr.rhs, input, environment)))

    def evaluate_step(self, expr: Any, input: Any, environment: Any, last_step: Any) -> Any:
        """Of a list: `[{"a": 1}][0].a` finds nothing, as in the reference, which looks for items of an object."""
        return super().evaluate_step(expr, input, environment, last_step) if isinstance(input, list) else None

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: Any) -> Any:
        """With infinite results, and remainders of fractions."""
        for code, side in (("T2001", lhs), ("T2002", rhs)):
            if side is not None and not Utils.is_numeric(side):
                raise JsonataError(code, token=op, value=None)
        if lhs is None or rhs is None:
            return None
        left, right = float(lhs), float(rhs)
        if right == 0 and op in "/%":
            return math.nan if left == 0 or op == "%" else math.copysign(math.inf, left)
        if op == "%":
            return normal(math.fmod(left, right))
        if op == "/":
            return normal(left / right)
        return normal(left + right if op == "+" else left - right if op == "-" else left * right)

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        """Where true is not 1."""
        if lhs is None or rhs is None:
            return False
        return any(Utils.is_deep_equal(item, lhs) for item in (rhs if isinstance(rhs, list) else [rhs]))

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        """With numbers as JavaScript writes them."""
        left, right = ("" if side is None else to_text(side, self.run) for side in (lhs, rhs))
        self.run.made(len(left) + len(right))
        return left + right

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        """Of whole numbers, in whatever form."""
        bounds = []
        for code, side in (("T2003", lhs), ("T2004", rhs)):
            if side is not None and (isinstance(side, bool) or not isinstance(side, int | float) or side % 1):
                raise JsonataError(code, value=None)
            bounds.append(side if side is None else int(side))
        first, last = bounds
        if first is None or last is None or first > last:
            return None
        size = last - first + 1
        if size > RANGE_MAX:
            raise JsonataError("D2014", value=size)
        self.run.made(8 * size)
        return Utils.create_sequence_from_iter(range(first, last + 1))

    def evaluate_group_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """Without a change to what is grouped, which the library makes to an empty array."""
        if isinstance(input, list):
            # It copies a group with each item.
            self.run.spend(len(input) ** 2 // 16)
            if not input:
                is_join = isinstance(input, Utils.JList) and input.tuple_stream
                return {} if is_join else super().evaluate_group_expression(expr, Utils.create_sequence(), environment)
        return super().evaluate_group_expression(expr, input, environment)

    def evaluate_transform_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """A function that keeps nulls."""

        def transform(run: Run, value: Any) -> Any:
            result = None if value is None else copied(value)
            found = None if result is None else self.eval(expr.pattern, result, environment)
            for match in found if isinstance(found, list) else () if found is None else (found,):
                changes = self.eval(expr.update, match, environment)
                if changes is not None and not isinstance(changes, dict):
                    raise JsonataError("T2011", value=None)
                names = None if expr.delete is None else self.eval(expr.delete, match, environment)
                listed = names if isinstance(names, list) else [] if names is None else [names]
                if not Utils.is_array_of_strings(listed):
                    raise JsonataError("T2012", value=None)
                if isinstance(match, dict):
                    match.update(changes or {})
                    for name in listed:
                        match.pop(name, None)
            return result

        return Native("transform", "<(oa):o>", transform)


class Expression:
    """An expression that can be evaluated any number of times."""

    __slots__ = ("_engine", "_facts", "_is_2_0", "tree")

    def __init__(self, engine: Any, *, is_2_0: bool) -> None:
        self._engine = engine
        self._is_2_0 = is_2_0
        self.tree = engine.ast
        """The library's."""
        self._facts = facts(engine.ast)

    def evaluate(
        self,
        input: Any,
        variables: Mapping[str, Any] | None = None,
        world: World | None = None,
        *,
        library: Any = LIBRARY,
        depth_max: int = DEPTH_MAX,
        steps_max: int = STEPS_MAX,
    ) -> Any:
        """The value as plain JSON, or UNDEFINED. What comes in is not changed, and is no part of what comes out.

        Infinite numbers come out as texts. `variables` go before the functions of the `library`.

        Raises:
            JsonataError: it fails, or does not end within the bounds.
        """
        run = Run(world, self._facts, depth_max, steps_max, is_2_0=self._is_2_0)
        # Of its own, since it keeps where it is.
        engine = copy.copy(self._engine)
        engine.run = run
        engine.environment = library
        # The library's functions find their evaluation by this, a variable of the thread.
        Jsonata.CURRENT.jsonata = engine
        try:
            reads = self._facts.reads or {}
            bindings = {name: _needed(value, reads.get(name, _ALL)) for name, value in (variables or {}).items()}
            with Room():
                value = engine.evaluate(inward(input), bindings)
            if isinstance(value, list | dict):
                run.charge(value)
        except _FAULTS as e:
            raise from_library(e) from None
        finally:
            del Jsonata.CURRENT.jsonata
        return UNDEFINED if value is None else _outward(value, 0)


def compile_expression(text: str, *, is_2_0: bool = False) -> Expression:
    """An expression's text, compiled. `is_2_0`: as JSONata 2.0 has it: without `?:` and `??`, and with whole
    numbers cut to 15 digits in texts.

    Raises:
        JsonataError: S....
    """
    if len(text) > TEXT_MAX:
        raise JsonataError("D3137", message=f"The expression is longer than {TEXT_MAX} characters")
    parser = Jsonata.get_parser()
    # It is one for all, and would keep each `%` that it ever read.
    parser.ancestry, parser.ancestor_index, parser.ancestor_label = [], 0, 0
    try:
        # A comment at the very end is one of the things that it looks behind.
        with Room():
            engine = _Engine(text + " ", regex_engine)
        engine.set_output_convert_nulls(False)
        engine.set_validate_input(False)
        if is_2_0:
            refuse_2_1(engine.ast, text)
        return Expression(engine, is_2_0=is_2_0)
    except KeyError as e:
        raise JsonataError("S0204", token=e.args[0]) from None
    except IndexError:
        # The library looks behind the end, for these only.
        raise JsonataError("S0106" if text.rfind("/*") > text.rfind("*/") else "S0101") from None
    except _FAULTS as e:
        error = from_library(e)
        raise (error if error.code != "D3137" else JsonataError("S0500")) from None
    finally:
        vars(Jsonata.CURRENT).pop("jsonata", None)


def _needed(value: Any, paths: frozenset[tuple[str, ...]]) -> Any:
    """`inward`, of those members that are read: a condition on a large input need not copy all of it."""
    if () in paths or not isinstance(value, dict):
        return inward(value)
    return {
        name: _needed(value[name], frozenset(path[1:] for path in paths if path[0] == name))
        for name in {path[0] for path in paths}
        if name in value
    }


def inward(value: Any) -> Any:
    """A value as the library has it: null is no None, which is undefined. A copy, since it changes some."""
    if isinstance(value, dict):
        return {key: inward(item) for key, item in value.items()}
    if isinstance(value, list):
        return [inward(item) for item in value]
    return NULL if value is None else None if value is UNDEFINED else value


def _outward(value: Any, depth: int) -> Any:
    """A value as JSON. Functions become empty texts within others, as JSON has nothing better."""
    if isinstance(value, list):
        return [_outward(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _outward(item, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return js_number_text(value)
    if value is NULL or value is None:
        return None
    return "" if depth and is_function(value) else value
