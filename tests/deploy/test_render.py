"""What is rendered follows the registry of pipelines and the configuration."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from tests.deploy.conftest import FULL, SMALL, built, pods, rendered, settings

from scc.cli.main import EXIT_CODES
from scc.core.schedules import check_cron
from scc.deploy import render, write
from scc.errors import ConfigError
from scc.pipelines.registry import SUMMARIES


def cronjobs(objects):
    return {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == "CronJob"}


def test_no_pipeline_of_the_registry_is_forgotten(objects):
    found = cronjobs(objects)

    assert found.keys() == {f"scc-{name}" for name in SUMMARIES}
    for name in SUMMARIES:
        (job,) = pods(objects)[f"CronJob/scc-{name}"]["containers"]
        assert (job["command"], job["args"]) == (["scc"], ["job", name])


def test_a_schedule_starts_its_pipeline_and_without_one_nothing_starts():
    found = cronjobs(rendered("kubernetes", FULL))
    told = {name: (one["schedule"], one["timeZone"]) for name, one in found.items() if not one["suspend"]}

    assert told == {
        "scc-enrich-campaign-members": ("15 2 * * 1-5", "Europe/Berlin"),
        "scc-clean-outputs": ("0 4 * * *", "UTC"),
    }
    assert found["scc-enrich-campaign-members"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 45 * 60


def test_every_schedule_is_one_in_a_zone_that_there_is(objects):
    for name, one in cronjobs(objects).items():
        assert check_cron(one["schedule"]), name
        assert next(CronSim(one["schedule"], _now(one["timeZone"]))), name
        assert len(name) <= 52


def _now(zone):
    from datetime import datetime

    return datetime(2026, 11, 23, tzinfo=ZoneInfo(zone))


def test_a_job_is_tried_again_only_where_that_may_help(objects):
    for name, one in cronjobs(objects).items():
        job = one["jobTemplate"]["spec"]
        drained, final = job["podFailurePolicy"]["rules"]

        assert job["template"]["spec"]["restartPolicy"] == "Never", name
        assert one["concurrencyPolicy"] == "Forbid"
        assert drained["action"] == "Ignore"
        assert drained["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
        assert final["onExitCodes"]["containerName"] == job["template"]["spec"]["containers"][0]["name"]
        assert set(final["onExitCodes"]["values"]) == EXIT_CODES.keys() - {0, 1, 75, 130, 143}
        assert job["ttlSecondsAfterFinished"] > 0
        assert one["startingDeadlineSeconds"] >= 10


def test_the_scheduler_is_one_and_is_asked_at_its_own_page_of_health(objects):
    scheduler = next(
        one for one in objects if one["kind"] == "Deployment" and one["metadata"]["name"] == "scc-scheduler"
    )
    containers = scheduler["spec"]["template"]["spec"]["containers"]
    luigid = next(one for one in containers if one["name"] == "scheduler")

    assert scheduler["spec"]["replicas"] == 1
    assert scheduler["spec"]["strategy"] == {"type": "Recreate"}
    assert (luigid["command"], luigid["args"]) == (["scc"], ["scheduler"])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert luigid[probe]["httpGet"] == {"path": "/healthz", "port": "http"}


def test_each_variable_of_a_container_is_a_key_that_the_configuration_knows(objects):
    from scc.settings import Settings
    from scc.settings.keys import spot

    for name, spec in pods(objects).items():
        for one in spec["containers"][0].get("env", []):
            if one["name"].startswith("SCC_") and "__" in one["name"]:
                key = one["name"].removeprefix("SCC_").lower().split("__")
                assert spot(Settings, tuple(key)), (name, one["name"])


def test_a_plan_has_the_memory_that_its_engine_may_take():
    (job,) = pods(rendered("kubernetes", '[engine]\nmemory_limit = "6GiB"'))["CronJob/scc-clean-outputs"][
        "containers"
    ]

    assert job["resources"]["limits"]["memory"] == "7168Mi"


def test_the_image_is_the_one_that_the_configuration_names():
    text = '[deploy]\nimage = "registry.example:5000/team/scc:1.2"'
    found = pods(rendered("kubernetes", text))

    assert (
        found["CronJob/scc-clean-outputs"]["containers"][0]["image"] == "registry.example:5000/team/scc:1.2"
    )
    assert found["Deployment/scc-scheduler"]["containers"][0]["image"] == "registry.example:5000/team/scc:1.2"


def test_what_the_cluster_has_already_is_not_rendered():
    objects = rendered("kubernetes", SMALL)
    kinds = {one["kind"] for one in objects}
    env = {one["name"] for one in pods(objects)["CronJob/scc-clean-outputs"]["containers"][0]["env"]}

    assert not kinds & {"StatefulSet", "ServiceMonitor", "PrometheusRule", "Ingress", "Route"}
    assert not env & {"SCC_LEDGER__URL", "SCC_MONITORING__PUSHGATEWAY_URL"}
    assert "scc-pushgateway" not in {one["metadata"]["name"] for one in objects}


def test_the_alert_rules_are_those_of_the_configuration(tmp_path):
    from scc.monitoring import alerts

    (rule,) = [one for one in rendered("openshift") if one["kind"] == "PrometheusRule"]

    assert rule["spec"]["groups"] == alerts.groups(settings(tmp_path, FULL), scheduler=True)


def test_the_configuration_goes_along_with_the_rules_that_it_names(tmp_path):
    (tmp_path / "bounces.toml").write_text("[[rule]]\n", encoding="utf-8")
    text = '[pipelines.hard-bounces]\nrules = "bounces.toml"\n'
    objects = built(tmp_path, "openshift", text)
    (config,) = [one for one in objects if one["kind"] == "ConfigMap"]
    job = pods(objects)["CronJob/scc-hard-bounces"]

    assert config["data"] == {"scc.toml": text, "bounces.toml": "[[rule]]\n"}
    assert job["containers"][0]["workingDir"] == "/etc/scc"
    assert {"name": "config", "configMap": {"name": config["metadata"]["name"]}} in job["volumes"]


def test_a_changed_configuration_is_another_object_so_that_what_runs_keeps_its_own():
    names = set()
    for text in (FULL, FULL + "\n[flow]\neloqua_bulk = 3\n"):
        names |= {
            one["metadata"]["name"] for one in rendered("openshift", text) if one["kind"] == "ConfigMap"
        }

    assert len(names) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[eloqua]\npassword = "hush"', r"eloqua\.password \(.*scc\.toml, line 2\)"),
        ('[ledger]\nurl = "postgresql://scc:hush@db/scc"', r"ledger\.url"),
    ],
)
def test_a_secret_in_the_file_stops_everything(tmp_path, text, told):
    with pytest.raises(ConfigError, match=told) as caught:
        render(settings(tmp_path, text), "openshift")

    assert "hush" not in caught.value.message + (caught.value.hint or "")


def test_a_private_key_beside_the_configuration_is_not_taken_to_the_cluster(tmp_path):
    (tmp_path / "key.pem").write_text("hush")
    plain = settings(
        tmp_path, '[salesforce]\nkey_file = "key.pem"\n[eloqua]\nproxy = "http://proxy.example:3128"'
    )

    with pytest.raises(ConfigError, match=r"salesforce\.key_file would take a private key"):
        render(plain, "kubernetes")


def test_a_proxy_is_a_secret_only_with_its_password(tmp_path):
    with pytest.raises(ConfigError, match=r"in plain text: eloqua\.proxy") as caught:
        render(settings(tmp_path, '[eloqua]\nproxy = "http://me:hush@proxy.example:3128"'), "kubernetes")
    assert "hush" not in str(caught.value)


def test_pages_that_would_ask_nobody_who_they_are_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"deploy\.issuer_url"):
        render(settings(tmp_path, '[deploy]\nhost = "scc.example"'), "kubernetes")


def test_equal_configurations_give_equal_files(tmp_path):
    one = render(settings(tmp_path, FULL), "openshift")

    assert one == render(settings(tmp_path, FULL), "openshift")


def test_what_is_no_longer_rendered_is_taken_away_and_what_is_not_ours_stays(tmp_path):
    out = tmp_path / "out"
    write(render(settings(tmp_path, FULL), "openshift"), out)
    (out / "overlay").mkdir()
    (out / "overlay/kustomization.yaml").write_text("resources: [..]\n", encoding="utf-8")

    removed = write(render(settings(tmp_path, SMALL), "openshift"), out)

    assert out / "components/postgresql/postgresql.yaml" in removed
    assert not (out / "components/postgresql/postgresql.yaml").exists()
    assert (out / "overlay/kustomization.yaml").exists()


def test_a_file_of_somebody_else_is_not_written_over(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "kustomization.yaml").write_text("resources: []\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="not rendered"):
        write(render(settings(tmp_path, FULL), "openshift"), out)

    assert [path.name for path in out.iterdir()] == ["kustomization.yaml"]
