"""What runs functions, put together: Invoke and its kin, and `invoke` for the other services.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from services.api import operation
from services.lambda_ import payloads
from services.lambda_.asynchronous import AsyncInvocations
from services.lambda_.errors import ResourceNotFound
from services.lambda_.invoker import Invoker
from services.lambda_.pool import IDLE_S, Supplies
from services.lambda_.streaming import ResponseStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from services.api import Call, Params
    from services.errors import ServiceError
    from services.lambda_.invocation import Outcome
    from services.lambda_.model import AsyncPolicy, FunctionName, Target
    from services.lambda_.state import Functions
    from services.ports import Clock, CodeStore, Deliveries, Entropy, LogSink, Sandboxes

DEBUG_TAG = "undercast:debug"
"""A function's tag that runs it under a debugger: a port, or `<port>,wait`."""


def build(
    functions: Functions,
    clock: Clock,
    entropy: Entropy,
    *,
    sandboxes: Sandboxes,
    code: CodeStore,
    logs: LogSink,
    deliveries: Deliveries,
    policy_of: Callable[[FunctionName, str], AsyncPolicy],
    loops_allowed: Callable[[FunctionName], bool],
    idle_s: float = IDLE_S,
    debug: str = "",
) -> DataPlane:
    """The data plane of all functions, listening to their changes.

    `policy_of` takes a function and a qualifier (`EventInvokeConfigs.policy`), `loops_allowed` a function
    (`RecursionConfigs.allows`); `idle_s` and `debug` are those of `LambdaSettings`.
    """

    def debug_of(name: FunctionName) -> str:
        function = functions.get(name)
        return (function.tags.get(DEBUG_TAG, "") if function is not None else "") or debug

    supplies = Supplies(clock, entropy, sandboxes, code, logs, idle_s, debug_of)
    events = AsyncInvocations(functions, clock, entropy, deliveries, policy_of)
    invoker = Invoker(functions, supplies, loops_allowed, events.room)
    events.connect(invoker)
    functions.on_changed.append(invoker.changed)
    functions.on_concurrency.append(invoker.concurrency_changed)
    functions.on_deleted.append(invoker.deleted)
    return DataPlane(functions, entropy, invoker, events)


class DataPlane:
    """Runs functions, for the API and for other services."""

    def __init__(self, functions: Functions, entropy: Entropy, invoker: Invoker, events: AsyncInvocations) -> None:
        self._functions = functions
        self._entropy = entropy
        self._invoker = invoker
        self._events = events
        self.operations = InvokeApi(self, functions)
        """The object with the operations Invoke, InvokeAsync and InvokeWithResponseStream."""

    # -- for other services

    def start(
        self,
        target: Target | str,
        payload: bytes,
        trace: str = "",
        *,
        request_id: str = "",
        client_context: str = "",
        tail: bool = False,
    ) -> asyncio.Future[Outcome]:
        """Invoke synchronously; the future of the outcome, or of a ServiceError.

        `target` is resolved already, or an ARN (a weighted alias draws then). `trace` is the trace header that came
        with the event; loops are found by it.

        Raises:
            ResourceNotFound: there is no such function.
            TooManyRequests: throttled.
            ServiceError: whatever else Invoke refuses with.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            # Whoever gave up does not stop the function: on AWS nobody can.
            if not future.done():
                future.set_result(outcome)

        def failed(error: ServiceError) -> None:
            if not future.done():
                future.set_exception(error)

        self._invoker.start(
            self._target(target),
            payload,
            done,
            failed,
            request_id=request_id or self._entropy.uuid(),
            trace=trace,
            client_context=client_context,
            tail=tail,
        )
        return future

    async def invoke(self, target: Target | str, payload: bytes, trace: str = "", **options: Any) -> Outcome:
        """As `start`, awaited."""
        return await self.start(target, payload, trace, **options)

    def invoke_event(
        self, target: Target | str, payload: bytes, trace: str = "", *, request_id: str = "", client_context: str = ""
    ) -> str:
        """Invoke asynchronously; gives the request id. Throttling only delays it.

        Raises:
            ResourceNotFound: there is no such function.
            RequestEntityTooLarge: the payload exceeds 1 MiB.
        """
        payloads.check_size(payload, event=True)
        request_id = request_id or self._entropy.uuid()
        self._events.accept(request_id, self._target(target), payload, trace, client_context)
        return request_id

    async def open_stream(
        self,
        target: Target | str,
        payload: bytes,
        trace: str = "",
        *,
        request_id: str = "",
        client_context: str = "",
        tail: bool = False,
    ) -> ResponseStream:
        """Invoke, and take the response as it comes; returns when it begins.

        Raises as `start`; an error in the midst of the response ends the stream's `outcome`.
        """
        stream = ResponseStream(request_id or self._entropy.uuid())
        self._invoker.start(
            self._target(target),
            payload,
            stream.finished,
            stream.finished,
            request_id=stream.request_id,
            trace=trace,
            client_context=client_context,
            tail=tail,
            stream=stream,
        )
        await stream.begun
        return stream

    def _target(self, target: Target | str) -> Target:
        if not isinstance(target, str):
            return target
        found = self._functions.find(target)
        if found is None:
            raise ResourceNotFound.function(target)
        return found

    # -- the whole

    def busy(self) -> bool:
        """Whether an invocation runs or an event is on its way."""
        return self._invoker.busy() or self._events.busy()

    def running(self, name: FunctionName) -> int:
        """How many invocations of a function run now."""
        return self._invoker.running(name)

    def workers(self) -> int:
        """How many sandboxes there are."""
        return self._invoker.workers()

    def reset_scope(self, account: str | None, region: str | None) -> None:
        """Forget the events and end the sandboxes of that account, or region, or both; None is any."""
        self._events.drop(account, region)
        self._invoker.kill(account, region)

    async def close(self) -> None:
        """End every sandbox; what runs fails."""
        await self._events.close()
        self._invoker.kill(None, None)


class InvokeApi:
    """The operations that run functions."""

    def __init__(self, plane: DataPlane, functions: Functions) -> None:
        self._plane = plane
        self._functions = functions

    @operation
    def invoke(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        target = self._functions.resolve(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        kind = params.get("InvocationType") or "RequestResponse"
        payload, context = _checked(params, event=kind == "Event")
        if kind == "Event":
            request_id = self._plane.invoke_event(target, payload, call.trace_header, client_context=context)
            return {"StatusCode": 202, "Payload": b"", **_answered(request_id)}
        if kind == "DryRun":
            return {"StatusCode": 204}
        tail = params.get("LogType") == "Tail"
        return _answer(self._plane.start(target, payload, call.trace_header, client_context=context, tail=tail), tail)

    @operation
    def invoke_async(self, call: Call, params: Params) -> Params:
        target = self._functions.resolve(call.scope, params["FunctionName"])
        payload, _ = _checked({"Payload": params.get("InvokeArgs")}, event=True)
        return {"Status": 202, **_answered(self._plane.invoke_event(target, payload, call.trace_header))}

    @operation
    async def invoke_with_response_stream(self, call: Call, params: Params) -> Params:
        target = self._functions.resolve(call.scope, params["FunctionName"], params.get("Qualifier") or "")
        payload, context = _checked(params, event=False)
        if params.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        tail = params.get("LogType") == "Tail"
        stream = await self._plane.open_stream(target, payload, call.trace_header, client_context=context, tail=tail)
        return {
            "StatusCode": 200,
            "ExecutedVersion": target.version.version,
            "ResponseStreamContentType": "application/vnd.amazon.eventstream",
            "EventStream": _events(stream, tail=tail),
            **_answered(stream.request_id),
        }


def _checked(params: Params, *, event: bool) -> tuple[bytes, str]:
    """The payload and the client context; what is no JSON or too large is refused."""
    payload: bytes = params.get("Payload") or b"{}"
    payloads.check_size(payload, event=event)
    payloads.check_json(payload)
    return payload, payloads.client_context(params.get("ClientContext") or "")


def _answered(request_id: str) -> Params:
    """An invocation has one id, in the function as in the answer's header."""
    return {"ResponseMetadata": {"RequestId": request_id}}


async def _answer(future: asyncio.Future[Outcome], tail: bool) -> Params:
    outcome = await future
    answer: Params = {
        "StatusCode": 200,
        "ExecutedVersion": outcome.executed_version,
        "Payload": outcome.payload,
        "ResponseMetadata": {"RequestId": outcome.request_id},
    }
    if outcome.function_error:
        answer["FunctionError"] = outcome.function_error
    if tail:
        answer["LogResult"] = b64encode(outcome.log_tail).decode()
    return answer


async def _events(stream: ResponseStream, *, tail: bool) -> AsyncIterator[Params]:
    """The events of InvokeWithResponseStream."""
    async for chunk in stream.chunks():
        yield {"PayloadChunk": {"Payload": chunk}}
    outcome = stream.outcome
    complete: Params = {}
    if outcome is not None and outcome.function_error:
        complete = {"ErrorCode": outcome.function_error, "ErrorDetails": outcome.payload.decode("utf-8", "replace")}
    elif outcome is None:
        complete = {"ErrorCode": "ServiceException", "ErrorDetails": stream.broken}
    if tail and outcome is not None:
        complete["LogResult"] = b64encode(outcome.log_tail).decode()
    yield {"InvokeComplete": complete}
