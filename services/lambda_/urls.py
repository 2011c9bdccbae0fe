"""Function URL configs. `function_urls.py` of the emulator answers what comes to the URLs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.api import operation
from services.lambda_ import names
from services.lambda_.errors import ResourceConflict, ResourceNotFound
from services.lambda_.paging import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.api import Call, Params
    from services.lambda_.model import FunctionName
    from services.lambda_.names import Named
    from services.lambda_.state import Function, Functions
    from services.ports import Clock, Entropy

log = logging.getLogger("undercast.lambda")

PATH: Final = "/_aws/lambda-url/"
"""Where a function URL is answered whatever name the server goes by: this, the URL's id, a slash, the function's own
path."""
ID_TAG: Final = "_custom_id_"
"""A function's tag that chooses its URLs' id, as other emulators have it; an alias's is `<tag>-<alias>`."""

_NO_FUNCTION: Final = "Function does not exist"
_NO_CONFIG: Final = "The resource you requested does not exist."
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_ID_LENGTH: Final = 32
_CHOSEN_ID: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ADDRESS: Final = re.compile(r"(?P<scheme>\w+)://(?P<host>\[[^\]]*\]|[^:/]*)(?P<port>:\d+)?")
# Names below `localhost` are resolved by browsers and curl, but not by every system's resolver.
_ONE_NAME: Final = re.compile(r"\[.*\]|[0-9.]+|localhost")


@dataclass(frozen=True, slots=True)
class FunctionUrlConfig:
    """One config."""

    url_id: str
    """The first label of the URL's host."""
    url: str
    function: FunctionName
    qualifier: str
    """Empty, or an alias."""
    auth_type: str
    """NONE or AWS_IAM."""
    invoke_mode: str
    """BUFFERED, RESPONSE_STREAM, or empty as long as nobody has said (that is BUFFERED)."""
    cors: Mapping[str, Any] | None
    created_at: float
    last_modified_at: float

    @property
    def streams(self) -> bool:
        """Whether the response is streamed."""
        return self.invoke_mode == "RESPONSE_STREAM"


class FunctionUrls:
    """The operations on function URL configs, and `find` for who answers the URLs."""

    def __init__(self, functions: Functions, clock: Clock, entropy: Entropy) -> None:
        self._functions = functions
        self._clock = clock
        self._entropy = entropy
        self._of: dict[FunctionName, dict[str, FunctionUrlConfig]] = {}
        self._by_id: dict[tuple[str, str], FunctionUrlConfig] = {}
        """By id in lower case, for hosts have no case, and region."""

    def find(self, url_id: str, region: str = "") -> FunctionUrlConfig | None:
        """The config of a URL's id; without a region the first of any (ids that were chosen may repeat)."""
        wanted = url_id.lower()
        if region:
            return self._by_id.get((wanted, region))
        return next((config for (known, _), config in self._by_id.items() if known == wanted), None)

    def deleted(self, function: Function, qualifier: str) -> None:
        """An alias or the whole function is gone, and its URLs with it."""
        of_function = self._of.get(function.name, {})
        for name in list(of_function) if not qualifier else [qualifier]:
            if name in of_function:
                self._drop(of_function.pop(name))

    @operation
    def create_function_url_config(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        function = self._existing(named)
        of_function = self._of.setdefault(named.function, {})
        if named.qualifier in of_function:
            raise ResourceConflict(
                f"Failed to create function url config for [functionArn = {named.arn}]. Error message:  "
                "FunctionUrlConfig exists for this Lambda function"
            )
        url_id, chosen = self._url_id(function, named.qualifier)
        now = self._clock.now()
        config = FunctionUrlConfig(
            url_id,
            _url(call.origin, url_id, named.function.region, by_host=chosen),
            named.function,
            named.qualifier,
            params["AuthType"],
            params.get("InvokeMode") or "",
            params.get("Cors"),
            now,
            now,
        )
        self._put(config)
        shown = _shown(config)
        del shown["LastModifiedTime"]
        return shown

    @operation
    def update_function_url_config(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        self._existing(named)
        config = replace(self._found(named), last_modified_at=self._clock.now())
        if params.get("AuthType"):
            config = replace(config, auth_type=params["AuthType"])
        if params.get("InvokeMode"):
            config = replace(config, invoke_mode=params["InvokeMode"])
        if params.get("Cors") is not None:
            config = replace(config, cors=params["Cors"])
        self._put(config)
        return _shown(config)

    @operation
    def get_function_url_config(self, call: Call, params: Params) -> Params:
        return _shown_whole(self._found(_named(call, params)))

    @operation
    def delete_function_url_config(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        self._drop(self._found(named))
        del self._of[named.function][named.qualifier]
        return {}

    @operation
    def list_function_url_configs(self, call: Call, params: Params) -> Params:
        named = _named(call, params)
        self._existing(named._replace(qualifier=""))
        configs = self._of.get(named.function, {}).values()
        shown, more = page(configs, lambda config: config.qualifier or "$", params)
        return {"FunctionUrlConfigs": [_shown_whole(config) for config in shown], **more}

    def _existing(self, named: Named) -> Function:
        function = self._functions.get(named.function)
        if function is None or (named.qualifier and named.qualifier not in function.aliases):
            raise ResourceNotFound(_NO_FUNCTION)
        return function

    def _found(self, named: Named) -> FunctionUrlConfig:
        found = self._of.get(named.function, {}).get(named.qualifier)
        if found is None:
            raise ResourceNotFound(_NO_CONFIG)
        return found

    def _put(self, config: FunctionUrlConfig) -> None:
        self._of[config.function][config.qualifier] = config
        self._by_id[config.url_id.lower(), config.function.region] = config

    def _drop(self, config: FunctionUrlConfig) -> None:
        self._by_id.pop((config.url_id.lower(), config.function.region), None)

    def _url_id(self, function: Function, qualifier: str) -> tuple[str, bool]:
        """An id, and whether the function's tag has chosen it."""
        if tag := function.tags.get(ID_TAG):
            chosen = f"{tag}-{qualifier}" if qualifier else tag
            taken = (chosen.lower(), function.name.region) in self._by_id
            if _CHOSEN_ID.fullmatch(chosen) is not None and not taken:
                return chosen, True
            log.warning("Invalid custom ID tag value (%s=%s): it is passed over", ID_TAG, chosen)
        bits = self._entropy.bits(5 * _ID_LENGTH)
        return "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(_ID_LENGTH)), False


def _named(call: Call, params: Params) -> Named:
    return names.parse(call.scope, params["FunctionName"], params.get("Qualifier") or "")


def _url(origin: str, url_id: str, region: str, *, by_host: bool) -> str:
    """A URL that can be used from where the client addressed us: by host where that is a domain name, else by path.

    `by_host`: in any case (an id that somebody has chosen is chosen for its host name).
    """
    found = _ADDRESS.match(origin)
    assert found is not None
    host = found["host"]
    if _ONE_NAME.fullmatch(host):
        if not by_host:
            return f"{origin}{PATH}{url_id}/"
        host = "localhost"
    return f"{found['scheme']}://{url_id}.lambda-url.{region}.{host}{found['port'] or ''}/"


def _shown(config: FunctionUrlConfig) -> Params:
    shown: Params = {
        "FunctionUrl": config.url,
        "FunctionArn": config.function.arn(config.qualifier),
        "AuthType": config.auth_type,
        "CreationTime": _instant(config.created_at),
        "LastModifiedTime": _instant(config.last_modified_at),
    }
    if config.cors is not None:
        shown["Cors"] = config.cors
    if config.invoke_mode:
        shown["InvokeMode"] = config.invoke_mode
    return shown


def _shown_whole(config: FunctionUrlConfig) -> Params:
    """With an InvokeMode whether it was given or not, which the answers to changes lack."""
    return {"InvokeMode": "BUFFERED"} | _shown(config)


def _instant(at: float) -> str:
    """`2022-04-06T10:12:23.123456Z`, unlike the instants of other parts of Lambda."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
