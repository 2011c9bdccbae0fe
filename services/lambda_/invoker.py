"""Runs invocations: finds the pool, throttles, counts, and hands over to a worker.

It is synchronous: an invocation of a warm function is in its runtime's hands when `start` returns, and its outcome
comes by a callback. No task, no timer and no future is made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.lambda_ import lineage
from services.lambda_.errors import RecursiveInvocation, ResourceConflict, ResourceNotFound, ResourceNotReady
from services.lambda_.invocation import Invocation
from services.lambda_.pool import Pool
from services.lambda_.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.errors import ServiceError
    from services.lambda_.invocation import Outcome, Stream
    from services.lambda_.model import FunctionName, Target, Version
    from services.lambda_.pool import Supplies
    from services.lambda_.state import Function, Functions

_RECURSION = (
    "Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your "
    "function's invocation."
)

_INIT_FAILED = "FUNCTION_ERROR_INIT_FAILURE"
"""Recorded: what provisioned concurrency says of a function that can't begin."""


class Invoker:
    """Every pool, and what runs. Also the pools' `Listener` and the functions' `Observer`."""

    def __init__(
        self,
        functions: Functions,
        supplies: Supplies,
        loops_allowed: Callable[[FunctionName], bool],
        capacity_freed: Callable[[FunctionName], None],
    ) -> None:
        self._functions = functions
        self._supplies = supplies
        self._loops_allowed = loops_allowed
        self._capacity_freed = capacity_freed
        self._throttle = Throttle(lambda scope: list(functions.in_scope(scope).values()))
        self._pools: dict[tuple[FunctionName, str], Pool] = {}
        """Those that take invocations, by function and version."""
        self._leaving: set[Pool] = set()
        """Replaced or deleted; what runs in them ends in peace."""
        self._running: dict[Invocation, tuple[Function, bool]] = {}
        """And whether it counts as unreserved."""
        self._marks: dict[FunctionName, str] = {}

    # -- invoking

    def start(
        self,
        target: Target,
        payload: bytes,
        done: Callable[[Outcome], None],
        failed: Callable[[ServiceError], None],
        *,
        request_id: str,
        trace: str = "",
        client_context: str = "",
        tail: bool = False,
        stream: Stream | None = None,
    ) -> None:
        """Run it. `done` or `failed` is called once, never before this has returned unless it raises.

        Raises:
            TooManyRequests: throttled.
            RecursiveInvocation: the chain of requests came by this function too often.
            ResourceConflict: the function is not Active yet.
            InvalidRuntime: its runtime can't run here.
        """
        version = target.version
        function = self._functions.get(version.function)
        if function is None:
            raise ResourceNotFound.function(target.invoked_arn)
        if version.state != "Active":
            self._refuse_state(version)
        header = self._step(version, trace)
        invocation = Invocation(
            request_id,
            target,
            payload,
            done,
            failed,
            trace=header,
            client_context=client_context,
            tail=tail,
            stream=stream,
        )
        pool = self._pool(version)
        if pool.provisioned_free():
            invocation.provisioned = True
            self._running[invocation] = (function, False)
        else:
            self._running[invocation] = (function, self._throttle.admit(function))
        try:
            pool.run(invocation)
        except BaseException:
            self._forget(invocation)
            raise

    def _refuse_state(self, version: Version) -> None:
        if version.state == "Pending":
            raise ResourceConflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        raise ResourceNotReady(f"The function cannot be invoked in its state {version.state}: {version.state_reason}")

    def _step(self, version: Version, trace: str) -> str:
        name = version.function
        mark = self._marks.get(name)
        if mark is None:
            mark = self._marks[name] = lineage.mark_of(name.arn())
        supplies = self._supplies
        active = version.configuration.tracing == "Active"
        traced = lineage.step(trace, mark, supplies.clock.now(), supplies.entropy, active=active)
        if traced.loops >= lineage.LOOPS_MAX and not self._loops_allowed(name):
            raise RecursiveInvocation(_RECURSION)
        return traced.header

    def _pool(self, version: Version) -> Pool:
        key = (version.function, version.version)
        pool = self._pools.get(key)
        if pool is not None:
            if pool.version is version and pool.configuration is version.configuration:
                if not pool.current():
                    pool.refresh()
                return pool
            self._leave(pool)
        pool = self._pools[key] = Pool(version, self._supplies, self)
        if function := self._functions.get(version.function):
            self._provision(function, version.version, pool)
        return pool

    # -- services.lambda_.pool.Listener

    def invocation_ended(self, invocation: Invocation) -> None:
        """What it occupied is free; who waits for it may run next."""
        name = self._forget(invocation)
        if name is not None:
            self._capacity_freed(name)

    def provisioned_changed(self, pool: Pool) -> None:
        """A provisioned worker became ready or failed: the configuration of its concurrency says so."""
        function = self._functions.get(pool.version.function)
        if function is None:
            return
        for qualifier, given in function.provisioned.items():
            if self._version_of(function, qualifier) != pool.version.version:
                continue
            if pool.provisioned_error:
                given.status, given.allocated = "FAILED", 0
                given.status_reason = _INIT_FAILED
            elif given.status == "IN_PROGRESS" and pool.provisioned_ready >= given.demand == given.requested:
                # Once ready it stays so: a worker that dies later is replaced.
                given.status, given.allocated = "READY", given.requested

    def emptied(self, pool: Pool) -> None:
        """A pool that has left is gone for good."""
        self._leaving.discard(pool)

    def _forget(self, invocation: Invocation) -> FunctionName | None:
        found = self._running.pop(invocation, None)
        if found is None:
            return None
        function, unreserved = found
        if not invocation.provisioned:
            self._throttle.release(function, unreserved=unreserved)
        return function.name

    # -- services.lambda_.state.Observer

    def changed(self, version: Version) -> None:
        """The version was replaced: its idle workers go now, not when it is invoked next."""
        pool = self._pools.get((version.function, version.version))
        if pool is not None and (pool.version is not version or pool.configuration is not version.configuration):
            del self._pools[version.function, version.version]
            self._leave(pool)

    def concurrency_changed(self, function: Function) -> None:
        """Provisioned workers come or go, and who was throttled may run."""
        wanted = {self._version_of(function, qualifier) for qualifier in function.provisioned}
        for number in {version for name, version in self._pools if name == function.name} | wanted:
            version = function.at(number)
            if version is not None and version.state == "Active":
                self._provision(function, number, self._pool(version))
        self._capacity_freed(function.name)

    def deleted(self, function: Function, qualifier: str) -> None:
        """A version or the whole function is gone; what runs ends in peace."""
        for key in [key for key in self._pools if key[0] == function.name and qualifier in {"", key[1]}]:
            self._leave(self._pools.pop(key))
        if not qualifier:
            self._marks.pop(function.name, None)

    def _provision(self, function: Function, number: str, pool: Pool) -> None:
        count = sum(
            given.demand
            for qualifier, given in function.provisioned.items()
            if self._version_of(function, qualifier) == number
        )
        if count != pool.provisioned_wanted:
            pool.provision(count)

    def _version_of(self, function: Function, qualifier: str) -> str:
        alias = function.aliases.get(qualifier)
        return qualifier if alias is None else alias.version

    # -- the whole

    def _leave(self, pool: Pool) -> None:
        self._leaving.add(pool)
        pool.close()
        if not len(pool):
            self._leaving.discard(pool)

    def busy(self) -> bool:
        """Whether an invocation runs."""
        return bool(self._running)

    def running(self, name: FunctionName) -> int:
        """How many invocations of a function run."""
        return sum(function.name == name for function, _ in self._running.values())

    def workers(self) -> int:
        """How many sandboxes there are."""
        return sum(map(len, self._pools.values())) + sum(map(len, self._leaving))

    def kill(self, account: str | None, region: str | None) -> None:
        """End every sandbox of that account, or region, or both; None is any. What runs fails."""
        for key in [
            key for key in self._pools if account in {None, key[0].account} and region in {None, key[0].region}
        ]:
            self._leaving.add(self._pools.pop(key))
        for pool in list(self._leaving):
            name = pool.version.function
            if account in {None, name.account} and region in {None, name.region}:
                pool.close(kill=True)
                self._leaving.discard(pool)
