"""How SNS says what is missing, and SNS in JSON.

A parameter that is one value is missed by SNS itself, a list or a map by the framework before it, and so is what is
missing deeper.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.wire import validate
from services.sns.errors import InvalidParameter

if TYPE_CHECKING:
    from typing import Any

    from emulator.wire.model import Operation, ServiceModel
    from emulator.wire.validate import Check


def in_sns(operation: Operation) -> Check | None:
    """Compiles an operation's check."""
    by_framework = validate.in_query(operation)
    if operation.input is None:
        return by_framework
    members = operation.input.members
    required = [name for name in operation.input.required if members[name].shape.kind not in {"list", "map"}]

    def check(params: dict[str, Any]) -> None:
        for name in required:
            if params.get(name) is None:
                raise InvalidParameter.of(name, "no value for required parameter")
        if by_framework is not None:
            by_framework(params)

    return check


def json_model_of(model: ServiceModel) -> ServiceModel:
    """SNS as it would be spoken in AWS JSON 1.0. No SDK does so today; the answers are the same."""
    return replace(model, protocols=("json",), target_prefix="AmazonSimpleNotificationService", json_version="1.0")
