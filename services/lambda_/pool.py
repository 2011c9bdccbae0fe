"""The warm pool of one version: its workers, idle ones reused newest first.

A worker that was not used for five to ten minutes of the clock (or of real time, when the clock stands still) is shut
down; AWS documents no figure. One whose code or configuration was replaced is shut down as soon as it is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from services.lambda_ import logs
from services.lambda_.errors import InvalidRuntime
from services.lambda_.worker import State, Worker
from services.ports import SandboxSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.lambda_.invocation import Invocation
    from services.lambda_.model import FunctionName, Version
    from services.ports import Clock, CodeStore, Entropy, LogSink, Sandboxes, Timer

IDLE_S: Final = 600.0
"""An unused worker is shut down after this long at the latest."""
_SWEEPS: Final = 2


class Listener(Protocol):
    """Who wants to know about a pool's workers (`services.lambda_.invoker.Invoker`)."""

    def invocation_ended(self, invocation: Invocation) -> None:
        """It has its outcome in a moment; what it occupied is free."""

    def provisioned_changed(self, pool: Pool) -> None:
        """A provisioned worker became ready or failed."""

    def emptied(self, pool: Pool) -> None:
        """The last worker is gone."""


class Supplies:
    """What every pool needs."""

    __slots__ = ("clock", "code", "debug_of", "entropy", "idle_s", "logs", "sandboxes")

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        sandboxes: Sandboxes,
        code: CodeStore,
        log_sink: LogSink,
        idle_s: float = IDLE_S,
        debug_of: Callable[[FunctionName], str] = lambda name: "",
    ) -> None:
        self.clock = clock
        self.entropy = entropy
        self.sandboxes = sandboxes
        self.code = code
        self.logs = log_sink
        self.idle_s = idle_s
        self.debug_of = debug_of


class Pool:
    """The workers of one version in one configuration; the workers' `Owner`."""

    def __init__(self, version: Version, supplies: Supplies, listener: Listener) -> None:
        self.version = version
        self._supplies = supplies
        self._listener = listener
        self.configuration = version.configuration
        codes = (self.configuration.code, *self.configuration.layer_code)
        self._live = [code for code in codes if code.live]
        self._fingerprint = self._look()
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        """The one used last is last."""
        self._finishing: list[Worker] = []
        """They have responded; no invocation is attached yet."""
        self._closed = False
        self._sweeper: Timer | None = None
        self.provisioned_wanted = 0
        self.provisioned_error = ""
        """The error type of a provisioned worker's init that failed."""

    # -- the invoker's side

    def __len__(self) -> int:
        return len(self._workers)

    def current(self) -> bool:
        """Whether its workers are still what is to run: a live folder may have changed."""
        if not self._live:
            return True
        seen = self._look()
        if seen == self._fingerprint:
            return True
        self._fingerprint = seen
        return False

    def provisioned_free(self) -> bool:
        """Whether a provisioned worker can take an invocation."""
        return self.provisioned_wanted > 0 and self._free(provisioned=True) is not None

    def run(self, invocation: Invocation) -> None:
        """Run it on a worker: an idle one, one that is about to be free, or a new one.

        Raises:
            InvalidRuntime: no sandbox can be started here.
        """
        worker = self._free(provisioned=invocation.provisioned)
        if worker is None:
            worker = self._start(provisioned=False)
        elif worker.state is State.IDLE:
            self._idle.remove(worker)
        elif worker.state is State.FINISHING:
            self._finishing.remove(worker)
        worker.attach(invocation)

    def refresh(self) -> None:
        """The code has changed: no present worker is used again."""
        for worker in list(self._workers):
            self._retire(worker)
        self._fill()

    def close(self, *, kill: bool = False) -> None:
        """No more invocations will come. What runs ends in peace, or at once with `kill`."""
        self._closed = True
        self.provisioned_wanted = 0
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for worker in list(self._workers):
            if kill:
                worker.shut_down("spindown")
            else:
                self._retire(worker)

    def provision(self, count: int) -> None:
        """Keep `count` provisioned workers."""
        self.provisioned_wanted = count
        self.provisioned_error = ""
        for worker in [worker for worker in self._workers if worker.provisioned][count:]:
            self._retire(worker)
        self._fill()
        self._listener.provisioned_changed(self)

    @property
    def provisioned_ready(self) -> int:
        """Provisioned workers past their init."""
        return sum(worker.provisioned and worker.state is not State.STARTING for worker in self._workers)

    # -- services.lambda_.worker.Owner

    def worker_responded(self, worker: Worker, invocation: Invocation) -> None:
        """It will be free as soon as its runtime asks again."""
        if worker.state is State.FINISHING and not worker.stale:
            self._finishing.append(worker)
        self._listener.invocation_ended(invocation)

    def worker_ready(self, worker: Worker) -> None:
        """It is free."""
        if worker in self._finishing:
            self._finishing.remove(worker)
        if worker.stale or self._closed:
            # Begun in a closed pool: for an invocation whose former worker died under it.
            worker.shut_down("spindown")
            return
        self._idle.append(worker)
        if self._sweeper is None and not worker.provisioned:
            self._arm()
        if worker.provisioned:
            self._listener.provisioned_changed(self)

    def worker_gone(self, worker: Worker, unserved: Invocation | None, init_error: str) -> None:
        """Forget it; what it could not run goes to another one."""
        self._workers.discard(worker)
        for among in (self._idle, self._finishing):
            if worker in among:
                among.remove(worker)
        if unserved is not None:
            try:
                self.run(unserved)
            except InvalidRuntime as error:
                self._listener.invocation_ended(unserved)
                unserved.fail(error)
        if worker.provisioned and not worker.stale:
            if init_error:
                self.provisioned_error = init_error
            else:
                self._fill()
            self._listener.provisioned_changed(self)
        if not self._workers:
            self._listener.emptied(self)

    # -- within

    def _free(self, *, provisioned: bool) -> Worker | None:
        """A worker without an invocation, the idle one used last if there is one."""
        idle = self._idle
        if idle and idle[-1].provisioned is provisioned:
            return idle[-1]
        for worker in (*reversed(idle), *self._finishing):
            if worker.provisioned is provisioned:
                return worker
        if not provisioned:
            return None
        # One that still begins was begun for whoever comes first.
        starting = (worker for worker in self._workers if worker.provisioned and worker.state is State.STARTING)
        return next((worker for worker in starting if not worker.attached and not worker.stale), None)

    def _start(self, *, provisioned: bool) -> Worker:
        supplies, configuration = self._supplies, self.configuration
        why_not = supplies.sandboxes.why_not(configuration.runtime, configuration.code)
        if why_not:
            raise InvalidRuntime(why_not)
        spec = self._spec(provisioned=provisioned)
        origin = logs.Origin(
            spec.account,
            spec.region,
            spec.log_group,
            spec.log_stream,
            spec.version,
            spec.runtime,
            spec.memory_mb,
            spec.log_format == "JSON",
            configuration.system_log_level,
            spec.initialization_type,
        )
        worker = Worker(self, self.version, logs.Log(supplies.logs, supplies.clock, origin), provisioned=provisioned)
        self._workers.add(worker)
        worker.started(supplies.sandboxes.start(spec, worker))
        return worker

    def _spec(self, *, provisioned: bool) -> SandboxSpec:
        name, configuration, supplies = self.version.function, self.configuration, self._supplies
        version = self.version.version
        return SandboxSpec(
            function_arn=name.arn(),
            function_name=name.name,
            version=version,
            account=name.account,
            region=name.region,
            runtime=configuration.runtime,
            handler=configuration.handler,
            code=configuration.code,
            layers=configuration.layer_code,
            environment=configuration.environment,
            memory_mb=configuration.memory_mb,
            timeout_s=configuration.timeout_s,
            ephemeral_mb=configuration.ephemeral_mb,
            architecture=configuration.architecture,
            log_group=configuration.log_group or f"/aws/lambda/{name.name}",
            log_stream=logs.stream_name(supplies.clock.now(), version, supplies.entropy.bits(128)),
            log_format=configuration.log_format or "Text",
            application_log_level=configuration.application_log_level,
            initialization_type="provisioned-concurrency" if provisioned else "on-demand",
            debug=supplies.debug_of(name),
            role=configuration.role,
        )

    def _fill(self) -> None:
        """Start what is missing of the provisioned workers."""
        if self._closed or self.provisioned_error:
            return
        present = sum(worker.provisioned and not worker.stale for worker in self._workers)
        for _ in range(self.provisioned_wanted - present):
            try:
                self._start(provisioned=True)
            except InvalidRuntime:
                self.provisioned_error = "Runtime.Unknown"
                return

    def _retire(self, worker: Worker) -> None:
        worker.stale = True
        if worker.state is State.IDLE or (worker.state is State.STARTING and not worker.attached):
            worker.shut_down("spindown")
        elif worker in self._finishing:
            self._finishing.remove(worker)

    def _look(self) -> str:
        return "".join(self._supplies.code.fingerprint(code) for code in self._live)

    def _arm(self) -> None:
        self._sweeper = self._supplies.clock.patience(self._supplies.idle_s / _SWEEPS, self._sweep)

    def _sweep(self) -> None:
        """Shut down who was not used since the sweep before the last. One timer for all: none an invocation."""
        self._sweeper = None
        for worker in list(self._idle):
            if not worker.provisioned:
                worker.sweeps += 1
                if worker.sweeps >= _SWEEPS:
                    worker.shut_down("spindown")
        if not self._closed and any(not worker.provisioned for worker in self._workers):
            self._arm()
