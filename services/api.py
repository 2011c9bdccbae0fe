"""What an operation and a service are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.scope import Scope

Params = dict[str, Any]
"""An operation's input or output by AWS's member names, as botocore's shapes define them (timestamps are epoch
seconds, blobs are bytes). `types-boto3-*` has the TypedDicts."""

F = TypeVar("F", bound="Callable[..., Any]")


class Call:
    """Who asks, where, and by what address. Shared by the requests of one client: never changed by a handler."""

    __slots__ = ("access_key", "origin", "scope", "trace_header")

    def __init__(self, scope: Scope, origin: str, access_key: str = "", trace_header: str = "") -> None:
        self.scope = scope
        self.origin = origin
        """Scheme, host and port as the client addressed us, e.g. `http://localhost:4566`."""
        self.access_key = access_key
        self.trace_header = trace_header
        """The X-Amzn-Trace-Id header, or an empty string."""


class Service(Protocol):
    """One AWS service. Its operations are methods marked `@operation`, found by `operations`."""

    name: str
    """botocore's name of the service, e.g. `sqs`."""

    def reset(self) -> None:
        """Forget all state of every scope."""

    def busy(self) -> bool:
        """Whether something is under way that goes on by itself: in flight, delayed, running."""


def operation(method: F) -> F:
    """Mark a method `(self, call, params) -> result` as the AWS operation of its name (send_message: SendMessage).

    The result is a dict by the output shape, or an awaitable of one where the operation has to wait.
    """
    method.__dict__["aws_operation"] = "".join(part.capitalize() for part in method.__name__.split("_"))
    return method


def operations(service: Service) -> dict[str, Callable[[Call, Params], Params | Awaitable[Params]]]:
    """The service's handlers by AWS's operation name.

    A service with many operations keeps them in several objects, its `operation_groups`; the service itself may have
    some too.
    """
    found = {}
    for group in (service, *getattr(service, "operation_groups", ())):
        for name in dir(type(group)):
            aws_name = getattr(getattr(type(group), name), "aws_operation", None)
            if aws_name is not None:
                found[aws_name] = getattr(group, name)
    return found
