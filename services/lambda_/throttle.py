"""Who may run now: reserved, provisioned and the account's concurrency.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.lambda_ import limits
from services.lambda_.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.lambda_.model import FunctionName
    from services.lambda_.state import Function
    from services.scope import Scope

RESERVED: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT: Final = "ConcurrentInvocationLimitExceeded"


class Throttle:
    """Counts what runs outside of provisioned concurrency (that is limited by its workers)."""

    def __init__(
        self, functions_of: Callable[[Scope], list[Function]], account_limit: int = limits.CONCURRENCY
    ) -> None:
        self._functions_of = functions_of
        self._account_limit = account_limit
        self._running: dict[FunctionName, int] = {}
        self._unreserved: dict[Scope, int] = {}
        """What functions without a reservation run, all together."""

    def running(self, name: FunctionName) -> int:
        """How many invocations of the function run."""
        return self._running.get(name, 0)

    def admit(self, function: Function) -> bool:
        """Let one more invocation run; whether it counts as unreserved, for `release`.

        Raises:
            TooManyRequests: the reservation, less what is provisioned of it, or the account's limit is reached.
        """
        name = function.name
        running = self._running.get(name, 0)
        if function.reserved is not None:
            if running >= function.reserved - _provisioned(function):
                raise TooManyRequests("Rate Exceeded.", RESERVED)
            self._running[name] = running + 1
            return False
        scope = function.scope
        unreserved = self._unreserved.get(scope, 0)
        # No reservation can take the last hundred, so that the sum is seldom needed.
        if unreserved >= min(limits.UNRESERVED_MIN, self._account_limit) and unreserved >= self._left(scope):
            raise TooManyRequests("Rate Exceeded.", ACCOUNT)
        self._running[name] = running + 1
        self._unreserved[scope] = unreserved + 1
        return True

    def release(self, function: Function, *, unreserved: bool) -> None:
        """One that was let through has ended."""
        left = self._running.get(function.name, 0) - 1
        if left > 0:
            self._running[function.name] = left
        else:
            self._running.pop(function.name, None)
        if unreserved:
            self._unreserved[function.scope] = max(0, self._unreserved.get(function.scope, 0) - 1)

    def _left(self, scope: Scope) -> int:
        taken = (
            _provisioned(function) if function.reserved is None else function.reserved
            for function in self._functions_of(scope)
        )
        return self._account_limit - sum(taken)


def _provisioned(function: Function) -> int:
    return sum(given.demand for given in function.provisioned.values()) if function.provisioned else 0
