"""Bulk's syncs: started, polled, their data, logs and rejects (sources.md E2.8)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.bulk_lists import Page, envelope, page_of
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import BulkValidationError, failure
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.rejects import read_rejects
from scc.sandbox.eloqua.result_pages import csv_page, json_page

__all__ = ["data_page", "endpoints"]

_SYNCS = "/API/Bulk/2.0/syncs"
_SOURCE = "sources.md E2.8"


def endpoints() -> list[Endpoint]:
    one = f"{_SYNCS}/{{id}}"
    return [
        Endpoint("GET", _SYNCS, syncs, _SOURCE),
        Endpoint("POST", _SYNCS, start, _SOURCE),
        Endpoint("GET", one, sync, _SOURCE),
        Endpoint("GET", f"{one}/data", data, _SOURCE),
        Endpoint("DELETE", f"{one}/data", delete_data, _SOURCE),
        Endpoint("GET", f"{one}/logs", logs, _SOURCE),
        Endpoint("GET", f"{one}/rejects", rejects, _SOURCE),
    ]


def syncs(call: Call) -> object:
    """Every sync there was."""
    return page_of([call.store.syncs.shown(one) for one in call.store.documents.all("syncs")], call.query)


def start(call: Call) -> Reply:
    """Start a sync of a definition: 201, pending. Names of properties match in any case (sources.md E2.13)."""
    raw = call.json()
    body = {str(key).lower(): value for key, value in raw.items()} if isinstance(raw, dict) else {}
    uri = body.get("syncedinstanceuri")
    if not isinstance(uri, str) or not uri.strip():
        raise BulkValidationError([failure("syncedInstanceUri", "Must be the address of a definition.")])
    callback = body.get("callbackurl")
    document = call.store.syncs.create(uri, callback if isinstance(callback, str) else None)
    return Reply(201, call.store.syncs.shown(document))


def sync(call: Call) -> object:
    """A sync's status; looking moves it on where the sandbox's transitions count polls."""
    return call.store.syncs.shown(call.store.syncs.poll(call.number("id")))


def data(call: Call) -> Reply:
    """A page of an export's rows, as JSON or, with Accept: text/csv, as CSV."""
    return data_page(call, call.store.syncs.find(call.number("id")))


def data_page(call: Call, document: Document) -> Reply:
    """Return a page of a sync's rows in the form that the request asks for."""
    page = Page(call.query, most=50_000)
    table = call.store.syncs.data_table(document)
    with call.store.state.cursor() as cursor:
        if "text/csv" in call.header("accept").lower():
            return Reply(200, csv_page(cursor, table, document["aliases"], page), "text/csv; charset=utf-8")
        return Reply(200, json_page(cursor, table, document["aliases"], document["rows"], page))


def delete_data(call: Call) -> Reply:
    """Drop an export's rows: 204."""
    call.store.syncs.delete_data(call.store.syncs.find(call.number("id")))
    return Reply(204)


def logs(call: Call) -> object:
    """What the sync tells of itself."""
    return page_of(call.store.syncs.find(call.number("id"))["logs"], call.query)


def rejects(call: Call) -> dict[str, Any]:
    """The rows that an import refused, or took without some of their values."""
    document = call.store.syncs.find(call.number("id"))
    page = Page(call.query)
    total = document.get("rejects", 0)
    items: list[dict[str, Any]] = []
    if total:
        with call.store.state.cursor() as cursor:
            items = read_rejects(
                cursor, document["id"], document["aliases"], limit=page.limit, offset=page.offset
            )
    return {"items": items, **envelope(page, total, len(items))}
