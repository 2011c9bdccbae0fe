"""Succeed. https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statemachine.states.fields import leave_as_is

if TYPE_CHECKING:
    from statemachine.definition import Succeed
    from statemachine.frames import Frame


def run(frame: Frame, state: Succeed) -> str | None:
    """InputPath, OutputPath; or Output. The flow ends, whatever `next` says."""
    leave_as_is(frame, state)
    return None
