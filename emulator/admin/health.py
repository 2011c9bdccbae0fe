"""Health without FastAPI: wait scripts ask for it before anything else has been imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from emulator.wire.exchange import Reply

if TYPE_CHECKING:
    from emulator.admin.control import Control
    from emulator.wire.exchange import Exchange

_JSON = b"content-type: application/json\r\n"


def answer(control: Control, exchange: Exchange) -> Reply:
    """GET /_undercast/health, or /_localstack/health in the form that existing wait scripts look for."""
    if exchange.method not in {b"GET", b"HEAD"}:
        return Reply(405, _JSON + b"allow: GET, HEAD\r\n", b'{"error":"health is asked with GET"}')
    said = control.health()
    if exchange.path.startswith(b"/_localstack"):
        # With a space behind each colon: such scripts often search the text for `"sqs": "running"`.
        return Reply(200, _JSON, json.dumps({**said, "edition": "undercast"}).encode())
    return Reply(200, _JSON, orjson.dumps(said))
