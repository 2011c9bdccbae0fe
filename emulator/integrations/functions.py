"""Lambda functions, by their own ARN or by `lambda:invoke`.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from emulator.integrations import failures, values
from services import arn
from services.errors import ServiceError
from statemachine.data import json_text

if TYPE_CHECKING:
    from emulator.integrations.calls import Services
    from emulator.integrations.catalogue import Catalogue
    from emulator.integrations.metadata import Metadata
    from emulator.integrations.tasks import Work
    from services.ports import Entropy

UNKNOWN = "Lambda.Unknown"


class Functions:
    """Runs functions for tasks."""

    def __init__(self, services: Services, catalogue: Catalogue, metadata: Metadata, entropy: Entropy) -> None:
        self._services = services
        self._catalogue = catalogue
        self._metadata = metadata
        self._entropy = entropy

    async def by_arn(self, work: Work) -> None:
        """A function's ARN as the Resource: the arguments are its event, what it returns is the result."""
        work.events.started()
        event = json_text.dumps(work.call.arguments).encode()
        named = arn.parse(work.call.resource)
        region = named.region if named is not None and named.region else work.call.region
        answer = await self._invoke(work, {"FunctionName": work.call.resource, "Payload": event}, region)
        if answer is not None:
            work.succeed(_parsed(answer.get("Payload") or b"null"))

    async def optimised(self, work: Work) -> None:
        """`lambda:invoke`: the result is Invoke's, with the payload as JSON."""
        work.events.started()
        known, operation = self._known()
        try:
            params = parameters(self._catalogue, work.call.arguments)
        except values.Refused as refused:
            work.fail(*refusal_of(work, refused.problems))
            return
        answer = await self._invoke(work, params, work.call.region)
        if answer is None:
            return
        request_id = str(answer.get("ResponseMetadata", {}).get("RequestId") or self._entropy.uuid())
        output = values.to_json(operation.output, answer, values.Sdk.FIRST)
        output["Payload"] = _parsed(answer["Payload"]) if answer.get("Payload") else ""
        output |= self._metadata.of(known, operation, answer, request_id, work.call.trace)
        work.answered({name: output[name] for name in sorted(output)})

    async def _invoke(self, work: Work, params: dict[str, Any], region: str) -> dict[str, Any] | None:
        """Invoke's answer; None where the task has failed, as the function's own error makes it."""
        known, operation = self._known()
        try:
            answer = await self._services.call(
                known, operation, params, account=work.account, region=region, trace=work.call.trace
            )
        except ServiceError as refused:
            work.fail(*failures.in_first_sdk("lambda", known, refused, self._entropy.uuid()))
            return None
        if answer.get("FunctionError"):
            work.fail(*error_of(answer.get("Payload") or b""))
            return None
        return answer

    def _known(self) -> Any:
        known = self._catalogue.service("lambda")
        if known is None:
            raise LookupError("lambda")
        return known, known.actions["invoke"]


def parameters(catalogue: Catalogue, arguments: Any) -> dict[str, Any]:
    """Invoke's parameters; the payload is any JSON. Raises values.Refused."""
    known = catalogue.service("lambda")
    shape = known.actions["invoke"].input if known is not None else None
    given = dict(arguments) if isinstance(arguments, dict) else {}
    payload = given.pop("Payload", None)
    context = given.get("ClientContext")
    if isinstance(context, dict):
        given["ClientContext"] = json_text.dumps(context)
    params = values.to_params(shape, given, values.Sdk.FIRST)
    if payload is not None:
        params["Payload"] = _payload(payload)
    return params


def _payload(given: Any) -> bytes:
    """What the function gets: JSON. A text that is JSON itself is sent as it is (so it was recorded)."""
    if isinstance(given, str):
        try:
            orjson.loads(given)
        except orjson.JSONDecodeError:
            pass
        else:
            return given.encode()
    return json_text.dumps(given).encode()


def refusal_of(work: Work, problems: list[str]) -> tuple[str, str, str]:
    """The failure of a task whose arguments are none of the operation's."""
    return "States.Runtime", refusal_text(work.call.arguments, problems), "schedule"


def refusal_text(arguments: Any, problems: list[str]) -> str:
    """In AWS's words, without the place."""
    text = json_text.dumps(arguments)
    return f"The Parameters '{text}' could not be used to start the Task: [{', '.join(problems)}]"


def error_of(payload: bytes) -> tuple[str, str]:
    """Error and cause of a function that failed: its error's type, and all it tells."""
    said = _parsed(payload)
    if isinstance(said, dict) and isinstance(said.get("errorType"), str) and said["errorType"]:
        return said["errorType"], json_text.dumps(said)
    return UNKNOWN, (
        "The cause could not be determined because Lambda did not return an error type. "
        f"Returned payload: {payload.decode('utf-8', 'replace')}"
    )


def _parsed(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "replace")
