"""How functions pass from one state to the next: Pending to Active, InProgress to Successful.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.lambda_.errors import ResourceConflict
from services.lambda_.limits import UPDATE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.lambda_.model import Version
    from services.lambda_.state import Function, Functions
    from services.ports import Clock, Entropy

_REASON, _CODE = "The function is being created.", "Creating"
"""AWS says so of updates too."""


class Changes:
    """Begins changes, and ends them by itself."""

    def __init__(self, clock: Clock, entropy: Entropy, functions: Functions) -> None:
        self._clock = clock
        self._entropy = entropy
        self._functions = functions
        self._under_way = 0

    def busy(self) -> bool:
        """Whether a change will end by itself."""
        return self._under_way > 0

    def check_none(self, function: Function) -> None:
        """ResourceConflict while the function is being created or updated."""
        latest = function.latest
        if latest.state == "Pending":
            raise ResourceConflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        if latest.last_update_status == "InProgress":
            raise ResourceConflict(
                f"The operation cannot be performed at this time. An update is in progress for resource: {function.arn}"
            )

    def pending(self, version: Version) -> None:
        """The version is being created. Whoever begins this ends it by `active`."""
        version.state, version.state_reason, version.state_reason_code = "Pending", _REASON, _CODE

    def active(self, version: Version) -> None:
        """The version has been created.

        Told as soon as the answer is built, which still says Pending: creating takes no time here, and whoever has
        the answer may invoke at once. A timer, even one without delay, could come after the next request.
        """
        self._end_creation(version, self._entropy.uuid())

    def create_by_update(self, version: Version) -> None:
        """A version that an update publishes takes as long as the update."""
        self.pending(version)
        revision_id = self._entropy.uuid()
        self.after(UPDATE_S, lambda: self._end_creation(version, revision_id))

    def update(self, version: Version) -> None:
        """InProgress, and Successful after a blink. A new revision at both."""
        version.revision_id = self._entropy.uuid()
        version.last_modified_at = self._clock.now()
        version.last_update_status = "InProgress"
        version.last_update_reason, version.last_update_reason_code = _REASON, _CODE

        # Drawn now: the order of draws must not depend on when a timer fires.
        revision_id = self._entropy.uuid()

        def end() -> None:
            version.last_update_status = "Successful"
            version.last_update_reason, version.last_update_reason_code = "", ""
            self._tell(version, revision_id)

        self.after(UPDATE_S, end)

    def after(self, seconds: float, end: Callable[[], None]) -> None:
        """Call `end` when that has passed on the clock, or in real time: who waits for a change is outside."""
        self._under_way += 1

        def ended() -> None:
            self._under_way -= 1
            end()

        self._clock.patience(seconds, ended)

    def _end_creation(self, version: Version, revision_id: str) -> None:
        version.state, version.state_reason, version.state_reason_code = "Active", "", ""
        self._tell(version, revision_id)

    def _tell(self, version: Version, revision_id: str) -> None:
        version.revision_id = revision_id
        function = self._functions.get(version.function)
        if function is not None and function.at(version.version) is version:
            self._functions.tell_changed(version)
