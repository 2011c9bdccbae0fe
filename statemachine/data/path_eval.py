"""What a path finds in a document, by the rules of Jayway's JSONPath, which AWS runs.

A path of names and single indexes means one value, and it is a failure when there is none. Any other means the list of
what it finds, which may be empty: also where what stands before its first `*`, `..`, slice or filter is not there.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from statemachine.data.path_syntax import (
    Deep,
    Every,
    Function,
    Index,
    Indexes,
    Name,
    Names,
    Slice,
    Step,
    Syntax,
    Where,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


VISITS_MAX: Final = 500_000
"""Nodes that one path may look at: `$..a..a..a` comes by the same ones again and again. Half a second at most."""


class NothingFound(Exception):
    """The path leads nowhere; the text says where it ended, as Jayway does."""


def find(syntax: Syntax, document: Any) -> Any:
    """The value, or the list of values.

    Raises:
        NothingFound: what must be there is not.
    """
    if syntax.is_plain:
        return find_plain(syntax, document)
    found: Iterable[Any] = [document]
    definite = syntax.is_definite
    steps = syntax.steps
    deep = False
    for at, step in enumerate(steps):
        if isinstance(step, Deep):
            deep = True
            continue
        if deep:
            found = _descend(found, step, steps)
            deep = False
        last = at == len(steps) - 1
        items = (item for node in found for item in _take(step, node, document, definite, last, syntax))
        found = list(islice(items, VISITS_MAX + 1))
        if len(found) > VISITS_MAX:
            raise _too_much(steps)
    found = list(found)
    if not definite:
        return found
    if not found:
        raise NothingFound(f"No results for path: {bracketed(steps)}")
    return found[0]


def _too_much(steps: Iterable[Step]) -> NothingFound:
    return NothingFound(f"The path {bracketed(steps)} goes through more than {VISITS_MAX} values")


def find_plain(syntax: Syntax, document: Any) -> Any:
    """`find`, for names and single indexes only."""
    node = document
    steps = syntax.steps
    for at, step in enumerate(steps):
        try:
            node = _one(step, node)
        except LookupError:
            if at == len(steps) - 1 or isinstance(step, Index):
                raise NothingFound(f"No results for path: {bracketed(steps)}") from None
            raise NothingFound(f"Missing property in path {bracketed(steps[: at + 1])}") from None
        except TypeError:
            raise NothingFound(_wrong_kind(step, node, steps[:at])) from None
    return node


def bracketed(steps: Iterable[Step]) -> str:
    """A path in the form that Jayway's messages have: `$['a'][0]`."""
    text = "$"
    for step in steps:
        match step:
            case Name(name):
                text += f"['{name}']"
            case Names(names):
                text += "[" + ", ".join(f"'{name}'" for name in names) + "]"
            case Index(index):
                text += f"[{index}]"
            case Indexes(indexes):
                text += "[" + ",".join(map(str, indexes)) + "]"
            case Slice(start, stop):
                text += f"[{'' if start is None else start}:{'' if stop is None else stop}]"
            case Every():
                text += "[*]"
            case Deep():
                text += ".."
            case Where():
                text += "[?]"
            case Function(name):
                text += f".{name}()"
    return text


def _one(step: Step, node: Any) -> Any:
    if isinstance(step, Name):
        if isinstance(node, dict):
            return node[step.name]
    elif isinstance(step, Index) and isinstance(node, list):
        return node[step.at]
    raise TypeError


def _wrong_kind(step: Step, node: Any, before: Iterable[Step]) -> str:
    where = bracketed(before)
    if isinstance(step, Name):
        kind = _JAVA_NAMES.get(type(node), "null")
        return (
            f"Expected to find an object with property ['{step.name}'] in path {where} but found '{kind}'. This is not "
            "a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'."
        )
    if node is None:
        return f"The path {where} is null"
    return f"Filter: {bracketed([step])[1:]} can only be applied to arrays. Current context is: {node}"


_JAVA_NAMES = {
    str: "java.lang.String",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    bool: "java.lang.Boolean",
    list: "java.util.ArrayList",
}


def _take(step: Step, node: Any, document: Any, definite: bool, last: bool, syntax: Syntax) -> Iterable[Any]:
    """What a step finds in one node."""
    match step:
        case Name() | Index():
            return _take_one(step, node, definite and not last, definite, syntax)
        case Every():
            return _children(node)
        case Where(accept, objects_only):
            items = [node] if isinstance(node, dict) else _children(node)
            return [i for i in items if (not objects_only or isinstance(i, dict)) and accept(i, document)]
        case Names(names):
            if not last:
                raise NothingFound(f"Multi properties can only be used as path leafs: {bracketed([step])}")
            if isinstance(node, dict):
                return [{name: node[name] for name in names if name in node}]
        case Indexes(indexes):
            if isinstance(node, list):
                return _picked(node, indexes)
        case Slice(start, stop):
            if isinstance(node, list):
                return _picked(node, _range(len(node), start, stop))
        case _:
            return []
    if definite:
        raise NothingFound(_wrong_kind(step, node, ()))
    return []


def _take_one(step: Name | Index, node: Any, needed: bool, definite: bool, syntax: Syntax) -> Iterable[Any]:
    try:
        return [_one(step, node)]
    except TypeError:
        if definite:
            raise NothingFound(_wrong_kind(step, node, ())) from None
    except LookupError:
        if needed and isinstance(step, Name):
            raise NothingFound(f"Missing property in path {bracketed(syntax.steps)}") from None
    return []


def _children(node: Any) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []


def _picked(node: list[Any], indexes: Iterable[int]) -> list[Any]:
    return [node[index] for index in indexes if -len(node) <= index < len(node)]


def _range(length: int, start: int | None, stop: int | None) -> range:
    """Jayway counts from the end only where one side is open."""
    if stop is None:
        first = start or 0
        return range(max(length + first, 0) if first < 0 else first, length)
    if start is None:
        return range(max(length + stop, 0) if stop < 0 else min(stop, length))
    # Clipped: `[-2000000000:5]` would go through two thousand million places to find nothing in them.
    return range(max(start, -length), min(stop, length))


def _descend(found: Iterable[Any], step: Step, steps: Iterable[Step]) -> Iterator[Any]:
    """Every node that `step` can be asked of, parents first."""
    stack = list(found)[::-1]
    left = VISITS_MAX
    while stack:
        node = stack.pop()
        left -= 1
        if left < 0:
            raise _too_much(steps)
        if isinstance(node, dict):
            if not isinstance(step, Index | Indexes | Slice):
                yield node
            stack.extend(reversed(node.values()))
        elif isinstance(node, list):
            # A filter is asked of each item when its turn comes, so not of the list as well.
            if not isinstance(step, Name | Names | Where):
                yield node
            stack.extend(reversed(node))
