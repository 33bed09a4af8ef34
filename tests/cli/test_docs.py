"""The documentation tells of each command, exit code and key, in the words of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from scc.cli.main import EXIT_CODES, cli
from scc.cli.reference import rewrite
from scc.pipelines import registry
from scc.settings.catalogue import entries, sections

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["cli.md", "configuration.md"])
def test_the_reference_is_what_the_code_says(name):
    text = (DOCS / name).read_text(encoding="utf-8")

    assert rewrite(text) == text, f"run: python -m scc.cli.reference docs/{name}"


@pytest.mark.parametrize("name", cli.entries)
def test_each_command_stands_in_the_documentation(name):
    assert f"\n### scc {name}\n" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", EXIT_CODES)
def test_each_exit_code_stands_in_the_documentation(code):
    assert f"\n| {code} | {EXIT_CODES[code]} |\n" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, _ in sections()])
def test_each_key_stands_in_the_documentation(name):
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    part = text.partition(f"<!-- begin {name} -->")[2].partition("<!-- end -->")[0]

    assert [
        entry.name for entry in entries(dict(sections())[name]) if f"\n| `{entry.name}` |" not in part
    ] == []


@pytest.mark.parametrize("name", registry.SUMMARIES)
def test_each_pipeline_stands_in_the_documentation(name):
    assert f"<!-- begin pipelines.{name} -->" in (DOCS / "configuration.md").read_text(encoding="utf-8")
