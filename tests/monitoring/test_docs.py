"""The pages on monitoring and jobs name all there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from scc.cli.job import job
from scc.cli.main import EXIT_CODES
from scc.monitoring.alerts import RUNBOOKS
from scc.monitoring.names import Metric
from scc.settings import Slack

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("metric", Metric)
def test_each_figure_is_described(metric):
    assert f"`{metric}`" in page("monitoring.md")


@pytest.mark.parametrize("alert", RUNBOOKS)
def test_each_alert_is_described_with_its_runbook(alert):
    assert f"| [{alert}](runbooks/{alert}.md) |" in page("monitoring.md")


def test_each_event_is_described():
    (events,) = get_args(Slack.model_fields["events"].annotation)
    assert [one for one in get_args(events) if f"`{one}`" not in page("monitoring.md")] == []


@pytest.mark.parametrize("code", [code for code in EXIT_CODES if code != 130])
def test_each_exit_code_of_a_job_is_described(code):
    assert f"\n| {code} | " in page("jobs.md")


def test_each_variable_and_option_is_described():
    told = page("jobs.md")
    own = [one for one in job.params if getattr(one, "envvar", None)]
    assert len(own) == 4
    for option in own:
        assert f"| `{option.envvar}` | " in told
        assert f"`{option.opts[0]}`" in told


@pytest.mark.parametrize(
    "name", ["monitoring.md", "jobs.md", *(f"runbooks/{alert}.md" for alert in RUNBOOKS)]
)
def test_links_lead_somewhere(name):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page(name))
    base = (DOCS / name).parent
    assert [one for one in links if not one.startswith("http") and not (base / one).exists()] == []
