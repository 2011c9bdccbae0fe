"""One state's run under TestState, and what of it is shown.

The state stands alone in a machine of its own. The interpreter tells a `Trial` how it came out and a probe what its
data were on the way; here its effects are done (or the mock answers) and all of it is written down as AWS does.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from services.ports import TaskCall
from services.stepfunctions import names
from services.stepfunctions.batches import batched
from services.stepfunctions.test_state_request import waits_or_runs
from statemachine.context import timestamp
from statemachine.data.constant import Constant
from statemachine.data.json_text import dumps
from statemachine.data.scope import Scope
from statemachine.definition import Flow, Machine, Map, Pass, Producer, Task
from statemachine.effects import Cancel, Failed, Invoke, StandIn, Started, Succeeded, TimedOut
from statemachine.errors import TIMEOUT, StateError
from statemachine.execution import Execution
from statemachine.parse import LONE_STATE
from statemachine.start import Start, Trial
from statemachine.states.task import new_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from services.api import Call, Params
    from services.ports import Clock, Entropy, Integrations, RunningTask, Timer
    from services.stepfunctions.test_state_mocks import Mock
    from services.stepfunctions.test_state_request import Tested
    from statemachine.data.scope import Value
    from statemachine.definition import State
    from statemachine.effects import Effect, Outcome

LONGEST_S: Final = 300.0
"""How long a test may take (API reference: up to five minutes)."""

_ERROR_MAX: Final = 256
_CAUSE_MAX: Final = 32_768

_NUMBERS: Final = frozenset(("toleratedFailureCount", "toleratedFailurePercentage", "maxConcurrency"))
_PLAIN: Final = frozenset(("errorDetails", "request", "response"))
_SHOWN: Final = frozenset(
    (
        "input",
        "afterInputPath",
        "afterParameters",
        "afterArguments",
        "result",
        "afterResultSelector",
        "afterResultPath",
        "afterItemsPath",
        "afterItemSelector",
        "afterItemBatcher",
        "afterItemsPointer",
        "variables",
    )
)
_ONLY_OF_TASKS: Final = frozenset(("afterInputPath", "afterParameters", "afterArguments", "result"))
"""Recorded answers for Map and Parallel have none of these."""


class TestRun:
    """A state that is tested."""

    __test__ = False

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        integrations: Integrations,
        call: Call,
        params: Params,
        tested: Tested,
        mock: Mock | None,
    ) -> None:
        self._clock = clock
        self._integrations = integrations
        self._call = call
        self._params = params
        self._tested = tested
        self._mock = mock
        self._level = params.get("inspectionLevel") or "INFO"
        self._seen: dict[str, Any] = {}
        self._running: dict[int, RunningTask] = {}
        self._timer: Timer | None = None
        self._future: asyncio.Future[Params] | None = None
        self._started_at = clock.now()
        start = _start(call, params, tested, entropy, self._started_at)
        self._arn, self._role = start.execution_arn, start.role_arn
        self._trial = Trial(retry_count=tested.configuration.get("retrierRetryCount") or 0)
        self._execution = Execution(_machine(tested), start, entropy, probe=self._probe, trial=self._trial)

    def start(self) -> Params | Awaitable[Params]:
        """Run it: its answer, or what the answer will come by."""
        self._execution.begin(self._started_at)
        self._go_on()
        if self._execution.status != "RUNNING":
            return self._answer()
        self._future = asyncio.get_running_loop().create_future()
        self._future.add_done_callback(lambda _: self._give_up())
        return self._future

    def resolve(self, token: int, outcome: Outcome) -> None:
        """An outcome for one of its effects."""
        if self._execution.resolve(token, outcome, self._clock.now()):
            self._go_on()

    def _go_on(self) -> None:
        """Run until it waits or has ended. One state never runs long."""
        execution = self._execution
        while execution.run(self._clock.now()) or self._do_all():
            pass
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if execution.status != "RUNNING":
            if self._future is not None and not self._future.done():
                self._future.set_result(self._answer())
        elif (when := execution.wake_at) is not None:
            self._timer = self._clock.at(when, self._go_on)

    def _give_up(self) -> None:
        """The answer was given, or its caller has gone."""
        if self._timer is not None:
            self._timer.cancel()
        for running in self._running.values():
            running.cancel()
        self._running.clear()

    # Effects.

    def _do_all(self) -> bool:
        """Do what it asks for. Whether there was anything."""
        wanted = self._execution.take_effects()
        for effect in wanted:
            self._do(effect)
        return bool(wanted)

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Cancel):
            running = self._running.pop(effect.token, None)
            if running is not None:
                running.cancel()
        elif isinstance(effect, StandIn) or self._mock is not None:
            # Without a mock nothing of this kind was let in.
            assert self._mock is not None
            outcome: Outcome = self._mock.outcome(self._seen)
            if isinstance(effect, StandIn) and isinstance(effect.state, Map):
                try:
                    self._look_at_items(effect.state, effect.input)
                except StateError as error:
                    outcome = Failed(error.error, error.cause)
            self._execution.resolve(effect.token, outcome, self._clock.now())
        elif isinstance(effect, Invoke):
            credentials = effect.credentials
            call = TaskCall(
                resource=effect.state.resource,
                arguments=effect.arguments,
                account=self._call.scope.account,
                region=self._call.scope.region,
                execution_arn=self._arn,
                role_arn=self._role,
                credentials_role_arn=credentials.get("RoleArn", "") if isinstance(credentials, dict) else "",
                state_name=LONE_STATE,
                attempt=effect.attempt,
                trace=self._call.trace_header,
                observe=self._observe if self._level == "TRACE" else None,
                reveal_secrets=bool(self._params.get("revealSecrets")),
            )
            self._running[effect.token] = self._integrations.begin(call, _Reply(self, effect.token))

    # What is seen.

    def _probe(self, stage: str, value: Any) -> None:
        self._seen[stage] = value

    def _look_at_items(self, state: Map, items: list[Any] | None) -> None:
        """What of a Map's items the interpreter does not do itself on trial: the reader, and batches.

        Raises:
            StateError: the reader can't read, or the batcher's fields can't be evaluated.
        """
        if self._tested.unread is not None:
            raise self._tested.unread
        original = self._tested.state
        if isinstance(original, Map) and original.item_reader is not None:
            self._seen.pop("afterItemsPath", None)
            if "ItemsPointer" in original.item_reader.config and items is not None:
                self._seen["afterItemsPointer"] = items
        selected = self._seen.get("afterItemSelector", items)
        if state.item_batcher is None or selected is None:
            return
        batcher, start = state.item_batcher, self._execution.start
        scope = Scope(start.input, start.context or {}, start.variables, self._execution.chance)
        root = self._seen.get("afterInputPath", start.input)

        def of(value: Value | None) -> Any:
            return None if value is None else value.evaluate(scope, root)

        batches = batched(
            selected,
            max_items=of(batcher.max_items),
            max_bytes=of(batcher.max_bytes),
            batch_input=of(batcher.batch_input),
        )
        self._seen["afterItemBatcher"] = [batch.value for batch in batches]

    def _observe(self, stage: str, value: Mapping[str, str]) -> None:
        self._seen[stage] = dict(value)

    def _answer(self) -> Params:
        execution, trial = self._execution, self._trial
        status = trial.status or ("SUCCEEDED" if execution.status == "SUCCEEDED" else "FAILED")
        answer: Params = {"status": status}
        if execution.status == "SUCCEEDED":
            answer["output"] = self._text(execution.output)
            if trial.next_state is not None:
                answer["nextState"] = trial.next_state
        error = TIMEOUT if execution.status == "TIMED_OUT" and execution.error is None else execution.error
        if error is not None:
            answer["error"] = error[:_ERROR_MAX]
        if execution.cause is not None:
            answer["cause"] = execution.cause[:_CAUSE_MAX]
        if self._level != "INFO":
            answer["inspectionData"] = self._inspected()
        return answer

    def _inspected(self) -> dict[str, Any]:
        state = self._tested.state
        found: dict[str, Any] = {}
        for stage, value in self._seen.items():
            if stage in _NUMBERS:
                found[stage] = value
            elif stage in _PLAIN:
                found[stage] = _whole(value)
            elif _is_shown(state, stage, value):
                found[stage] = self._text(value)
        return found

    def _text(self, value: Any) -> str:
        """A value as text. What the caller gave and nothing has changed comes back as it was given."""
        if isinstance(value, (dict, list)):
            if self._mock is not None and value is self._mock.result:
                return self._mock.text
            if value is self._tested.input and self._params.get("input"):
                return str(self._params["input"])
        return dumps(value)


class _Reply:
    """The port `TaskEvents` of a tested task."""

    def __init__(self, run: TestRun, token: int) -> None:
        self._run = run
        self._token = token

    def started(self) -> None:
        """It has begun."""
        self._run.resolve(self._token, Started())

    def submitted(self, output: Any) -> None:
        """Never for what can be tested."""

    def succeeded(self, output: Any) -> None:
        """Its result."""
        self._run.resolve(self._token, Succeeded(output))

    def failed(self, error: str | None, cause: str | None, stage: str = "") -> None:
        """It has failed."""
        self._run.resolve(self._token, Failed(error, cause, stage))

    def timed_out(self, error: str | None, cause: str | None) -> None:
        """It says itself that it has timed out."""
        self._run.resolve(self._token, TimedOut(error, cause))


def _is_shown(state: State, stage: str, value: Any) -> bool:
    """Whether AWS shows this step of this kind of state."""
    if stage not in _SHOWN or (stage == "variables" and not value):
        return False
    if stage not in _ONLY_OF_TASKS or isinstance(state, Task) or not isinstance(state, Producer):
        return True
    # A Pass has no raw result; its Parameters are shown (the developer guide's example).
    return isinstance(state, Pass) and state.language == "JSONPath" and stage != "result"


def _whole(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(item) if isinstance(item, float) else item for name, item in value.items()}


def _machine(tested: Tested) -> Machine:
    """A machine of that state only."""
    state = tested.state
    if isinstance(state, Map) and tested.items is not None:
        # What the reader would have read is as good as items of its own.
        state = replace(state, item_reader=None, items=Constant(tested.items))
    return Machine(Flow(state.name, {state.name: state}, state.language))


def _start(call: Call, params: Params, tested: Tested, entropy: Entropy, now: float) -> Start:
    machine, name = entropy.uuid(), entropy.uuid()
    region = call.scope.region
    arn = names.make(call.scope, "express", machine, name)
    role = params.get("roleArn")
    machine_arn = names.make(call.scope, "stateMachine", machine)
    context: dict[str, Any] = {
        "Execution": {
            "Id": arn,
            "Input": tested.input,
            "Name": name,
            "RoleArn": role,
            "StartTime": timestamp(now),
        },
        "StateMachine": {"Id": machine_arn, "Name": machine},
        # It is called so even if the definition has another name for it (recorded).
        "State": {"Name": LONE_STATE, "EnteredTime": timestamp(now)},
    }
    if isinstance(tested.state, Producer) and not isinstance(tested.state, Pass):
        context["State"]["RetryCount"] = tested.configuration.get("retrierRetryCount") or 0
    if waits_or_runs(tested.state):
        context["Task"] = {"Token": new_token(entropy)}
    return Start(
        execution_arn=arn,
        name=name,
        role_arn=role or "",
        machine_arn=machine_arn,
        machine_name=machine,
        input=tested.input,
        region=region,
        timeout_s=LONGEST_S,
        variables=tested.variables,
        context=context if tested.context is None else tested.context,
    )
