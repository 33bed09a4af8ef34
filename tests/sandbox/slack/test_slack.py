"""The sandbox's Slack takes what Slack takes, refuses what Slack refuses, and shows what was posted."""

from __future__ import annotations

import json

import pytest
from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError

HOOK = "/services/T00000000/B00000000/sandbox"


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def header(text):
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


@pytest.fixture
def webhook(control):
    client = WebhookClient(control.sandbox.url + HOOK)
    client.proxy = None
    return client


@pytest.fixture
def bot(control):
    client = WebClient("xoxb-sandbox", base_url=f"{control.sandbox.url}/api/")
    client.proxy = None
    return client


@pytest.fixture
def messages(control):
    return lambda: control.get("/slack").json()["messages"]


def test_slacks_own_client_posts_by_webhook(webhook, messages):
    answer = webhook.send(text="hello", blocks=[header("Run failed"), section("*why*"), {"type": "divider"}])

    assert (answer.status_code, answer.body) == (200, "ok")
    (message,) = messages()
    assert (message["by"], message["text"], len(message["blocks"])) == ("webhook", "hello", 3)


def test_slacks_own_client_posts_as_a_bot(bot, messages):
    assert bot.auth_test()["ok"]

    answer = bot.chat_postMessage(channel="#ops", text="hello", username="SCC")

    assert answer["ts"]
    (message,) = messages()
    assert (message["by"], message["channel"], message["username"]) == ("bot", "#ops", "SCC")


def test_attachments_come_through_as_alertmanager_sends_them(control, messages):
    body = {"channel": "#ops", "attachments": [{"title": "[FIRING:1]", "text": "late", "fallback": "late"}]}

    assert control.call("POST", f"/{HOOK}", body).status == 200

    assert messages()[0]["attachments"][0]["title"] == "[FIRING:1]"


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ([header("x" * 151)], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
        (
            [{"type": "table-of-contents"}],
            "unsupported type: table-of-contents [json-pointer:/blocks/0/type]",
        ),
        (
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            [
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "nowhere"}
                    ],
                }
            ],
            "must be a valid URL [json-pointer:/blocks/0/elements/0/url]",
        ),
    ],
)
def test_blocks_past_slacks_limits_are_refused_with_their_place(bot, webhook, messages, blocks, problem):
    with pytest.raises(SlackApiError) as caught:
        bot.chat_postMessage(channel="#ops", text="x", blocks=blocks)

    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["errors"] == [problem]
    refused = webhook.send(text="x", blocks=blocks)
    assert (refused.status_code, refused.body) == (400, "invalid_blocks")
    assert messages() == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [({}, 400, "no_text"), ([], 400, "invalid_payload"), ({"text": "x" * 40_001}, 400, "msg_too_long")],
)
def test_a_message_that_is_none_is_refused(control, body, status, words):
    answer = control.call("POST", f"/{HOOK}", body)

    assert (answer.status, answer.data.decode()) == (status, words)


def test_a_wrong_webhook_and_a_wrong_token_are_refused(control):
    answer = control.call("POST", "//services/T00000000/B00000000/other", {"text": "x"})
    assert (answer.status, answer.data) == (403, b"invalid_token")

    for headers, error in (({}, "not_authed"), ({"Authorization": "Bearer xoxb-other"}, "invalid_auth")):
        told = control.call("POST", "//api/chat.postMessage", {"text": "x", "channel": "#ops"}, headers)
        assert (told.status, told.json()["error"]) == (200, error)


def test_a_form_is_read_as_json_is(control, messages):
    fields = {"payload": json.dumps({"text": "from a form"})}
    control.pool.request("POST", control.sandbox.url + HOOK, fields=fields, encode_multipart=False)

    assert messages()[0]["text"] == "from a form"


def test_webhooks_and_salesforces_paths_do_not_mix(control):
    login = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    url = control.sandbox.url
    token = control.pool.request("POST", f"{url}/services/oauth2/token", fields=login, encode_multipart=False)
    assert token.status == 200, token.data
    limits = control.get(
        "//services/data/v62.0/limits", {"Authorization": f"Bearer {token.json()['access_token']}"}
    )
    assert "DailyApiRequests" in limits.json()
    control.call("POST", f"/{HOOK}", {"text": "x"})

    systems = [one["system"] for one in control.get("/requests").json()["requests"]]
    assert systems == ["salesforce", "salesforce", "slack"]


def test_faults_meet_slack_too(control, webhook):
    fault = {"action": "status", "status": 429, "headers": {"Retry-After": "30"}, "system": "slack"}
    control.post("/faults", [fault])

    assert webhook.send(text="x").status_code == 429
    assert webhook.send(text="x").status_code == 200


def test_what_was_posted_can_be_forgotten(control, webhook, messages):
    webhook.send(text="x")

    control.call("DELETE", "/slack")

    assert messages() == []
    assert control.get("/state").json()["slack"]["counts"] == {"messages": 0}
