"""Where state lives: one account in one region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Scope(NamedTuple):
    """An account and a region. All state belongs to exactly one scope; ARNs cross scopes, references never do."""

    account: str
    region: str


class Scoped(Generic[T]):
    """One `T` for each scope, made when first asked for."""

    def __init__(self, make: Callable[[Scope], T]) -> None:
        self._make = make
        self._of: dict[Scope, T] = {}

    def __getitem__(self, scope: Scope) -> T:
        found = self._of.get(scope)
        if found is None:
            found = self._of[scope] = self._make(scope)
        return found

    def get(self, scope: Scope) -> T | None:
        """The state of `scope` if there is any; never makes it."""
        return self._of.get(scope)

    def __iter__(self) -> Iterator[tuple[Scope, T]]:
        return iter(list(self._of.items()))

    def discard(self, scope: Scope) -> None:
        """Forget one scope."""
        self._of.pop(scope, None)

    def clear(self) -> None:
        """Forget every scope."""
        self._of.clear()
