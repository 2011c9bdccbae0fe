"""Pages of the lists about phones: a token is the key of the last item shown, so nothing repeats and nothing hides."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeVar

from services.sns.errors import InvalidParameter
from services.sns.limits import PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def page(items: Mapping[str, T], token: str | None, most: int = PAGE) -> tuple[list[T], str]:
    """One page of `items` in their order, and the token of the next; empty when it was the last.

    Raises:
        InvalidParameter: a token that we never gave.
    """
    keys = list(items)
    begin = 0
    if token:
        try:
            after = base64.b64decode(token.encode(), b"-_", validate=True).decode()
        except ValueError:
            raise InvalidParameter.of("NextToken") from None
        if after in items:
            begin = keys.index(after) + 1
        else:
            # What it named is gone: the keys that follow it by name, rather than everything once more.
            keys = [key for key in sorted(keys) if key > after]
    shown = keys[begin : begin + most]
    more = len(keys) > begin + most
    return [items[key] for key in shown], base64.urlsafe_b64encode(shown[-1].encode()).decode() if more else ""
