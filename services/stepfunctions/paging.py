"""Pages of lists: `maxResults` and `nextToken` in, `nextToken` out.

A token is the key of the last item shown, so that what comes or goes between two pages neither repeats nor hides
another item; it is good for a day, and for the list it was given with.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, TypeVar

from services.stepfunctions import limits
from services.stepfunctions.errors import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.api import Params

T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], Any], params: Params, *, of: str, now: float, descending: bool = False
) -> tuple[Sequence[T], Params]:
    """One page of `items`, which are sorted by `key` (a number or a text), and the `nextToken` to add to the answer.

    `of` names the list, with all that selects its items. Raises InvalidToken for a token of another list, an old one
    or none of ours.
    """
    (begin, end), more = span(
        len(items),
        lambda last: _after(items, key, last, descending=descending),
        lambda index: key(items[index]),
        params,
        of=of,
        now=now,
    )
    return items[begin:end], more


def span(
    count: int,
    after: Callable[[Any], int],
    key: Callable[[int], Any],
    params: Params,
    *,
    of: str,
    now: float,
) -> tuple[tuple[int, int], Params]:
    """As `page`, where one page of `count` items is: from the first of two indexes on, and before the second.

    `after` is the index behind the item with a key, `key` that of the item at an index.
    """
    limit = min(params.get("maxResults") or limits.PAGE, limits.PAGE_MAX)
    token = params.get("nextToken")
    begin = min(max(after(_read(token, of, now)), 0), count) if token else 0
    end = begin + limit
    if end >= count:
        return (begin, count), {}
    return (begin, end), {"nextToken": _token(of, now, key(end - 1))}


def _after(items: Sequence[T], key: Callable[[T], Any], last: Any, *, descending: bool) -> int:
    """The index of the first item behind `last`, by bisection."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        behind = key(items[middle]) < last if descending else key(items[middle]) > last
        if behind:
            high = middle
        else:
            low = middle + 1
    return low


def _token(of: str, now: float, last: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(of), int(now), last]).encode()).decode()


def _read(token: str, of: str, now: float) -> Any:
    try:
        digest, at, last = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidToken from None
    if digest != _digest(of) or not isinstance(at, int) or not isinstance(last, int | str):
        raise InvalidToken
    if now > at + limits.PAGE_TOKEN_S:
        raise InvalidToken
    return last


def _digest(of: str) -> int:
    return binascii.crc32(of.encode())
