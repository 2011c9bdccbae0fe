"""Replies of the APIs that function processes call."""

from __future__ import annotations

import json
from typing import Any

from emulator.wire.exchange import Reply

JSON = b"content-type: application/json\r\n"


def refusal(status: int, error_type: str, text: str) -> Reply:
    """An error of these APIs."""
    return Reply(status, JSON, json.dumps({"errorMessage": text, "errorType": error_type}).encode())


def answer(body: dict[str, Any], head: bytes = b"") -> Reply:
    """A JSON object, with further header lines."""
    return Reply(200, JSON + head, json.dumps(body).encode())
