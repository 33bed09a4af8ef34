"""When a pipeline runs is part of its table, and no part of what it looks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scc.errors import ConfigError
from scc.pipelines import registry
from scc.settings import PipelineSection, load, parse_section

TABLE = '[pipelines.clean-outputs]\nschedule = "15 2 * * *"\ntime_zone = "Europe/Berlin"\n'


@pytest.fixture
def loaded(tmp_path):
    def loaded(text, environ=None):
        path = tmp_path / "scc.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ or {})

    return loaded


def test_pipelines_with_a_schedule_are_found_by_name(loaded):
    settings = loaded(
        TABLE + "deadline_minutes = 30\nexports_days = 3\n[pipelines.hard-bounces]\nsalesforce = false\n"
    )

    (name,) = settings.schedules()

    when = settings.schedules()[name]
    assert (name, when.cron, when.zone) == ("clean-outputs", "15 2 * * *", "Europe/Berlin")
    assert when.deadline == timedelta(minutes=30)


def test_the_environment_may_set_it(loaded):
    settings = loaded("", {"SCC_PIPELINES__CLEAN_OUTPUTS__SCHEDULE": '"0 3 * * *"'})

    assert settings.schedules()["clean-outputs"].cron == "0 3 * * *"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("schedule", "daily", "five fields of cron"), ("time_zone", "Berlin", "IANA name")],
)
def test_what_can_not_be_read_is_told_with_its_line_and_an_example(loaded, key, value, told):
    settings = loaded(f'[pipelines.clean-outputs]\n{key} = "{value}"\n')

    with pytest.raises(
        ConfigError, match=f'line 2: pipelines.clean-outputs.{key} is "{value}"; .*{told}'
    ) as caught:
        settings.schedules()

    assert str(caught.value.hint).startswith(f"For example: {key} = ")


@pytest.mark.parametrize("name", registry.SUMMARIES)
def test_every_pipeline_takes_a_schedule(name):
    model: type[PipelineSection] = registry.module(name).Config
    config = parse_section(model, {"schedule": "0 3 * * *"}, where=f"pipelines.{name}")

    assert config.when is not None
    assert config.when.cron == "0 3 * * *"


def test_another_schedule_does_not_make_the_next_run_read_everything_anew():
    plain = registry.build("clean-outputs", {})
    other = registry.build(
        "clean-outputs", {"clean-outputs": {"schedule": "0 3 * * *", "deadline_minutes": 5}}
    )

    assert other.config_digest == plain.config_digest
    assert (
        registry.build("clean-outputs", {"clean-outputs": {"exports_days": 3}}).config_digest
        != plain.config_digest
    )
