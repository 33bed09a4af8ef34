"""Lists that come in pages, without a way to go on for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scc.eloqua.models import as_object, as_objects
from scc.errors import DataError

__all__ = ["bulk_items"]

LIMIT = 1000


def bulk_items(
    fetch: Callable[[int, int], object], what: str, *, limit: int = LIMIT
) -> Iterator[Mapping[str, Any]]:
    """Give the items of a Bulk list; `fetch(offset, limit)` gets one page's JSON.

    DataError where a page does not advance: the same page again, or none although more is promised.
    """
    offset = 0
    before: object = None
    while True:
        page = as_object(fetch(offset, limit))
        items = as_objects(page.get("items") or [])
        more = page.get("hasMore") is True
        if more and (not items or items == before):
            raise DataError(
                f"Eloqua's list of {what} does not advance at {offset:,}, though more is promised"
            )
        yield from items
        if not more:
            return
        before = items
        served = page.get("limit")  # a server may cap what was asked for
        offset += served if isinstance(served, int) and 0 < served < limit else limit
