"""What the control API does, without its HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from emulator.admin import values
from emulator.admin.conditions import compile_condition
from emulator.clock import ClockError
from emulator.config import TimeMode
from services.errors import ServiceError
from services.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.admin.conditions import Executions, Queues
    from emulator.clock import Clock
    from services.api import Service


class Neighbours(Protocol):
    """The services we don't own."""

    def service_names(self) -> list[str]:
        """The names of those that can be asked."""

    def reset(self, service: str | None, account: str | None, region: str | None) -> list[str]:
        """Forget; the names of those that had anything to forget."""


class Settings(Protocol):
    """What a server was told at start, as far as it is shown."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...


class Emulator(Protocol):
    """The parts that are controlled (`emulator.app.App`)."""

    clock: Clock
    services: dict[str, Service]
    shut_down: Callable[[], None]
    own_address: str

    @property
    def settings(self) -> Settings: ...
    @property
    def sqs(self) -> Queues: ...
    @property
    def executions(self) -> Executions: ...
    @property
    def neighbours(self) -> Neighbours: ...
    @property
    def version(self) -> str: ...


@runtime_checkable
class ScopedReset(Protocol):
    """A service whose state can be forgotten in part."""

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the scopes of that account, or region, or both."""


class ControlError(Exception):
    """A wish that can't be met. Its text is for the person who asked."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class Control:
    """One emulator's levers. Methods take what JSON has and give what JSON takes; they raise ControlError only."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._clock = emulator.clock

    # -- state

    def health(self) -> dict[str, Any]:
        """That the server runs, what it is, and which services it has: `running` ours, `available` the neighbours."""
        emulator = self._emulator
        own = dict.fromkeys(emulator.services, "running")
        others = dict.fromkeys(emulator.neighbours.service_names(), "available")
        return {
            "status": "running",
            "version": emulator.version,
            "endpoint": emulator.own_address,
            "region": emulator.settings.region,
            "account": emulator.settings.account,
            "services": dict(sorted((others | own).items())),
            "time": self.time_status(),
        }

    async def reset(
        self, service: str | None = None, account: str | None = None, region: str | None = None
    ) -> dict[str, Any]:
        """Forget all state, or that of one service, account or region; `{"reset": [service, ...]}`."""
        emulator = self._emulator
        names = [name for name in emulator.services if service in {None, name}]
        if service is not None and not names and service not in emulator.neighbours.service_names():
            raise ControlError(f"there is no service {service}", 404)
        for name in names:
            self._reset_own(emulator.services[name], account, region)
        if service is None or not names:
            # Waits for a call under way, and that may be importing half of moto.
            names += await asyncio.to_thread(emulator.neighbours.reset, service, account, region)
        return {"reset": names}

    @staticmethod
    def _reset_own(service: Service, account: str | None, region: str | None) -> None:
        if account is None and region is None:
            service.reset()
        elif isinstance(service, ScopedReset):
            service.reset_scope(account, region)
        else:
            raise ControlError(f"{service.name} can only be reset as a whole", 501)

    def shutdown(self) -> dict[str, Any]:
        """Stop the server, once this has been answered."""
        # A moment later: stopping closes the connection that waits for the answer.
        asyncio.get_running_loop().call_later(0.05, self._emulator.shut_down)
        return {"status": "stopping"}

    # -- time

    def time_status(self) -> dict[str, Any]:
        """The clock: its mode, where it is and what is pending."""
        clock = self._clock
        now = clock.now()
        return {
            "mode": clock.mode,
            "scale": clock.scale,
            "now": now,
            "now_iso": values.iso(now),
            "timers": clock.pending(),
            "next_at": clock.next_at(),
            "holds": clock.holds,
        }

    async def advance(self, seconds: float | str) -> dict[str, Any]:
        """Move ahead; `{"now", "now_iso", "fired"}`."""
        length = self._wanted(values.seconds, seconds)
        self._reachable(length)
        return self._moved(await self._clock.advance(length))

    async def advance_to(self, instant: float | str) -> dict[str, Any]:
        """Move ahead to an instant; `{"now", "now_iso", "fired"}`."""
        at = self._wanted(values.epoch, instant)
        try:
            return self._moved(await self._clock.advance_to(at))
        except ClockError as error:
            now = values.iso(self._clock.now())
            raise ControlError(f"{error}: it is {now}, {values.iso(at)} has passed") from error

    async def step(self, limit: float | str | None = None) -> dict[str, Any]:
        """Fire the next timer, if due by `limit`, else move to `limit`; `{"now", "now_iso", "fired", "next_at"}`."""
        at = None if limit is None else self._wanted(values.epoch, limit)
        if at is not None and at < self._clock.now():
            raise ControlError(f"time does not go back: {values.iso(at)} has passed")
        return {**self._moved(await self._clock.step(at)), "next_at": self._clock.next_at()}

    async def run_until(self, condition: Mapping[str, Any], at_most: float | str) -> dict[str, Any]:
        """Fire timer by timer until the condition holds; `{"met", "now", "now_iso", "fired"}`."""
        length = self._wanted(values.seconds, at_most)
        self._reachable(length)
        settings = self._emulator.settings
        home = Scope(settings.account, settings.region)
        try:
            holds = compile_condition(
                condition, self._emulator.sqs, lambda: self._emulator.executions, home, self._busy
            )
        except ValueError as error:
            raise ControlError(str(error)) from error
        except ServiceError as error:
            raise ControlError(error.message) from error
        met, fired = await self._clock.run_until(holds, length)
        return {"met": met, **self._moved(fired)}

    def _busy(self) -> bool:
        return any(service.busy() for service in self._emulator.services.values())

    def set_mode(self, mode: str) -> dict[str, Any]:
        """Go on as `real`, `manual` or `xN`; the clock's status."""
        found = self._wanted(TimeMode.parse, mode)
        if found.start_at is not None:
            raise ControlError("a mode has no instant here: set it, then advance_to the instant")
        self._clock.set_mode(found.mode, found.scale)
        return self.time_status()

    def _moved(self, fired: int) -> dict[str, Any]:
        now = self._clock.now()
        return {"now": now, "now_iso": values.iso(now), "fired": fired}

    def _reachable(self, length: float) -> None:
        if self._clock.now() + length > values.LATEST:
            raise ControlError(f"that is too far ahead: the last instant is {values.iso(values.LATEST)}")

    @staticmethod
    def _wanted(read: Callable[[Any], Any], value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            raise ControlError(str(error)) from error
