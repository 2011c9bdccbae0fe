"""Functions under a debugger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.sandboxes import interpreters

if TYPE_CHECKING:
    from tests.emulator.sandboxes.conftest import Place


def test_python_without_debugpy_runs_and_says_so(run: Any) -> None:
    async def scenario(place: Place) -> Any:
        function = await (await place.python("def handler(e, c): return 1", debug="yes")).ready()
        return await function.call(), function.events.log

    answer, log = run(scenario)
    assert answer == 1
    assert log == "debugpy is not among this function's packages: add it to the function or to a layer\n"


def test_python_with_a_debugpy_of_its_own(run: Any) -> None:
    fake = """
waited = False
def listen(address):
    global at
    at = address
def wait_for_client():
    global waited
    waited = True
"""
    source = "import debugpy\ndef handler(e, c): return [debugpy.at[0], debugpy.at[1] > 0, debugpy.waited]"

    async def scenario(place: Place) -> Any:
        function = await place.start({"index.py": source, "debugpy.py": fake}, debug="wait")
        return await (await function.ready()).call()

    assert run(scenario) == ["127.0.0.1", True, True]


@pytest.mark.skipif(not interpreters.tool("node"), reason="no Node.js on this machine")
def test_node_listens_and_its_timeout_is_suspended_while_somebody_is_attached(run: Any) -> None:
    source = """
const inspector = require("inspector"), net = require("net");
exports.handler = async (event) => {
  const address = new URL(inspector.url());
  if (event === "attach") {
    const socket = net.connect(Number(address.port), address.hostname);
    await new Promise((go) => socket.on("connect", go));
    await new Promise((go) => setTimeout(go, 800));
    socket.destroy();
  }
  return address.hostname;
};
"""

    async def scenario(place: Place) -> Any:
        function = await (await place.node(source, debug="yes")).ready()
        answers = [await function.call("look"), await function.call("attach", seconds=0.5)]
        return json.dumps(answers)

    assert run(scenario) == '["127.0.0.1", "127.0.0.1"]'
