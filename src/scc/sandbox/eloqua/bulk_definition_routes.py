"""Bulk's definitions and the data that goes through them (sources.md E2.1, 2.6, 2.9, 2.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scc.sandbox.eloqua.bulk_lists import page_of
from scc.sandbox.eloqua.bulk_sync_routes import data_page
from scc.sandbox.eloqua.definitions import KINDS, uri_of
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Handler, Reply
from scc.sandbox.eloqua.wire_times import bulk_time, parse_bulk_time

__all__ = ["endpoints"]

_BULK = "/API/Bulk/2.0"
_PRIORITY = {"name": "Default", "isSystem": True, "uri": "/imports/priorities/1"}
_WHAT_EACH_HAS = {
    "/contacts": KINDS,
    "/accounts": KINDS,
    "/activities": ("exports",),
    "/customObjects/{parent}": KINDS,
    "/emailAddresses": ("imports",),
}


def endpoints() -> list[Endpoint]:
    table = [
        Endpoint("GET", f"{_BULK}/exports", _listing("exports"), "sources.md E2.1"),
        Endpoint("GET", f"{_BULK}/imports", _listing("imports"), "sources.md E2.1"),
        Endpoint("GET", f"{_BULK}/syncActions", _listing("syncActions"), "sources.md E2.1"),
        Endpoint("GET", f"{_BULK}/imports/priorities", priorities, "sources.md E2.1, its shape is a guess"),
        Endpoint(
            "GET", f"{_BULK}/imports/priorities/{{id}}", priority, "sources.md E2.1, its shape is a guess"
        ),
        Endpoint("GET", f"{_BULK}/imports/data", staged_space, "sources.md E2.1, its shape is a guess"),
    ]
    for prefix, kinds in _WHAT_EACH_HAS.items():
        for kind in kinds:
            table += _of_kind(f"{_BULK}{prefix}/{kind}", kind)
    return table


def _of_kind(path: str, kind: str) -> list[Endpoint]:
    source = {"exports": "sources.md E2.6", "imports": "sources.md E2.9", "syncActions": "sources.md E2.10"}[
        kind
    ]
    one = f"{path}/{{id}}"
    table = [
        Endpoint("GET", path, _of_entity(kind, listed), source),
        Endpoint("POST", path, _of_entity(kind, created), source),
        Endpoint("GET", one, _of_entity(kind, shown_one), source),
        Endpoint("PUT", one, _of_entity(kind, changed), source),
        Endpoint("DELETE", one, _of_entity(kind, deleted), source),
        Endpoint("DELETE", f"{one}/data", _of_entity(kind, data_deleted), source),
    ]
    if kind == "exports":
        return [*table, Endpoint("GET", f"{one}/data", _of_entity(kind, latest_data), "sources.md E2.8")]
    return [*table, Endpoint("POST", f"{one}/data", _of_entity(kind, uploaded), source)]


EntityHandler = Callable[[Call, Entity, str], object]


def _of_entity(kind: str, handler: EntityHandler) -> Handler:
    """Bind a handler to the entity that the path names, and to a kind of definition."""

    def handle(call: Call) -> object:
        prefix = call.request.url.path.lower().removeprefix(_BULK.lower())
        entity = call.store.catalogue.at(prefix.partition(f"/{kind.lower()}")[0])
        if entity is None:
            raise not_found()
        return handler(call, entity, kind)

    handle.__doc__ = handler.__doc__
    return handle


def _listing(kind: str) -> Handler:
    def handle(call: Call) -> object:
        return page_of([_shown(one) for one in call.store.definitions.all(kind)], call.query)

    handle.__doc__ = f"Every definition of {kind}, whatever its entity."
    return handle


def listed(call: Call, entity: Entity, kind: str) -> object:
    """The definitions of one entity."""
    return page_of([_shown(one) for one in call.store.definitions.all(kind, entity.prefix)], call.query)


def created(call: Call, entity: Entity, kind: str) -> Reply:
    """Make a definition: 201, or 400 with everything that is wrong with it."""
    return Reply(201, _shown(call.store.definitions.create(entity, kind, call.json()), is_fresh=True))


def shown_one(call: Call, entity: Entity, kind: str) -> object:
    """One definition."""
    return _shown(_find(call, entity, kind))


def changed(call: Call, entity: Entity, kind: str) -> object:
    """Put a definition in place of the old one; what is left out goes back to its default."""
    return _shown(call.store.definitions.change(_find(call, entity, kind), entity, call.json()))


def deleted(call: Call, entity: Entity, kind: str) -> Reply:
    """Remove a definition, and what is staged for it: 204."""
    call.store.definitions.delete(_find(call, entity, kind))
    return Reply(204)


def uploaded(call: Call, entity: Entity, kind: str) -> Reply:
    """Stage one file of data, JSON or CSV: 204; or 201 with a sync where the definition starts it by itself."""
    definition = _find(call, entity, kind)
    call.store.staging.add(definition, call.body, is_csv="csv" in call.header("content-type").lower())
    if definition["body"].get("isSyncTriggeredOnImport") is not True:
        return Reply(204)
    sync = call.store.syncs.create(uri_of(definition), None)
    return Reply(201, call.store.syncs.shown(sync))


def data_deleted(call: Call, entity: Entity, kind: str) -> Reply:
    """Remove what is staged for an import, or what an export's syncs left: 204."""
    definition = _find(call, entity, kind)
    if kind == "exports":
        for sync in call.store.syncs.of_definition(uri_of(definition)):
            call.store.syncs.delete_data(sync)
    else:
        call.store.staging.delete(definition)
    return Reply(204)


def latest_data(call: Call, entity: Entity, kind: str) -> Reply:
    """Rows of the definition's latest sync; Oracle advises against it, older clients know nothing else."""
    syncs = call.store.syncs.of_definition(uri_of(_find(call, entity, kind)))
    if not syncs:
        raise not_found()
    return data_page(call, syncs[-1])


def priorities(call: Call) -> object:
    """The one import priority there is."""
    return page_of([_PRIORITY], call.query)


def priority(call: Call) -> object:
    """One import priority."""
    if call.number("id") != 1:
        raise not_found()
    return _PRIORITY


def staged_space(call: Call) -> object:
    """How much is staged now."""
    return {"kbUsed": call.store.staging.used() // 1024}


def _find(call: Call, entity: Entity, kind: str) -> Document:
    return call.store.definitions.find(entity.prefix, kind, call.number("id"))


def _shown(document: Document, *, is_fresh: bool = False) -> dict[str, Any]:
    """Return a definition as the interface shows it: fresh with full times, later in milliseconds."""
    times = {name: document[name] for name in ("createdAt", "updatedAt")}
    if not is_fresh:
        times = {name: bulk_time(parse_bulk_time(value)) for name, value in times.items()}
    return {
        **document["body"],
        "uri": uri_of(document),
        "createdBy": document["createdBy"],
        "createdAt": times["createdAt"],
        "updatedBy": document["updatedBy"],
        "updatedAt": times["updatedAt"],
    }
