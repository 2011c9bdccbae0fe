"""Any JSON comes back as it went; what is no JSON is refused; a worker that is killed is replaced."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from undercast.server import Server

CODE = """
import os, signal

def handler(event, context):
    if event == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return event
"""

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def echo(server: Server) -> Any:
    functions = server.boto3("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        written.writestr("index.py", CODE)
    functions.create_function(
        FunctionName="echo",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/worker",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="echo")
    return functions


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents)
def test_any_document_comes_back(echo: Any, document: Any) -> None:
    answer = echo.invoke(FunctionName="echo", Payload=json.dumps(document))
    said = answer["Payload"].read()
    assert "FunctionError" not in answer, said
    assert json.loads(said) == document


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200))
def test_what_is_no_json_is_refused(echo: Any, payload: bytes) -> None:
    try:
        json.loads(payload)
    except ValueError:
        with pytest.raises(ClientError) as refused:
            echo.invoke(FunctionName="echo", Payload=payload)
        assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_killed_worker_is_told_and_replaced(echo: Any) -> None:
    answer = echo.invoke(FunctionName="echo", Payload=b'"die"')
    assert answer["FunctionError"] == "Unhandled"
    said = json.loads(answer["Payload"].read())
    assert said["errorType"] == "Runtime.ExitError"
    assert said["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert echo.invoke(FunctionName="echo", Payload=b'"again"')["Payload"].read() == b'"again"'
