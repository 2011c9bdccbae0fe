"""A service that is made when it is first asked for: what it imports would be most of the server's start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


class Resettable(Protocol):
    """A service as it is controlled."""

    name: str

    def reset(self) -> None:
        """Forget all state of every scope."""

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both."""

    def busy(self) -> bool:
        """Whether something is under way that goes on by itself."""


S = TypeVar("S", bound=Resettable)


class OnDemand(Generic[S]):
    """Stands for a service until there is one: it has nothing to forget then, and is never busy."""

    def __init__(self, name: str, make: Callable[[], S]) -> None:
        self.name = name
        self._make = make
        self.made: S | None = None

    def get(self) -> S:
        """The service, made if need be."""
        if self.made is None:
            self.made = self._make()
        return self.made

    @property
    def operation_groups(self) -> tuple[object, ...]:
        """The objects with the service's operations. Makes it."""
        service = self.get()
        return (service, *getattr(service, "operation_groups", ()))

    def reset(self) -> None:
        """Forget all state of every scope."""
        if self.made is not None:
            self.made.reset()

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both; None is any."""
        if self.made is not None:
            self.made.reset_scope(account, region)

    def busy(self) -> bool:
        """Whether something is under way that goes on by itself."""
        return self.made is not None and self.made.busy()
