"""Errors of the language: what Retry and Catch see, and what an execution fails with.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import Final

ALL: Final = "States.ALL"
BRANCH_FAILED: Final = "States.BranchFailed"
DATA_LIMIT_EXCEEDED: Final = "States.DataLimitExceeded"
EXCEED_TOLERATED_FAILURE_THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
HEARTBEAT_TIMEOUT: Final = "States.HeartbeatTimeout"
HTTP_SOCKET: Final = "States.Http.Socket"
INTRINSIC_FAILURE: Final = "States.IntrinsicFailure"
ITEM_READER_FAILED: Final = "States.ItemReaderFailed"
NO_CHOICE_MATCHED: Final = "States.NoChoiceMatched"
PARAMETER_PATH_FAILURE: Final = "States.ParameterPathFailure"
PERMISSIONS: Final = "States.Permissions"
QUERY_EVALUATION_ERROR: Final = "States.QueryEvaluationError"
RESULT_PATH_MATCH_FAILURE: Final = "States.ResultPathMatchFailure"
RESULT_WRITER_FAILED: Final = "States.ResultWriterFailed"
RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"


class StateError(Exception):
    """A state has failed: by a task's own error, or by one of the language's (`States.*`).

    Raised by whatever evaluates data, too: the interpreter adds what it knows of the place.
    """

    def __init__(self, error: str | None, cause: str | None = None, location: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        """The name that ErrorEquals is compared with; None where AWS gives none (a task failed without one)."""
        self.cause = cause
        self.location = location
        """The field whose expression failed (`Output/total`), for the history's EvaluationFailed; only JSONata's."""
