"""Services, neighbours and the outside as tests of tasks need them, with a clock that stands still."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from emulator.clock import Clock
from emulator.entropy import RandomEntropy
from emulator.integrations.integrations import Integrations
from services.api import Call, operation
from services.errors import ServiceError
from services.ports import HttpAnswer, HttpFailure, TaskCall
from services.scope import Scope
from services.sqs.api import SqsApi
from services.sqs.settings import SqsSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

ACCOUNT = "000000000000"
REGION = "us-east-1"
NOW = 1_700_000_000.0


class Told:
    """What a task told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.over = asyncio.get_running_loop().create_future()

    def started(self) -> None:
        self.heard.append(("started",))

    def submitted(self, output: Any) -> None:
        self.heard.append(("submitted", output))

    def succeeded(self, output: Any) -> None:
        self.heard.append(("succeeded", output))
        self.over.set_result(None)

    def failed(self, error: str | None, cause: str | None, stage: str = "") -> None:
        self.heard.append(("failed", error, cause))
        self.over.set_result(None)

    def timed_out(self, error: str | None, cause: str | None) -> None:
        raise AssertionError


class Gone(ServiceError):
    code = "StateMachineDoesNotExist"


class Machines:
    """Step Functions of a test."""

    name = "stepfunctions"

    def __init__(self) -> None:
        self.status = "RUNNING"
        self.ended: Callable[[], None] | None = None
        self.stopped: list[str] = []

    @operation
    def start_execution(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if "gone" in params["stateMachineArn"]:
            raise Gone("State Machine Does Not Exist: 'gone'")
        return {"executionArn": f"{call.scope.account}:e", "startDate": NOW}

    @operation
    def describe_execution(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "executionArn": params["executionArn"],
            "status": self.status,
            "input": "{}",
            "output": '{"a":1}',
            "redriveCount": 0,
        }

    @operation
    def stop_execution(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.stopped.append(params["executionArn"])
        return {"stopDate": NOW}

    def is_express(self, machine_arn: str) -> bool:
        return "express" in machine_arn

    def on_end(self, execution_arn: str, told: Callable[[], None]) -> None:
        self.ended = told

    def reset(self) -> None: ...

    def busy(self) -> bool:
        return False


class Lambda:
    """Lambda of a test: gives back what it gets."""

    name = "lambda"

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []

    @operation
    async def invoke(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(params)
        return {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "Payload": params.get("Payload", b"null"),
            **self.answer,
        }

    def reset(self) -> None: ...

    def busy(self) -> bool:
        return False


class Web:
    """The world outside."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.answer: HttpAnswer | HttpFailure = HttpAnswer(200, {"content-type": "application/json"}, b'{"ok":true}')

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", **_: object
    ) -> HttpAnswer:
        self.asked.append((method, url, headers, body))
        if isinstance(self.answer, HttpFailure):
            raise self.answer
        return self.answer


class Moto:
    """The neighbours of a test: answers by operation."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def call(self, service: str, name: str, params: dict[str, Any], account: str, region: str) -> dict[str, Any]:
        self.asked.append((service, name, params))
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, ServiceError):
            raise answer
        return dict(answer)


class World:
    """All of it, with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = Clock("manual", 1.0, NOW)
        self.clock.start(asyncio.get_running_loop())
        entropy = RandomEntropy(1)
        self.sqs = SqsApi(self.clock, entropy, SqsSettings())
        self.machines, self.functions, self.web, self.moto = Machines(), Lambda(), Web(), Moto()
        self.integrations = Integrations(
            self.clock,
            entropy,
            owned={"sqs": self.sqs, "stepfunctions": self.machines, "lambda": self.functions},
            neighbours=lambda: self.moto,  # type: ignore[arg-type, return-value]
            executions=lambda: self.machines,
            http=self.web,
            origin=lambda: "http://localhost:4566",
        )
        call = Call(Scope(ACCOUNT, REGION), "http://localhost:4566")
        self.queue_url = self.sqs.create_queue(call, {"QueueName": "q"})["QueueUrl"]

    def begin(self, resource: str, arguments: Any, told: Told, role: str = "") -> Any:
        return self.integrations.begin(
            TaskCall(
                resource=resource,
                arguments=arguments,
                account=ACCOUNT,
                region=REGION,
                execution_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:execution:m:e",
                role_arn="",
                credentials_role_arn=role,
            ),
            told,
        )

    async def run(self, resource: str, arguments: Any) -> list[tuple[Any, ...]]:
        told = Told()
        self.begin(resource, arguments, told)
        assert told.heard == []
        await told.over
        return told.heard


async def settled() -> None:
    for _ in range(10):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


def within(test: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def inside() -> None:
        await test(World())

    asyncio.run(inside())
