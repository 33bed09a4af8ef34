"""Eloqua's table of routes: every path that is answered, once, with what its answer follows."""

from __future__ import annotations

from starlette.routing import Route

from scc.sandbox.eloqua import (
    bulk_definition_routes,
    bulk_metadata_routes,
    bulk_sync_routes,
    identity_routes,
    rest_account_routes,
    rest_activity_routes,
    rest_asset_routes,
    rest_contact_routes,
    rest_custom_object_routes,
    rest_field_routes,
    rest_form_routes,
    rest_list_routes,
)
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
        *rest_contact_routes.endpoints(),
        *rest_activity_routes.endpoints(),
        *rest_account_routes.endpoints(),
        *rest_custom_object_routes.endpoints(),
        *rest_list_routes.endpoints(),
        *rest_field_routes.endpoints(),
        *rest_form_routes.endpoints(),
        *rest_asset_routes.endpoints(),
    ]


def routes(state: State) -> list[Route]:
    return list(starlette_routes(state.store(EloquaStore), route_list()))
