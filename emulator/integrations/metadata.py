"""What the optimised integrations tell of the HTTP exchange: SdkHttpMetadata and SdkResponseMetadata.

There was no exchange: the headers are those that AWS's services were seen to send, with the length that their body has
in the service's own protocol.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from emulator.wire import timestamps
from emulator.wire.compile import CODECS

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.integrations.catalogue import KnownService
    from emulator.wire.exchange import Reply
    from emulator.wire.model import Operation
    from services.ports import Clock

    Serialize = Callable[[dict[str, Any], str], Reply]

_PREFERRED = ("json", "rest-json", "query")
_DEFAULT_TYPE = "application/x-amz-json-1.1"


class Metadata:
    """Makes it, each serializer compiled once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._serializers: dict[tuple[str, str], Serialize | None] = {}

    def of(
        self, known: KnownService, operation: Operation, result: dict[str, Any], request_id: str, trace: str = ""
    ) -> dict[str, Any]:
        """The two members."""
        content_type, body, status = self._reply(known, operation, result, request_id)
        length, date = str(len(body)), timestamps.http_date(self._clock.now())
        headers = {"x-amzn-RequestId": request_id, "Content-Length": length, "Date": date, "Content-Type": content_type}
        if known.name == "dynamodb":
            headers |= {"Server": "Server", "Connection": "keep-alive", "x-amz-crc32": str(zlib.crc32(body))}
        elif known.name == "lambda":
            headers |= {"Connection": "keep-alive", "x-amzn-Remapped-Content-Length": "0"}
            if result.get("ExecutedVersion"):
                headers["X-Amz-Executed-Version"] = result["ExecutedVersion"]
            if trace:
                headers["X-Amzn-Trace-Id"] = trace
            status = result.get("StatusCode", status)
        else:
            headers["connection"] = "keep-alive"
        return {
            "SdkHttpMetadata": {
                "AllHttpHeaders": {name: [value] for name, value in headers.items()},
                "HttpHeaders": {name: headers[name] for name in sorted(headers, key=str.lower)},
                "HttpStatusCode": status,
            },
            "SdkResponseMetadata": {"RequestId": request_id},
        }

    def _reply(
        self, known: KnownService, operation: Operation, result: dict[str, Any], request_id: str
    ) -> tuple[str, bytes, int]:
        """Content type, body and status, as the service would answer."""
        key = (known.name, operation.name)
        if key not in self._serializers:
            spoken = next((name for name in _PREFERRED if name in known.model.protocols), None)
            self._serializers[key] = CODECS[spoken].serializer(known.model, operation) if spoken else None
        serialize = self._serializers[key]
        if serialize is None:
            return _DEFAULT_TYPE, b"{}", operation.status
        reply = serialize(result, request_id)
        lines = reply.head.decode("latin-1").split("\r\n")
        kind = next((line.partition(": ")[2] for line in lines if line.startswith("content-type:")), _DEFAULT_TYPE)
        return kind, reply.body, reply.status
