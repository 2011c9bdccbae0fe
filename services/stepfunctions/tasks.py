"""Task tokens: how a worker outside answers for a task.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from services.api import operation
from services.stepfunctions.errors import InvalidOutput, InvalidToken, TaskTimedOut
from statemachine.parse.source import JsonFault, read_json

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.scope import Scope
    from services.stepfunctions.driver import Reply

_TOKEN: Final = re.compile(r"AQC[A-Za-z0-9+/]{128}")
"""As the interpreter makes them; whatever looks like one is taken for one that was answered."""


class Tokens:
    """The tokens that somebody may still answer by; the driver's `Waiting`."""

    def __init__(self) -> None:
        self._expected: dict[str, Reply] = {}

    def expect(self, reply: Reply) -> None:
        """Somebody may answer by `reply.task_token` from now on."""
        self._expected[reply.task_token] = reply

    def forget(self, reply: Reply) -> None:
        """Nobody may any more."""
        if self._expected.get(reply.task_token) is reply:
            del self._expected[reply.task_token]

    def find(self, token: str, scope: Scope) -> Reply:
        """Who waits for the answer.

        Raises:
            InvalidToken: such a token was never given, or not in this account and region ("The tokens won't work if
                you send them from principals in a different AWS account").
            TaskTimedOut: it was answered, or nobody waits any more.
        """
        found = self._expected.get(token)
        if found is None:
            if not _TOKEN.fullmatch(token):
                raise InvalidToken
            raise TaskTimedOut.of("Provided task does not exist anymore")
        if found.run.scope != scope:
            raise InvalidToken
        return found


class TasksApi:
    """SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @operation
    def send_task_success(self, call: Call, params: Params) -> Params:
        reply = self._tokens.find(params["taskToken"], call.scope)
        try:
            reply.succeeded(read_json(params["output"]))
        except JsonFault as fault:
            raise InvalidOutput.of(fault.text) from None
        return {}

    @operation
    def send_task_failure(self, call: Call, params: Params) -> Params:
        self._tokens.find(params["taskToken"], call.scope).failed(params.get("error"), params.get("cause"))
        return {}

    @operation
    def send_task_heartbeat(self, call: Call, params: Params) -> Params:
        self._tokens.find(params["taskToken"], call.scope).heartbeat()
        return {}
