"""Who is told of runs: what is refused in those sections, and that no credential shows."""

from __future__ import annotations

import pytest

from scc.errors import ConfigError
from scc.settings import load

HOOK = "https://hooks.slack.com/services/T0/B0/secret"


@pytest.fixture
def loaded(tmp_path):
    def loaded(text, **environ):
        path = tmp_path / "scc.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environ)

    return loaded


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[monitoring]\npushgateway_url = "pushgateway:9091"', "monitoring.pushgateway_url"),
        ('[monitoring]\npushgateway_url = "http://scc:hunter2@pushgateway"', "without a password"),
        ('[monitoring]\nheartbeat_url = "https://hc-ping.com/{run}"', "only {pipeline} stands in braces"),
        ('[monitoring]\nrun_url = "https://grafana.example/{name}"', "only {pipeline}, {moment} and {run}"),
        (
            '[monitoring]\nrun_url = "https://grafana.example/{pipeline!r}"',
            "only {pipeline}, {moment} and {run}",
        ),
        ('[slack]\nwebhook_url = "hooks.slack.com/services/T0/B0/hunter2"', "begins with https://"),
        ('[slack]\nbot_token = "xoxb-hunter2"', "a channel beside bot_token"),
        ('[slack]\napi_url = "https://slack.com/api"', "ends in a slash"),
        ('[slack]\nevents = ["faled"]', "slack.events"),
        ("[alerts]\nrejected_share = 5", "alerts.rejected_share"),
    ],
)
def test_what_makes_no_sense_is_refused_without_showing_a_credential(loaded, text, told):
    with pytest.raises(ConfigError) as caught:
        loaded(text)

    assert told in caught.value.message
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_a_label_may_come_from_the_environment(loaded):
    settings = loaded("", SCC_SLACK__LABELS__CLUSTER="production")

    assert settings.slack.labels == {"cluster": "production"}


def test_credentials_do_not_print(loaded):
    settings = loaded(f'[slack]\nwebhook_url = "{HOOK}"\n[monitoring]\nheartbeat_url = "{HOOK}"')

    assert "secret" not in repr(settings)
