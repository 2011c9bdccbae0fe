"""What Lambda itself writes to a function's log: START, END, REPORT and their kin, as text or as JSON.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.lambda_ import runtimes

if TYPE_CHECKING:
    from services.lambda_.errors_of_functions import Failure
    from services.ports import Clock, LogSink, Usage

TAIL_MAX: Final = 4096
"""Bytes of the log that `LogType=Tail` gives."""
_LEVELS: Final = {"DEBUG": 0, "INFO": 1, "WARN": 2}


class Origin(NamedTuple):
    """Where a sandbox's log goes, and what it says of the sandbox."""

    account: str
    region: str
    group: str
    stream: str
    version: str
    runtime: str
    memory_mb: int
    json_format: bool = False
    system_level: str = "INFO"
    """The least level of Lambda's own records in the JSON format."""
    initialization_type: str = "on-demand"


def stream_name(now: float, version: str, number: int) -> str:
    """`2026/11/21/[$LATEST]<32 hexadecimal digits>`; `number` has 128 bits."""
    return f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d}/[{version}]{number:032x}"


def iso(now: float) -> str:
    """`2026-11-21T02:43:07.123Z`."""
    return datetime.fromtimestamp(math.floor(now * 1000 + 0.5) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Log:
    """The log stream of one sandbox."""

    __slots__ = ("_clock", "_held", "_init", "_origin", "_sink", "_tail")

    def __init__(self, sink: LogSink, clock: Clock, origin: Origin) -> None:
        self._sink = sink
        self._clock = clock
        self._origin = origin
        self._held: list[tuple[int, str]] = []
        """START, held until there is more to write: most invocations then write once."""
        self._tail: list[str] | None = None
        self._init: list[str] | None = []
        """What was written before the first invocation."""

    def init_start(self) -> None:
        """A sandbox begins."""
        origin = self._origin
        family = origin.runtime.rstrip("0123456789.x") or "provided"
        number = origin.runtime.removeprefix(family).removesuffix(".x").strip(".") or "1"
        version, arn = f"{family}:{number}.v1", runtimes.version_arn(origin.runtime, origin.region)
        if origin.json_format:
            kind = {"initializationType": origin.initialization_type, "phase": "init"}
            self._record("INFO", "initStart", kind | {"runtimeVersion": version, "runtimeVersionArn": arn})
        else:
            self._held.append((self._now_ms(), f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n"))

    def init_failed(self, duration_ms: float, error_type: str) -> None:
        """The init ended with an error."""
        if self._origin.json_format:
            record = {
                "initializationType": self._origin.initialization_type,
                "phase": "init",
                "status": "error",
                "errorType": error_type,
                "metrics": {"durationMs": round(duration_ms, 3)},
            }
            self._record("WARN", "initReport", record)
        else:
            text = (
                f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: init\tStatus: error\tError Type: {error_type}"
            )
            self._held.append((self._now_ms(), f"{text}\n"))
        self.flush()

    def start(self, request_id: str, *, tail: bool) -> None:
        """An invocation begins; with `tail`, what follows is remembered until `end`."""
        self._init = None
        self._tail = [] if tail else None
        version = self._origin.version
        if self._origin.json_format:
            self._record("INFO", "start", {"requestId": request_id, "version": version})
        else:
            self._say(f"START RequestId: {request_id} Version: {version}\n")

    def start_after_init(self, request_id: str, *, tail: bool) -> None:
        """An invocation begins whose init has failed. Its tail says why: AWS tries the init again within it."""
        init = self._init or []
        self.start(request_id, tail=tail)
        if self._tail is not None:
            self._tail += init

    def output(self, text: bytes) -> None:
        """The function wrote something: one event."""
        said = text.decode("utf-8", "replace")
        if self._init is not None:
            _keep(self._init, said)
        self._say(said)
        self.flush()

    def end(self, request_id: str, usage: Usage, failure: Failure | None) -> bytes:
        """The invocation has ended. Gives the tail, if it was wanted."""
        if self._origin.json_format:
            self._end_in_json(request_id, usage, failure)
        else:
            self._end_in_text(request_id, usage, failure)
        self.flush()
        tail, self._tail = self._tail, None
        if not tail:
            return b""
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in tail).encode()[-TAIL_MAX:]

    def flush(self) -> None:
        """Write what was held back."""
        held = self._held
        if held:
            self._held = []
            origin = self._origin
            self._sink.write(origin.account, origin.region, origin.group, origin.stream, held)

    def _end_in_text(self, request_id: str, usage: Usage, failure: Failure | None) -> None:
        if failure is not None and failure.line:
            stamped = f"{iso(self._clock.now())} {request_id} " if failure.status == "timeout" else ""
            self._say(f"{stamped}{failure.line}\n")
        self._say(f"END RequestId: {request_id}\n")
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {usage.duration_ms:.2f} ms\t"
            f"Billed Duration: {billed_ms(usage)} ms\tMemory Size: {self._origin.memory_mb} MB\t"
            f"Max Memory Used: {usage.max_memory_mb} MB\t"
        )
        if usage.init_duration_ms is not None:
            report += f"Init Duration: {usage.init_duration_ms:.2f} ms\t"
        if failure is not None and failure.status:
            report += f"Status: {failure.status}"
            report += f"\tError Type: {failure.error_type}" if failure.status == "error" else ""
        self._say(f"{report}\n")

    def _end_in_json(self, request_id: str, usage: Usage, failure: Failure | None) -> None:
        status = "success" if failure is None else failure.status or "error"
        metrics: dict[str, Any] = {
            "durationMs": round(usage.duration_ms, 3),
            "billedDurationMs": billed_ms(usage),
            "memorySizeMB": self._origin.memory_mb,
            "maxMemoryUsedMB": usage.max_memory_mb,
        }
        if usage.init_duration_ms is not None:
            metrics["initDurationMs"] = round(usage.init_duration_ms, 3)
        done: dict[str, Any] = {"requestId": request_id, "status": status}
        if failure is not None and status == "error":
            done["errorType"] = failure.error_type
        level = "DEBUG" if failure is None else "WARN"
        self._record(level, "runtimeDone", done | {"metrics": {"durationMs": metrics["durationMs"]}})
        self._record(
            "INFO" if failure is None else "WARN",
            "report",
            {"requestId": request_id, "metrics": metrics} | {name: done[name] for name in done if name != "requestId"},
        )

    def _record(self, level: str, kind: str, record: dict[str, Any]) -> None:
        if _LEVELS[level] >= _LEVELS.get(self._origin.system_level or "INFO", 1):
            told = {"time": iso(self._clock.now()), "type": f"platform.{kind}", "record": record}
            self._say(json.dumps(told, separators=(",", ":")) + "\n")

    def _say(self, text: str) -> None:
        self._held.append((self._now_ms(), text))
        if self._tail is not None:
            _keep(self._tail, text)

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _keep(tail: list[str], text: str) -> None:
    """Remember what a tail can still show: a function may write without end."""
    tail.append(text[-TAIL_MAX:])
    if len(tail) > 2 * TAIL_MAX:
        del tail[:-TAIL_MAX]


def billed_ms(usage: Usage) -> int:
    """What AWS charges for: whole milliseconds, begun ones count, and since August 2025 the init counts too."""
    return math.ceil(usage.duration_ms + (usage.init_duration_ms or 0.0))
