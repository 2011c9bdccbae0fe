"""Paths, compiled: where a value comes from, and where a result goes.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.field_error import FieldError
from statemachine.data.json_text import dumps
from statemachine.data.path_eval import NothingFound, find, find_plain
from statemachine.data.path_syntax import Index, Name, Syntax, parse_path, parse_reference
from statemachine.errors import StateError

if TYPE_CHECKING:
    from statemachine.data.scope import Place, Scope, Value


STEPS_MAX = 200
"""Of a place for results. AWS documents no limit."""


class Path:
    """A path that is read."""

    __slots__ = ("_keys", "field", "syntax", "text", "variables")

    def __init__(self, text: str, syntax: Syntax, field: str) -> None:
        self.text = text
        self.syntax = syntax
        self.field = field
        self.variables = frozenset(() if syntax.root in ("$", "$$") else (syntax.root,))
        # The straight road: names and indexes are tried without looking, and only a failure takes the long way.
        plain = syntax.is_plain
        self._keys = (
            tuple(s.name if isinstance(s, Name) else s.at for s in syntax.steps if isinstance(s, Name | Index))
            if plain
            else None
        )

    def evaluate(self, scope: Scope, root: Any) -> Any:
        """What the path finds. Raises StateError (States.Runtime) when that is nothing."""
        try:
            return self.find(scope, root)
        except NothingFound as e:
            raise self._failure(scope, root, str(e)) from None

    def find(self, scope: Scope, root: Any) -> Any:
        """What the path finds. Raises NothingFound."""
        node = self._start(scope, root)
        if self._keys is None:
            return find(self.syntax, node)
        try:
            found = node
            for key in self._keys:
                # A text has characters under its indexes, which a path does not see.
                if found.__class__ is str:
                    raise TypeError
                found = found[key]
        except (LookupError, TypeError):
            return find_plain(self.syntax, node)
        return found

    def _start(self, scope: Scope, root: Any) -> Any:
        name = self.syntax.root
        if name == "$":
            return root
        if name == "$$":
            return scope.context
        try:
            return scope.variables[name]
        except KeyError:
            raise NothingFound(f"The variable '${name}' is not defined") from None

    def _failure(self, scope: Scope, root: Any, why: str) -> StateError:
        if self.field in _NO_INPUT_VALUE:
            return StateError(
                errors.RUNTIME, f"The {self.field} parameter does not reference an input value: {self.text}"
            )
        if self.field.endswith(".$"):
            document = scope.context if self.syntax.root == "$$" else root
            return StateError(
                errors.RUNTIME,
                f"The JSONPath '{self.text}' specified for the field '{self.field}' could not be found "
                f"in the input '{dumps(document)}'",
            )
        if self.field in ("Variable", "Choices"):
            return StateError(
                errors.RUNTIME,
                f"Invalid path '{self.text}': The choice state's condition path references an invalid value.",
            )
        return StateError(errors.RUNTIME, f"Invalid path '{self.text}' : {why}")


_NO_INPUT_VALUE = frozenset(("SecondsPath", "TimestampPath"))


class ReferencePlace:
    """A Reference Path that a result is put at."""

    __slots__ = ("_keys", "text")

    def __init__(self, text: str, syntax: Syntax) -> None:
        self.text = text
        self._keys = tuple(s.name if isinstance(s, Name) else s.at for s in syntax.steps if isinstance(s, Name | Index))

    def put(self, document: Any, value: Any) -> Any:
        """The document with `value` at the place. Raises StateError (States.ResultPathMatchFailure)."""
        if not self._keys:
            return value
        return self._put(document, 0, value, document)

    def _put(self, node: Any, at: int, value: Any, document: Any) -> Any:
        if at == len(self._keys):
            return value
        key = self._keys[at]
        if isinstance(key, str):
            # What is missing on the way is made. https://states-language.net/#using-paths
            if node is None and at:
                node = {}
            if isinstance(node, dict):
                below = self._put(node.get(key), at + 1, value, document)
                return {**node, key: below}
        elif isinstance(node, list) and 0 <= key < len(node):
            copy = list(node)
            copy[key] = self._put(node[key], at + 1, value, document)
            return copy
        raise StateError(
            errors.RESULT_PATH_MATCH_FAILURE,
            f"Unable to apply ReferencePath {self.text} to input {dumps(document)}",
        )


def compile_path(text: str, field: str = "") -> Value:
    """A path to read.

    Raises:
        FieldError: it is none.
    """
    return Path(text, parse_path(text), field)


def compile_reference_value(text: str, field: str = "") -> Value:
    """A Reference Path to read (ItemsPath, SecondsPath, Choice's Variable...).

    Raises:
        FieldError: it is none.
    """
    return Path(text, parse_reference(text), field)


def compile_reference(text: str, field: str = "ResultPath") -> Place:
    """A Reference Path to put a result at.

    Raises:
        FieldError: it is none, or names the context object or a variable, which results do not go to.
    """
    syntax = parse_reference(text)
    if not syntax.is_plain or len(syntax.steps) > STEPS_MAX:
        raise FieldError(f"Value is not a Reference Path: {text}")
    if syntax.root != "$":
        raise FieldError(f"{field} must not reference the context object or a variable: {text}")
    return ReferencePlace(text, syntax)
