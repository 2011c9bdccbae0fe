"""Python functions: what they see, how they fail, in AWS's words."""

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


def test_answers_again_and_again_in_one_process(run: Any) -> None:
    async def scenario(place: Place) -> list[Any]:
        function = await (
            await place.python("n = 0\ndef handler(e, c):\n  global n\n  n += 1\n  return [n, e]")
        ).ready()
        answers = [await function.call({"a": "é"}), await function.call(None), await function.call([1])]
        assert function.events.names == ["ready", "response", "ready", "response", "ready", "response", "ready"]
        return answers

    assert run(scenario) == [[1, {"a": "é"}], [2, None], [3, [1]]]


def test_context(run: Any) -> None:
    source = """
import os
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return {
        "id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
        "version": context.function_version, "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "stream": context.log_stream_name, "client": context.client_context.custom,
        "identity": context.identity.cognito_identity_id, "trace": os.environ["_X_AMZN_TRACE_ID"],
        "left": 15_000 < left <= 20_000,
    }
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.python(source)).ready()
        return await function.call(
            {},
            trace="Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
            client_context=json.dumps({"custom": {"a": "b"}}),
            cognito_identity=json.dumps({"cognitoIdentityId": "eu-west-1:x", "cognitoIdentityPoolId": "p"}),
        )

    answer = run(scenario)
    assert answer == {
        "id": "00000000-0000-4000-8000-000000000001",
        "arn": "arn:aws:lambda:eu-west-1:111122223333:function:orders",
        "name": "orders",
        "version": "$LATEST",
        "memory": "256",
        "group": "/aws/lambda/orders",
        "stream": "2026/11/21/[$LATEST]abc",
        "client": {"a": "b"},
        "identity": "eu-west-1:x",
        "trace": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        "left": True,
    }


def test_an_exception_of_the_handler(run: Any) -> None:
    async def scenario(place: Place) -> tuple[Any, str]:
        source = "class OrderError(Exception): pass\ndef handler(e, c):\n    raise OrderError('no such order')"
        function = await (await place.python(source)).ready()
        error = await function.error({})
        await function.ready()
        return error, function.events.log

    error, log = run(scenario)
    assert error["errorType"] == "OrderError"
    assert error["errorMessage"] == "no such order"
    assert error["requestId"] == "00000000-0000-4000-8000-000000000001"
    assert len(error["stackTrace"]) == 1
    assert re.fullmatch(
        r"  File \"\S+/index.py\", line 3, in handler\n    raise OrderError\('no such order'\)\n",
        error["stackTrace"][0],
    )
    assert log.startswith("[ERROR] OrderError: no such order\nTraceback (most recent call last):\n")


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({"other.py": ""}, "index.handler", "Runtime.ImportModuleError", "Unable to import module 'index': No module named 'index'"),
        ({"index.py": ""}, "index.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ({"index.py": ""}, "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"),
        ({"index.py": "def x(:"}, "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index': "),
        ({"index.py": "raise KeyError('k')"}, "index.handler", "KeyError", "'k'"),
    ],
)  # fmt: skip
def test_errors_of_the_init(run: Any, files: Any, handler: str, error_type: str, message: str) -> None:
    async def scenario(place: Place) -> tuple[Any, Any]:
        function = await place.start(files, handler=handler)
        error = await function.events.until("init_error")
        exited = await function.events.until("exited")
        assert function.events.names == ["init_error", "exited"]
        return error, exited

    (payload, kind), (reason, usage) = run(scenario)
    assert kind == error_type
    told = json.loads(payload)
    assert told["errorType"] == error_type
    assert told["errorMessage"].startswith(message)
    assert told["requestId"] == ""
    assert reason == "exit status 1"
    assert usage.max_memory_mb > 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit(0)", "exit status 0"),
        ("import sys; sys.exit(7)", "exit status 7"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal: segmentation fault"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal: killed"),
    ],
)
def test_the_process_ends_in_the_midst_of_it(run: Any, code: str, reason: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python(f"def handler(e, c):\n    {code}")).ready()
        function.give({})
        return await function.events.until("exited")

    assert run(scenario)[0] == reason


def test_it_sees_aws_environment_and_nothing_of_the_servers(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVERS_SECRET", "x")
    monkeypatch.setenv("AWS_PROFILE", "prod")
    source = """
import os, sys, importlib.util
def handler(event, context):
    found = {name: importlib.util.find_spec(name) is not None for name in event}
    return {"environment": dict(os.environ), "found": found, "modules": sorted(sys.modules), "here": os.getcwd()}
"""
    asked = ["boto3", "botocore", "urllib3", "dateutil", "jmespath", "s3transfer", "six"]
    hidden = ["moto", "fastapi", "uvicorn", "httptools", "emulator", "services", "undercast", "pytest", "orjson"]

    async def scenario(place: Place) -> Any:
        function = await place.python(source, environment={"STAGE": "dev", "PATH_X": "$(id)"})
        return await (await function.ready()).call([*asked, *hidden])

    answer = run(scenario)
    assert answer["found"] == dict.fromkeys(asked, True) | dict.fromkeys(hidden, False)
    environment = answer["environment"]
    assert "SERVERS_SECRET" not in environment
    assert "AWS_PROFILE" not in environment
    assert environment["STAGE"] == "dev"
    assert environment["PATH_X"] == "$(id)"
    assert environment["AWS_ACCESS_KEY_ID"] == "111122223333"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["LAMBDA_TASK_ROOT"] == answer["here"]
    assert re.fullmatch(r"127\.\d+\.\d+\.\d+:\d+", environment["AWS_LAMBDA_RUNTIME_API"])
    documented = {
        "_HANDLER", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR", "LANG", "PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH", "TZ",
    } - {"NODE_PATH"}  # fmt: skip
    assert documented <= set(environment)
    assert not [name for name in answer["modules"] if re.match("emulator|services|undercast|nursery", name)]


def test_no_descriptor_of_the_servers(run: Any) -> None:
    source = """
import os
def handler(event, context):
    return sorted(os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in os.listdir("/proc/self/fd") if int(n) < 100
                  and os.path.exists(f"/proc/self/fd/{n}"))
"""

    async def scenario(place: Place) -> Any:
        return await (await (await place.python(source)).ready()).call()

    kinds = run(scenario)
    assert kinds.count("pipe") <= 3
    # The connection to the Runtime API, and what its client keeps for itself.
    assert kinds.count("socket") <= 3
    assert not [kind for kind in kinds if "undercast" in kind]


def test_folders_as_on_aws(run: Any) -> None:
    source = """
import os, tempfile
def handler(event, context):
    try:
        open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "new"), "w")
        writable = True
    except OSError:
        writable = False
    with open(os.path.join(tempfile.gettempdir(), "kept"), "a") as file:
        file.write("x")
    return {"root": os.environ["LAMBDA_TASK_ROOT"], "file": __file__, "writable": writable, "tmp": tempfile.gettempdir(),
            "kept": os.path.getsize(os.path.join(tempfile.gettempdir(), "kept")), "opt": sorted(os.listdir("/opt"))}
"""

    async def scenario(place: Place) -> Any:
        hello = await place.sandboxes.nursery("").hello
        if not hello.mounted:
            pytest.skip(f"no mount namespaces: {hello.why}")
        function = await (await place.python(source, layers=({"lib/a.txt": "a"}, {"bin/b": "b"}))).ready()
        await function.call()
        return await function.call()

    assert run(scenario) == {
        "root": "/var/task",
        "file": "/var/task/index.py",
        "writable": False,
        "tmp": "/tmp",
        "kept": 2,
        "opt": ["bin", "lib"],
    }


def test_without_mounts_the_real_folders(run: Any) -> None:
    source = """
import os, tempfile, layered, shared
def handler(event, context):
    return {"root": os.environ["LAMBDA_TASK_ROOT"] == os.path.dirname(__file__), "tmp": os.listdir(tempfile.gettempdir()),
            "layered": layered.x, "shared": shared.x}
"""
    lower = {"python/layered.py": "x = 'low'", "python/shared.py": "x = 'low'"}
    upper = {"python/shared.py": "x = 'high'"}

    async def scenario(place: Place) -> Any:
        return await (await (await place.python(source, layers=(lower, upper))).ready()).call()

    assert run(scenario, mounts=False) == {"root": True, "tmp": [], "layered": "low", "shared": "high"}


def test_layers_the_later_over_the_earlier(run: Any) -> None:
    lower = {"python/layered.py": "x = 'low'", "python/shared.py": "x = 'low'"}
    upper = {"python/shared.py": "x = 'high'"}

    async def scenario(place: Place) -> Any:
        source = "import layered, shared\ndef handler(e, c): return [layered.x, shared.x]"
        return await (await (await place.python(source, layers=(lower, upper))).ready()).call()

    assert run(scenario) == ["low", "high"]


def test_tmp_outlives_a_process_that_died_but_not_a_shutdown(run: Any) -> None:
    source = """
import os, tempfile
place = os.path.join(tempfile.gettempdir(), "kept")
def handler(event, context):
    if event == "look":
        return os.path.exists(place)
    open(place, "w")
    os._exit(1)
"""

    async def scenario(place: Place) -> list[Any]:
        code = (await place.python(source)).sandbox._spec.code
        found = []
        first = await (await place.start(code)).ready()
        first.give("write")
        await first.events.until("exited")
        second = await (await place.start(code)).ready()
        found.append(await second.call("look"))
        second.sandbox.shut_down("spindown")
        await second.events.until("exited")
        third = await (await place.start(code)).ready()
        found.append(await third.call("look"))
        return found

    assert run(scenario) == [True, False]


def test_logs_are_whole_messages_in_order(run: Any) -> None:
    source = """
import logging
def handler(event, context):
    print("one")
    logging.warning("two\\nlines")
    print("three", end="")
    logging.error("four")
    print("five\\nsix")
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.python(source)).ready()
        await function.call()
        return [values[0].decode() for name, values in function.events.seen if name == "output"]

    texts = [re.sub(r"^\[(\w+)\]\t\S+\t\S+\t", r"\1 ", text) for text in run(scenario)]
    assert texts == ["one\n", "WARNING two\nlines\n", "three", "ERROR four\n", "five\n", "six\n"]


def test_what_is_written_precedes_the_response(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python("def handler(e, c):\n  for n in range(2000): print(n)")).ready()
        await function.call()
        return function.events.seen

    names = [name for name, _ in run(scenario)]
    assert names == ["ready", *["output"] * 2000, "response", "ready"]


def test_json_logs(run: Any) -> None:
    source = "import logging\ndef handler(e, c):\n  logging.info('told')\n  logging.debug('not told')"

    async def scenario(place: Place) -> str:
        function = await place.python(source, log_format="JSON", application_log_level="INFO")
        await (await function.ready()).call()
        log: str = function.events.log
        return log

    told = [json.loads(line) for line in run(scenario).splitlines()]
    assert [(line["level"], line["message"]) for line in told] == [("INFO", "told")]
    assert told[0]["requestId"] == "00000000-0000-4000-8000-000000000001"


def test_an_interpreter_of_another_version_with_our_own_client(run: Any) -> None:
    versions = [f"python3.{minor}" for minor in (10, 11, 12, 13, 14)]
    others = [runtime for runtime in versions if not interpreters.python(runtime).own]
    if not others:
        pytest.skip("this machine has no other Python")

    async def scenario(place: Place) -> Any:
        source = """
import sys
def handler(event, context):
    if event == "no":
        raise ValueError("é")
    assert 0 < context.get_remaining_time_in_millis() <= 20_000
    return sys.version_info[:2]
"""
        function = await (await place.python(source, runtime=others[0])).ready()
        answer = await function.call({"big": "x" * 300_000})
        error = await function.error("no")
        await function.ready()
        return answer, error, await function.call(1)

    answer, error, again = run(scenario)
    assert answer == again == list(interpreters.python(others[0]).version)
    assert error["errorMessage"] == "é"


def test_our_own_client_in_the_servers_own_version(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = interpreters.own_python()
    monkeypatch.setattr(interpreters, "own_python", lambda: own._replace(own=False))
    monkeypatch.setattr(interpreters, "python", lambda runtime: own._replace(own=False))

    async def scenario(place: Place) -> Any:
        source = "import runtime_client\ndef handler(e, c): return [runtime_client.__file__, e]"
        return await (await (await place.python(source)).ready()).call("x" * 100_000)

    file, echoed = run(scenario)
    assert file.endswith(".py")
    assert len(echoed) == 100_000


def test_a_wrapper_is_executed_directly(run: Any) -> None:
    wrapper = '#!/bin/sh\nexport WRAPPED="$#"\nexec "$@"\n'
    source = "import os, sys\ndef handler(e, c): return [os.environ['WRAPPED'] != '0', c.function_name, sys.path[0]]"

    async def scenario(place: Place) -> Any:
        files = {"index.py": source, "wrap me": wrapper}
        function = await place.start(files, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap me"})
        return await (await function.ready()).call()

    answer = run(scenario)
    assert answer[:2] == [True, "orders"]


def test_a_wrapper_that_is_not_there(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.python("", environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/none"})
        return await function.events.until("exited")

    assert run(scenario)[0] == "exit status 127"


def test_variables_that_are_read_at_start_act(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.python("import sys\ndef handler(e, c): return sys.flags.utf8_mode, sys.warnoptions",
                                      environment={"PYTHONWARNINGS": "error"})  # fmt: skip
        return await (await function.ready()).call()

    assert run(scenario)[1] == ["error"]


def test_too_large_a_response_is_refused(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python("def handler(e, c): return 'x' * 7_000_000")).ready()
        function.give({})
        answer = await function.events.until("response")
        exited = await function.events.until("exited")
        return len(answer[1]), exited[0], function.events.log

    size, reason, log = run(scenario)
    assert size > 6 * 1024 * 1024
    assert reason == "exit status 1"
    assert "413" in log or "Failed to post" in log


def test_a_live_folder_is_not_written_to(run: Any, tmp_path: Any) -> None:
    (tmp_path / "index.py").write_text("import other\ndef handler(e, c): return other.x")
    (tmp_path / "other.py").write_text("x = 1")

    async def scenario(place: Place) -> list[Any]:
        answers = []
        for text in ("x = 1", "x = 22"):
            (tmp_path / "other.py").write_text(text)
            function = await (await place.start(await place.codes.link(str(tmp_path)))).ready()
            answers.append(await function.call())
        return answers

    assert run(scenario) == run(scenario, mounts=False) == [1, 22]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.py", "other.py"]
