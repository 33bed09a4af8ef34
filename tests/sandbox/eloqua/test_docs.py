"""docs/sandbox-eloqua.md says everything that can be switched."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from scc.sandbox.eloqua.options import EloquaOptions
from scc.sandbox.eloqua.routes import route_list

PAGE = Path(__file__).parents[3] / "docs" / "sandbox-eloqua.md"


def test_the_page_names_each_option_once():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    documented = [match[1] for row in rows if (match := re.search(r"\| `(\w+)`[^|]*\|$", row))]

    assert sorted(documented) == sorted(option.name for option in fields(EloquaOptions))


def test_each_route_says_what_it_answers_and_what_it_follows():
    routes = route_list()

    assert [
        route.path for route in routes if not route.summary.endswith((".", "204")) or not route.source
    ] == []
    assert len({(route.method, route.path.lower()) for route in routes}) == len(routes)
