"""Pages of a hundred, and the tokens between them.

A token holds the number of the last item shown, so that what comes or goes between two pages neither repeats nor hides
another item. https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
"""

from __future__ import annotations

import base64
import heapq
from typing import TYPE_CHECKING, Protocol, TypeVar

from services.sns.errors import InvalidParameter
from services.sns.limits import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.api import Params


class Numbered(Protocol):
    """Something that is listed in the order of its number."""

    @property
    def number(self) -> int: ...


T = TypeVar("T", bound=Numbered)


def page(items: Iterable[T], params: Params) -> tuple[list[T], Params]:
    """One page of `items`, and the `NextToken` to add to the answer (nothing when it was the last)."""
    after = _read(params.get("NextToken") or "")
    left = heapq.nsmallest(PAGE + 1, (item for item in items if item.number > after), key=lambda item: item.number)
    if len(left) <= PAGE:
        return left, {}
    shown = left[:PAGE]
    return shown, {"NextToken": base64.b64encode(f"after {shown[-1].number}".encode()).decode()}


def _read(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.b64decode(token, validate=True).decode().partition(" ")
        if word == "after":
            return int(number)
    except ValueError:
        pass
    raise InvalidParameter.of("NextToken")
