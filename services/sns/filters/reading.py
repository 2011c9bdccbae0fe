"""A filter policy's JSON read into rules, or refused in AWS's words.

https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html

A `$or` multiplies the policy into several *rules*. A rule maps names (paths joined by dots) to what is asked of them,
and all its names have to find a value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.pattern_rules import PatternError
from services.sns.filters import rules as rule_of
from services.sns.filters.tokens import FilterPolicyError, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.sns.filters.rules import Test

_KEYS_MAX: Final = 5
_COMBINATIONS_MAX: Final = 150
SIZE_MAX: Final = 256 * 1024
"""Bytes."""

_OPERATORS: Final = frozenset({
    "anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "numeric", "prefix", "suffix", "wildcard",
})  # fmt: skip


class Asked(NamedTuple):
    """What a rule asks of one name."""

    tests: tuple[Test, ...]
    given: str
    """The list as JSON, for who explains."""
    depth: int
    """How many keys deep it stands."""


Rule = dict[str, Asked]


def read_policy(text: str, *, nested: bool) -> list[Rule]:
    """The rules of a policy; none for `{}`, which lets everything pass.

    `nested` says whether keys may have objects: only a policy for the message's body has such.

    Raises:
        FilterPolicyError: it is no policy, or too large.
    """
    if len(text.encode("utf-8", "surrogatepass")) > SIZE_MAX:
        raise FilterPolicyError("FilterPolicy: Filter policy is too large")
    try:
        given = json.loads(text, parse_constant=_no_constant)
        tokens = Tokens(given)
    except (ValueError, RecursionError):
        raise FilterPolicyError("FilterPolicy: failed to parse JSON.") from None
    if tokens.next().kind != "{":
        tokens.fail("Filter is not an object")
    if not given:
        return []
    found = _Reader(tokens).read(given)
    if not nested and any(asked.depth > 1 for rule in found for asked in rule.values()):
        raise FilterPolicyError("Filter policy scope MessageAttributes does not support nested filter policy")
    if _keys(given) > _KEYS_MAX:
        raise FilterPolicyError("FilterPolicy: Filter policy can not have more than 5 keys")
    if sum(_combinations(rule) for rule in found) > _COMBINATIONS_MAX:
        raise FilterPolicyError("FilterPolicy: Filter policy is too complex")
    return found


def _no_constant(name: str) -> None:
    """Python would take NaN and Infinity."""
    raise ValueError(name)


def _combinations(rule: Rule) -> int:
    """A nested key's values count once for each level."""
    product = 1
    for asked in rule.values():
        product *= len(asked.tests) * asked.depth
    return product


def _keys(given: dict[str, Any]) -> int:
    """Different top-level keys, those within a `$or` among them."""
    return len(_names(given))


def _names(given: dict[str, Any]) -> set[str]:
    names: set[str] = set()
    for name, value in given.items():
        if name == "$or" and is_alternative(value):
            for choice in value:
                names |= _names(choice)
        else:
            names.add(name)
    return names


def is_alternative(value: Any) -> bool:
    """Whether `$or` is the relation, not a field of that name: two objects or more, no operator among their keys."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(choice, dict) and choice and _OPERATORS.isdisjoint(choice) for choice in value)
    )


class _Reader:
    """Reads a policy, its tokens and its values hand in hand."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def read(self, given: dict[str, Any]) -> list[Rule]:
        """The rules of the whole policy."""
        return self._object("", 1, given, [{}])

    def _object(self, path: str, depth: int, given: dict[str, Any], rules: list[Rule]) -> list[Rule]:
        """With the current token at the object's `{`, the rules of it and what stood before it; ends at its `}`."""
        tokens = self._tokens
        if tokens.next().kind == "}":
            tokens.fail("Empty objects are not allowed")
        while tokens.now.kind != "}":
            key = tokens.now.value
            value = given[key]
            kind = tokens.next().kind
            if key == "$or" and is_alternative(value):
                rules = self._alternatives(path, depth, value, rules)
            elif kind == "{":
                rules = self._object(f"{path}{key}.", depth + 1, value, rules)
            elif kind == "[":
                asked = Asked(tuple(self._list()), json.dumps(value, ensure_ascii=False), depth)
                rules = [{**rule, path + key: asked} for rule in rules]
            else:
                tokens.fail(f'"{key}" must be an object or an array')
            tokens.next()
        return rules

    def _alternatives(self, path: str, depth: int, choices: list[Any], rules: list[Rule]) -> list[Rule]:
        found: list[Rule] = []
        for choice in choices:
            self._tokens.next()
            found += self._object(path, depth, choice, rules)
            if len(found) > _COMBINATIONS_MAX:
                # Each rule counts at least once; and they must not multiply without end meanwhile.
                raise FilterPolicyError("FilterPolicy: Filter policy is too complex")
        self._tokens.next()
        return found

    def _list(self) -> list[Test]:
        tokens = self._tokens
        tests = []
        while (token := tokens.next()).kind != "]":
            if token.kind == "{":
                tests.append(self._expression())
            elif token.kind == "[":
                tokens.fail("Match value must be String, number, true, false, or null")
            else:
                tests.append(rule_of.literal(token.value))
        if not tests:
            tokens.fail("Empty arrays are not allowed")
        return tests

    def _expression(self) -> Test:
        tokens = self._tokens
        if tokens.next().kind != "name":
            tokens.fail("Match expression name not found")
        kind = tokens.now.value
        read = _EXPRESSIONS.get(kind)
        if read is None:
            tokens.fail(f"Unrecognized match type {kind}")
        tokens.next()
        return read(self, kind)

    def _close(self, otherwise: str = "Only one key allowed in match expression") -> None:
        if self._tokens.next().kind != "}":
            self._tokens.fail(otherwise)

    def text(self, kind: str) -> Test:
        """An operator whose operand is a string."""
        tokens = self._tokens
        if tokens.now.kind != "string":
            # The parser says `prefix` of a cidr too.
            tokens.fail(f"{'prefix' if kind == 'cidr' else kind} match pattern must be a string")
        text = tokens.text()
        try:
            test = rule_of.text_operator(kind, text)
        except PatternError as error:
            # Found out of the parser's reach: no place is named.
            raise FilterPolicyError(f"FilterPolicy: {error.reason}") from None
        self._close()
        return test

    def exactly(self, kind: str) -> Test:
        """`{"exactly": text}`, which is the same as the text."""
        if self._tokens.now.kind != "string":
            self._tokens.fail("exact match pattern must be a string")
        test = rule_of.literal(self._tokens.text())
        self._close()
        return test

    def exists(self, kind: str) -> Test:
        """`{"exists": bool}`."""
        if self._tokens.now.kind not in {"true", "false"}:
            self._tokens.fail("exists match pattern must be either true or false.")
        test = rule_of.exists(self._tokens.now.value)
        self._close()
        return test

    def anything_but(self, kind: str) -> Test:
        """`{"anything-but": ...}`: a value, a list, or one of a few expressions."""
        tokens = self._tokens
        if tokens.now.kind == "{":
            return self._anything_but_expression()
        if tokens.now.kind == "[":
            test = rule_of.anything_but(self._refused())
        elif tokens.now.kind in {"string", "number"}:
            tokens.text()
            test = rule_of.anything_but([rule_of.literal(tokens.now.value)])
        else:
            tokens.fail("Value of anything-but must be an array or single string/number value.")
        self._close("Too many elements in numeric expression")
        return test

    def _refused(self) -> list[Test]:
        tokens = self._tokens
        tests, kinds = [], set()
        while (token := tokens.next()).kind != "]":
            if token.kind not in {"string", "number"}:
                tokens.fail("Inside anything but list, start|null|boolean is not supported.")
            tests.append(rule_of.literal(token.value))
            kinds.add(token.kind)
        if len(kinds) != 1:
            tokens.fail("Inside anything but list, either all values are number or string, mixed type is not supported")
        return tests

    def _anything_but_expression(self) -> Test:
        tokens = self._tokens
        if tokens.next().kind != "name":
            tokens.fail("Anything-But expression name not found")
        kind = tokens.now.value
        if kind not in {"prefix", "equals-ignore-case", "wildcard"}:
            # `suffix` among them, as recorded: SNS's matcher is older than EventBridge's.
            tokens.fail(f"Unsupported anything-but pattern: {kind}")
        tests = []
        if tokens.next().kind == "[" and kind != "prefix":
            while tokens.next().kind != "]":
                tests.append(self._refused_text(kind))
            if not tests:
                tokens.fail("Empty arrays are not allowed")
        else:
            tests.append(self._refused_text(kind))
        self._close()
        self._close()
        return rule_of.anything_but(tests)

    def _refused_text(self, kind: str) -> Test:
        tokens = self._tokens
        if tokens.now.kind != "string":
            tokens.fail(f"{kind} match pattern must be a string")
        text = tokens.text()
        if not text and kind == "prefix":
            tokens.fail("Null prefix/suffix not allowed")
        try:
            return rule_of.text_operator(kind, text)
        except PatternError as error:
            raise FilterPolicyError(f"FilterPolicy: {error.reason}") from None

    # Numbers.

    def numeric(self, kind: str) -> Test:
        """`{"numeric": [...]}`."""
        if self._tokens.now.kind != "[":
            self._tokens.fail("Value of numeric must be an array.")
        test = self._comparison()
        self._close("Too many elements in numeric expression")
        return test

    def _comparison(self) -> Test:
        tokens = self._tokens
        if tokens.next().kind != "string":
            tokens.fail(f"Invalid member in numeric match: {tokens.text()}")
        operator = tokens.text()
        tokens.next()
        if operator not in {"=", "<", "<=", ">", ">="}:
            tokens.fail(f"Unrecognized numeric range operator: {operator}")
        bound = self._bound("equals" if operator == "=" else operator)
        if operator[0] == ">":
            if tokens.next().kind == "]":
                return rule_of.between(bound, None, open_low=operator == ">", open_high=False)
            return self._range(bound, open_low=operator == ">")
        number = tokens.now.value
        if tokens.next().kind != "]":
            tokens.fail("Too many elements in numeric expression")
        if operator == "=":
            return rule_of.equals(number)
        return rule_of.between(None, bound, open_low=False, open_high=operator == "<")

    def _range(self, low: int, *, open_low: bool) -> Test:
        tokens = self._tokens
        if tokens.now.kind != "string":
            tokens.fail(f"Bad value in numeric range: {tokens.text()}")
        operator = tokens.text()
        if operator not in {"<", "<="}:
            tokens.fail(f"Bad numeric range operator: {operator}")
        tokens.next()
        high = self._bound(operator)
        if tokens.next().kind != "]":
            tokens.fail("Too many terms in numeric range expression")
        if low >= high:
            tokens.fail("Bottom must be less than top")
        return rule_of.between(low, high, open_low=open_low, open_high=operator == "<")

    def _bound(self, operator: str) -> int:
        tokens = self._tokens
        if tokens.now.kind != "number":
            tokens.fail(f"Value of {operator} must be numeric")
        bound = rule_of.comparable(tokens.now.value)
        if bound is None:
            tokens.fail("Value must be between -1.0E9 and 1.0E9, inclusive")
        return bound


_EXPRESSIONS: Final[dict[str, Callable[[_Reader, str], Test]]] = {
    "anything-but": _Reader.anything_but,
    "cidr": _Reader.text,
    "equals-ignore-case": _Reader.text,
    "exactly": _Reader.exactly,
    "exists": _Reader.exists,
    "numeric": _Reader.numeric,
    "prefix": _Reader.text,
    "suffix": _Reader.text,
    "wildcard": _Reader.text,
}
