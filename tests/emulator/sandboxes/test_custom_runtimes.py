"""`provided` runtimes: the package's own bootstrap."""

# Functions\' sources are lines of their own length.
# ruff: noqa: E501

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place

needs_curl = pytest.mark.skipif(
    not shutil.which("curl"), reason="the bootstrap of this test is a shell script with curl"
)

LOOP = """#!/bin/sh
while true; do
  HEADERS=$(mktemp)
  EVENT=$(curl -sS -LD "$HEADERS" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  ID=$(grep -i lambda-runtime-aws-request-id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  echo "got $EVENT"
  curl -sS -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$ID/response" -d "[\\"$_HANDLER\\", $EVENT]"
done
"""


@needs_curl
def test_a_shell_script(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.custom(LOOP)).ready()
        return [await function.call({"a": 1}), await function.call(2)], function.events.log

    assert run(scenario) == ([["index.handler", {"a": 1}], ["index.handler", 2]], 'got {"a": 1}\ngot 2\n')


@needs_curl
def test_from_a_layer(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.start({"x": ""}, runtime="provided.al2", layers=({"bootstrap": LOOP},))
        return await (await function.ready()).call(1)

    assert run(scenario) == ["index.handler", 1]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x": ""}, "Error: Couldn't find valid bootstrap(s): [{task}/bootstrap {opt}/bootstrap]"),
        ({"bootstrap": b"\x7fnot a program"}, "Error: fork/exec {task}/bootstrap: exec format error"),
    ],
)
def test_no_entry_point(run: Any, files: Any, message: str) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.start(files, runtime="provided.al2023")
        error = await function.events.until("init_error")
        await function.events.until("exited")
        return error, function.sandbox._places

    (payload, kind), places = run(scenario)
    assert kind == "Runtime.InvalidEntrypoint"
    assert json.loads(payload)["errorMessage"] == message.format(task=places.task, opt=places.opt)


def test_why_not(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await place.custom("#!/bin/sh\n")
        code = function.sandbox._spec.code
        await function.events.until("exited")
        return [place.sandboxes.why_not(runtime, code) for runtime in ("python3.13", "java21", "cobol1.x", "")]

    python, java, cobol, none = run(scenario)
    assert python == ""
    assert "java" in java
    assert "cobol1.x" in cobol
    assert none
