"""The functions that every expression has: the library's, counted; and ours, where its own are wrong or boundless."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, Final

from jsonata import Jsonata  # type: ignore[import-untyped, unused-ignore]
from jsonata.functions import Functions  # type: ignore[import-untyped, unused-ignore]
from jsonata.signature import Signature  # type: ignore[import-untyped, unused-ignore]
from jsonata.utils import Utils  # type: ignore[import-untyped, unused-ignore]

from statemachine.jsonata import dates, strings
from statemachine.jsonata.messages import STRAY, JsonataError, from_library
from statemachine.jsonata.regexes import apply
from statemachine.jsonata.text import NULL, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from statemachine.jsonata.bounds import Run

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")
_LIGHT = frozenset(("count", "exists", "type"))
"""They do not go through what they are given."""
_LONGER = frozenset(("infinity", "NaN", "per-mille", "percent"))
"""Options of `$formatNumber` that may be longer than a character."""


class _Signature(Signature):  # type: ignore[misc, unused-ignore]
    """The library's, but that null is not undefined, and that the argument that is told as wrong is the wrong one."""

    def get_symbol(self, value: Any) -> str:
        """A value's type: a letter."""
        return "l" if value is NULL else str(super().get_symbol(value))

    def set_function_name(self, function_name: Any) -> None:
        """Not by the variables that it is bound to, as it is the same function for all expressions."""

    def throw_validation_error(self, bad_args: Any, bad_sig: Any, function_name: Any) -> None:
        """Raises JsonataError: T0410."""
        partial, good = "", 0
        for param in self._params:
            partial += param.regex
            match = re.match(partial, bad_sig)
            if match is None:
                break
            good = match.end()
        raise JsonataError("T0410", index=good + 1, token=function_name)


class Native(Jsonata.JFunction):  # type: ignore[misc, unused-ignore]
    """A function that is no expression."""

    def __init__(self, name: str, signature: str | Any, implementation: Callable[..., Any], arity: int = 1) -> None:
        super().__init__(None, None)
        self.function_name = name
        if isinstance(signature, str):
            self.signature = _Signature(signature, name)
        else:
            self.signature = _Signature("<>", name)
            self.signature.__dict__.update(signature.__dict__)
        self._implementation = implementation
        self._arity = arity

    def validate(self, args: Any, context: Any) -> Any:
        """Done when it is called: functions that call functions do not ask for it."""
        return args

    def call(self, input: Any, args: Any) -> Any:
        """Call it. Raises JsonataError: T041.: not with these; or its own."""
        run = Jsonata.CURRENT.jsonata.run
        run.work(1)
        arguments = self.signature.validate(args, input)
        name = self.function_name
        if name not in _LIGHT and not (name == "lookup" and isinstance(arguments[0], dict)):
            for argument in arguments:
                run.charge(argument)
        try:
            result = self._implementation(run, *arguments)
        except STRAY as e:
            # Here, since the library's `and` and `or` forget what it was.
            raise from_library(e) from None
        run.charge(result)
        return result

    def get_number_of_args(self) -> int:
        """How many it can take."""
        return self._arity


def _number(run: Run, value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    if _DECIMAL.fullmatch(value):
        found = float(value)
        if math.isfinite(found):
            return normal(found)
    elif _OTHER_BASE.fullmatch(value) and len(value) < 256:
        return normal(int(value, 0))
    raise JsonataError("D3030", value=value)


def _power(run: Run, base: Any, exponent: Any) -> Any:
    if base is None or exponent is None:
        return None
    try:
        result = float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex) or not math.isfinite(result):
        raise JsonataError("D3061", value=base, exp=exponent)
    return normal(result)


def _round(run: Run, value: Any, precision: Any = None) -> Any:
    if value is None:
        return None
    places = 0 if precision is None else max(min(math.trunc(precision), 400), -400)
    try:
        return normal(float(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)) + 0.0)
    except InvalidOperation:
        # More digits than there are: nothing to round.
        return value


def _total(run: Run, values: Any) -> Any:
    return None if values is None else normal(sum(values))


def _random(run: Run) -> Any:
    return run.world.uniform() if run.world is not None else 0.5


def _shuffle(run: Run, values: Any) -> Any:
    if values is None or len(values) <= 1:
        return values
    mixed = list(values)
    for at in range(len(mixed) - 1, 0, -1):
        other = int(_random(run) * (at + 1))
        mixed[at], mixed[other] = mixed[other], mixed[at]
    return mixed


def _sort(run: Run, values: Any, comparator: Any = None) -> Any:
    if values is None or len(values) <= 1:
        return values
    if comparator is not None:
        # It says whether the first comes after the second. Python asks about the later one first.
        return sorted(values, key=cmp_to_key(lambda later, first: -1 if _holds(comparator, first, later) else 1))
    if not Utils.is_array_of_numbers(values) and not Utils.is_array_of_strings(values):
        raise JsonataError("D3070", value=None)
    return sorted(values)


def _holds(function: Any, *arguments: Any) -> bool:
    return bool(Jsonata.boolize(apply(function, list(arguments))))


def _distinct(run: Run, values: Any) -> Any:
    if not isinstance(values, list) or len(values) <= 1:
        return values
    unlike: dict[Any, Any] = {}
    for value in values:
        unlike.setdefault(_key(value), value)
    return Utils.create_sequence_from_iter(unlike.values()) if isinstance(values, Utils.JList) else [*unlike.values()]


def _key(value: Any) -> Any:
    """What is the same for values that are equal, and only for those."""
    if isinstance(value, list):
        return (list, *map(_key, value))
    if isinstance(value, dict):
        return (dict, frozenset((name, _key(item)) for name, item in value.items()))
    return (value.__class__ is bool, value)


def _spread(run: Run, value: Any) -> Any:
    if isinstance(value, dict):
        return Utils.create_sequence_from_iter({key: item} for key, item in value.items())
    if not isinstance(value, list):
        return value
    found = Utils.JList() if value else Utils.create_sequence()
    for item in value:
        part = _spread(run, item)
        found.extend(part if isinstance(part, list) else [part])
    return found


def _clone(run: Run, value: Any) -> Any:
    return copied(value)


def copied(value: Any) -> Any:
    """A deep copy."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def _lowercase(run: Run, text: Any) -> Any:
    return None if text is None else text.lower()


def _pictured(implementation: Callable[..., Any]) -> Callable[..., Any]:
    def call(run: Run, value: Any, picture: Any = None, options: Any = None) -> Any:
        if value is None:
            return None
        if len(picture) > dates.PICTURE_MAX or (isinstance(value, str) and len(value) > dates.PICTURE_MAX):
            raise JsonataError("D3137", message=f"The picture is longer or wider than {dates.PICTURE_MAX} characters")
        for name, text in (options or {}).items():
            # They become parts of patterns.
            if not isinstance(text, str) or (len(text) != 1 and name not in _LONGER):
                raise JsonataError("D3137", message=f"The option {name} must be a single character")
        return implementation(value, picture) if options is None else implementation(value, picture, options)

    return call


def _format_number(value: Any, picture: str, options: Any = None) -> Any:
    return Functions.format_number(value, picture, options)


def _format_integer(value: Any, picture: str) -> Any:
    return Functions.format_integer(math.floor(value), picture)


def _parse_integer(value: str, picture: str) -> Any:
    try:
        return Functions.parse_integer(value, picture)
    except (KeyError, ValueError):
        # It is no such number.
        return None


OURS: Final[dict[str, Callable[..., Any]]] = {
    "clone": _clone,
    "contains": strings.contains,
    "decodeUrl": strings.decode_url,
    "decodeUrlComponent": strings.decode_url_component,
    "distinct": _distinct,
    "encodeUrl": strings.encode_url,
    "encodeUrlComponent": strings.encode_url_component,
    "formatInteger": _pictured(_format_integer),
    "formatNumber": _pictured(_format_number),
    "fromMillis": dates.from_millis,
    "join": strings.join,
    "lowercase": _lowercase,
    "match": strings.match,
    "millis": dates.millis,
    "now": dates.now,
    "number": _number,
    "pad": strings.pad,
    "parseInteger": _pictured(_parse_integer),
    "power": _power,
    "random": _random,
    "replace": strings.replace,
    "round": _round,
    "shuffle": _shuffle,
    "sort": _sort,
    "split": strings.split,
    "spread": _spread,
    "string": strings.string,
    "sum": _total,
    "toMillis": dates.to_millis,
}


def _of_library(function: Any) -> Callable[..., Any]:
    return lambda run, *arguments: function.call(None, arguments)


def library(*others: Native, without: Iterable[str] = ()) -> Any:
    """All functions that an expression can call, as the library's outermost frame."""
    frame = Jsonata.Frame(None)
    for name, function in Jsonata.static_frame.bindings.items():
        if name not in without:
            implementation = OURS.get(name) or _of_library(function)
            frame.bind(name, Native(name, function.signature, implementation, function.nargs))
    for other in others:
        frame.bind(other.function_name, other)
    return frame


LIBRARY: Final = library()
