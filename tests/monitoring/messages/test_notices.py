"""One message for a trouble, a count for its repetitions, silence when all is well; within Slack's limits always."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scc.core.runs import RunId
from scc.monitoring.messages.channel import NotSentError
from scc.monitoring.messages.compose import Composer
from scc.monitoring.messages.masking import mask
from scc.monitoring.messages.memory import Memory
from scc.monitoring.messages.notices import Notices
from scc.monitoring.messages.slack import SlackChannel, blocks
from scc.sandbox.app import Sandbox
from scc.sandbox.slack.plain import plain
from scc.sandbox.slack.store import SlackStore
from scc.settings import Slack
from scc.store.runs import RunRecord, RunState, Store

START = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
ERROR = {
    "type": "RefusedError",
    "message": "Eloqua refused it",
    "hint": "Ask for the right.",
    "exit_code": 3,
    "step": "export records",
    "trace": ["run.py:1 in a", "door.py:2 in b"],
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


class World:
    def __init__(self, sandbox, folder):
        sandbox.state.reset(1)
        self.sandbox, self.folder, self.now, self.log = sandbox, folder, START, []
        self.store = Store(folder)
        self.hook = f"{sandbox.url}/services/T00000000/B00000000/sandbox"

    def notices(self, run_url=None, **more):
        settings = Slack.model_validate({"webhook_url": self.hook, **more})
        composer = Composer(self.store, settings, self.log, run_url)
        return Notices(SlackChannel(settings), composer, Memory(self.folder), settings, now=lambda: self.now)

    def posted(self):
        return self.sandbox.state.store(SlackStore).messages()

    def titles(self):
        return [one["text"] for one in self.posted()]


@pytest.fixture
def world(sandbox, tmp_path):
    return World(sandbox, tmp_path)


def record(state=RunState.FAILED, pipeline="purge", at=START, **more):
    begun = RunRecord.start(RunId(pipeline, at), at, full=False, config_digest="c", worker="scc-purge-1")
    error = ERROR if state is RunState.FAILED else None
    return replace(begun, state=state, ended_at="2026-11-22T10:20Z", **{"error": error, **more})


def test_a_failure_tells_run_task_trace_log_counts_and_link(world):
    world.log += [f"line {number}" for number in range(30)]
    counts = [{"operation": "update", "outcome": "rejected", "code": "ELQ-00040", "records": 1200}]
    also = [
        {"step": "export leads", "message": "Salesforce is away", "type": "UnavailableError", "trace": []}
    ]
    notices = world.notices(
        "https://grafana.example/d/scc?run={run}", labels={"cluster": "prod"}, username="SCC"
    )

    failed = record(
        counts=counts, exported={"records": 4000}, retries={"eloqua": 3}, error=ERROR | {"also": also}
    )
    notices.ended(replace(failed, seconds={"all": 61.4}, tries=2))

    (message,) = world.posted()
    text = plain(message)
    for told in (
        "purge failed",
        "purge@2026-11-22T10:15Z",
        "61 s",
        "scc-purge-1",
        "*export records*\nEloqua refused it (RefusedError)\nAsk for the right.",
        "run.py:1 in a\ndoor.py:2 in b",
        "*export leads*\nSalesforce is away (UnavailableError)",
        "read: 4,000 records",
        "rejected: 1,200 update (ELQ-00040)",
        "requests repeated: 3 eloqua",
        "line 20\n",
        "line 29```",
        "https://grafana.example/d/scc?run=purge@2026-11-22T10:15Z",
        "cluster: prod",
    ):
        assert told in text
    assert "line 19" not in text
    assert message["username"] == "SCC"


def test_success_is_quiet_unless_asked_for(world):
    world.notices().ended(record(RunState.DONE))
    world.notices().ended(record(RunState.NOTHING_TO_DO))
    assert world.titles() == []

    seconds = {"export records": 4.5, "plan": 1.0, "all": 5.6}
    world.notices(events=["done"]).ended(record(RunState.DONE, seconds=seconds))
    world.notices(events=["done"]).ended(record(RunState.NOTHING_TO_DO))
    assert world.titles() == ["purge is done"]
    assert "*Tasks*\nexport records: 4.5 s\nplan: 1.0 s" in plain(world.posted()[0])


def test_failures_within_the_window_are_one_message_and_a_count_in_the_next(world):
    notices = world.notices(group_minutes=60)
    for minutes in (0, 10, 20, 59):
        world.now = START + timedelta(minutes=minutes)
        notices.ended(record(at=START + timedelta(minutes=minutes)))
    assert world.titles() == ["purge failed"]

    world.now = START + timedelta(minutes=61)
    world.notices(group_minutes=60).ended(record())  # another pod: what was told is in the store

    assert world.titles() == ["purge failed"] * 2
    assert "3 more since 2026-11-22T10:25Z" in plain(world.posted()[1])


def test_another_pipelines_failure_is_its_own_message(world):
    notices = world.notices()
    notices.ended(record())
    notices.ended(record(pipeline="enrich"))

    assert world.titles() == ["purge failed", "enrich failed"]


def test_the_first_good_run_after_a_failure_is_told_and_the_next_failure_at_once(world):
    notices = world.notices()
    for state in (RunState.FAILED, RunState.DONE, RunState.DONE, RunState.FAILED):
        notices.ended(record(state))

    assert world.titles() == ["purge failed", "purge works again", "purge failed"]


def test_a_plan_that_waits_is_told_once_however_long_it_waits(world):
    notices = world.notices(group_minutes=0)
    waiting = record(RunState.STOPPED, error=ERROR | {"exit_code": 5}, plan_digest="a" * 64)
    for hours in range(3):
        world.now = START + timedelta(hours=hours)
        notices.ended(waiting)
    assert world.titles() == ["purge waits for an approval"]

    notices.ended(replace(waiting, plan_digest="b" * 64))
    assert len(world.titles()) == 2


def test_no_more_than_so_many_an_hour_and_the_rest_is_told_later(world):
    notices = world.notices(per_hour=3)
    for number in range(5):
        notices.ended(record(pipeline=f"p{number}"))
    assert world.titles() == ["p0 failed", "p1 failed", "p2 failed"]

    world.now = START + timedelta(hours=1, seconds=1)
    notices.ended(record(pipeline="p4"))

    assert "1 more since 2026-11-22T10:15Z" in plain(world.posted()[-1])


def test_what_could_not_be_sent_is_told_with_the_next(world, caplog):
    world.sandbox.state.faults.add([{"action": "status", "status": 500, "system": "slack"}])
    notices = world.notices()
    notices.ended(record())
    assert "Slack answered 500" in caplog.text
    assert world.hook not in caplog.text

    notices.ended(record())

    assert "1 more since" in plain(world.posted()[0])


def test_a_bot_posts_to_the_pipelines_own_channel(world):
    channels = {"purge": "#privacy"}
    bot = {"webhook_url": None, "bot_token": "xoxb-sandbox", "api_url": f"{world.sandbox.url}/api/"}
    notices = world.notices(**bot, channel="#ops", channels=channels)

    notices.ended(record())
    notices.ended(record(pipeline="enrich"))

    assert [one["channel"] for one in world.posted()] == ["#privacy", "#ops"]


def test_a_bot_posts_to_several_channels(world):
    bot = {"webhook_url": None, "bot_token": "xoxb-sandbox", "api_url": f"{world.sandbox.url}/api/"}

    world.notices(**bot, channel="#ops, #data ,").ended(record())

    assert [one["channel"] for one in world.posted()] == ["#ops", "#data"]


def test_a_channel_that_refuses_keeps_no_other_from_being_told(world, caplog):
    refusal = {"action": "status", "status": 200, "body": {"ok": False, "error": "not_in_channel"}}
    world.sandbox.state.faults.add([{**refusal, "system": "slack"}])
    bot = {"webhook_url": None, "bot_token": "xoxb-sandbox", "api_url": f"{world.sandbox.url}/api/"}
    notices = world.notices(**bot, channel="#ops, #data")

    notices.ended(record())

    assert [one["channel"] for one in world.posted()] == ["#data"]
    assert "Slack refused it for #ops: not_in_channel" in caplog.text
    notices.ended(record())
    assert len(world.posted()) == 1  # it was told: no second message


def test_a_run_that_was_killed_is_told_as_such(world):
    world.log.append("a line of the next try")

    world.notices().lost(record(RunState.LOST, error=None))

    (message,) = world.posted()
    assert message["text"] == "purge was killed"
    assert "out of memory" in plain(message)
    assert "a line of the next try" not in plain(message)
    world.notices(events=["failed"]).lost(record(RunState.LOST, pipeline="enrich"))
    assert len(world.posted()) == 1


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"bot_token": "xoxb-other", "channel": "#ops"}, "Slack refused it: invalid_auth"),
        ({"webhook_url": "http://127.0.0.1:9/services/T1/B1/secret"}, r"Slack can't be reached \(URLError\)"),
    ],
)
def test_why_it_was_not_sent_is_told_without_the_credential(world, settings, told):
    channel = SlackChannel(Slack.model_validate({"api_url": f"{world.sandbox.url}/api/", **settings}))
    message = Composer(world.store, Slack(), [], None).message(record(), "failed", _nothing())

    with pytest.raises(NotSentError, match=told) as caught:
        channel.send(message)

    assert "secret" not in str(caught.value)
    assert "xoxb" not in str(caught.value)


def test_whatever_is_in_it_slack_takes_it(world):
    """Everything too long, too many, and full of what Slack reads as markup."""
    world.log += ["x" * 4_000 + "``` <!channel> & " * 100] * 50
    trace = ["y" * 500] * 30
    error = ERROR | {"message": "<@U1> & " * 900, "hint": "h" * 4_000, "trace": trace, "step": "s" * 400}
    huge = record(
        error=error | {"also": [error] * 40},
        exported={f"source {number}": number for number in range(500)},
        counts=[{"operation": "o", "outcome": "r", "code": f"C{n}", "records": n} for n in range(300)],
    )
    labels = {f"label {number}": "v" * 5_000 for number in range(30)}

    world.notices(tasks=20, log_lines=50, trace_lines=20, labels=labels).ended(huge)

    (message,) = world.posted()
    assert len(message["blocks"]) <= 50
    assert "<!channel>" not in json.dumps(message["blocks"])
    assert "&lt;@U1&gt;" in plain(message)


def test_a_message_is_masked_to_its_last_corner(world):
    secret = "jane.doe@example.com"
    world.log.append(f"read {secret}")
    error = ERROR | {
        "message": f"{secret} is bad",
        "hint": f"mailto:{secret}",
        "trace": [secret],
        "step": secret,
    }

    world.notices(labels={"who": secret}).ended(record(error=error))

    assert "jane" not in json.dumps(world.posted())
    assert "example.com" not in json.dumps(world.posted())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to jane@example.com, now", "to (address), now"),
        ("<jane+tag@sub.example.com>", "<(address)>"),
        ("健一@例え.jp", "(address)"),
        ("?email=jane%40example.com", "(address)"),
        ("scc show purge@2026-11-22T10:15Z", "scc show purge@2026-11-22T10:15Z"),
        ("nothing here", "nothing here"),
    ],
)
def test_addresses_are_masked_as_a_whole_and_runs_are_not(text, masked):
    assert mask(text) == masked


def test_the_plan_of_a_stopped_run_is_told_by_what_it_does(world):
    from tests.cli.runs import PIPELINE, RUN, make_run

    guard = ERROR | {
        "exit_code": 5,
        "message": "2 changes, and at most 1 go unasked",
        "hint": "`scc approve ...`",
    }
    make_run(world.folder, state=RunState.STOPPED, error=guard)
    stopped = world.store.require(RUN)

    world.notices().ended(stopped)

    text = plain(world.posted()[0])
    assert "2  update eloqua customObject/1: lacks campaign data" in text
    assert "jane" not in text
    assert "*Why*\n2 changes, and at most 1 go unasked" in text
    assert f"scc job {PIPELINE} --at 2026-11-22T10:15Z" in text


def test_a_plan_that_can_not_be_approved_is_told_as_such(world):
    hint = "This can't be approved: mend the pipeline or its configuration."
    world.notices().ended(record(RunState.STOPPED, error=ERROR | {"exit_code": 5, "hint": hint}))

    text = plain(world.posted()[0])
    assert f"*What to do*\n{hint}" in text
    assert "How to approve" not in text


def test_a_plan_that_can_not_be_read_is_told_of_all_the_same(world):
    world.notices().ended(record(RunState.STOPPED, error=ERROR | {"exit_code": 5}))

    assert "can't be read (CorruptError)" in plain(world.posted()[0])


def test_a_damaged_memory_costs_no_message(world):
    world.notices().ended(record())
    (world.folder / ".messages" / "purge.json").write_text("{")

    world.notices().ended(record())

    assert len(world.posted()) == 2


def test_blocks_begin_with_the_title_and_end_with_link_and_labels(world):
    settings = Slack.model_validate({"labels": {"cluster": "prod"}})
    composer = Composer(world.store, settings, [], "https://x.example/{pipeline}")

    kinds = [one["type"] for one in blocks(composer.message(record(), "failed", _nothing()))]

    assert (kinds[0], kinds[-2:]) == ("header", ["actions", "context"])


def _nothing():
    from scc.monitoring.messages.compose import Earlier

    return Earlier()
