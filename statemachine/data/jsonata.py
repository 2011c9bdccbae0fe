"""JSONata as Step Functions has it: `{% ... %}`, `$states`, functions of its own, and causes.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statemachine import errors
from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.json_text import dumps
from statemachine.data.jsonata_functions import FUNCTIONS, NAMES
from statemachine.data.scope import ABSENT
from statemachine.errors import StateError
from statemachine.jsonata import UNDEFINED, JsonataError, compile_expression, is_function
from statemachine.jsonata.messages import MEMORY, STACK_OVERFLOW, TIMEOUT
from statemachine.jsonata.names import free_variables, straight_path, top_level_names

if TYPE_CHECKING:
    from statemachine.data.scope import Condition, Scope, Value

INVALID = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
"""Codes of CreateStateMachine's refusals."""
DEPTH_MAX = 200
"""Of a template. The bounds of an expression are `statemachine.jsonata.bounds`'s."""
_UNNUMBERED = (STACK_OVERFLOW, TIMEOUT, MEMORY)
"""What AWS says without a code, and with a colon."""


class JsonataValue:
    """One expression."""

    __slots__ = ("_expect", "_expression", "_path", "_wanted", "field", "text", "variables")

    def __init__(self, text: str, field: str, expect: str | None) -> None:
        try:
            expression = compile_expression(text, is_2_0=True)
        except JsonataError as e:
            raise FieldError(e.message, code=INVALID) from None
        for name in top_level_names(expression.tree):
            # There is no object to take it from: AWS refuses the definition.
            raise FieldError(f"Reference to '{name}' at the top level is not supported.", code=UNSUPPORTED)
        self.text = text
        """Without its delimiters."""
        self.field = field
        self._expect = expect
        self._expression = expression
        free = free_variables(expression.tree)
        self.variables = frozenset(free - NAMES - {"states", "", "$"})
        """Those of the workflow, by name."""
        self._wanted = tuple(sorted(free - {"", "$"}))
        self._path = straight_path(expression.tree)

    def evaluate(self, scope: Scope, root: Any) -> Any:
        """The expression's value. Raises StateError (States.QueryEvaluationError)."""
        value = self._straight(scope) if self._path is not None else UNDEFINED
        if value is UNDEFINED:
            try:
                value = self._expression.evaluate(UNDEFINED, self._bindings(scope), _World(scope), library=FUNCTIONS)
            except JsonataError as e:
                between = ": " if e.code in _UNNUMBERED else f". {e.code}: "
                raise self._failure(f"threw an error during evaluation{between}{e.message}") from None
        if value is UNDEFINED:
            raise self._failure("returned nothing (undefined).")
        if is_function(value):
            raise self._failure("returned an unsupported result type.")
        if self._expect is not None and kind_of(value) != self._expect:
            raise self._failure(
                f"returned an unexpected result type. Expected '{self._expect}', but was '{kind_of(value)}' "
                f"for value: {dumps(value)}"
            )
        return value

    def holds(self, scope: Scope, root: Any) -> bool:
        """The value of a Condition. Raises StateError (States.QueryEvaluationError)."""
        return self.evaluate(scope, root) is True

    def _straight(self, scope: Scope) -> Any:
        """`$states.input.a`, `$x.a`: members of objects, without the machinery. UNDEFINED: the machinery must look."""
        assert self._path is not None
        name, keys = self._path
        found = _states(scope) if name == "states" else scope.variables.get(name, UNDEFINED)
        for key in keys:
            if found.__class__ is not dict:
                return UNDEFINED
            found = found.get(key, UNDEFINED)
        return found

    def _bindings(self, scope: Scope) -> dict[str, Any]:
        variables = scope.variables
        bindings = {name: variables[name] for name in self._wanted if name in variables}
        if "states" in self._wanted:
            bindings["states"] = _states(scope)
        return bindings

    def _failure(self, what: str) -> StateError:
        return StateError(
            errors.QUERY_EVALUATION_ERROR,
            f"The JSONata expression '{self.text}' specified for the field '{self.field}' {what}",
            location=self.field,
        )


class _World:
    """Time and chance of one evaluation."""

    __slots__ = ("chance", "now_at")

    def __init__(self, scope: Scope) -> None:
        self.chance = scope.chance
        self.now_at = scope.now

    def uniform(self) -> float:
        return self.chance.uniform()

    def uuid(self) -> str:
        return self.chance.uuid()

    def now(self) -> float:
        return self.now_at


def _states(scope: Scope) -> dict[str, Any]:
    states = {"input": scope.input, "context": scope.context}
    if scope.result is not ABSENT:
        states["result"] = scope.result
    if scope.error_output is not None:
        states["errorOutput"] = scope.error_output
    return states


class _ObjectTemplate:
    __slots__ = ("_members", "variables")

    def __init__(self, members: dict[str, Value]) -> None:
        self._members = tuple(members.items())
        self.variables: frozenset[str] = frozenset().union(*(getattr(m, "variables", ()) for m in members.values()))

    def evaluate(self, scope: Scope, root: Any) -> dict[str, Any]:
        """A new object."""
        return {name: member.evaluate(scope, root) for name, member in self._members}


class _ArrayTemplate:
    __slots__ = ("_items", "variables")

    def __init__(self, items: list[Value]) -> None:
        self._items = tuple(items)
        self.variables: frozenset[str] = frozenset().union(*(getattr(i, "variables", ()) for i in items))

    def evaluate(self, scope: Scope, root: Any) -> list[Any]:
        """A new array."""
        return [item.evaluate(scope, root) for item in self._items]


def kind_of(value: Any) -> str:
    """`array`, `boolean`, `null`, `number`, `object` or `string`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def is_jsonata(value: object) -> bool:
    """Whether a value of a definition is an expression: a string from `{%` to `%}`, with nothing around."""
    return isinstance(value, str) and len(value) >= 4 and value.startswith("{%") and value.endswith("%}")


def compile_jsonata(text: str, field: str, expect: str | None = None) -> Value:
    """An expression, with its delimiters. `expect`: what it must evaluate to, as `kind_of` names it.

    Raises:
        FieldError: it is none.
    """
    return _compile(text, field, expect)


def compile_jsonata_condition(text: str, field: str) -> Condition:
    """A Condition: an expression that must be a boolean.

    Raises:
        FieldError: it is none.
    """
    return _compile(text, field, "boolean")


def _compile(text: str, field: str, expect: str | None) -> JsonataValue:
    if not is_jsonata(text):
        raise FieldError("Expected a JSONata expression in {% and %}")
    return JsonataValue(text[2:-2].strip(), field, expect)


def compile_jsonata_template(template: Any, field: str) -> Value:
    """Anything, with expressions anywhere in it.

    Raises:
        FieldError: `at` points to the expression that is wrong.
    """
    return _template(template, field, "", 0)


def _template(template: Any, field: str, at: str, depth: int) -> Value:
    if depth > DEPTH_MAX:
        raise FieldError("Nested too deeply", at)
    if is_jsonata(template):
        try:
            return _compile(template, field, None)
        except FieldError as e:
            raise FieldError(e.message, at, e.code) from None
    if isinstance(template, list):
        items = [_template(item, f"{field}[{i}]", f"{at}/{i}", depth + 1) for i, item in enumerate(template)]
        return Constant(template) if all(isinstance(item, Constant) for item in items) else _ArrayTemplate(items)
    if isinstance(template, dict):
        members = {
            key: _template(item, f"{field}/{key}", f"{at}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)
            for key, item in template.items()
        }
        if all(isinstance(member, Constant) for member in members.values()):
            return Constant(template)
        return _ObjectTemplate(members)
    return Constant(template)
