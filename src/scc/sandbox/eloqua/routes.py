"""Eloqua's table of routes: every path that is answered, once, with what its answer follows."""

from __future__ import annotations

from starlette.routing import Route

from scc.sandbox.eloqua import bulk_definition_routes, bulk_metadata_routes, bulk_sync_routes, identity_routes
from scc.sandbox.eloqua.http import Endpoint, starlette_routes
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.state import State

__all__ = ["route_list", "routes"]


def route_list() -> list[Endpoint]:
    """Return the table: method, path as Oracle spells it, source, and (`summary`) what the answer is."""
    return [
        *identity_routes.endpoints(),
        *bulk_metadata_routes.endpoints(),
        *bulk_definition_routes.endpoints(),
        *bulk_sync_routes.endpoints(),
    ]


def routes(state: State) -> list[Route]:
    return list(starlette_routes(state.store(EloquaStore), route_list()))
