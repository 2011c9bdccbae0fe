"""Attributes whose value is a JSON document, as SNS refuses them."""

from __future__ import annotations

import json
from typing import Any


class Refused(Exception):
    """A document that is refused. `text` begins with the attribute's name; what stands before it depends on the
    operation (`Invalid parameter: `, or `Invalid parameter: Attributes Reason: `).
    """

    def __init__(self, attribute: str, text: str) -> None:
        super().__init__(f"{attribute}: {text}")
        self.text = f"{attribute}: {text}"


def read(attribute: str, text: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Refused: it is none.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(attribute, f"failed to parse JSON. {_first_trouble(text)}") from None
    if not isinstance(document, dict):
        raise Refused(attribute, "failed to parse JSON.")
    return document


def _first_trouble(text: str) -> str:
    """In the words of AWS's JSON parser where they were seen: the name of a member that does not begin with a quote."""
    begun = text.lstrip()
    inside = begun[1:].lstrip()
    if begun.startswith("{") and inside and inside[0] not in '"}':
        column = len(text) - len(inside) + 1
        return (
            f"Unexpected character ('{inside[0]}' (code {ord(inside[0])})): was expecting double-quote to start field "
            "name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: "
            f"{column}]"
        )
    return "Unexpected end-of-input" if not inside else "Unexpected character"
