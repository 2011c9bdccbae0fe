"""TestState: one state, run alone, and what can be seen of it.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.api import operation
from services.stepfunctions.test_state_mocks import Mock
from services.stepfunctions.test_state_request import Tested
from services.stepfunctions.test_state_run import TestRun

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from services.api import Call, Params
    from services.ports import Clock, Entropy, Integrations, ResultShapes
    from services.stepfunctions.validation import Definitions


class TestStateApi:
    """TestState."""

    __test__ = False
    """Not a test, whatever pytest makes of its name."""

    def __init__(
        self, clock: Clock, entropy: Entropy, definitions: Definitions, integrations: Integrations, shapes: ResultShapes
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._definitions = definitions
        self._integrations = integrations
        self._shapes = shapes

    @operation
    def test_state(self, call: Call, params: Params) -> Params | Awaitable[Params]:
        """At once where the state takes no time."""
        tested = Tested(params, self._definitions)
        mock = Mock.of(params, tested.state, self._shapes)
        tested.check_rest(params, mock)
        run = TestRun(self._clock, self._entropy, self._integrations, call, params, tested, mock)
        return run.start()
