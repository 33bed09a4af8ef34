"""docs/sandbox-salesforce.md says what the code does: every switch, every object, every section that routes name."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.salesforce.routes import route_list

DOCS = (Path(__file__).parents[3] / "docs" / "sandbox-salesforce.md").read_text("utf-8")


def test_sources_of_routes_are_sections(sandbox):
    sections = set(re.findall(r"^## (\d) ", DOCS.replace(". ", " "), re.MULTILINE))
    named = {
        number for route in route_list(sandbox.state) for number in re.findall(r"\.md (\d)", route["source"])
    }

    assert named <= sections
    assert named == {"1", "2", "3", "4"}


def test_every_switch_is_explained_with_its_default():
    for field in dataclasses.fields(SalesforceOptions):
        shown = {True: "true", False: "false", "": '""'}.get(field.default, str(field.default))
        assert f"| `{field.name}` | {shown} |" in DOCS


def test_every_object_is_named(store):
    assert [each.name for each in store.catalogue if f"`{each.name}`" not in DOCS] == []
