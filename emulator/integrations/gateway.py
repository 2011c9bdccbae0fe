"""`apigateway:invoke`: a request to an API of API Gateway.

An API of the emulator's own is answered in process (`rest_apis`), whatever name it is given: `<id>.execute-api...`,
or `.../restapis/<id>` as other emulators have it. Any other address gets a real request.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from emulator.integrations import web
from emulator.integrations.functions import refusal_of
from emulator.integrations.rest_apis import ApiRequest, RestApis
from services.ports import HttpAnswer, HttpFailure
from statemachine.data import json_text

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue
    from emulator.integrations.tasks import Work
    from services.ports import Clock, Entropy, HttpOut

_BY_HOST: Final = re.compile(r"(?:https?://)?(?P<id>[a-z0-9]+)\.execute-api\.(?P<rest>.*)")
_BY_PATH: Final = re.compile(r"(?:https?://)?[^/]+/restapis/(?P<id>[a-z0-9]+)/?")


class ApiGateway:
    """Calls APIs for tasks."""

    def __init__(self, services: Services, catalogue: Catalogue, http: HttpOut, clock: Clock, entropy: Entropy) -> None:
        self._http = http
        self._apis = RestApis(services, catalogue, http, clock, entropy)

    async def run(self, work: Work) -> None:
        """One request."""
        work.events.started()
        arguments = work.call.arguments if isinstance(work.call.arguments, dict) else {}
        if found := problems(arguments):
            work.fail(*refusal_of(work, found))
            return
        try:
            answer = await self._answer(work, arguments)
        except HttpFailure as failure:
            work.fail("ApiGateway.SdkClientException", f"Unable to execute HTTP request: {failure.text}")
            return
        if answer.status < 400:
            work.answered(web.shown(answer))
        else:
            work.fail(f"ApiGateway.{answer.status}", web.text_of(web.body_of(answer)))

    async def _answer(self, work: Work, arguments: dict[str, Any]) -> HttpAnswer:
        endpoint = str(arguments["ApiEndpoint"])
        method = str(arguments["Method"]).upper()
        stage, path = str(arguments.get("Stage") or ""), str(arguments.get("Path") or "").lstrip("/")
        headers = web.header_lines(arguments.get("Headers"))
        query = web.query_pairs(arguments.get("QueryParameters"))
        body = arguments.get("RequestBody")
        if body is not None and not arguments.get("AllowNullValues"):
            body = _without_nulls(body)
        content = b"" if body is None else json_text.dumps(body).encode()
        headers = web.with_defaults(headers, {"content-type": "application/json"})
        found = _BY_HOST.fullmatch(endpoint) or _BY_PATH.fullmatch(endpoint)
        if found is not None:
            request = ApiRequest(method, stage, "/" + path, query, headers, content)
            return await self._apis.answer(found["id"], request, account=work.account, region=work.call.region)
        address = endpoint if "://" in endpoint else f"https://{endpoint}"
        url = "/".join(part for part in (address.rstrip("/"), stage, quote(path)) if part)
        return await self._http.request(
            method,
            url + (f"?{urlencode(query)}" if query else ""),
            headers=headers,
            body=content,
            timeout_s=web.TIMEOUT_S,
            answer_max=web.ANSWER_MAX,
        )


def problems(arguments: Any) -> list[str]:
    """Why no request can be made of these arguments; empty when one can.

    What Step Functions says of a header that is no list was reported in https://github.com/aws/aws-cdk/issues/14181.
    """
    arguments = arguments if isinstance(arguments, dict) else {}
    found = [
        f"The field '{name}' is required but was missing"
        for name in ("ApiEndpoint", "Method")
        if not arguments.get(name)
    ]
    for field in ("Headers", "QueryParameters"):
        given = arguments.get(field)
        if given is not None and not (
            isinstance(given, dict) and all(isinstance(value, list) for value in given.values())
        ):
            found.append(web.invalid(field))
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value
