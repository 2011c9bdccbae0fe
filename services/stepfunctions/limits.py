"""Every number Step Functions documents, once, with the page it comes from.

Pages are of the AWS Step Functions Developer Guide (`DG/`) and of the API Reference (`API/`):
https://docs.aws.amazon.com/step-functions/latest/dg/ and https://docs.aws.amazon.com/step-functions/latest/apireference/
"""

from __future__ import annotations

from typing import Final

DAY_S: Final = 86_400.0

# DG/service-quotas.html
NAME_MAX: Final = 80
STATE_MACHINES_MAX: Final = 100_000
ACTIVITIES_MAX: Final = 100_000
TAGS_MAX: Final = 50
EXECUTION_S: Final = 365 * DAY_S
"""How long a standard execution may run."""
EXPRESS_S: Final = 300.0
EVENTS_MAX: Final = 25_000
PAYLOAD_MAX: Final = 262_144
"""Bytes of an input or output in UTF-8."""
RETENTION_S: Final = 90 * DAY_S
"""How long closed executions are kept."""
ACTIVITY_POLLERS_MAX: Final = 1_000
"""Workers that may wait for one activity at once."""
VERSIONS_MAX: Final = 1_000
ALIASES_MAX: Final = 100

# DG/redrive-executions.html
REDRIVE_S: Final = 14 * DAY_S
REDRIVES_MAX: Final = 1_000
REDRIVE_EVENTS_MAX: Final = 24_999

# API/API_RedriveExecution.html
CLIENT_TOKEN_S: Final = 900.0

# API/API_GetActivityTask.html
ACTIVITY_POLL_S: Final = 60.0

# API/API_ListExecutions.html
PAGE: Final = 100
PAGE_MAX: Final = 1_000
PAGE_TOKEN_S: Final = DAY_S

# DG/cw-logs.html, DG/eventbridge-integration.html
LOGGED_PAYLOAD_MAX: Final = 253_952
"""248 KiB: what is longer is cut from a log event, and left out of a status-change event."""

# DG/express-at-least-once-execution.html, the pricing page
BILLED_STEP_MS: Final = 100
BILLED_MEMORY_MB: Final = 64

# Ours: what one turn of the event loop may spend on executions, and how much history is kept.
TURN_STEPS: Final = 500
"""State transitions of all executions together before other work of the loop has its turn."""
SLICE_STEPS: Final = 100
"""State transitions of one execution before the next one has its turn."""
KEPT_BYTES: Final = 256 * 1024 * 1024
"""What closed executions may take, about; the oldest ones are forgotten beyond it."""
CLOSED_BYTES: Final = 2_000
"""What one of them takes besides its input and its history."""
INTERPRETER_BYTES: Final = 4_000
"""What it takes more when it can still be redriven."""
EVENT_BYTES: Final = 500
"""What an event takes that is not packed."""

# DG/state-map-distributed.html, DG/input-output-itemreader.html
MAP_ITEMS_MAX: Final = 100_000_000
MAP_CHILDREN_AT_ONCE: Final = 10_000

# Ours, for Map Runs.
MAP_CHILDREN_A_TURN: Final = 100
"""Children that are started before other work of the loop has its turn."""
MAP_ITEMS_A_TURN: Final = 1_000
"""Items that are selected, or batches that are made, before other work of the loop has its turn."""
MAP_RUNS_KEPT: Final = 10_000
"""Of one account and region; the oldest that have ended are forgotten beyond it."""
RESULT_FILE_MAX: Final = 64 * 1024 * 1024
"""Bytes of one result file; AWS's have 5 GB at most."""
