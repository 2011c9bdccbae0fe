"""A world for executions: it answers what they ask for by a script, and moves their time."""

from __future__ import annotations

import heapq
import json
from itertools import count
from typing import Any

import pytest

from statemachine import effects
from statemachine.execution import Execution, Start
from statemachine.parse import parse
from statemachine.replay import Recording, replay

OUTCOMES = {
    "scheduled": effects.Scheduled,
    "started": effects.Started,
    "submitted": effects.Submitted,
    "succeeded": effects.Succeeded,
    "failed": effects.Failed,
    "timed_out": effects.TimedOut,
    "heartbeat": effects.Heartbeat,
}


class Draws:
    """Chance that says what it drew before, each time it is made anew."""

    def __init__(self, seed: int = 1) -> None:
        self._state = seed

    def bits(self, n: int) -> int:
        drawn = 0
        for _ in range(0, n, 32):
            self._state = (self._state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            drawn = (drawn << 32) | (self._state >> 32)
        return drawn & ((1 << n) - 1)

    def uniform(self) -> float:
        return self.bits(53) / (1 << 53)

    def uuid(self) -> str:
        text = f"{self.bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


class World:
    """Runs one execution to its end, and on through what `calls` say.

    `outcomes`: by a state's name, for each of its attempts (the last one stands for all that follow) what it is told:
    `[seconds, kind, {members}]`. `calls`: `[at, "stop", error, cause]` or `[at, "redrive"]`.
    """

    def __init__(
        self,
        definition: Any,
        input: Any = None,
        outcomes: dict[str, list[list[Any]]] | None = None,
        calls: list[list[Any]] | None = None,
        budget: int = 1000,
        **start: Any,
    ) -> None:
        self.machine = parse(definition if isinstance(definition, str) else json.dumps(definition))
        self.start = Start(
            **{
                "execution_arn": "arn:aws:states:us-east-1:000000000000:execution:m:e",
                "name": "e",
                "role_arn": "arn:aws:iam::000000000000:role/r",
                "machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
                "machine_name": "m",
                "region": "us-east-1",
                "input": {} if input is None else input,
                **start,
            }
        )
        self.execution = self.fresh()
        self.recording = Recording(self.execution)
        self.effects: list[effects.Effect] = []
        self.budget = budget
        self.now = 0.0
        self._outcomes = outcomes or {}
        self._attempts: dict[str, int] = {}
        self._queue: list[tuple[float, int, tuple[Any, ...]]] = []
        self._order = count()
        for at, method, *arguments in calls or ():
            self._push(at, (method, *arguments))

    def fresh(self) -> Execution:
        """An execution that has not begun."""
        return Execution(self.machine, self.start, Draws())

    def run(self) -> Execution:
        """Until nothing happens any more."""
        self.recording.begin(self.now)
        return self.go_on()

    def redrive(self) -> Execution:
        """Redriven, and on until nothing happens any more."""
        self.recording.redrive(self.now)
        return self.go_on()

    def go_on(self) -> Execution:
        """Until nothing happens any more."""
        for _ in range(100_000):
            while self.recording.run(self.now, self.budget):
                pass
            self._take()
            wake_at = self.execution.wake_at
            come = self._queue[0][0] if self._queue else None
            if come is not None and (wake_at is None or come <= wake_at):
                self.now, _, call = heapq.heappop(self._queue)
                self._call(*call)
            elif wake_at is not None:
                self.now = wake_at
            else:
                return self.execution
        raise AssertionError("it does not end")

    def replayed(self) -> Execution:
        """Another one, by the log of this one."""
        return replay(self.recording.log, self.fresh())

    def _call(self, method: str, *arguments: Any) -> None:
        if method == "resolve":
            self.recording.resolve(*arguments, self.now)
        elif method == "stop":
            self.recording.stop(self.now, *arguments)
        else:
            self.recording.redrive(self.now)

    def _take(self) -> None:
        for effect in self.execution.take_effects():
            self.effects.append(effect)
            if isinstance(effect, effects.Cancel):
                continue
            name = effect.state.name
            attempts = self._outcomes.get(name, [[]])
            attempt = attempts[min(self._attempts.get(name, 0), len(attempts) - 1)]
            self._attempts[name] = self._attempts.get(name, 0) + 1
            for after, kind, members in attempt:
                self._push(self.now + after, ("resolve", effect.token, OUTCOMES[kind](**members)))

    def _push(self, at: float, call: tuple[Any, ...]) -> None:
        heapq.heappush(self._queue, (at, next(self._order), call))


@pytest.fixture
def world() -> type[World]:
    return World
