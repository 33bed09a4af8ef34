"""REST's lists: which page, how deep, in which envelope; and REST's way of writing scalars (sources.md E3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scc.sandbox.eloqua.errors import EloquaError, not_found
from scc.sandbox.eloqua.http import Call
from scc.sandbox.eloqua.rest_search import holds, parse_search

__all__ = ["RestPage", "as_text", "depth_of", "find_document", "list_assets", "rest_id", "rest_object"]

_DEPTHS = ("minimal", "partial", "complete")


class RestPage:
    """`count` entries from page `page` on, the first being 1. Raises 400 with an EndpointParameterError."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.count = _number(query, "count", 1000, 1000)
        self.page = _number(query, "page", 1, 10**9)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.count

    def envelope(self, elements: Sequence[object], total: int) -> dict[str, Any]:
        return {"elements": list(elements), "page": self.page, "pageSize": self.count, "total": total}


def depth_of(call: Call, default: str) -> str:
    """Return how much to show: what is asked for, or the default for lists (minimal) and singles (complete)."""
    wanted = call.query.get("depth", "").lower()
    return wanted if wanted in _DEPTHS else default


def rest_id(call: Call, name: str = "id") -> int:
    """Return a numeric part of the path. Raises 400, as the vendor's documentation shows it, for anything else."""
    text = call.text(name)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _parameter_error(name, "IdRequirement", text, isRelativeAllowed=False)
    return int(text)


def rest_object(call: Call) -> dict[str, Any]:
    """Return the body. Raises 400 for what is no JSON object."""
    raw = call.json()
    if not isinstance(raw, dict):
        raise EloquaError(
            400, [{"type": "ObjectValidationError", "requirement": {"type": "SyntaxRequirement"}}]
        )
    return raw


def as_text(value: object) -> Any:
    """Write every scalar as text, and leave out what is null, however deep."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {key: as_text(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [as_text(one) for one in value]
    return str(value)


def list_assets(
    call: Call, shown: Callable[[dict[str, Any], str], dict[str, Any]], kind: str
) -> dict[str, Any]:
    """Search, order and cut the documents of a kind; `shown` gives a document at a depth."""
    page, depth = RestPage(call.query), depth_of(call, "minimal")
    terms = parse_search(call.query.get("search", ""))
    join = call.store.options.search_terms_join
    since = call.query.get("lastUpdatedAt", "")
    found = [
        document
        for document in call.store.documents.all(kind)
        if holds(shown(document, "complete"), terms, join=join)
        and (not since.isdigit() or int(shown(document, "complete").get("updatedAt", 0)) >= int(since))
    ]
    name, _, direction = (call.query.get("orderBy") or call.query.get("sort", "")).partition(" ")
    if name:
        down = (direction or call.query.get("dir", "")).upper().startswith("DESC")
        found.sort(key=lambda one: _sort_key(shown(one, "complete"), name), reverse=down)
    cut = found[page.offset : page.offset + page.count]
    return page.envelope([shown(document, depth) for document in cut], len(found))


def find_document(call: Call, kind: str) -> dict[str, Any]:
    """Raises 404."""
    document = call.store.documents.get(kind, rest_id(call))
    if document is None:
        raise not_found()
    return document


def _sort_key(item: Mapping[str, object], name: str) -> tuple[int, str]:
    text = next((str(value) for key, value in item.items() if key.lower() == name.lower()), "")
    return (int(text), "") if text.isdigit() else (0, text.lower())


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default)).strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:18]) <= most):
        raise _parameter_error(name, "IntegerRequirement", text, minimum=1, maximum=most)
    return int(text)


def _parameter_error(name: str, requirement: str, value: str, **details: object) -> EloquaError:
    body = {
        "type": "EndpointParameterError",
        "parameter": name,
        "requirement": {"type": requirement, **details},
        "value": value,
    }
    return EloquaError(400, body)
