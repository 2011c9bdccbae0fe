"""State machines to measure with, and what makes and starts them on a server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from bench.client import CallError

if TYPE_CHECKING:
    from bench.client import Client

_POLL_S = 0.001
_PAGE = 1000


def passes(count: int) -> dict[str, Any]:
    """Pass states in a row."""
    states: dict[str, Any] = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(count - 1)}
    return {"StartAt": "S0", "States": states | {f"S{count - 1}": {"Type": "Pass", "End": True}}}


def mapping() -> dict[str, Any]:
    """A Pass for every item."""
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}}


def loop(turns: int) -> dict[str, Any]:
    """A counter that a Choice looks at: two states a turn."""
    rule = {"Variable": "$.n", "NumericLessThan": turns, "Next": "Add"}
    return {
        "StartAt": "Look",
        "States": {
            "Look": {"Type": "Choice", "Choices": [rule], "Default": "Enough"},
            "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Look"},
            "Enough": {"Type": "Succeed"},
        },
    }


def waiting(count: int) -> dict[str, Any]:
    """A Wait until `$.until`, then Pass states in a row."""
    chain = passes(count)
    wait = {"Type": "Wait", "TimestampPath": "$.until", "Next": chain["StartAt"]}
    return {"StartAt": "W", "States": {"W": wait} | chain["States"]}


class Machines:
    """Makes and runs state machines on one server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, name: str, definition: dict[str, Any], kind: str = "STANDARD") -> str:
        """The ARN of a new state machine."""
        role = "arn:aws:iam::000000000000:role/bench"
        request = {"name": name, "definition": json.dumps(definition), "roleArn": role, "type": kind}
        arn: str = self.call("CreateStateMachine", **request)["stateMachineArn"]
        return arn

    def encode(self, operation: str, **parameters: Any) -> bytes:
        """The bytes of one call."""
        return self.client.encode_json("states", f"AWSStepFunctions.{operation}", parameters)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call and its answer, parsed."""
        answer: dict[str, Any] = json.loads(self.client.exchange(self.encode(operation, **parameters)))
        return answer

    def run(self, arn: str, value: Any, limit_s: float, *, eager: bool = False) -> float:
        """Start an execution; seconds from then until DescribeExecution says SUCCEEDED. `eager` asks without pauses."""
        start = self.encode("StartExecution", stateMachineArn=arn, input=json.dumps(value))
        began = time.perf_counter()
        execution = json.loads(self.client.exchange(start))["executionArn"]
        look = self.encode("DescribeExecution", executionArn=execution)
        while (took := time.perf_counter() - began) < limit_s:
            status = json.loads(self.client.exchange(look))["status"]
            if status == "SUCCEEDED":
                return time.perf_counter() - began
            if status != "RUNNING":
                raise CallError(f"an execution is {status}")
            if not eager:
                time.sleep(_POLL_S)
        raise CallError(f"an execution still runs after {took:.0f} s")

    def count(self, arn: str, status: str, at_most: int = _PAGE) -> int:
        """How many executions have that status, all pages together."""
        found, more = 0, {}
        while True:
            answer = self.call(
                "ListExecutions", stateMachineArn=arn, statusFilter=status, maxResults=min(at_most, _PAGE), **more
            )
            found += len(answer["executions"])
            if not answer.get("nextToken") or found >= at_most:
                return found
            more = {"nextToken": answer["nextToken"]}

    def history(self, execution: str) -> int:
        """Read the whole history by pages of 1,000; how many events there are."""
        found, more = 0, {}
        while True:
            answer = self.call("GetExecutionHistory", executionArn=execution, maxResults=_PAGE, **more)
            found += len(answer["events"])
            if not answer.get("nextToken"):
                return found
            more = {"nextToken": answer["nextToken"]}
