"""The configuration file of Step Functions Local."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from emulator.integrations.mocked import Mock, Mocks
from services.ports import TaskCall

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: dict[str, Any] = {
    "StateMachines": {"orders": {"TestCases": {"Retried": {"Pay": "Paid"}, "Nothing": {"Pay": "Missing"}}}},
    "MockedResponses": {
        "Paid": {
            "0": {"Return": {"paid": 1}},
            "1-2": {"Throw": {"Error": "Broke", "Cause": "no money"}},
            "3": {"Return": None},
        },
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "MockConfigFile.json"
    path.write_text(json.dumps(CONFIG))
    return path


def call(state: str = "Pay", case: str = "Retried", execution: str = "e") -> TaskCall:
    return TaskCall(
        resource="arn:aws:states:::sqs:sendMessage",
        arguments={},
        account="000000000000",
        region="us-east-1",
        execution_arn=f"arn:aws:states:us-east-1:000000000000:execution:orders:{execution}",
        role_arn="",
        state_name=state,
        test_case=case,
    )


def test_attempts_take_their_responses_in_order(file: Path) -> None:
    mocks = Mocks(str(file))
    broke = Mock(throws=True, error="Broke", cause="no money")
    assert [mocks.find(call()) for _ in range(4)] == [Mock({"paid": 1}), broke, broke, Mock(None)]
    assert mocks.find(call(execution="another")) == Mock({"paid": 1})


def test_an_attempt_without_a_response_fails_and_says_so(file: Path) -> None:
    mocks = Mocks(str(file))
    for _ in range(4):
        mocks.find(call())
    found = mocks.find(call())
    assert found is not None
    assert (found.throws, found.cause) == (True, "MockedResponses.Paid has no response for attempt 4.")


def test_what_is_not_mocked_is_real(file: Path) -> None:
    mocks = Mocks(str(file))
    assert mocks.find(call(state="Ship")) is None
    assert mocks.find(call(case="")) is None
    assert Mocks("").find(call()) is None


def test_a_response_that_is_not_there(file: Path) -> None:
    found = Mocks(str(file)).find(call(case="Nothing"))
    assert found is not None
    assert found.throws
    assert found.cause == "The mock configuration file has no object MockedResponses.Missing."


def test_the_file_is_read_again_when_it_changes(file: Path) -> None:
    mocks = Mocks(str(file))
    assert mocks.problem("orders", "New") != ""
    changed = json.loads(json.dumps(CONFIG))
    changed["StateMachines"]["orders"]["TestCases"]["New"] = {}
    file.write_text(json.dumps(changed))
    os.utime(file, ns=(1, 1))
    assert mocks.problem("orders", "New") == ""


def test_problems_are_told(file: Path) -> None:
    mocks = Mocks(str(file))
    assert mocks.problem("orders", "Retried") == ""
    assert "has no object StateMachines.other" in mocks.problem("other", "Retried")
    assert "has no test case Gone of orders" in mocks.problem("orders", "Gone")
    file.write_text("{")
    assert "is no JSON" in mocks.problem("orders", "Retried")
    assert "no mock configuration file is set" in Mocks("").problem("orders", "Retried")


@pytest.mark.parametrize(
    "config",
    [
        {"StateMachines": []},
        {"StateMachines": {"orders": 5}},
        {"StateMachines": {"orders": {"TestCases": []}}},
        {"StateMachines": {"orders": {"TestCases": {"Retried": []}}}},
        {"StateMachines": {"orders": {"TestCases": {"Retried": {"Pay": ["Paid"]}}}}},
        CONFIG | {"MockedResponses": 5},
        CONFIG | {"MockedResponses": {"Paid": []}},
        CONFIG | {"MockedResponses": {"Paid": {"x": {"Return": 1}}}},
        CONFIG | {"MockedResponses": {"Paid": {"0": 5}}},
        CONFIG | {"MockedResponses": {"Paid": {"0": {"Throw": {"Error": 5}}}}},
    ],
)
def test_a_file_of_the_wrong_form_is_told(file: Path, config: dict[str, Any]) -> None:
    file.write_text(json.dumps(config))
    mocks = Mocks(str(file))
    found = mocks.find(call())
    assert mocks.problem("orders", "Retried") or (found and found.throws)
    assert found is not None
    assert (found.throws, found.error) == (True, "States.Runtime")
    assert found.cause
