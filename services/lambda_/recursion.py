"""Whether a function may reach itself over and over.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.model import FunctionName
    from services.lambda_.state import Function, Functions


class RecursionConfigs:
    """The operations on recursion configs, and `allows` for the invoker."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._allowed: set[FunctionName] = set()

    def allows(self, name: FunctionName) -> bool:
        """Whether recursive invocations go on; without a config they are ended."""
        return name in self._allowed

    def deleted(self, function: Function, qualifier: str) -> None:
        """The function is gone."""
        if not qualifier:
            self._allowed.discard(function.name)

    @operation
    def put_function_recursion_config(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        if params["RecursiveLoop"] == "Allow":
            self._allowed.add(function.name)
        else:
            self._allowed.discard(function.name)
        return {"RecursiveLoop": params["RecursiveLoop"]}

    @operation
    def get_function_recursion_config(self, call: Call, params: Params) -> Params:
        function, _ = self._functions.function(call.scope, params["FunctionName"])
        return {"RecursiveLoop": "Allow" if function.name in self._allowed else "Terminate"}
