"""The eighteen intrinsic functions themselves.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from statemachine.data.java_random import JavaRandom
from statemachine.data.json_text import dumps, java_text, size_of
from statemachine.data.path_filter import same
from statemachine.payloads import exceeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from statemachine.data.scope import Chance

RANGE_MAX = 1000
"""Items of ArrayRange, and characters/bytes of the others' texts, as AWS documents them."""
TEXT_MAX = 10_000
PAYLOAD_MAX = 262_144
NUMBER_MAX = 2**63 - 1
"""Of an integer argument: Java's largest."""
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_PLACES = re.compile(r"\\([{}])|(\{\})|([{}])")


class BadArgument(Exception):
    """A function can't work with what it is given: States.IntrinsicFailure."""


class Intrinsic(NamedTuple):
    """A function of the language."""

    least: int
    most: int
    apply: Callable[[list[Any], Chance], Any]


def _format(values: list[Any], chance: Chance) -> str:
    template = _text(values[0], "template")
    rest = iter(values[1:])
    used = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal used
        if match[1]:
            return match[1]
        if match[3]:
            raise BadArgument("Braces of the template must come in pairs")
        used += 1
        for value in rest:
            return java_text(value)
        raise BadArgument("The template has more places than there are arguments")

    text = _PLACES.sub(fill, template)
    if used != len(values) - 1:
        raise BadArgument("The template has fewer places than there are arguments")
    return text


def _string_to_json(values: list[Any], chance: Chance) -> Any:
    if values[0] is None or values[0] == "":
        return None
    try:
        value = json.loads(_text(values[0], "string"), parse_constant=_no_constant, parse_float=_float)
    except (ValueError, RecursionError):
        raise BadArgument("The string is not valid JSON") from None
    if exceeds(value):
        raise BadArgument("The string is too large or nested too deeply")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _json_to_string(values: list[Any], chance: Chance) -> str:
    return dumps(values[0])


def _array(values: list[Any], chance: Chance) -> list[Any]:
    return values


def _array_partition(values: list[Any], chance: Chance) -> list[Any]:
    items = _list(values[0])
    size = _whole(values[1])
    if size <= 0:
        raise BadArgument("The chunk size must be a positive integer")
    return [items[at : at + size] for at in range(0, len(items), size)]


def _array_contains(values: list[Any], chance: Chance) -> bool:
    return any(same(item, values[1]) for item in _list(values[0]))


def _array_range(values: list[Any], chance: Chance) -> list[int]:
    first, last, step = (_whole(value) for value in values)
    if step == 0:
        raise BadArgument("The step must not be zero")
    count = (last - first) // step + 1
    if count > RANGE_MAX:
        raise BadArgument(f"The range has more than {RANGE_MAX} items")
    return [first + step * at for at in range(max(count, 0))]


def _array_get_item(values: list[Any], chance: Chance) -> Any:
    items = _list(values[0])
    at = _whole(values[1])
    if not 0 <= at < len(items):
        raise BadArgument("The index is outside the array")
    return items[at]


def _array_length(values: list[Any], chance: Chance) -> int:
    return len(_list(values[0]))


def _array_unique(values: list[Any], chance: Chance) -> list[Any]:
    seen: set[str] = set()
    unique = []
    for item in _list(values[0]):
        # Equal values have the same text once their members are in order and 1.0 is 1.
        key = json.dumps(_plain(item), sort_keys=True)
        if key not in seen:
            seen.add(key)
            unique.append(item)
    return unique


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    # Loops: a frame for each level, not two, for values may be as deep as half of what Python's stack holds.
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_plain(item))  # noqa: PERF401
        return items
    if isinstance(value, dict):
        members = {}
        for key, item in value.items():
            members[key] = _plain(item)
        return members
    return value


def _base64_encode(values: list[Any], chance: Chance) -> str:
    return base64.b64encode(_short(values[0]).encode("utf-8", "replace")).decode()


def _base64_decode(values: list[Any], chance: Chance) -> str:
    data = _short(values[0])
    try:
        # Java's decoder does not ask for the padding.
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise BadArgument("The string is not valid Base64") from None


def _hash(values: list[Any], chance: Chance) -> str:
    data = values[0] if isinstance(values[0], str) else dumps(values[0])
    return digest(_short(data), values[1])


def digest(data: str, algorithm: Any) -> str:
    """Hexadecimal digest of a text. Raises BadArgument."""
    name = _HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise BadArgument(f"The algorithm must be one of {', '.join(_HASHES)}")
    return hashlib.new(name, data.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _json_merge(values: list[Any], chance: Chance) -> dict[str, Any]:
    first, second, deep = values
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise BadArgument("Only objects can be merged")
    if deep is not False:
        raise BadArgument("Only the shallow merging mode (false) is supported")
    return {**first, **second}


def _math_random(values: list[Any], chance: Chance) -> int:
    first, last = _rounded(values[0]), _rounded(values[1])
    if last <= first:
        raise BadArgument("The end must be greater than the start")
    if len(values) == 3:
        return first + int(JavaRandom(_rounded(values[2])).next_double() * (last - first))
    return first + int(chance.uniform() * (last - first))


def _math_add(values: list[Any], chance: Chance) -> int:
    total = _rounded(values[0]) + _rounded(values[1])
    if not -(2**31) <= total < 2**31:
        raise BadArgument("The sum is outside -2147483648 to 2147483647")
    return total


def _string_split(values: list[Any], chance: Chance) -> list[str]:
    text, splitters = _text(values[0], "string"), _text(values[1], "splitter")
    if not splitters:
        return [text] if text else []
    # Every character of the splitter splits, and nothing is between two of them.
    return [part for part in re.split("[" + re.escape(splitters) + "]", text) if part]


def _uuid(values: list[Any], chance: Chance) -> str:
    return chance.uuid()


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise BadArgument(f"The {what} must be a string")
    return value


def _short(value: Any) -> str:
    text = _text(value, "data")
    if len(text) > TEXT_MAX:
        raise BadArgument(f"The data has more than {TEXT_MAX} characters")
    return text


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadArgument("The first argument must be an array")
    if size_of(value) > PAYLOAD_MAX:
        raise BadArgument("The array is larger than 256 KiB")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadArgument("The argument must be a number")
    if not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise BadArgument("The number is too large")
    return value


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        # "If you specify a non-integer value, Step Functions will round it off to the nearest integer."
        return _rounded(number)
    return int(number)


def _rounded(value: Any) -> int:
    """To the nearest integer, a half upwards (-1.5 is -1), as recorded from MathAdd."""
    return math.floor(_number(value) + 0.5)


FUNCTIONS: dict[str, Intrinsic] = {
    "States.Array": Intrinsic(0, 10_000, _array),
    "States.ArrayContains": Intrinsic(2, 2, _array_contains),
    "States.ArrayGetItem": Intrinsic(2, 2, _array_get_item),
    "States.ArrayLength": Intrinsic(1, 1, _array_length),
    "States.ArrayPartition": Intrinsic(2, 2, _array_partition),
    "States.ArrayRange": Intrinsic(3, 3, _array_range),
    "States.ArrayUnique": Intrinsic(1, 1, _array_unique),
    "States.Base64Decode": Intrinsic(1, 1, _base64_decode),
    "States.Base64Encode": Intrinsic(1, 1, _base64_encode),
    "States.Format": Intrinsic(1, 10_000, _format),
    "States.Hash": Intrinsic(2, 2, _hash),
    "States.JsonMerge": Intrinsic(3, 3, _json_merge),
    "States.JsonToString": Intrinsic(1, 1, _json_to_string),
    "States.MathAdd": Intrinsic(2, 2, _math_add),
    "States.MathRandom": Intrinsic(2, 3, _math_random),
    "States.StringSplit": Intrinsic(2, 2, _string_split),
    "States.StringToJson": Intrinsic(1, 1, _string_to_json),
    "States.UUID": Intrinsic(0, 0, _uuid),
}
