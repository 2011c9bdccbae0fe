"""What Step Functions says of some members, where its answers are not what the model says."""

from __future__ import annotations

from typing import Final

from emulator.wire.refusals import ValidationFailure
from emulator.wire.validate import constraints

TEXTS: Final = {
    # The model has these in another order.
    "statusFilter": (
        "Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
    ),
}

in_stepfunctions = constraints(ValidationFailure, TEXTS)
