"""How the domain refuses. Translated to bytes in one place, `emulator/wire/errors.py`."""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """A refusal as AWS words it. A service subclasses it once for each error it documents.

    `code` is what SDKs show as the error's code (the Query protocol's `<Code>`); `json_type` is the JSON protocols'
    `__type`, given where it differs from `code`. `status` is the HTTP status; 500 and above is the receiver's fault.
    """

    code: ClassVar[str] = "InternalFailure"
    json_type: ClassVar[str] = ""
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", /, **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members
        """Further members of the error's shape (for instance Lambda's `Type`)."""


class InternalFailure(ServiceError):
    """A bug of ours, in AWS's words."""

    code = "InternalFailure"
    status = 500


class NotImplementedByUndercast(ServiceError):
    """An operation of a service we own that has no method yet. Says so plainly."""

    code = "NotImplemented"
    status = 501
