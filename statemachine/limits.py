"""Quotas of the language. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

from __future__ import annotations

from typing import Final

PAYLOAD_BYTES_MAX: Final = 256 * 1024
"""A state's, task's or execution's input or output, in UTF-8."""

EVENTS_MAX: Final = 25_000
"""The history of a Standard execution."""

EXPRESS_EVENTS_MAX: Final = 500_000
"""An Express execution's history has no quota; it has five minutes. An endless loop takes none where a test holds the
clock: it has timed out after more events than AWS gets into that time."""

ERROR_MAX: Final = 256
CAUSE_MAX: Final = 32_768
"""Characters that are shown of an error and its cause; a catcher sees them whole.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionFailedEventDetails.html
"""

INLINE_MAP_CONCURRENCY_MAX: Final = 40
"""https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""

SECONDS_MAX: Final = 99_999_999
"""Timeouts, waits and intervals ("Maximum value is 99999999", as CreateStateMachine says it)."""
