"""Every route that the sandbox answers for a vendor, as rows of one table: for the page and for the documentation.

`python -m scc.sandbox.route_table docs/sandbox.md` writes the table anew between its two marks; a test fails when
it is out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

from scc.sandbox.eloqua import routes as eloqua
from scc.sandbox.salesforce import routes as salesforce
from scc.sandbox.slack import routes as slack
from scc.sandbox.state import State

__all__ = ["RouteRow", "rewrite", "vendor_routes"]

_PART = re.compile(r"(<!-- routes of (\w+) -->\n).*?(<!-- end of routes -->)", re.DOTALL)


class RouteRow(NamedTuple):
    """One path, with the methods that it takes."""

    system: str
    methods: tuple[str, ...]
    path: str


def vendor_routes(state: State) -> list[RouteRow]:
    """Return all vendors' routes, in the order of the vendors' own tables."""
    pairs = [("eloqua", endpoint.path, endpoint.method) for endpoint in eloqua.route_list()]
    pairs += [("salesforce", row["path"], row["method"]) for row in salesforce.route_list(state)]
    pairs += [("slack", route.path, "POST") for route in slack.routes(state)]
    methods: dict[tuple[str, str], list[str]] = {}
    for system, path, method in pairs:
        methods.setdefault((system, path), []).append(method)
    return [RouteRow(system, tuple(found), path) for (system, path), found in methods.items()]


def rewrite(text: str) -> str:
    """Return the text with each marked part written anew."""
    state = State()
    rows = vendor_routes(state)
    state.close()
    return _PART.sub(lambda found: f"{found[1]}{_markdown(rows, found[2])}\n{found[3]}", text)


def _markdown(rows: list[RouteRow], system: str) -> str:
    lines = [f"| `{row.path}` | {', '.join(row.methods)} |" for row in rows if row.system == system]
    return "\n".join(["| path | methods |", "| --- | --- |", *lines])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(rewrite(path.read_text(encoding="utf-8")), encoding="utf-8")
