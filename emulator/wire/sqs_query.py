"""SQS in the Query protocol, which its current model no longer describes.

SDKs before the end of 2023 and plain HTTP clients still speak it. The names are those of the SQS API reference's
examples, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html (tab "AWS query
protocol"): lists and maps are flattened and have singular names, `Attribute.1.Name`, `TagKey.1`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from emulator.wire import query
from emulator.wire.form import fields
from emulator.wire.refusals import InvalidAction, MissingParameter

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from emulator.wire.exchange import Exchange
    from emulator.wire.model import Member, Operation, ServiceModel, Shape
    from emulator.wire.validate import Check

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

ELEMENTS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
"""The name of each list's elements."""

ENTRIES = {
    "MessageBodyAttributeMap": ("Name", "Value"),
    "MessageBodySystemAttributeMap": ("Name", "Value"),
    "MessageSystemAttributeMap": ("Name", "Value"),
    "QueueAttributeMap": ("Name", "Value"),
    "TagMap": ("Key", "Value"),
}
"""The names of each map's keys and values."""

MAPS = {
    "Attributes": "Attribute",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "Tags": "Tag",
    "tags": "Tag",
}
"""The name of a map's entries, by the member that holds it."""

NOT_AT_A_QUEUE = frozenset({"CreateQueue", "ListQueues"})
"""Operations that a queue's own address does not know."""


def model_of(model: ServiceModel) -> ServiceModel:
    """SQS's current model with the names of the Query protocol."""
    names = _Names()
    operations = {
        operation.name: replace(
            operation,
            input=names.shape(operation.input),
            output=names.shape(operation.output),
            wrapper=f"{operation.name}Result" if operation.output is not None else None,
        )
        for operation in model.operations.values()
    }
    return replace(model, protocols=("query",), xml_namespace=NAMESPACE, operations=operations)


class _Names:
    """Copies shapes with the historical names. SQS's shapes do not contain themselves."""

    def __init__(self) -> None:
        self._made: dict[str, Shape] = {}

    def shape(self, shape: Shape | None) -> Shape | None:
        return None if shape is None else self._shape(shape)

    def _shape(self, shape: Shape) -> Shape:
        made = self._made.get(shape.name)
        if made is None:
            key_name, value_name = ENTRIES.get(shape.name, (None, None))
            made = self._made[shape.name] = replace(
                shape,
                members={name: self._member(member, MAPS.get(name)) for name, member in shape.members.items()},
                element=shape.element and self._member(shape.element, ELEMENTS.get(shape.name)),
                key=shape.key and self._member(shape.key, key_name),
                value=shape.value and self._member(shape.value, value_name),
            )
        return made

    def _member(self, member: Member, wire: str | None) -> Member:
        flattened = member.shape.kind in ("list", "map")
        return replace(member, shape=self._shape(member.shape), wire=wire, flattened=flattened)


def queue_path(path: bytes) -> bool:
    """Whether the path is a queue's: `/<account>/<name>` or `/queue/<region>/<account>/<name>`."""
    parts = path.split(b"/")
    if len(parts) == 5 and parts[1] == b"queue":
        del parts[1:3]
    return len(parts) == 3 and len(parts[1]) == 12 and parts[1].isdigit() and bool(parts[2])


def parser(operation: Operation, check: Check | None) -> Callable[[Exchange], dict[str, Any]]:
    """Compiles the reading of a request, at `/` or at a queue's own address.

    At a queue's address that queue is meant unless the request names one itself.
    """
    if operation.input is None:
        return lambda exchange: {}
    read = query.QueryReaders().structure(operation.input)
    takes_queue = "QueueUrl" in operation.input.members

    def parse(exchange: Exchange) -> dict[str, Any]:
        at_queue = exchange.path != b"/" and queue_path(exchange.path)
        if at_queue and operation.name in NOT_AT_A_QUEUE:
            raise InvalidAction(operation.name)
        params: dict[str, Any] = read(query.tree(fields(exchange)))
        if at_queue and takes_queue and "QueueUrl" not in params:
            params["QueueUrl"] = address(exchange)
        if check is not None:
            check(params)
        return params

    return parse


def address(exchange: Exchange) -> str:
    """The URL that the client used, without its query."""
    host = exchange.headers.get(b"host", b"localhost").decode("latin-1")
    return f"http://{host}{quote(exchange.path.decode('latin-1'), safe='/%~')}"


LATE = frozenset({"Entries"})
"""Required lists whose absence is answered by the operation itself (EmptyBatchRequest): the form cannot tell an empty
list from none."""

SPELLED = {("SetQueueAttributes", "Attributes"): "Attribute.Name"}
"""Parameters that AWS names otherwise when they are missing."""


def required(operation: Operation) -> Check | None:
    """Compiles the check for required parameters, the same in both protocols.

    Within a batch only an entry's `Id` is checked here: without it there is nobody to report a failure to. What else an
    entry lacks is its own failure and the operation's business.
    """
    if operation.input is None:
        return None
    shape = operation.input
    wanted = [(name, SPELLED.get((operation.name, name), name)) for name in shape.required if name not in LATE]
    batch = shape.members.get("Entries") if "Entries" in shape.required else None
    entry = batch.shape.element.shape.name if batch is not None and batch.shape.element is not None else ""

    def check(params: dict[str, Any]) -> None:
        for name, spelled in wanted:
            if name not in params:
                raise MissingParameter(spelled)
        if entry:
            for number, item in enumerate(params.setdefault("Entries", []), 1):
                if "Id" not in item:
                    raise MissingParameter(f"{entry}.{number}.Id")

    return check if wanted or entry else None
