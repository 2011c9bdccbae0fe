"""What an expression is, before it runs: the names that it reads, and which of its nodes need no counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from statemachine.jsonata.messages import JsonataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Node = Any
    """`jsonata.parser.Parser.Symbol`"""

_HANDS_ON = frozenset(
    ("variable", "function", "partial", "apply", "block", "condition", "bind", "lambda", "name", "regex")
)
"""Types of nodes whose value was there, or was counted, before them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an expression. Nodes are named by their `id`."""

    exempt: frozenset[int]
    """Nodes whose value is only handed on. Those that make one, or that give it to an operator, are not among them."""
    joins: frozenset[int]
    """Steps of a path that keeps variables for each of its items."""
    reads: dict[str, frozenset[tuple[str, ...]]] | None
    """What of a variable is read, as names from its top: `(("input", "a"),)`. None: that can't be told."""


def facts(root: Node) -> Facts:
    """Look at all of an expression. Joins halves of characters in its texts, as JavaScript has them."""
    exempt: set[int] = set()
    joins: set[int] = set()
    reads: dict[str, set[tuple[str, ...]]] = {}
    seen: set[int] = set()
    is_known = True
    todo = [(root, True)]
    while todo:
        node, is_handed_on = todo.pop()
        # The one looks up, and the other runs what is not here to be seen.
        is_known = is_known and node.type != "parent" and not (node.type == "variable" and node.value == "eval")
        if node.type == "path" and node.steps[0].type == "variable":
            seen.add(id(node.steps[0]))
            reads.setdefault(str(node.steps[0].value), set()).add(_names(node.steps))
        elif node.type == "variable" and id(node) not in seen:
            reads.setdefault(str(node.value), set()).add(())
        if is_handed_on and (node.type in _HANDS_ON or _is_straight(node)):
            exempt.add(id(node))
        if node.type == "path" and any(step.tuple for step in node.steps):
            joins.update(map(id, node.steps))
        if node.type == "string" and not str(node.value).isascii():
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        todo.extend(parts(node))
    known = {name: frozenset(paths) for name, paths in reads.items()}
    return Facts(frozenset(exempt), frozenset(joins), known if is_known else None)


def _names(steps: list[Node]) -> tuple[str, ...]:
    """Those that a path begins with, after its variable. A step that does more is the last."""
    names: list[str] = []
    if _is_bare(steps[0]):
        for step in steps[1:]:
            if step.type != "name":
                break
            names.append(str(step.value))
            if not _is_bare(step):
                break
    return tuple(names)


def _is_straight(node: Node) -> bool:
    return node.type == "path" and node.group is None and all(step.type in ("variable", "name") for step in node.steps)


def parts(node: Node) -> Iterator[tuple[Node, bool]]:
    """The nodes right below one, in the order of their evaluation, and whether it only hands on their values."""
    if node.type == "path":
        for at, step in enumerate(node.steps):
            yield step, at == 0 or step.type == "name"
    for part, is_handed_on in (
        (node.procedure, True),
        (node.lhs if node.type != "bind" else None, node.type == "apply"),
        (node.rhs, node.type in ("apply", "bind")),
        (node.expression, False),
        (node.condition, False),
        (node.then, True),
        (node._else, True),  # noqa: SLF001 - so the library names it
        (node.pattern, False),
        (node.update, False),
        (node.delete, False),
        (node.body, True),
    ):
        if part is not None:
            yield part, is_handed_on
    for part in node.expressions or ():
        yield part, node.type == "block"
    if node.type != "lambda":
        # A lambda's arguments are names of variables.
        yield from ((part, True) for part in node.arguments or ())
    yield from ((term.expression, False) for term in node.terms or ())
    for stage in (*(node.stages or ()), *(node.predicate or ())):
        if stage.type == "filter":
            yield stage.expr, False
    for pairs in (node.lhs_object, node.group.lhs_object if node.group is not None else None):
        for key, value in pairs or ():
            yield key, False
            yield value, True


def refuse_2_1(root: Node, text: str) -> None:
    """Step Functions has JSONata 2.0.6, where `?:` and `??` are no operators. Raises JsonataError."""
    todo = [root]
    while todo:
        node = todo.pop()
        operator = text[node.position - 2 : node.position] if node.type == "condition" else ""
        if operator in ("?:", "??"):
            raise JsonataError("S0211", node.position, token=operator[1])
        todo.extend(part for part, _ in parts(node))


def free_variables(root: Node) -> set[str]:
    """The variables that it reads and does not bind itself, by name without `$`; functions that it calls among them.

    A name that is bound anywhere in the expression counts as bound everywhere in it, but where it is read before.
    """
    found: set[str] = set()
    _visit(root, set(), found)
    return found


def _visit(node: Node, bound: set[str], found: set[str]) -> None:
    if node.type == "variable" and node.value not in bound:
        found.add(str(node.value))
    if node.type == "lambda":
        bound = bound | {str(argument.value) for argument in node.arguments}
    elif node.type == "block":
        bound = set(bound)
    elif node.type == "path":
        bound = set(bound)
        for step in node.steps:
            bound.update(name for name in (step.focus, step.index) if name is not None)
            bound.update(str(stage.value) for stage in step.stages or () if stage.type == "index")
    for part, _ in parts(node):
        # `($f := function() { $f() })`: a function may read what it is bound to.
        names = {str(node.lhs.value)} if node.type == "bind" and part.type == "lambda" else set()
        _visit(part, bound | names if names else bound, found)
    if node.type == "bind":
        bound.add(str(node.lhs.value))


def straight_path(root: Node) -> tuple[str, tuple[str, ...]] | None:
    """The variable and the names of `$v.a.b`, when it is nothing else."""
    steps = [root] if root.type == "variable" else root.steps if root.type == "path" else None
    if not steps or steps[0].type != "variable" or not steps[0].value or any(s.type != "name" for s in steps[1:]):
        return None
    if root.group is not None or root.keep_singleton_array or not all(map(_is_bare, (root, *steps))):
        return None
    return steps[0].value, tuple(step.value for step in steps[1:])


def _is_bare(node: Node) -> bool:
    return not (node.stages or node.predicate or node.tuple or node.keep_array or node.group or node.index)


def top_level_names(root: Node) -> list[str]:
    """Names that it takes from the object that it is evaluated with, each once, in the order of the text.

    Step Functions evaluates with none: everything comes by `$states` and variables, and a definition that reads a bare
    name is refused ("Reference to 'phone' at the top level is not supported."). What follows a dot, what stands in a
    predicate, in a grouping or a transform has an object of its own.
    """
    found: dict[str, None] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "path":
            first = node.steps[0]
            if first.type == "name":
                found.setdefault(str(first.value))
            else:
                todo.append(first)
        elif node.type != "transform":
            elsewhere = {id(stage.expr) for stage in (*(node.stages or ()), *(node.predicate or ()))}
            if node.group is not None:
                elsewhere.update(id(part) for pair in node.group.lhs_object for part in pair)
            todo.extend(reversed([part for part, _ in parts(node) if id(part) not in elsewhere]))
    return list(found)
