"""What docs/eloqua.md shows is run, and prints what it says; every public name is explained."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from tests.eloqua.instance import Instance

import scc.eloqua

PAGE = Path(__file__).parents[2] / "docs" / "eloqua.md"


def test_the_page_runs_and_prints_what_it_says(
    instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8730", instance.sandbox.url), names)  # the page itself
        expected = [line[2:] for line in block.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == expected
    names["client"].close()


def test_every_public_name_is_explained() -> None:
    for name in scc.eloqua.__all__:
        value = getattr(scc.eloqua, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, name
            assert not value.__doc__.startswith(f"{name}("), f"{name} has the docstring that dataclass made"


def test_the_page_names_every_way_to_log_in_and_every_object() -> None:
    page = PAGE.read_text()
    for name in (
        "BasicAuth",
        "PasswordGrant",
        "RefreshTokenGrant",
        "FileTokenStore",
        "contacts",
        "custom_object",
    ):
        assert f"`{name}(" in page
