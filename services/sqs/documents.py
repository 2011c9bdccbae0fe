"""JSON documents inside parameters: policies, redrive policies, task handles. Whatever a client writes into them."""

from __future__ import annotations

import json
from typing import Any


def read(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` spells, None when it spells none.

    None too when it is nested too deeply, or names half of a surrogate pair, which could not be answered.
    """
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
