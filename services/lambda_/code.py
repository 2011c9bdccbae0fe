"""Where a function's code comes from, and when it is no longer needed.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from __future__ import annotations

import base64
import itertools
from collections import Counter
from typing import TYPE_CHECKING, Final

from services.errors import ServiceError
from services.lambda_ import limits
from services.lambda_.errors import (
    InvalidParameterValue,
    InvalidZipFile,
    LambdaError,
    RequestEntityTooLarge,
    ResourceNotFound,
)
from services.ports import CodeError

if TYPE_CHECKING:
    from services.api import Call, Params
    from services.lambda_.layers import Layers
    from services.lambda_.state import Function, Functions
    from services.ports import Clock, Code, CodeStore, Objects
    from services.scope import Scope

HOT_RELOAD: Final = "hot-reload"
"""The bucket that is no bucket: its keys are folders of this machine."""

_KINDS: Final[dict[str, type[LambdaError]]] = {
    kind.code: kind for kind in (InvalidParameterValue, InvalidZipFile, ResourceNotFound)
}


_GRACE_S: Final = float(limits.TIMEOUT_MAX_S)
"""Code stays this long after its last function or layer is gone: an invocation of it may still run."""


class CodeSource:
    """Fetches code and stores it, and drops it when nobody needs it any more."""

    def __init__(self, clock: Clock, store: CodeStore, objects: Objects, functions: Functions, layers: Layers) -> None:
        self._clock = clock
        self._store = store
        self._objects = objects
        self._functions = functions
        self._layers = layers
        self._fetched_at: dict[str, float] = {}
        """By SHA-256, instants: what was fetched just now may have no function yet."""
        self._fetches: Counter[str] = Counter()
        """How often the store was asked for it, and so has to be told that it is not needed."""

    async def fetch(self, scope: Scope, given: Params) -> Code:
        """The code that a FunctionCode, or the parameters of UpdateFunctionCode, name.

        Raises:
            InvalidParameterValue: there is none, it cannot be had, or it is no archive that may be unpacked.
        """
        code = await self._fetch(scope, given)
        if code.live:
            return code
        self._fetched_at[code.sha256] = self._clock.now()
        self._fetches[code.sha256] += 1
        # Perhaps nothing comes of it: a dry run, a name that somebody else took meanwhile.
        self.release(code)
        return code

    async def _fetch(self, scope: Scope, given: Params) -> Code:
        archive, bucket, key = given.get("ZipFile"), given.get("S3Bucket"), given.get("S3Key")
        if archive is not None and (bucket or key):
            raise InvalidParameterValue("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        try:
            if archive is not None:
                if not archive:
                    raise InvalidParameterValue("Uploaded file must be a non-empty zip")
                return await self._store.store(archive)
            if not bucket or not key:
                raise InvalidParameterValue("Please provide a source for function code.")
            if bucket == HOT_RELOAD:
                return await self._store.link(key)
            return await self._store.store(await self._object(scope, bucket, key, given.get("S3ObjectVersion") or ""))
        except CodeError as error:
            raise _KINDS.get(error.kind, InvalidParameterValue)(error.text) from None

    async def _object(self, scope: Scope, bucket: str, key: str, version: str) -> bytes:
        try:
            return await self._objects.get(bucket, key, version, account=scope.account, region=scope.region)
        except ServiceError as error:
            raise InvalidParameterValue(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
            ) from None

    def release(self, code: Code) -> None:
        """A function or a layer does without this code from now on."""
        if not code.live:
            self._clock.patience(_GRACE_S, lambda: self._drop(code))

    def deleted(self, function: Function, qualifier: str) -> None:
        """A function is gone, with all its code."""
        if not qualifier:
            for code in {version.configuration.code for version in function.versions()}:
                self.release(code)

    def _drop(self, code: Code) -> None:
        just_fetched = self._fetched_at.get(code.sha256, -_GRACE_S) > self._clock.now() - _GRACE_S
        if just_fetched or code.sha256 in self._needed():
            return
        self._fetched_at.pop(code.sha256, None)
        for _ in range(self._fetches.pop(code.sha256, 0)):
            self._store.drop(code)

    def _needed(self) -> set[str]:
        needed = {version.code.sha256 for version in self._layers}
        for function in self._functions:
            for version in function.versions():
                # A deleted layer goes on in the functions that have it.
                needed |= {code.sha256 for code in (version.configuration.code, *version.configuration.layer_code)}
        return needed

    def location(self, call: Call, code: Code) -> str:
        """Where the archive can be fetched; a live folder's own address."""
        if code.live:
            return f"file://{code.folder}"
        return f"{call.origin}/_aws/lambda/code/{identifier(code)}"

    def archive(self, name: str) -> bytes | None:
        """The archive of some function or layer, by the last part of its location."""
        of_functions = (version.configuration.code for function in self._functions for version in function.versions())
        of_layers = (version.code for version in self._layers)
        for code in itertools.chain(of_functions, of_layers):
            if not code.live and identifier(code) == name:
                return self._store.archive_of(code)
        return None


def identifier(code: Code) -> str:
    """The archive's SHA-256 in hexadecimal: safe in a path, and hard to guess."""
    return base64.b64decode(code.sha256).hex()


def check_request_size(params: Params) -> None:
    """RequestEntityTooLarge for an archive over its limit, or a request that must have been over its own."""
    archive = (params.get("Code") or params).get("ZipFile") or b""
    if len(archive) > limits.CODE_SIZE_ZIPPED:
        raise RequestEntityTooLarge(f"Zipped size must be smaller than {limits.CODE_SIZE_ZIPPED} bytes")
    variables = (params.get("Environment") or {}).get("Variables") or {}
    # The domain does not see the request itself; nothing else in it can be large.
    size = 4 * len(archive) // 3 + sum(len(name) + len(value) for name, value in variables.items())
    if size > limits.CREATE_REQUEST_SIZE:
        raise RequestEntityTooLarge(
            f"Request must be smaller than {limits.CREATE_REQUEST_SIZE} bytes for the CreateFunction operation"
        )
