"""Lists that come in pages, without a way to go on for ever."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scc.eloqua.reading import as_object, as_objects
from scc.errors import ConfigError, DataError

__all__ = ["bulk_items", "rest_elements"]

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


def rest_elements(fetch: Callable[[int], object], what: str, page_size: int) -> Iterator[Mapping[str, Any]]:
    """Give the elements of a REST list; `fetch(page)` gets one page's JSON, from page 1 on.

    DataError where a page does not advance: the same page again although the total promises more.
    """
    if not 1 <= page_size <= LIMIT:
        raise ConfigError(f"a page of {page_size:,} can't be asked for, Eloqua gives 1 to {LIMIT:,}")
    seen = 0
    before: object = None
    for number in itertools.count(1):
        page = as_object(fetch(number))
        elements = as_objects(page.get("elements") or [])
        if elements and elements == before:
            raise DataError(f"Eloqua's list of {what} gives page {number - 1} again as page {number}")
        yield from elements
        seen += len(elements)
        total = page.get("total")
        if not elements or not isinstance(total, int) or seen >= total:
            return
        before = elements
