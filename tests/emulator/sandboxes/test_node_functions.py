"""Node.js functions over our own client."""

# Functions\' sources are lines of their own length.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from emulator.sandboxes import interpreters

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place

pytestmark = pytest.mark.skipif(not interpreters.tool("node"), reason="no Node.js on this machine")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("index.js", "exports.handler = async (event) => [event, 1];"),
        ("index.js", "exports.handler = (event, context, callback) => callback(null, [event, 1]);"),
        ("index.js", "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, [event, 1]), 1) };"),
        ("index.js", "exports.handler = (event, context) => context.succeed([event, 1]);"),
        ("index.js", "exports.handler = (event, context) => context.done(null, [event, 1]);"),
        ("index.cjs", "exports.handler = async (event) => [event, 1];"),
        ("index.mjs", "const one = await Promise.resolve(1);\nexport const handler = async (event) => [event, one];"),
        ("index.mjs", "export default { handler: async (event) => [event, 1] };"),
    ],
)  # fmt: skip
def test_handlers(run: Any, name: str, source: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.node(source, name)).ready()
        return [await function.call({"a": "é"}), await function.call(None)]

    assert run(scenario) == [[{"a": "é"}, 1], [None, 1]]


def test_a_package_of_type_module_in_a_folder(run: Any) -> None:
    files = {
        "package.json": '{"type": "module"}',
        "src/app.js": "import { x } from './x.js';\nexport const on = { order: async () => x };",
        "src/x.js": "export const x = 42;",
    }

    async def scenario(place: Place) -> Any:
        function = await place.start(files, runtime="nodejs22.x", handler="src/app.on.order")
        return await (await function.ready()).call()

    assert run(scenario) == 42


def test_context_and_environment(run: Any) -> None:
    source = """
exports.handler = async (event, context) => ({
  id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName, memory: context.memoryLimitInMB,
  client: context.clientContext, identity: context.identity, left: context.getRemainingTimeInMillis() > 15000,
  trace: process.env._X_AMZN_TRACE_ID, env: process.env, here: process.cwd(), require: typeof require("fs"),
});
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        return await function.call({}, trace="Root=1", client_context='{"custom": {}}', cognito_identity='{"a": 1}')

    answer = run(scenario)
    environment = answer.pop("env")
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs20.x"
    assert environment["NODE_PATH"].split(":")[0].endswith("/nodejs/node20/node_modules")
    assert environment["LAMBDA_TASK_ROOT"] == answer.pop("here")
    assert not [name for name in environment if name.startswith(("npm_", "PYTEST", "_LAMBDA"))]
    assert answer == {
        "id": "00000000-0000-4000-8000-000000000001",
        "arn": "arn:aws:lambda:eu-west-1:111122223333:function:orders",
        "name": "orders",
        "memory": "256",
        "client": {"custom": {}},
        "identity": {"a": 1},
        "left": True,
        "trace": "Root=1",
        "require": "string",
    } | {"require": "object"}


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("exports.handler = async () => { throw new TypeError('no') };", "TypeError", "no"),
        ("exports.handler = () => { throw new RangeError('no') };", "RangeError", "no"),
        ("exports.handler = (e, c, callback) => callback(new Error('no'));", "Error", "no"),
        ("exports.handler = (e, context) => context.fail(new Error('no'));", "Error", "no"),
        ("exports.handler = async () => { throw 'text' };", "string", "text"),
        ("exports.handler = (e, c, callback) => callback('text');", "string", "text"),
        ("exports.handler = async () => { const a = {}; a.a = a; return a };", "Runtime.InvalidJsonResponse", "Unable to stringify response body"),
    ],
)  # fmt: skip
def test_errors_of_the_handler(run: Any, source: str, error_type: str, message: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        error = await function.error({})
        await function.ready()
        return error

    error = run(scenario)
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)
    assert isinstance(error["trace"], list)


@pytest.mark.parametrize(
    ("body", "error_type", "reason", "message"),
    [
        ("setTimeout(() => { throw new Error('late') }, 1); await new Promise(() => {});", "Error", "exit status 129", "late"),
        ("Promise.reject(new Error('late')); await new Promise(() => {});", "Runtime.UnhandledPromiseRejection", "exit status 128", "Error: late"),
    ],
)  # fmt: skip
def test_uncaught(run: Any, body: str, error_type: str, reason: str, message: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.node(f"exports.handler = async () => {{ {body} }}")).ready()
        error = await function.error({})
        return error, await function.events.until("exited")

    error, exited = run(scenario)
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)
    assert exited[0] == reason


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({"other.js": ""}, "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'index'"),
        ({"index.js": "require('absent')"}, "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        ({"index.js": ""}, "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ({"index.js": ""}, "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ({"index.js": "exports.handler = ("}, "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ({"index.mjs": "throw new RangeError('x')"}, "index.handler", "RangeError", "x"),
    ],
)  # fmt: skip
def test_errors_of_the_init(run: Any, files: Any, handler: str, error_type: str, message: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.start(files, runtime="nodejs20.x", handler=handler)
        error = await function.events.until("init_error")
        await function.events.until("exited")
        return error

    payload, kind = run(scenario)
    assert kind == error_type
    assert json.loads(payload)["errorMessage"].startswith(message)


def test_nobody_answers(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.node("exports.handler = (event, context, callback) => {};")).ready()
        return [await function.call(), await function.call()]

    assert run(scenario) == [None, None]


def test_a_callback_waits_for_the_event_loop_unless_told_not_to(run: Any) -> None:
    source = """
let done = false;
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event;
  const before = done;
  setTimeout(() => { done = true; console.log("timer") }, 30);
  callback(null, before);
};
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        await function.call(True)
        names = [name for name, _ in function.events.seen]
        return names, await function.call(False)

    names, seen = run(scenario)
    assert names == ["ready", "output", "response", "ready"]
    assert seen is True


def test_console(run: Any) -> None:
    source = (
        "exports.handler = async () => { console.log('a', {b: 1}, '\\nc'); console.error(new Error('e').message); };"
    )

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        await function.call()
        return [values[0].decode() for name, values in function.events.seen if name == "output"]

    first, second = run(scenario)
    head = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t00000000-0000-4000-8000-000000000001\t"
    assert re.fullmatch(head + r"INFO\ta \{ b: 1 \} \nc\n", first)
    assert re.fullmatch(head + r"ERROR\te\n", second)


def test_streamed_responses(run: Any) -> None:
    source = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "b" } });
  stream.write("one ");
  stream.write("two");
  stream.end();
});
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        answers = []
        for _ in range(2):
            function.give({})
            begun = await function.events.until("stream_begins")
            ended = await function.events.until("stream_ends")
            await function.ready()
            answers.append((begun[1], ended[2:]))
        chunks = [values[1] for name, values in function.events.seen if name == "stream_chunk"]
        return answers, b"".join(chunks)

    answers, body = run(scenario)
    assert answers == [("application/vnd.awslambda.http-integration-response", ("", b""))] * 2
    once = b'{"statusCode":201,"headers":{"x-a":"b"}}' + bytes(8) + b"one two"
    assert body == once * 2


def test_a_stream_that_fails_in_its_midst(run: Any) -> None:
    source = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event) { stream.write("part"); await new Promise((go) => setTimeout(go, 20)); }
  throw new TypeError("broken");
});
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source)).ready()
        early = await function.error(False)
        await function.ready()
        function.give(True)
        ended = await function.events.until("stream_ends")
        await function.ready()
        return early, ended

    early, ended = run(scenario)
    assert early["errorType"] == "TypeError"
    assert ended[2] == "TypeError"
    assert json.loads(ended[3])["errorMessage"] == "broken"


def test_callbacks_are_gone_in_newer_runtimes(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.node("exports.handler = (e, c, callback) => callback();", runtime="nodejs24.x")
        return await function.events.until("init_error")

    assert run(scenario)[1] == "Runtime.CallbackHandlerDeprecated"


def test_a_wrapper_and_node_options(run: Any) -> None:
    files = {
        "index.js": "exports.handler = async () => [process.env.WRAPPED, globalThis.preloaded];",
        "pre.js": "globalThis.preloaded = 1;",
        "wrapper": '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n',
    }

    async def scenario(place: Place) -> Any:
        environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper", "NODE_OPTIONS": "--require ./pre.js"}
        function = await place.start(files, runtime="nodejs20.x", environment=environment)
        return await (await function.ready()).call()

    assert run(scenario) == ["yes", 1]
