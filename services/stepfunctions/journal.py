"""What executions tell the world: logs at their level, and events when their status changes.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services import arn as arns
from services.stepfunctions import history, limits
from services.stepfunctions.status import redrive_status
from statemachine.data.json_text import dumps

if TYPE_CHECKING:
    from services.ports import Clock, Entropy, EventSink, LogDelivery
    from services.stepfunctions.model import Revision, Run, StateMachine
    from services.stepfunctions.state import State

_VALIDATION_STREAM: Final = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions"
_VALIDATION_TEXT: Final = (
    "Permissions are set correctly to allow AWS CloudWatch Logs to write into your logs while creating a subscription."
)


class Journal:
    """Looks on while executions run; the driver's `Journal`."""

    def __init__(self, clock: Clock, entropy: Entropy, state: State, logs: LogDelivery, events: EventSink) -> None:
        self._clock = clock
        self._entropy = entropy
        self._state = state
        self._logs = logs
        self._events = events

    def begun(self, run: Run) -> None:
        """It was started, or redriven."""
        self._tell_status(run)

    def advanced(self, run: Run) -> None:
        """There may be new events."""
        if run.express:
            # The history of an express execution is its log: nothing is kept.
            events = run.execution.take_events()
        else:
            events = run.execution.events[run.told :]
            run.told += len(events)
        logging = run.revision.logging
        if logging.level == "OFF" or not logging.group_arns:
            return
        new = [
            (int(event.at * 1000), history.logged(run, event, with_data=logging.includes_data))
            for event in events
            if history.is_logged(logging.level, event.type)
        ]
        if new:
            self._write(run.state_machine, run.revision, self._stream(run.state_machine), new)

    def ended(self, run: Run) -> None:
        """It has ended."""
        if not run.express or run.map_run_arn:
            self._state.close_run(run)
        self._state.machine_idle(run.state_machine)
        self._tell_status(run)

    def logging_was_set(self, machine: StateMachine, revision: Revision) -> None:
        """Whoever delivers logs leaves a stream of its own to try whether it may."""
        if revision.logging.group_arns:
            now_ms = int(self._clock.now() * 1000)
            self._write(machine, revision, _VALIDATION_STREAM, [(now_ms, _VALIDATION_TEXT)])

    def _stream(self, machine: StateMachine) -> str:
        if not machine.log_stream:
            at = datetime.fromtimestamp(self._clock.now(), UTC)
            machine.log_stream = f"states/{machine.name}/{at:%Y-%m-%d-%H-%M}/{self._entropy.bits(32):08x}"
        return machine.log_stream

    def _write(self, machine: StateMachine, revision: Revision, stream: str, events: list[tuple[int, str]]) -> None:
        for group_arn in revision.logging.group_arns:
            parsed = arns.parse(group_arn)
            if parsed is not None:
                group = parsed.resource.removeprefix("log-group:").removesuffix(":*")
                self._logs.deliver(
                    parsed.account or machine.scope.account,
                    parsed.region or machine.scope.region,
                    group,
                    stream,
                    events,
                )

    def _tell_status(self, run: Run) -> None:
        if run.express:
            return
        self._events.put(
            account=run.scope.account,
            region=run.scope.region,
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            resources=[run.arn],
            at=self._clock.now(),
            detail=lambda: dumps(_detail(run, self._clock.now())),
        )


def _detail(run: Run, now: float) -> dict[str, Any]:
    output = dumps(run.output) if run.status == "SUCCEEDED" else None
    redrivable, reason = redrive_status(run, now)
    fits = len(run.input.encode()) + len((output or "").encode()) <= limits.LOGGED_PAYLOAD_MAX
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "stateMachineVersionArn": run.version_arn or None,
        "stateMachineAliasArn": run.alias_arn or None,
        "name": run.name,
        "status": run.status,
        "startDate": int(run.started_at * 1000),
        "stopDate": None if run.stopped_at is None else int(run.stopped_at * 1000),
        "input": run.input if fits else None,
        "inputDetails": {"included": fits},
        "output": output if fits else None,
        "outputDetails": None if output is None else {"included": fits},
        "error": run.error,
        "cause": run.cause,
        "redriveCount": run.redrive_count,
        "redriveDate": None if run.redriven_at is None else int(run.redriven_at * 1000),
        "redriveStatus": redrivable,
        "redriveStatusReason": reason or None,
    }
