"""How a neighbour refuses a call made in process. Apart, so that whoever catches it need not import moto."""

from __future__ import annotations

from services.errors import ServiceError


class NeighbourError(ServiceError):
    """The neighbour's own code, text and status."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        # Every other refusal has these of its class; which ones a neighbour has is not ours to list.
        vars(self).update(code=code, status=status)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
