"""`scc doctor` about those who watch runs: whether they could be told, and nothing told to them."""

from __future__ import annotations

import json

import pytest
from tests.scripted import ScriptedServer, reply

from scc.sandbox.app import Sandbox
from scc.sandbox.slack.store import SlackStore

NOWHERE = "http://127.0.0.1:1"
"""Nothing listens on port 1."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def check(scc, folder):
    """What is found about one of them, with this configuration."""

    def check(name, text):
        (folder / "scc.toml").write_text(text, encoding="utf-8")
        said = scc("doctor", "--json")
        assert "sandbox-hook" not in said.out + said.err
        found = {one["name"]: one for one in json.loads(said.out)["checks"]}
        return found.get(name)

    return check


def hook(url, secret="sandbox"):
    return f'[slack]\nwebhook_url = "{url}/services/T00000000/B00000000/{secret}"\n'


def bot(sandbox, token):
    return f'[slack]\nbot_token = "{token}"\nchannel = "#ops"\napi_url = "{sandbox.url}/api/"\n'


def test_who_is_not_configured_is_not_asked(check):
    assert check("slack", "") is None
    assert check("pushgateway", "") is None


def test_a_webhook_is_tried_without_a_message(check, sandbox):
    sandbox.state.store(SlackStore).reset()

    found = check("slack", hook(sandbox.url))

    assert (found["state"], found["detail"]) == ("ok", "the webhook is alive")
    assert sandbox.state.store(SlackStore).messages() == []


def test_a_bot_says_who_it_is_and_where_it_posts(check, sandbox):
    found = check("slack", bot(sandbox, "xoxb-sandbox") + 'channels = { purge-contacts = "#privacy" }\n')

    assert (found["state"], found["detail"]) == ("ok", "scc of Acme, for #ops, #privacy")


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("webhook", 3, "Slack does not take this webhook: 403 'invalid_token'"),
        ("bot", 3, "Slack does not take this bot's token: invalid_auth"),
        ("away", 75, "slack.webhook_url can't be reached (NewConnectionError)"),
    ],
)
def test_a_slack_that_would_not_be_told_is_named_without_its_secret(check, sandbox, kind, code, told):
    text = {
        "webhook": hook(sandbox.url, "sandbox-hook"),
        "bot": bot(sandbox, "xoxb-sandbox-hook"),
        "away": hook(NOWHERE, "sandbox-hook"),
    }[kind]

    found = check("slack", text)

    assert (found["state"], found["exit_code"], found["detail"]) == ("failed", code, told)
    assert found["hint"]


@pytest.mark.parametrize(
    ("status", "state", "code"), [(200, "ok", 0), (401, "failed", 3), (503, "failed", 75)]
)
def test_a_pushgateway_is_asked_whether_it_is_ready_with_its_login(check, status, state, code):
    with ScriptedServer().then(reply(status)) as server:
        text = f'[monitoring]\npushgateway_url = "{server.url}"\npushgateway_user = "me"\npushgateway_password = "p"\n'
        found = check("pushgateway", text)

    assert (found["state"], found["exit_code"]) == (state, code)
    (asked,) = server.requests
    assert (asked.method, asked.path, asked.headers["Authorization"]) == ("GET", "/-/ready", "Basic bWU6cA==")


def test_a_pushgateway_that_is_away_is_told(check):
    found = check("pushgateway", f'[monitoring]\npushgateway_url = "{NOWHERE}"\n')

    assert (found["state"], found["exit_code"]) == ("failed", 75)
    assert found["detail"].startswith(f"{NOWHERE} can't be reached")


def test_a_heartbeat_is_not_called(check):
    with ScriptedServer().then(reply(200)) as server:
        found = check("heartbeat", f'[monitoring]\nheartbeat_url = "{server.url}/ping/{{pipeline}}"\n')

    assert found["state"] == "skipped"
    assert server.requests == []
