"""URI templates of the rest protocols, and a trie to find the one that a path matches.

https://smithy.io/2.0/spec/http-bindings.html#http-trait : literal segments, labels `{Name}`, at most one greedy label
`{Name+}` with literals behind it, and constants in the query (`?list-type=2`).
"""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


class Template:
    """One `requestUri`, taken apart."""

    __slots__ = ("constants", "segments")

    def __init__(self, uri: str) -> None:
        path, _, query = uri.partition("?")
        self.segments = [segment for segment in path.split("/") if segment]
        self.constants = frozenset(part if "=" in part else f"{part}=" for part in query.split("&") if part)

    def labels(self, path: bytes) -> dict[str, str]:
        """The labels' values in a path that matches, decoded."""
        given = segments_of(path)
        found = {}
        # A greedy label takes what the other segments leave.
        extra = len(given) - len(self.segments)
        at = 0
        for segment in self.segments:
            width = 1
            if segment.startswith("{"):
                name = segment[1:-1]
                if name.endswith("+"):
                    name, width = name[:-1], 1 + extra
                found[name] = unquote("/".join(given[at : at + width]))
            at += width
        return found


def segments_of(path: bytes) -> list[str]:
    """A path's segments, still encoded. A slash at the end makes no difference."""
    parts = path.decode("latin-1").split("/")[1:]
    while parts and not parts[-1]:
        parts.pop()
    return parts


class _Node(Generic[T]):
    __slots__ = ("ends", "greedy", "label", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.label: _Node[T] | None = None
        # Tails behind a greedy label, each with its ends.
        self.greedy: list[tuple[list[str], dict[str, list[tuple[frozenset[str], T]]]]] = []
        self.ends: dict[str, list[tuple[frozenset[str], T]]] = {}


class Trie(Generic[T]):
    """Finds by method, path and query. A literal beats a label, a label beats a greedy label."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, template: Template, leaf: T) -> None:
        """Make `leaf` the answer for requests that match."""
        node = self._root
        for number, segment in enumerate(template.segments):
            if segment.endswith("+}"):
                tail = template.segments[number + 1 :]
                ends = next((found for known, found in node.greedy if known == tail), None)
                if ends is None:
                    ends = {}
                    node.greedy.append((tail, ends))
                    node.greedy.sort(key=lambda entry: -len(entry[0]))
                _end(ends, method, template.constants, leaf)
                return
            if segment.startswith("{"):
                node.label = node.label or _Node()
                node = node.label
            else:
                node = node.literals.setdefault(segment, _Node())
        _end(node.ends, method, template.constants, leaf)

    def find(self, method: str, path: bytes, query: bytes) -> T | None:
        """The leaf for a request, or None."""
        given = frozenset(part if "=" in part else f"{part}=" for part in query.decode("latin-1").split("&") if part)
        return self._find(self._root, segments_of(path), 0, method, given)

    def _find(self, node: _Node[T], parts: list[str], at: int, method: str, given: frozenset[str]) -> T | None:
        if at == len(parts):
            return _pick(node.ends, method, given)
        found: T | None = None
        child = node.literals.get(parts[at]) or node.literals.get(unquote(parts[at]))
        if child is not None:
            found = self._find(child, parts, at + 1, method, given)
        if found is None and node.label is not None and parts[at]:
            found = self._find(node.label, parts, at + 1, method, given)
        if found is None:
            for tail, ends in node.greedy:
                if len(parts) - at > len(tail) and (not tail or parts[-len(tail) :] == tail):
                    found = _pick(ends, method, given)
                    if found is not None:
                        break
        return found


def _end(ends: dict[str, list[tuple[frozenset[str], T]]], method: str, constants: frozenset[str], leaf: T) -> None:
    known = ends.setdefault(method, [])
    known.append((constants, leaf))
    # The more the query has to say, the earlier it is asked.
    known.sort(key=lambda entry: -len(entry[0]))


def _pick(ends: dict[str, list[tuple[frozenset[str], T]]], method: str, given: frozenset[str]) -> T | None:
    return next((leaf for constants, leaf in ends.get(method, ()) if constants <= given), None)
