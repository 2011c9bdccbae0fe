"""Extensions and telemetry, with real extension processes written in Python."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from emulator.sandboxes import interpreters

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place

EXTENSION = f"""#!{sys.executable} -IS
import http.client, json, os, sys
name = os.path.basename(sys.argv[0])
def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/" + path, body, {{k.replace("_", "-"): v for k, v in headers.items()}})
    response = connection.getresponse()
    return response, response.read()
def say(*words):
    print(name, *words, flush=True)
"""

REGISTER = """
response, told = call("POST", "2020-01-01/extension/register", json.dumps({"events": ["INVOKE", "SHUTDOWN"]}),
                      Lambda_Extension_Name=name, Lambda_Extension_Accept_Feature="accountId")
say("registered", response.status, told.decode())
me = response.getheader("Lambda-Extension-Identifier")
"""

LOOP = """
while True:
    response, told = call("GET", "2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)
    event = json.loads(told)
    say(event["eventType"], event.get("requestId") or event.get("shutdownReason"), event["deadlineMs"] > 0)
    if event["eventType"] == "SHUTDOWN":
        sys.exit(0)
"""

FUNCTION = "def handler(e, c):\n  print('handler'); return 1"


def test_invoke_and_shutdown(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        layer = {"extensions/one": EXTENSION + REGISTER + LOOP, "extensions/two": EXTENSION + REGISTER + LOOP}
        function = await (await place.python(FUNCTION, layers=(layer,))).ready()
        await function.call()
        function.sandbox.shut_down("spindown")
        exited = await function.events.until("exited")
        await place.sandboxes.settled()
        return function.events, exited[0]

    events, reason = run(scenario)
    assert reason == "shutdown"
    assert events.names == ["ready", "response", "ready", "exited"]
    lines = events.log.splitlines()
    told = json.dumps(
        {
            "functionName": "orders",
            "functionVersion": "$LATEST",
            "handler": "index.handler",
            "accountId": "111122223333",
        }
    )
    for name in ("one", "two"):
        assert [line for line in lines if line.startswith(name)] == [
            f"{name} registered 200 {told}",
            f"{name} INVOKE 00000000-0000-4000-8000-000000000001 True",
            f"{name} SHUTDOWN spindown True",
        ]
    assert "handler" in lines


@pytest.mark.skipif(not interpreters.tool("node"), reason="no Node.js on this machine")
def test_with_an_extension_the_runtime_gets_sigterm(run: Any) -> None:
    source = (
        "process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0) }); exports.handler = async () => 1;"
    )

    async def scenario(place: Place) -> str:
        function = await (await place.node(source, layers=({"extensions/one": EXTENSION + REGISTER + LOOP},))).ready()
        function.sandbox.shut_down("spindown")
        await function.events.until("exited")
        log: str = function.events.log
        return log

    assert "goodbye" in run(scenario)


def test_it_is_not_ready_before_the_extension_is(run: Any) -> None:
    slow = EXTENSION + REGISTER + "import time; time.sleep(0.3); say('awake')" + LOOP

    async def scenario(place: Place) -> Any:
        function = await (await place.python(FUNCTION, layers=({"extensions/slow": slow},))).ready()
        return function.events.log

    assert "slow awake" in run(scenario)


def test_an_extension_that_crashes_or_refuses(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        found = []
        refuses = (
            'call("POST", "2020-01-01/extension/init/error", b"{}", Lambda_Extension_Identifier=me,'
            ' Lambda_Extension_Function_Error_Type="Extension.NoConfig")\nsys.exit(1)'
        )
        for end in ("sys.exit(3)", refuses):
            function = await place.python(FUNCTION, layers=({"extensions/bad": EXTENSION + REGISTER + end},))
            error = await function.events.until("init_error")
            found.append((error[1], json.loads(error[0])))
            await function.events.until("exited")
        return found

    (crash, payload), (refusal, _) = run(scenario)
    assert crash == "Extension.Crash"
    assert payload == {"errorType": "Extension.Crash", "errorMessage": "Error: exit status 3"}
    assert refusal == "Extension.NoConfig"


def test_a_timeout_is_told(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        source = "import time\ndef handler(e, c): time.sleep(600)"
        function = await (await place.python(source, layers=({"extensions/one": EXTENSION + REGISTER + LOOP},))).ready()
        function.give(seconds=0.3)
        await function.events.until("timed_out")
        await function.events.until("exited")
        await place.sandboxes.settled()
        return function.events.log

    assert "one SHUTDOWN timeout True" in run(scenario)


def test_internal_extensions_and_bad_requests(run: Any) -> None:
    source = """
import http.client, json, os
def call(path, body, **headers):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request("POST", "/2020-01-01/extension/" + path, json.dumps(body), headers)
    response = connection.getresponse()
    return [response.status, json.loads(response.read()).get("errorType")]
found = [
    call("register", {"events": ["INVOKE"]}),
    call("register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="inner"),
    call("register", {"events": ["OTHER"]}, Lambda_Extension_Name="inner"),
    call("register", ["INVOKE"], Lambda_Extension_Name="inner"),
    call("event/next", {}),
    call("event/next", {}, Lambda_Extension_Identifier="x"),
    call("other", {}, Lambda_Extension_Identifier="x"),
]
def handler(e, c): return found + [call("register", {"events": []}, Lambda_Extension_Name="late")]
"""

    async def scenario(place: Place) -> Any:
        return await (await (await place.python(source)).ready()).call()

    assert run(scenario) == [
        [403, "Extension.InvalidExtensionName"],
        [403, "ShutdownEventNotSupportedForInternalExtension"],
        [400, "Extension.InvalidEventType"],
        [400, "Extension.InvalidEventType"],
        [403, "Extension.MissingExtensionIdentifier"],
        [403, "Extension.UnknownExtensionIdentifier"],
        [403, "Extension.UnknownExtensionIdentifier"],
        [403, "Extension.RegistrationClosed"],
    ]


def test_telemetry(run: Any) -> None:
    subscriber = (
        EXTENSION
        + REGISTER
        + """
import threading, http.server
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            if event["type"] != "extension":
                print(json.dumps(["got", event["type"], event["record"]]), flush=True)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
threading.Thread(target=server.serve_forever, daemon=True).start()
def subscribe(**more):
    body = {"schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25}, **more}
    return call("PUT", "2022-07-01/telemetry", json.dumps(body), Lambda_Extension_Identifier=me)
address = f"http://sandbox.localdomain:{server.server_port}/x"
say(subscribe(destination={"protocol": "TCP", "port": 1})[0].status)
say(subscribe(destination={"protocol": "HTTP", "URI": "http://example.com:80"})[0].status)
say(subscribe(destination={"protocol": "HTTP", "URI": address})[1].decode())
"""
        + LOOP
    )

    async def scenario(place: Place) -> Any:
        function = await (await place.python(FUNCTION, layers=({"extensions/tap": subscriber},))).ready()
        await function.call()
        while "platform.runtimeDone" not in function.events.log:
            await function.events.until("output")
        return function.events.log

    lines = run(scenario).splitlines()
    assert {"tap 400", "tap OK"} <= set(lines)
    assert lines.count("tap 400") == 2
    got = [json.loads(line)[1:] for line in lines if line.startswith('["got"')]
    kinds = [kind for kind, _ in got]
    for kind in (
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.start",
        "function",
        "platform.runtimeDone",
    ):
        assert kind in kinds
    assert ["function", "handler\n"] in got
    assert kinds.index("platform.initStart") < kinds.index("platform.start") < kinds.index("platform.runtimeDone")
