"""The account's limits and what it uses.

https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.lambda_ import limits
from services.lambda_.concurrency import unreserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.api import Call, Params
    from services.lambda_.state import Functions
    from services.scope import Scope


class AccountApi:
    """GetAccountSettings."""

    def __init__(self, functions: Functions, layer_bytes: Callable[[Scope], int]) -> None:
        self._functions = functions
        self._layer_bytes = layer_bytes
        """Bytes of all layer versions of a scope."""

    @operation
    def get_account_settings(self, call: Call, params: Params) -> Params:
        functions = self._functions.in_scope(call.scope).values()
        # Each published version counts, even where its code is the same.
        used = sum(version.configuration.code.size for function in functions for version in function.versions())
        return {
            "AccountLimit": {
                "TotalCodeSize": limits.TOTAL_CODE_SIZE,
                "CodeSizeUnzipped": limits.CODE_SIZE_UNZIPPED,
                "CodeSizeZipped": limits.CODE_SIZE_ZIPPED,
                "ConcurrentExecutions": limits.CONCURRENCY,
                "UnreservedConcurrentExecutions": unreserved(self._functions, call.scope),
            },
            "AccountUsage": {
                "TotalCodeSize": used + self._layer_bytes(call.scope),
                "FunctionCount": len(functions),
            },
        }
