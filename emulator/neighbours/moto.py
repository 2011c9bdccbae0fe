"""The services we don't own, answered by moto in this process.

moto is imported when the first of them is called, service by service, on a worker thread. Its state is its own: moto's
SQS, for one, has nothing to do with ours, and is never reached.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from emulator.neighbours import directory
from emulator.neighbours.turn import Turn
from services.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.identities import Identities
    from emulator.neighbours.gateway import Gateway
    from emulator.neighbours.telling import Letter
    from emulator.wire.exchange import Exchange, Reply
    from services.ports import Clock, Hold

log = logging.getLogger("undercast.neighbours")

T = TypeVar("T")

_AT_ONCE = 32
"""Calls that have a thread. One computes; others wait for their turn or for an outgoing post of theirs."""


class Deliver(Protocol):
    """`services.ports.Deliveries.send`."""

    async def __call__(
        self,
        target_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        /,
        *,
        account: str,
        region: str,
    ) -> None: ...


class Backlog(Protocol):
    """What a service of ours has to tell a neighbour, kept until somebody asks that neighbour."""

    async def flush(self) -> None:
        """Tell it, by `Neighbours.call`."""

    def forget(self, account: str | None, region: str | None) -> None:
        """Drop what is of that account, or region, or both; None is any. May come from another thread."""


class Neighbours:
    """moto behind one door: whole requests in, whole replies out. moto's state is one for the process."""

    def __init__(
        self,
        clock: Clock,
        default_account: str,
        default_region: str,
        *,
        identities: Identities | None = None,
        seed: int | None = None,
        backlogs: Mapping[str, Backlog] | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        """`backlogs`: what waits to be told to a service, by its signing name. `identities`: keys that we gave out.
        `deliver`: takes what a neighbour tells our queues, topics and functions.
        """
        self._deliver = deliver
        self._telling: set[asyncio.Task[None]] = set()
        self._identities = identities
        self._backlogs = backlogs or {}
        self._clock = clock
        self._default_account = default_account
        self._default_region = default_region
        self._seed = seed
        self._turn = Turn()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._gateway: Gateway | None = None

    def service_names(self) -> list[str]:
        """Botocore's names of the services that can be asked. Does not import moto."""
        return list(directory.service_names())

    async def answer(self, exchange: Exchange, service: str, account: str = "", region: str = "") -> Reply:
        """The reply of `service` (botocore's, its signing or its endpoint's name). The clock is held meanwhile.

        The reply to a HEAD carries its own content-length, the object's.

        Raises:
            NotImplementedByUndercast: moto has no such service, or not this operation of it.
            MalformedRequest: the body is not in the coding that its headers announce.
        """
        scope = (account or self._default_account, region or self._default_region)
        backlog = self._backlogs.get(service)
        if backlog is not None:
            await backlog.flush()
        return await self._in_turn(lambda moto: moto.answer(exchange, service, *scope))

    async def call(
        self, service: str, operation: str, params: dict[str, Any], account: str = "", region: str = ""
    ) -> dict[str, Any]:
        """Call an operation without HTTP: AWS's operation and member names in, the output out (bodies as bytes).

        Raises:
            NeighbourError: the service refused.
        """
        scope = (account or self._default_account, region or self._default_region)
        return await self._in_turn(lambda moto: moto.call(service, operation, params, *scope))

    def reset(self, service: str | None = None, account: str | None = None, region: str | None = None) -> list[str]:
        """Forget the state of one service, account or region, or of all of them; the services that had any.

        Global services (S3, IAM) have no regions in moto: naming one leaves them alone. Waits for a call under way.
        """
        for name, backlog in self._backlogs.items():
            if service in {None, name}:
                backlog.forget(account, region)
        if self._gateway is None:
            return []
        home = directory.home_of(service) if service is not None else None
        if service is not None and home is None:
            return []
        with self._turn:
            return self._gateway.reset(home.package if home is not None else None, account, region)

    def close(self) -> None:
        """Undo what was changed in libraries that others may use too."""
        if self._gateway is not None:
            self._gateway.close()

    async def _in_turn(self, work: Callable[[Gateway], T]) -> T:
        hold = self._clock.hold()
        try:
            await self._slots.acquire()
        except asyncio.CancelledError:
            hold.release()
            raise
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        # Daemon threads: one that waits for an outgoing post must not keep the server from ending.
        letters: list[Letter] = []
        threading.Thread(target=self._work, args=(work, done, letters), name="undercast-neighbour", daemon=True).start()
        waiting = asyncio.wrap_future(done)
        waiting.add_done_callback(functools.partial(self._finished, hold, letters))
        # A client that goes away does not undo what moto is doing: the clock stays held until it is done.
        return await asyncio.shield(waiting)

    def _finished(self, hold: Hold, letters: list[Letter], done: asyncio.Future[T]) -> None:
        self._slots.release()
        if not done.cancelled():
            # Seen: an error whose client went away is no loss.
            done.exception()
        if letters and self._deliver is not None:
            task = asyncio.get_running_loop().create_task(self._tell(self._deliver, letters, hold))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        else:
            hold.release()

    async def _tell(self, deliver: Deliver, letters: list[Letter], hold: Hold) -> None:
        """Hand over what a call had to tell. Whoever is not there is told nothing, as on AWS."""
        with hold:
            for letter in letters:
                try:
                    await deliver(letter.target_arn, letter.body, {}, account=letter.account, region=letter.region)
                except ServiceError as error:
                    log.info("Nothing was told to %s: %s", letter.target_arn, error.message)

    def _work(self, work: Callable[[Gateway], T], done: concurrent.futures.Future[T], letters: list[Letter]) -> None:
        try:
            with self._turn:
                gateway = self._opened()
                try:
                    result = work(gateway)
                finally:
                    letters += gateway.outbox.take()
        except BaseException as error:  # noqa: BLE001 - not swallowed: carried to the one who waits
            done.set_exception(error)
        else:
            done.set_result(result)

    def _opened(self) -> Gateway:
        if self._gateway is None:
            from emulator.neighbours.gateway import Gateway

            self._gateway = Gateway(self._clock, self._default_account, self._seed, self._turn, self._identities)
        return self._gateway
