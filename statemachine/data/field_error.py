"""What is wrong with one field of a definition."""

from __future__ import annotations


class FieldError(ValueError):
    """A path, template, expression or rule that can't be compiled."""

    def __init__(self, message: str, at: str = "", code: str = "SCHEMA_VALIDATION_FAILED") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        """JSON pointer of the fault, from the field that was compiled: `/a/b.$`; empty for the field itself."""
        self.code = code
        """The diagnostic's code: also `INVALID_JSONATA_EXPRESSION`, `UNSUPPORTED_JSONATA_EXPRESSION`."""
