"""Every route that the sandbox answers, of both vendors and of its own, as rows of one table."""

from __future__ import annotations

from typing import NamedTuple

from scc.sandbox.eloqua import routes as eloqua
from scc.sandbox.salesforce import routes as salesforce
from scc.sandbox.state import State

__all__ = ["RouteRow", "markdown", "vendor_routes"]


class RouteRow(NamedTuple):
    """One path, with the methods that it takes."""

    system: str
    methods: tuple[str, ...]
    path: str


def vendor_routes(state: State) -> list[RouteRow]:
    """Return both vendors' routes, in the order of the vendors' own tables."""
    pairs = [("eloqua", endpoint.path, endpoint.method) for endpoint in eloqua.route_list()]
    pairs += [("salesforce", row["path"], row["method"]) for row in salesforce.route_list(state)]
    methods: dict[tuple[str, str], list[str]] = {}
    for system, path, method in pairs:
        methods.setdefault((system, path), []).append(method)
    return [RouteRow(system, tuple(found), path) for (system, path), found in methods.items()]


def markdown(rows: list[RouteRow]) -> str:
    """Write the table for docs/sandbox.md."""
    lines = [f"| `{row.path}` | {', '.join(row.methods)} |" for row in rows]
    return "\n".join(["| path | methods |", "| --- | --- |", *lines])
