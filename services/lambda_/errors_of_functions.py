"""How a function fails, in Lambda's words. The caller gets these with status 200 and `X-Amz-Function-Error`.

What a handler raises is worded by the runtime and passed on as it is; here is only what the service itself says: a
timeout, a process that ended, a response that is too large.
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

TIMED_OUT: Final = "Sandbox.Timedout"
EXITED: Final = "Runtime.ExitError"
OUT_OF_MEMORY: Final = "Runtime.OutOfMemory"
TOO_LARGE: Final = "Function.ResponseSizeTooLarge"
UNHANDLED: Final = "Unhandled"
"""The only FunctionError there is nowadays."""


class Failure(NamedTuple):
    """A function error."""

    payload: bytes
    error_type: str
    line: str = ""
    """What the log says of it, besides END and REPORT; without the time."""
    status: str = "error"
    """Of the REPORT: `error` or `timeout`; empty where the runtime said it all."""


def handled(payload: bytes, error_type: str) -> Failure:
    """What the runtime itself reported: an exception of the handler, or of the init."""
    return Failure(payload, error_type, status="")


def timed_out(request_id: str, timeout_s: float) -> Failure:
    """The invocation's time was over."""
    text = f"Task timed out after {timeout_s:.2f} seconds"
    return Failure(_body(TIMED_OUT, f"RequestId: {request_id} Error: {text}"), TIMED_OUT, text, "timeout")


def exited(request_id: str, reason: str) -> Failure:
    """The process ended in the midst of it. `reason` as a sandbox tells it: `exit status 1`, `signal: killed`."""
    text = exit_text(reason)
    line = f"RequestId: {request_id} Error: {text}"
    report = OUT_OF_MEMORY if reason == "out of memory" else EXITED
    return Failure(_body(EXITED, line), report, f"{line}\n{EXITED}")


def exit_text(reason: str) -> str:
    """The sentence about an exit. A process that ends with status 0 gives no reason."""
    if reason in {"", "exit status 0"}:
        return "Runtime exited without providing a reason"
    # What the kernel does when memory is exceeded, and all that the function's owner is told on AWS.
    return f"Runtime exited with error: {'signal: killed' if reason == 'out of memory' else reason}"


def too_large(limit: int) -> Failure:
    """The response exceeds its ceiling."""
    text = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return Failure(
        json.dumps({"errorMessage": text, "errorType": TOO_LARGE}, separators=(",", ":")).encode(), TOO_LARGE
    )


def message_of(payload: bytes) -> str:
    """The errorMessage in an error's payload, or an empty string."""
    try:
        error = json.loads(payload)
    except ValueError:
        return ""
    return str(error.get("errorMessage", "")) if isinstance(error, dict) else ""


def _body(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
