"""Mocked results of TestState, held against what the service would answer.

Members are named as the second SDK spells them (`Md5OfMessageBody`), also those of optimised integrations: members
that the model does not have pass. https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.integrations.naming import pascal
from emulator.integrations.resources import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.integrations.catalogue import Catalogue
    from emulator.wire.model import Shape

_POLLED: Final = {("states", "startExecution"): ("states", "describeExecution")}
"""What a `.sync` task's result is the answer of, where it isn't that of the call itself."""

_KINDS: Final[Mapping[str, tuple[str, tuple[type[Any], ...]]]] = {
    "string": ("a string", (str,)),
    "character": ("a string", (str,)),
    "timestamp": ("a string", (str,)),
    "blob": ("a string", (str,)),
    "integer": ("a number", (int,)),
    "long": ("a number", (int,)),
    "float": ("a number", (int, float)),
    "double": ("a number", (int, float)),
    "boolean": ("a boolean", (bool,)),
    "list": ("an array", (list,)),
    "map": ("an object", (dict,)),
    "structure": ("an object", (dict,)),
}


class MockResults:
    """The port `ResultShapes`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def complaint(self, resource: str, result: Any, *, whole: bool) -> str:
        """What is wrong with a mocked result, or nothing. `whole`: required members have to be there."""
        shape = self._output_of(resource)
        if shape is None:
            return ""
        if not isinstance(result, dict):
            return "Mock result must be an object"
        return _complaint(result, shape, "", whole=whole)

    def _output_of(self, resource: str) -> Shape | None:
        """The shape of an answer; None where anything may be one: workers, functions, HTTP, most jobs."""
        parsed = parse(resource)
        if parsed is None or parsed.kind not in ("optimised", "sdk"):
            return None
        service, action = parsed.service, parsed.action
        if parsed.pattern:
            polled = _POLLED.get((service, action))
            if polled is None or parsed.pattern == "waitForTaskToken":
                return None
            service, action = polled
        known = self._catalogue.sdk(service) if parsed.kind == "sdk" else self._catalogue.optimised(service)
        operation = known.actions.get(action) if known is not None else None
        return operation.output if operation is not None else None


def _complaint(value: Any, shape: Shape, field: str, *, whole: bool) -> str:
    if shape.document or shape.event_stream:
        return ""
    expected, types = _KINDS[shape.kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return f"Field '{field}' must be {expected}"
    if shape.enum and value not in shape.enum:
        return f"Field '{field}' is not an expected value"
    if shape.kind == "structure":
        return _of_members(value, shape, whole=whole)
    inner = shape.element if shape.kind == "list" else shape.value if shape.kind == "map" else None
    if inner is None:
        return ""
    items = value if shape.kind == "list" else value.values()
    return next(filter(None, (_complaint(item, inner.shape, field, whole=whole) for item in items)), "")


def _of_members(value: dict[str, Any], shape: Shape, *, whole: bool) -> str:
    if whole:
        for name in shape.required:
            if pascal(name) not in value:
                return f"Required field '{pascal(name)}' is missing"
    members = {pascal(name): member for name, member in shape.members.items()}
    for name, item in value.items():
        member = members.get(name)
        # A member that the model lacks may be one that comes later.
        if member is not None and (complaint := _complaint(item, member.shape, name, whole=whole)):
            return complaint
    return ""
