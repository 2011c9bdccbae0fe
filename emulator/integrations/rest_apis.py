"""REST APIs of API Gateway, as far as they can be answered here: the neighbour knows them, and functions are ours.

Integrations: Lambda (`AWS_PROXY`, and `AWS` with plain mapping templates), `HTTP`, `HTTP_PROXY` and `MOCK`.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson

from emulator.integrations import mapping_templates
from emulator.wire import timestamps
from services.errors import ServiceError
from services.ports import HttpAnswer

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue
    from services.ports import Clock, Entropy, HttpOut

_FUNCTION: Final = re.compile(r".*:path/[^/]+/functions/(?P<arn>[^/]+)/invocations")
_PARAMETER: Final = re.compile(r"\{(\w+)(\+?)\}")


class ApiRequest(NamedTuple):
    """A request to a stage."""

    method: str
    stage: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    """By lower-case names."""
    body: bytes


class RestApis:
    """Answers for them."""

    def __init__(self, services: Services, catalogue: Catalogue, http: HttpOut, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._services = services
        self._catalogue = catalogue
        self._http = http
        self._entropy = entropy

    async def answer(self, api_id: str, request: ApiRequest, *, account: str, region: str) -> HttpAnswer:
        """What the API answers. Raises HttpFailure where its backend can't be reached."""
        where = {"account": account, "region": region}
        try:
            found = await self._services.ask("apigateway", "GetResources", {"restApiId": api_id, "limit": 500}, **where)
            matched = _match(found.get("items", []), request)
            if matched is None:
                return self._say(403, b'{"message":"Missing Authentication Token"}')
            resource, parameters, method = matched
            integration = await self._services.ask(
                "apigateway",
                "GetIntegration",
                {"restApiId": api_id, "resourceId": resource["id"], "httpMethod": method},
                **where,
            )
        except ServiceError:
            return self._say(403, b'{"message":"Forbidden"}')
        return await self._integrate(integration, resource, parameters, request, where)

    async def _integrate(
        self,
        integration: dict[str, Any],
        resource: dict[str, Any],
        parameters: dict[str, str],
        request: ApiRequest,
        where: dict[str, str],
    ) -> HttpAnswer:
        kind, uri = integration.get("type", ""), str(integration.get("uri", ""))
        function = _FUNCTION.fullmatch(uri)
        if kind == "AWS_PROXY" and function is not None:
            proxied = orjson.dumps(_proxy_event(resource, parameters, request, where["account"]))
            return self._proxied(await self._invoke(function["arn"], proxied, where))
        if kind == "AWS" and function is not None:
            try:
                event = _mapped(integration, parameters, request)
            except mapping_templates.NotUnderstood:
                return self._say(500, b'{"message":"Internal server error"}')
            payload = await self._invoke(function["arn"], event or b"{}", where)
            return self._say(502 if payload is None else 200, payload or b'{"message":"Internal server error"}')
        if kind in ("HTTP", "HTTP_PROXY"):
            query = f"?{urlencode(request.query)}" if request.query else ""
            method = integration.get("httpMethod") or request.method
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            url = _PARAMETER.sub(lambda found: parameters.get(found[1], ""), uri)
            return await self._http.request(method, url + query, headers=headers, body=request.body)
        if kind == "MOCK":
            return self._say(200, b"")
        return self._say(500, b'{"message":"Internal server error"}')

    async def _invoke(self, function_arn: str, event: bytes, where: dict[str, str]) -> bytes | None:
        """What a function returns; None where it failed."""
        known = self._catalogue.service("lambda")
        if known is None:
            return None
        try:
            answer = await self._services.call(
                known, known.actions["invoke"], {"FunctionName": function_arn, "Payload": event}, **where
            )
        except ServiceError:
            return None
        return None if answer.get("FunctionError") else bytes(answer.get("Payload") or b"null")

    def _proxied(self, payload: bytes | None) -> HttpAnswer:
        """A function's answer as the proxy integration reads it."""
        said = orjson.loads(payload) if payload else None
        if not isinstance(said, dict):
            return self._say(502, b'{"message":"Internal server error"}')
        body = said.get("body") or ""
        content = base64.b64decode(body) if said.get("isBase64Encoded") else str(body).encode()
        headers = {str(name).lower(): str(value) for name, value in (said.get("headers") or {}).items()}
        return self._say(int(said.get("statusCode", 200)), content, headers)

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> HttpAnswer:
        draw = self._entropy.bits
        said = {
            "Connection": "keep-alive",
            "Content-Length": str(len(body)),
            "Content-Type": (headers or {}).get("content-type", "application/json"),
            "x-amzn-RequestId": self._entropy.uuid(),
            "x-amz-apigw-id": f"{draw(80):020x}",
            "X-Amzn-Trace-Id": f"Root=1-{draw(32):08x}-{draw(96):024x}",
            # An edge-optimised API, as they are by default, answers by way of CloudFront.
            "Date": timestamps.http_date(self._clock.now()),
            "Via": f"1.1 {draw(128):032x}.cloudfront.net (CloudFront)",
            "X-Amz-Cf-Id": f"{draw(224):056x}",
            "X-Amz-Cf-Pop": "IAD89-C1",
            "X-Cache": "Miss from cloudfront" if status < 400 else "Error from cloudfront",
        }
        said |= {name: value for name, value in (headers or {}).items() if name != "content-type"}
        return HttpAnswer(status, said, body)


def _match(resources: list[dict[str, Any]], request: ApiRequest) -> tuple[dict[str, Any], dict[str, str], str] | None:
    """The resource with that method, its path's parameters, and the method as it is defined. Fixed parts win."""
    candidates = []
    for resource in resources:
        defined = resource.get("resourceMethods") or {}
        method = next((name for name in (request.method, "ANY") if name in defined), None)
        template = resource.get("path", "/")
        pattern = _PARAMETER.sub(lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})", template)
        found = re.fullmatch(pattern, request.path.rstrip("/") or "/")
        if method is not None and found is not None:
            candidates.append((len(_PARAMETER.findall(template)), resource, found.groupdict(), method))
    if not candidates:
        return None
    _, resource, parameters, method = min(candidates, key=lambda candidate: candidate[0])
    return resource, parameters, method


def _mapped(integration: dict[str, Any], parameters: dict[str, str], request: ApiRequest) -> bytes:
    """The request by the integration's template for its content type; as it is without one. Raises NotUnderstood."""
    templates = integration.get("requestTemplates") or {}
    template = templates.get(request.headers.get("content-type", "application/json"))
    if not template:
        return request.body
    given = {"path": parameters, "querystring": dict(request.query), "header": request.headers}
    context = {"stage": request.stage, "httpMethod": request.method, "resourcePath": request.path}
    return mapping_templates.render(template, request.body, given, context)


def _proxy_event(
    resource: dict[str, Any], parameters: dict[str, str], request: ApiRequest, account: str
) -> dict[str, Any]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html"""
    every: dict[str, list[str]] = {}
    for name, value in request.query:
        every.setdefault(name, []).append(value)
    return {
        "resource": resource.get("path", "/"),
        "path": request.path,
        "httpMethod": request.method,
        "headers": request.headers or None,
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()} or None,
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": every or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": account,
            "httpMethod": request.method,
            "path": f"/{request.stage}{request.path}",
            "resourceId": resource.get("id", ""),
            "resourcePath": resource.get("path", "/"),
            "stage": request.stage,
        },
        "body": request.body.decode("utf-8", "replace") if request.body else None,
        "isBase64Encoded": False,
    }
