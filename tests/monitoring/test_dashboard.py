"""The dashboard draws figures that there are, in expressions that Prometheus reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from tests.services.prometheus import promtool

from scc.monitoring.names import Metric
from scc.scheduler.central import Central, Rules

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "scc.json"


@pytest.fixture(scope="module")
def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def expressions(dashboard):
    """Every expression with the variables filled in."""
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return [one.replace("$pipeline", ".*") for one in found]


def test_every_figure_of_runs_and_of_the_scheduler_is_drawn_and_no_other(dashboard, tmp_path):
    drawn = {name for one in expressions(dashboard) for name in re.findall(r"scc_\w+", one)}
    families = Central(Rules(tmp_path / "state")).metrics.registry.collect()
    told = {f"{one.name}_total" if one.type == "counter" else one.name for one in families}

    assert drawn == {str(metric) for metric in Metric} | {name for name in told if name.startswith("scc_")}


def test_it_can_be_provisioned_anywhere(dashboard):
    """No id of one Grafana's own, a data source that is chosen, a name that links can rely upon."""
    assert "id" not in dashboard
    assert dashboard["uid"] == "scc-pipelines"
    assert [one["name"] for one in dashboard["templating"]["list"]] == ["datasource", "pipeline"]
    sources = [target["datasource"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert {tuple(sorted(one.items())) for one in sources} == {
        (("type", "prometheus"), ("uid", "${datasource}"))
    }
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_every_panel_says_what_it_shows(dashboard):
    assert [
        one["title"] for one in dashboard["panels"] if one["type"] != "row" and not one["description"]
    ] == []


def test_panels_do_not_overlap(dashboard):
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.e2e
def test_every_expression_is_one_that_prometheus_reads(dashboard, tmp_path):
    rules = [{"record": f"panel:{at}", "expr": one} for at, one in enumerate(expressions(dashboard))]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")

    done = promtool("check", "rules", str(file))

    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout
