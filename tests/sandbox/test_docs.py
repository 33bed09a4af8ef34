"""docs/sandbox.md: what it shows runs, and what it lists is what there is."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from scc.sandbox.app import create_app
from scc.sandbox.eloqua.options import EloquaOptions
from scc.sandbox.faults import WIRE_ACTIONS, WORK_ACTIONS
from scc.sandbox.load_targets import KNOWN
from scc.sandbox.page_html import PRESETS
from scc.sandbox.route_table import rewrite
from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.whole import WholeSandbox

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
PORT = "8765"


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_commands_run_one_after_the_other(page, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    script = "\n".join(["trap 'kill $!' EXIT", *blocks(page, "sh")])
    script = script.replace("scc sandbox --", f"scc sandbox --port {port} --").replace(PORT, port)
    script = script.replace("scc sandbox load", f"scc sandbox load --url http://127.0.0.1:{port}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCC_")}
    more = {"PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", "NO_PROXY": "127.0.0.1"}
    said = tmp_path / "said.txt"
    with said.open("w", encoding="utf-8") as file:
        ended = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=kept | more,
            stdout=file,
            stderr=file,
            timeout=200,
            check=False,
        )
    text = said.read_text(encoding="utf-8")
    assert ended.returncode == 0, text
    for expected in (
        "Eloqua site 1234\n",
        "19 campaigns\n",
        "Loaded 2 contacts.\n",
        '"action":"sync-warning"',
    ):
        assert expected in text


def test_the_python_runs_and_prints_what_it_says(page, capsys):
    found = blocks(page, "python")
    assert len(found) == 1
    for block in found:
        names: dict[str, Any] = {}
        exec(block, names)
        expected = [line[2:] for line in block.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == expected


def test_the_lists_of_routes_are_what_is_answered(page):
    assert rewrite(page) == page, "run: python -m scc.sandbox.route_table docs/sandbox.md"
    assert "`/API/Bulk/2.0/syncs` | " in page
    assert "`/services/data/v{version}/query` | GET" in page


def test_every_part_of_the_control_interface_is_described(page):
    with WholeSandbox() as sandbox:
        app = create_app(sandbox.state)
    own = {
        route.path for route in app.routes if isinstance(route, Route) and route.path.startswith("/_sandbox")
    }
    assert len(own) > 8
    assert {path for path in own if f"{path}`" not in page} == set()


@pytest.mark.parametrize("options", [EloquaOptions, SalesforceOptions])
def test_every_option_is_described(page, options):
    page += (PAGE.parent / "sandbox-eloqua.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(options) if f"`{field.name}`" not in page] == []


@pytest.mark.parametrize("action", sorted(WIRE_ACTIONS | WORK_ACTIONS))
def test_every_fault_is_described(page, action):
    assert f"`{action}`" in page.partition("| action |")[2].partition("## The TLS door")[0]


def test_every_target_of_load_is_named(page):
    assert [name for name in KNOWN if f"`{name}`" not in page] == []


def test_the_page_offers_every_action_but_no_unknown_one():
    assert {rule["action"] for _, rule in PRESETS.values()} == WIRE_ACTIONS | WORK_ACTIONS
