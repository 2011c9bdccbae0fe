"""How the client side fails. Every text is one that can be shown to a person as it is."""

from __future__ import annotations


class UndercastError(Exception):
    """Something about an Undercast server went wrong; the text says what."""


class EndpointError(UndercastError):
    """What was given as an endpoint is no HTTP address."""


class NoServerError(UndercastError):
    """Nothing answers at the endpoint."""


class RefusedError(UndercastError):
    """The server understood and said no. `status` is the HTTP status of its answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class StartError(UndercastError):
    """A server could not be started. `exit_code` is its exit code, or None when it was still running; `stderr` is
    all it had to say.
    """

    def __init__(self, message: str, exit_code: int | None = None, stderr: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr = stderr
