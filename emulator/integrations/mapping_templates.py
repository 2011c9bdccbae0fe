"""Mapping templates of API Gateway, as far as they only refer.

`$input.json('$.a')`, `$input.body`, `$input.params('p')`, `$input.params().querystring`, `$context.stage`.
Directives of the Velocity language are not understood.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from statemachine.data import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIRECTIVE: Final = re.compile(r"^\s*#(set|if|foreach|macro|include|parse)\b", re.MULTILINE)
_REFERENCE: Final = re.compile(
    r"\$input\.json\('(?P<json>[^']*)'\)"
    r"|\$input\.(?P<body>body)\b"
    r"|\$input\.params\('(?P<param>[^']*)'\)"
    r"|\$input\.params\(\)\.(?P<kind>querystring|path|header)(?:\.(?P<name>[\w-]+))?"
    r"|\$context\.(?P<context>[\w.]+)"
)


class NotUnderstood(ValueError):
    """The template needs more than is here."""


def render(
    template: str, body: bytes, parameters: Mapping[str, Mapping[str, str]], context: Mapping[str, str]
) -> bytes:
    """What the integration gets. `parameters` by `path`, `querystring` and `header`.

    Raises:
        NotUnderstood: the template has directives, or other references.
    """
    if _DIRECTIVE.search(template):
        raise NotUnderstood("The mapping template has directives.")

    def value(found: re.Match[str]) -> str:
        if found["json"] is not None:
            return json_text.dumps(_at(body, found["json"]))
        if found["body"]:
            return body.decode("utf-8", "replace")
        if found["param"] is not None:
            kinds = ("path", "querystring", "header")
            return next((parameters[kind][found["param"]] for kind in kinds if found["param"] in parameters[kind]), "")
        if found["kind"]:
            named = parameters[found["kind"]]
            return named.get(found["name"], "") if found["name"] else json_text.java_text(dict(named))
        return context.get(found["context"], "")

    text = _REFERENCE.sub(value, template)
    return text.strip().encode()


def _at(body: bytes, path: str) -> Any:
    """What a plain path leads to in the body; None where it leads to nothing."""
    try:
        value: Any = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return None
    for name in path.removeprefix("$").split("."):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
    return value
