"""Bulk's lists: which entries, in what order, from where to where (sources.md E2.2). Works on what is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any

from scc.sandbox.eloqua.errors import BulkValidationError, failure

__all__ = ["Page", "envelope", "page_of"]

_QUERY = re.compile(r"\s*(\w+)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*", re.DOTALL)


class Page:
    """Where a list is cut. `limit` is from 1 to `most`. Raises BulkValidationError."""

    def __init__(self, query: Mapping[str, str], most: int = 1000) -> None:
        self.limit = _number(query, "limit", 1000, 1, most)
        self.offset = _number(query, "offset", 0, 0, 10**15)
        self.with_total = query.get("totalResults", "true").lower() != "false"


def page_of(items: Sequence[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return the page of `items` that the query parameters ask for, in its envelope."""
    page = Page(query)
    chosen = _ordered(_matching(items, query.get("q", "")), query.get("orderBy", ""))
    shown = chosen[page.offset : page.offset + page.limit]
    return {"items": shown, **envelope(page, len(chosen), len(shown))}


def envelope(page: Page, total: int, count: int) -> dict[str, Any]:
    """Return what stands beside the items."""
    counted = {"totalResults": total} if page.with_total else {}
    has_more = page.offset + count < total
    return {**counted, "limit": page.limit, "offset": page.offset, "count": count, "hasMore": has_more}


def _matching(items: Sequence[dict[str, Any]], query: str) -> list[dict[str, Any]]:
    """`q` is <term><operator><value>, with * for any text; clients quote it in several ways, some wrongly."""
    if not query.strip():
        return list(items)
    match = _QUERY.fullmatch(query.strip().strip("\"'"))
    if match is None:
        raise BulkValidationError([failure("q", "Must be a term, an operator and a value.", query)])
    term, operator, value = match[1].lower(), match[2], match[3].strip("\"'")
    return [item for item in items if _holds(_property(item, term), operator, value)]


def _property(item: Mapping[str, Any], term: str) -> str:
    return next((str(value) for name, value in item.items() if name.lower() == term), "")


def _holds(actual: str, operator: str, value: str) -> bool:
    left, right = actual.lower(), value.lower()
    matches = re.fullmatch(translate(right.replace("[", "[[]").replace("?", "[?]")), left) is not None
    return {
        "=": matches,
        "!=": not matches,
        ">": left > right,
        "<": left < right,
        ">=": left >= right,
        "<=": left <= right,
    }[operator]


def _ordered(items: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    term, _, direction = order.strip().partition(" ")
    if not term:
        return items
    return sorted(
        items,
        key=lambda item: _property(item, term.lower()).lower(),
        reverse=direction.strip().upper() == "DESC",
    )


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, str(default)).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 17 and least <= int(text) <= most):
        raise BulkValidationError([failure(name, f"Must be an integer from {least} to {most}.", text)])
    return int(text)
