"""What holds for every test."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from hypothesis import settings

# No test asserts how long anything takes: machines are shared.
settings.register_profile("undercast", deadline=None)
settings.load_profile("undercast")


@pytest.fixture
def todays_model() -> None:
    """For facts of a service's model that older versions of botocore do not have (the run at lowest versions)."""
    if tuple(map(int, version("botocore").split(".")[:2])) < (1, 43):
        pytest.skip("this botocore's model is older than the fact")
