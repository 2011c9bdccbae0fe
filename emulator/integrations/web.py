"""Requests to outside as tasks make them, and answers as tasks give them: what HTTP tasks and API Gateway share."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from statemachine.data import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.ports import HttpAnswer

TIMEOUT_S = 60.0
"""https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#http-task-data-limits"""
ANSWER_MAX = 262_144


def shown(answer: HttpAnswer) -> dict[str, Any]:
    """A task's result: headers as lists, the body as JSON where it is JSON."""
    return {
        "Headers": {name: [value] for name, value in answer.headers.items()},
        "ResponseBody": body_of(answer),
        "StatusCode": answer.status,
        "StatusText": status_text(answer.status),
    }


def inspected(answer: HttpAnswer, url: str) -> dict[str, str]:
    """An answer as TestState shows it at TRACE."""
    return {
        "protocol": url.partition(":")[0],
        "statusCode": str(answer.status),
        "statusMessage": status_text(answer.status),
        "headers": listed(answer.headers),
        "body": answer.body.decode("utf-8", "replace"),
    }


def listed(headers: Mapping[str, str]) -> str:
    """Headers in one text: `[name: value, name: value]`."""
    return f"[{', '.join(f'{name}: {value}' for name, value in headers.items())}]"


def body_of(answer: HttpAnswer) -> Any:
    """The body: JSON by its content type, else text."""
    text = answer.body.decode("utf-8", "replace")
    kind = next((value for name, value in answer.headers.items() if name.lower() == "content-type"), "")
    if "json" in kind.lower():
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return text
    return text


def status_text(status: int) -> str:
    """`OK`, `Not Found`."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def query_pairs(parameters: Any) -> list[tuple[str, str]]:
    """Query parameters given as texts or lists of texts."""
    pairs: list[tuple[str, str]] = []
    for name, value in (parameters or {}).items():
        pairs.extend((name, text_of(item)) for item in (value if isinstance(value, list) else [value]))
    return pairs


def header_lines(headers: Any) -> dict[str, str]:
    """Headers given as texts or lists of texts, by lower-case names."""
    return {
        name.lower(): ", ".join(text_of(item) for item in (value if isinstance(value, list) else [value]))
        for name, value in (headers or {}).items()
    }


def invalid(field: str) -> str:
    """What is said of an argument of the wrong kind."""
    return f"The value of the field '{field}' has an invalid format"


def text_of(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json_text.dumps(value)


def with_defaults(headers: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Headers, and those that are not among them."""
    return {**defaults, **headers}
