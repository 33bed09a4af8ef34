"""The alert rules: made from the schedules, each with a runbook, and firing when they should (promtool)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.services.prometheus import promtool

from scc.cli.main import main
from scc.monitoring.alerts import RUNBOOKS, groups
from scc.monitoring.names import Metric
from scc.settings import load

RUNBOOK_PAGES = Path(__file__).parents[2] / "docs" / "runbooks"
CONFIG = """\
[scheduler]
url = "http://scc-scheduler:8082"

[pipelines.hard-bounces]
schedule = "*/15 * * * *"
deadline_minutes = 10

[pipelines.purge-contacts]
schedule = "15 2 * * MON-FRI"
time_zone = "Europe/Berlin"
"""


@pytest.fixture
def made(tmp_path):
    """The groups that a configuration gives."""

    def made(text=CONFIG):
        path = tmp_path / "scc.toml"
        path.write_text(text, encoding="utf-8")
        return groups(load(path, {}))

    return made


def rules(made, alert):
    return [rule for group in made for rule in group["rules"] if rule["alert"] == alert]


def test_each_pipeline_with_a_schedule_has_a_group_of_its_own(made):
    assert [group["name"] for group in made()] == ["scc", "scc-hard-bounces", "scc-purge-contacts"]
    assert [group["name"] for group in made("")] == ["scc"]
    assert made() == made()


def test_a_run_is_overdue_by_its_own_longest_gap(made):
    frequent, weekdays = rules(made(), "SccRunOverdue")

    assert frequent["expr"].endswith(" > 1500")  # 15 minutes and 10
    assert weekdays["expr"].endswith(
        f" > {3 * 86_400 + 3_600 + 2 * 3_600}"
    )  # the weekend that summer ends on
    assert (frequent["labels"]["pipeline"], weekdays["labels"]["pipeline"]) == (
        "hard-bounces",
        "purge-contacts",
    )


def test_the_configuration_sets_what_is_worth_an_alert(made):
    found = made('[alerts]\nfailed_tries = 7\nrejected_share = 0.25\nrunbooks_url = "https://x.example/r/"\n')

    assert rules(found, "SccRunFailing")[0]["expr"].endswith(" >= 7")
    assert rules(found, "SccRunRejects")[0]["expr"].endswith(" > 0.25")
    assert (
        rules(found, "SccRunStopped")[0]["annotations"]["runbook_url"]
        == "https://x.example/r/SccRunStopped.md"
    )


def test_every_alert_has_a_runbook_that_says_what_to_do(made):
    alerts = {rule["alert"] for group in made() for rule in group["rules"]}

    assert alerts == set(RUNBOOKS)
    for alert in alerts:
        page = (RUNBOOK_PAGES / f"{alert}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {alert}\n")
        for part in ("## What it means", "## What to look at", "## What to do"):
            assert part in page, f"{alert} lacks {part}"


def test_rules_name_no_figure_that_is_never_pushed(made):
    named = {
        name for group in made() for rule in group["rules"] for name in re.findall(r"scc_\w+", rule["expr"])
    }

    assert named <= {str(metric) for metric in Metric}
    assert len(named) > 8


BOUNCES_OWN = 'job="scc",pipeline="hard-bounces"'
PURGE_OWN = 'job="scc",pipeline="purge-contacts"'


def series(metric, values, labels=PURGE_OWN):
    return {"series": f"{metric}{{{labels}}}", "values": values}


def fires(alert, minutes, *labels):
    """What promtool is to find then: the alert with each of these labels, besides its severity."""
    return alert, minutes, labels


def case(name, given, *expected):
    return pytest.param(given, expected, id=name)


BOUNCES = {"pipeline": "hard-bounces", "job": "scc"}
PURGE = {"pipeline": "purge-contacts", "job": "scc"}
ALIVE = {"series": 'up{job="scc-pushgateway"}', "values": "1x600"}


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        case(
            "a run that is late by its schedule, until it comes",
            [
                # The last good run ended at 0; the next was due at minute 25, and came at minute 40.
                series(Metric.DUE, "1500x39 3300x100", BOUNCES_OWN),
                series(Metric.SUCCESS, "0x39 2400x100", BOUNCES_OWN),
            ],
            fires("SccRunOverdue", 25),
            fires("SccRunOverdue", 27, BOUNCES),
            fires("SccRunOverdue", 42),
            fires("SccRunOverdue", 60, BOUNCES),
        ),
        case(
            "a schedule that became denser after the last good run",
            [series(Metric.DUE, "999999x100", BOUNCES_OWN), series(Metric.SUCCESS, "0x100", BOUNCES_OWN)],
            fires("SccRunOverdue", 25),
            fires("SccRunOverdue", 27, BOUNCES),
        ),
        case(
            "a pipeline that never ended well",
            [series(Metric.SUCCESS, "0x100", PURGE_OWN)],
            fires("SccRunNeverSucceeded", 24),
            fires("SccRunNeverSucceeded", 26, BOUNCES),
        ),
        case(
            "failed three times",
            [series(Metric.FAILED_TRIES, "1 2 3 0")],
            fires("SccRunFailing", 1),
            fires("SccRunFailing", 2, PURGE),
            fires("SccRunFailing", 3),
        ),
        case(
            "a plan that waits for a person",
            [
                series(Metric.STATE, "1x60 0x60", PURGE_OWN + ',state="stopped"'),
                series(Metric.STATE, "0x60 1x60", PURGE_OWN + ',state="done"'),
            ],
            fires("SccRunStopped", 29),
            fires("SccRunStopped", 31, PURGE),
            fires("SccRunStopped", 62),
        ),
        case(
            "runs that stop again and again, each of them under way for a while, until one fails",
            [
                series(Metric.STATE, "1x9 0x4 1x9 0x4 1x9 0x4 1x9 0x9", PURGE_OWN + ',state="stopped"'),
                series(Metric.STATE, "0x9 1x4 0x9 1x4 0x9 1x4 0x9 0x9", PURGE_OWN + ',state="running"'),
                series(Metric.STATE, "0x9 0x4 0x9 0x4 0x9 0x4 0x9 1x9", PURGE_OWN + ',state="failed"'),
            ],
            fires("SccRunStopped", 29),
            fires("SccRunStopped", 31, PURGE),
            fires("SccRunStopped", 54, PURGE),
            fires("SccRunStopped", 56),
        ),
        case(
            "rejects above their share; what was skipped does not count",
            [
                series(Metric.RECORDS, "94 95 95", PURGE_OWN + ',outcome="applied",operation="delete"'),
                series(Metric.RECORDS, "6 5 5", PURGE_OWN + ',outcome="rejected",operation="delete"'),
                series(Metric.RECORDS, "9999x3", PURGE_OWN + ',outcome="skipped",operation="skip"'),
            ],
            fires("SccRunRejects", 0, PURGE),
            fires("SccRunRejects", 1),
        ),
        case(
            "an export that shrinks and one that grows, but not one that is small, nor a full read",
            [
                series(Metric.EXPORTED, "5000x100 900x10", PURGE_OWN + ',source="shrinks"'),
                series(Metric.EXPORTED, "5000x100 26000x10", PURGE_OWN + ',source="grows"'),
                series(Metric.EXPORTED, "5000x100 1100x10", PURGE_OWN + ',source="varies"'),
                series(Metric.EXPORTED, "100x100 1x10", PURGE_OWN + ',source="small"'),
                series(Metric.FULL, "0x111"),
                series(Metric.EXPORTED, "5000x100 90000x10", BOUNCES_OWN + ',source="full"'),
                series(Metric.FULL, "0x100 1x10", BOUNCES_OWN),
            ],
            fires("SccExportOutOfRange", 100),
            fires("SccExportOutOfRange", 105, PURGE | {"source": "grows"}, PURGE | {"source": "shrinks"}),
        ),
        case(
            "an allowance that is almost used",
            [
                series(Metric.QUOTA_USED, "80 95 10", PURGE_OWN + ',quota="salesforce_api_requests"'),
                series(Metric.QUOTA_LIMIT, "100x3", PURGE_OWN + ',quota="salesforce_api_requests"'),
            ],
            fires("SccQuotaAlmostUsed", 0),
            fires("SccQuotaAlmostUsed", 1, {"job": "scc", "quota": "salesforce_api_requests"}),
            fires("SccQuotaAlmostUsed", 2),
        ),
        case(
            "figures that were refused",
            [series("push_time_seconds", "10 10 30"), series("push_failure_time_seconds", "0 20 20")],
            fires("SccPushRefused", 0),
            fires("SccPushRefused", 1, PURGE),
            fires("SccPushRefused", 2),
        ),
        case(
            "a Pushgateway that is down",
            [{"series": 'up{job="scc-pushgateway"}', "values": "1x10 0x20 1x10"}],
            fires("SccPushgatewayDown", 10),
            fires("SccPushgatewayDown", 17, {}),
            fires("SccPushgatewayDown", 35),
        ),
        case(
            "a scheduler that is down",
            [{"series": 'up{job="scc-scheduler"}', "values": "1x10 0x20 1x10"}],
            fires("SccSchedulerDown", 10),
            fires("SccSchedulerDown", 17, {}),
            fires("SccSchedulerDown", 35),
        ),
        case(
            "nothing fires where all is well",
            [
                ALIVE,
                {"series": 'up{job="scc-scheduler"}', "values": "1x600"},
                series(Metric.DUE, "999999x600", BOUNCES_OWN),
                series(Metric.SUCCESS, "0+60x600", BOUNCES_OWN),
                series(Metric.FAILED_TRIES, "0x600"),
            ],
            *(fires(alert, 120) for alert in RUNBOOKS if alert != "SccRunNeverSucceeded"),
        ),
    ],
)
def test_an_alert_fires_when_it_should_and_ends(made, tmp_path, given, expected):
    found = made()
    severity = {rule["alert"]: rule["labels"]["severity"] for group in found for rule in group["rules"]}
    for rule in (rule for group in found for rule in group["rules"]):
        del rule["annotations"]  # promtool would want every word of them
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": found}), encoding="utf-8")
    tests = [
        {
            "alertname": alert,
            "eval_time": f"{minutes}m",
            "exp_alerts": [{"exp_labels": {**one, "severity": severity[alert]}} for one in labels],
        }
        for alert, minutes, labels in expected
    ]
    spec = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": given, "alert_rule_test": tests}],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(spec), encoding="utf-8")

    done = promtool("test", "rules", str(tmp_path / "test.yml"))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.e2e
def test_the_file_that_is_rendered_is_one_that_prometheus_takes(tmp_path):
    (tmp_path / "scc.toml").write_text(CONFIG, encoding="utf-8")
    file = tmp_path / "rules.yml"

    assert main(["--config", str(tmp_path / "scc.toml"), "alerts", "render", "--output", str(file)]) == 0

    done = promtool("check", "rules", str(file))
    assert done.returncode == 0, done.stderr
    assert "12 rules found" in done.stdout
