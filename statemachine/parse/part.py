"""One JSON object of a definition while it is read: its fields, where it is, and in which language it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from statemachine.data.constant import Constant
from statemachine.data.field_error import FieldError
from statemachine.data.jsonata import compile_jsonata, compile_jsonata_template, is_jsonata
from statemachine.data.paths import compile_path, compile_reference_value
from statemachine.data.template import compile_template
from statemachine.limits import SECONDS_MAX
from statemachine.parse.report import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from statemachine.data.scope import Value
    from statemachine.definition import Language
    from statemachine.parse.report import Report

T = TypeVar("T")

_INDEX = re.compile(r"/(\d+)(?=/|$)")

_KINDS: dict[type, str] = {dict: "Object", list: "Array", str: "String", bool: "Boolean", int: "Integer"}


class Part:
    """An object of the definition. Reading a field reports what is wrong with it and gives None then."""

    __slots__ = ("fields", "language", "place", "report", "within")

    def __init__(
        self, fields: Mapping[str, Any], place: str, report: Report, language: Language = "JSONPath", within: str = ""
    ) -> None:
        self.fields = fields
        self.place = place
        """`/States/A/Choices[0]`."""
        self.report = report
        self.language: Language = language
        self.within = within
        """The place from the state's own level, ended by a slash (`Choices[0]/`): how causes at run time name it."""

    def __contains__(self, field: str) -> bool:
        return field in self.fields

    # -- telling

    def fault(self, message: str, field: str = "", code: str = "SCHEMA_VALIDATION_FAILED") -> None:
        """Report a fault of a field, or of the part."""
        self.report.error(self.at(field) if field else self.place, message, code)

    def at(self, field: str) -> str:
        """The place of a field."""
        return inside(self.place, field)

    def require(self, *fields: str) -> bool:
        """Whether these are all there; those that are not are reported together."""
        missing = [field for field in fields if field not in self.fields]
        if missing:
            self.report.missing(self.place, missing)
        return not missing

    def at_most_one(self, *fields: str) -> str | None:
        """The one of these that is there; several exclude each other, and are reported."""
        present = [field for field in fields if field in self.fields]
        if len(present) > 1:
            self.fault(f"There should only be one of the following fields: [{', '.join(present)}]")
            return None
        return present[0] if present else None

    def only(self, allowed: frozenset[str]) -> None:
        """Report every field that is not one of `allowed`."""
        for field in self.fields:
            if field not in allowed:
                self.report.unsupported(self.place, field)

    # -- plain JSON

    def _of(self, field: str, kind: type[T]) -> T | None:
        found = self.fields.get(field)
        if isinstance(found, kind) and not (kind is int and isinstance(found, bool)):
            return found
        if field in self.fields:
            self.fault(f"Expected value of type {_KINDS[kind]}", field)
        return None

    def text(self, field: str) -> str | None:
        """A string."""
        return self._of(field, str)

    def flag(self, field: str) -> bool | None:
        """A boolean."""
        return self._of(field, bool)

    def choice(self, field: str, allowed: tuple[str, ...]) -> str | None:
        """A string that is one of a few."""
        if field not in self.fields:
            return None
        found = self.fields[field]
        if found in allowed:
            return str(found)
        self.fault(f"The field '{field}' should have one of these values: [{', '.join(allowed)}]", field)
        return None

    def integer(self, field: str, least: int = 0, most: int | None = SECONDS_MAX) -> int | None:
        """An integer in a range. `1.0` is one."""
        found = self.fields.get(field)
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        if not isinstance(found, int) or isinstance(found, bool):
            if field in self.fields:
                self.fault("Expected value of type Integer", field)
            return None
        return int(found) if self._within(field, found, least, most) else None

    def number(self, field: str, least: float, most: float | None = None) -> float | None:
        """A number in a range."""
        found = self.fields.get(field)
        if not isinstance(found, (int, float)) or isinstance(found, bool):
            if field in self.fields:
                self.fault("Expected value of type Number", field)
            return None
        return found if self._within(field, found, least, most) else None

    def _within(self, field: str, found: float, least: float, most: float | None) -> bool:
        if found < least:
            self.fault(f"Minimum value is {least}", field)
        elif most is not None and found > most:
            self.fault(f"Maximum value is {most}", field)
        else:
            return True
        return False

    def part(self, field: str) -> Part | None:
        """An object."""
        found = self._of(field, dict)
        if found is None:
            return None
        return Part(found, self.at(field), self.report, self.language, f"{self.within}{field}/")

    def parts(self, field: str, *, empty: bool = True) -> list[Part]:
        """An array of objects."""
        found = self._of(field, list)
        if found is None:
            return []
        if not found and not empty:
            self.fault("Value cannot be empty", field)
        parts = []
        for i, item in enumerate(found):
            place = f"{self.at(field)}[{i}]"
            if isinstance(item, dict):
                parts.append(Part(item, place, self.report, self.language, f"{self.within}{field}[{i}]/"))
            else:
                self.report.error(place, "Expected value of type Object")
        return parts

    # -- compiled

    def compiled(self, field: str, compiler: Callable[[], T]) -> T | None:
        """What `compiler` makes of a field; why it could not is reported."""
        try:
            return compiler()
        except FieldError as error:
            place = self.at(field) if field else self.place
            self.report.error(place + _pointer(error.at), error.message, error.code)
            return None

    def path(self, field: str) -> Value | None:
        """A JSONPath, of a field that can only be one."""
        text = self.text(field)
        if text is not None and not text.startswith("$"):
            self.fault("Value must be a valid JSONPath.", field)
            return None
        return None if text is None else self.compiled(field, lambda: compile_path(text, self.within + field))

    def reference(self, field: str, *, to_context: bool = True) -> Value | None:
        """A Reference Path; `to_context`: which may begin with `$$`."""
        text = self.text(field)
        if text is None:
            return None
        if text.startswith("$$") and not to_context:
            self.fault(f"Value is not a Reference Path: {text}", field)
            return None
        return self.compiled(field, lambda: compile_reference_value(text, self.within + field))

    def template(self, field: str) -> Value | None:
        """A payload template, which is an object, or any JSON with JSONata in it."""
        if field not in self.fields:
            return None
        given = self.fields[field]
        if self.language == "JSONPath" and not isinstance(given, dict):
            self.fault("Expected value of type Object", field)
            return None
        make = compile_jsonata_template if self.language == "JSONata" else compile_template
        return self.compiled(field, lambda: make(given, self.within + field))

    def output(self) -> Value | None:
        """JSONata's Output. In the other language it is a fault that was told before."""
        return self.template("Output") if self.language == "JSONata" else None

    def expression(self, field: str, expect: str | None = None) -> Value | None:
        """A `{% %}` expression, which the field has to be."""
        text = self.text(field)
        return None if text is None else self._expression(field, text, expect)

    def _expression(self, field: str, text: str, expect: str | None) -> Value | None:
        return self.compiled(field, lambda: compile_jsonata(text, self.within + field, expect))

    def quantity(
        self,
        field: str,
        least: float = 0,
        most: float | None = SECONDS_MAX,
        *,
        whole: bool = True,
        to_context: bool = True,
    ) -> Value | None:
        """A number: itself, by a path (in the field `...Path`), or by JSONata."""
        by_path = f"{field}Path"
        if self.at_most_one(field, by_path) == by_path:
            return self.reference(by_path, to_context=to_context)
        given = self.fields.get(field)
        if self.language == "JSONata" and isinstance(given, str):
            if is_jsonata(given):
                return self._expression(field, given, "number")
            self.fault(f"Expected value of type {'Integer' if whole else 'Number'} or JSONata expression", field)
            return None
        found = (
            self.integer(field, int(least), None if most is None else int(most))
            if whole
            else self.number(field, least, most)
        )
        return None if found is None else Constant(found)


def _pointer(at: str) -> str:
    """A compiler's pointer as AWS writes it: `/a[0]`; of a `.$` member, which the message names, the object."""
    if at.endswith(".$"):
        at = at[: at.rindex("/")]
    return _INDEX.sub(r"[\1]", at)
