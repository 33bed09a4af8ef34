"""What docs/salesforce.md shows is run, and prints what it says; every public name is on it or has a docstring."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from tests.salesforce.org import Org

import scc.salesforce

PAGE = Path(__file__).parents[2] / "docs" / "salesforce.md"


def test_the_page_runs_and_prints_what_it_says(org: Org, capsys):
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8730", org.sandbox.url), names)  # the page itself
        expected = [line[2:] for line in block.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == expected
    names["client"].close()


def test_the_package_exports_what_it_says_and_all_of_it_is_explained():
    exported = scc.salesforce.__all__
    assert exported == sorted(exported)
    for name in exported:
        value = getattr(scc.salesforce, name)
        assert inspect.getdoc(value)
        if inspect.isclass(value) and value.__module__.startswith("scc."):
            assert value.__doc__ != inspect.getdoc(object)


def test_the_page_names_every_way_to_log_in():
    page = PAGE.read_text()
    for name in ("ClientCredentials", "UsernamePassword", "JwtBearer", "SoapLogin", "AccessToken"):
        assert f"`{name}(" in page
