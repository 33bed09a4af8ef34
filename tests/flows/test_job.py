"""`scc job`: the moment of its Job, exit codes, SIGTERM, the log, and messages without a single address."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from scc.sandbox.slack.plain import plain
from scc.store.runs import RunState

PIPELINE = "enrich-campaign-members"
MOMENT = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=7)
JOB = f"scc-{PIPELINE}-{int(MOMENT.timestamp()) // 60}"
EXPORTS = "/API/Bulk/2.0/customObjects/.*/exports"
REFUSED = {"system": "eloqua", "path": EXPORTS, "times": None, "action": "status", "status": 400}


@pytest.fixture
def job(world):
    """Run the command as a container does: environment, no terminal, standard error apart."""

    def job(*arguments, name=JOB, **environ):
        return subprocess.run(
            world.command("job", PIPELINE, *arguments),
            env=world.environment | ({"SCC_JOB_NAME": name} if name else {}) | environ,
            cwd=world.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return job


@pytest.fixture
def slack(world):
    """Have messages posted to the sandbox; gives what was posted."""
    hook = f"{world.sandbox.url}/services/T00000000/B00000000/sandbox"
    world.configure(f'\n[slack]\nwebhook_url = "{hook}"\n')
    return lambda: world.control("GET", "slack")["messages"]


def lines(done):
    return [json.loads(line) for line in done.stderr.splitlines()]


def record(world):
    return next(world.store.runs(PIPELINE))


def test_a_cronjobs_job_runs_for_the_moment_in_its_name_and_once_only(world, job):
    first = job()
    again = job()

    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    (run,) = world.store.runs(PIPELINE)
    assert (run.run.moment, run.state, run.tries, run.worker) == (MOMENT, RunState.DONE, 1, JOB)
    assert lines(again)[-1]["message"] == "this run had ended well before"


def test_each_line_of_the_log_is_json_and_tells_the_run_the_task_and_the_system(world, job):
    done = job()

    told = lines(done)
    assert done.stdout == ""
    assert all({"time", "level", "message", "run", "task", "system"} <= line.keys() for line in told)
    run = f"{PIPELINE}@{MOMENT:%Y-%m-%dT%H:%MZ}"
    assert {line["run"] for line in told} == {run}
    by_task = {line["task"]: line["system"] for line in told if line["task"]}
    assert by_task["export records"] == "eloqua"
    assert by_task["export campaigns"] == "salesforce"
    assert by_task["plan"] is None
    applied = [line for line in told if line["task"] == "apply" and line["system"] == "eloqua"]
    assert sum(line["rows"] for line in applied) == record(world).changes
    assert (told[-1]["state"], told[-1]["message"]) == ("done", f"ended, {record(world).changes:,} changes")


def test_a_moment_that_is_named_stands_above_the_jobs_name(world, job):
    assert job(SCC_MOMENT="2026-11-22T10:15Z").returncode == 0
    assert record(world).moment == "2026-11-22T10:15Z"

    assert job("--at", "2026-11-22T11:15Z", SCC_MOMENT="2026-11-22T10:15Z").returncode == 0
    assert record(world).moment == "2026-11-22T11:15Z"


def test_a_failed_run_is_told_in_slack_once_and_its_recovery_too(world, job, slack):
    world.control("POST", "faults", [REFUSED])

    assert (job().returncode, job().returncode) == (3, 3)

    (failed,) = slack()
    text = plain(failed)
    assert f"{PIPELINE} failed" in text
    assert "export records" in text
    assert "door.py:" in text
    assert "End of the log" in text
    world.control("DELETE", "faults")

    assert job().returncode == 0

    (_, recovered) = slack()
    assert f"{PIPELINE} works again" in plain(recovered)
    assert "*Not told before*\n1 more since" in plain(recovered)
    assert job(name=f"scc-{PIPELINE}-{int(MOMENT.timestamp()) // 60 + 1}").returncode == 0
    assert len(slack()) == 2


def test_a_guard_stop_is_told_with_the_plan_and_how_to_approve_and_a_job_by_hand_goes_on(world, job, slack):
    text = (world.folder / "scc.toml").read_text() + f"\n[pipelines.{PIPELINE}]\nmax_changes = 10\n"
    (world.folder / "scc.toml").write_text(text)

    assert (job().returncode, job().returncode) == (5, 5)

    (stopped,) = slack()
    told = plain(stopped)
    run, digest = record(world).run, record(world).plan_digest[:12]
    assert "waits for an approval" in told
    assert "update eloqua customObject/" in told
    assert f"scc approve {run} --digest {digest}" in told
    assert world.scc("approve", str(run), "--digest", digest, "--by", "Ann").returncode == 0

    assert job(name="approved-by-ann").returncode == 0

    assert record(world).run == run
    assert (record(world).state, record(world).approved_by) == (RunState.DONE, "Ann")


def test_a_run_without_changes_ends_well_and_says_so(world, job):
    assert job().returncode == 0

    later = job(SCC_MOMENT=f"{MOMENT + timedelta(minutes=1):%Y-%m-%dT%H:%MZ}")

    assert (later.returncode, lines(later)[-1]["state"]) == (0, "nothing-to-do")


AWAY = {"system": "eloqua", "path": "/id$", "times": None, "action": "status", "status": 503}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(AWAY, 75, id="a system that is away is worth a retry"),
        pytest.param(REFUSED, 3, id="one that refuses is not"),
    ],
)
def test_the_exit_code_says_whether_a_retry_may_help(world, job, fault, code):
    world.control("POST", "faults", [fault])

    done = job(SCC_FLOW__RETRY_BUDGET_S="0")

    assert (done.returncode, lines(done)[-1]["exit_code"]) == (code, code)
    assert record(world).error["exit_code"] == code


def test_a_damaged_output_is_not_worth_a_retry(world, job):
    assert job().returncode == 0
    (world.store.folder(record(world).run) / "run.json").write_text("{")

    done = job()

    assert (done.returncode, lines(done)[-1]["exit_code"]) == (4, 4)


def test_a_job_that_can_not_reach_the_scheduler_is_worth_a_retry(world, job):
    done = job(SCC_SCHEDULER__URL="http://127.0.0.1:1", SCC_SCHEDULER__PATIENCE_MINUTES="0")

    assert done.returncode == 75


def test_no_message_holds_an_address(world, job, slack):
    """The data of the sandbox is full of them, and here even the vendor's own words are."""
    addresses = [row["C_EmailAddress"] for row in world.contacts("C_EmailAddress")]
    body = [{"type": "ObjectValidationError", "message": f"{addresses[0]} is not valid"}]
    world.control("POST", "faults", [REFUSED | {"body": body}])

    assert job().returncode == 3

    posted = json.dumps(slack(), ensure_ascii=False)
    assert len(slack()) == 1
    assert [one for one in addresses if one and one in posted] == []
    assert "@example" not in posted


@pytest.mark.parametrize("fault", [{"action": "status", "status": 500}, {"action": "hang"}])
def test_a_slack_that_does_not_answer_changes_no_exit_code(world, job, slack, fault):
    text = (world.folder / "scc.toml").read_text().replace("[slack]", "[slack]\ntimeout_s = 1.0")
    (world.folder / "scc.toml").write_text(text)
    world.control("POST", "faults", [REFUSED, {"system": "slack", "times": None, **fault}])

    done = job()

    assert done.returncode == 3
    warnings = [line["message"] for line in lines(done) if line["level"] == "warning"]
    assert [text for text in warnings if text.startswith(f"no message about {PIPELINE}@")] != []
    assert "T00000000" not in done.stderr


def test_a_run_that_can_not_even_begin_is_told_too(world, job, slack):
    text = (world.folder / "scc.toml").read_text() + f"\n[pipelines.{PIPELINE}]\nmax_chances = 10\n"
    (world.folder / "scc.toml").write_text(text)

    assert job().returncode == 2

    (message,) = slack()
    assert "there is no key pipelines.enrich-campaign-members.max_chances" in plain(message)


def test_sigterm_ends_it_in_its_grace_and_the_next_pod_goes_on(world, job, slack, wait_until):
    text = (world.folder / "scc.toml").read_text().replace("[slack]", '[slack]\nevents = ["interrupted"]')
    (world.folder / "scc.toml").write_text(text)
    world.control("POST", "faults", [{"system": "salesforce", "path": "query", "action": "hang"}])
    with subprocess.Popen(
        world.command("job", PIPELINE),
        env=world.environment | {"SCC_JOB_NAME": JOB},
        cwd=world.folder,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: process.poll() is not None or world.control("GET", "held")["held"] == 1)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)

    assert process.returncode == 143, told
    assert json.loads(told.splitlines()[-1])["exit_code"] == 143
    assert (record(world).state, record(world).ended_at is not None) == (RunState.INTERRUPTED, True)
    assert "was interrupted" in plain(slack()[0])
    world.control("POST", "release")

    assert job().returncode == 0

    assert (record(world).state, record(world).tries) == (RunState.DONE, 2)
    assert "export records" not in {line["task"] for line in lines(job())}


def test_sigterm_is_not_put_off_by_a_page_that_does_not_come(world, wait_until):
    """Its request stays under way, in a thread of the client's, until the sandbox lets it go."""
    world.control(
        "POST", "faults", [{"system": "eloqua", "method": "GET", "path": "/data", "action": "hang"}]
    )
    process = world.start("job", PIPELINE, "--grace", "3600")
    wait_until(lambda: process.poll() is not None or world.control("GET", "held")["held"] == 1)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=120) == 143
    world.control("POST", "release")


def test_a_job_that_was_killed_is_told_as_lost_and_the_next_pod_goes_on(world, job, slack, wait_until):
    world.control("POST", "faults", [{"system": "salesforce", "path": "query", "action": "hang"}])
    with subprocess.Popen(
        world.command("job", PIPELINE), env=world.environment | {"SCC_JOB_NAME": JOB}, cwd=world.folder
    ) as process:
        wait_until(lambda: process.poll() is not None or world.control("GET", "held")["held"] == 1)
        under_way = world.scc("runs").stdout
        process.kill()
    world.control("POST", "release")
    assert under_way.split()[-1] == "running"
    assert world.scc("runs").stdout.split()[-1] == "lost"
    assert "unknown: it was killed" in world.scc("show", PIPELINE).stdout
    (found,) = world.as_json("history", "--state", "lost")["runs"]
    assert found["run"] == str(record(world).run)

    assert job().returncode == 0

    texts = [plain(one) for one in slack()]
    assert [text.splitlines()[0] for text in texts] == [
        f":red_circle: {PIPELINE} was killed",
        f":large_green_circle: {PIPELINE} works again",
    ]
    shown = world.as_json("show", PIPELINE)
    assert (shown["state"], shown["tries"]) == ("done", 2)
    assert [(one["tries"], one["state"]) for one in shown["earlier"]] == [(1, "lost")]
    assert re.search(r"^  1  lost ", world.scc("show", PIPELINE).stdout, re.MULTILINE)


def test_what_does_not_end_in_its_grace_is_ended(world, job, wait_until):
    world.control("POST", "faults", [{"system": "eloqua", "path": "/syncs", "action": "hang", "times": None}])
    with subprocess.Popen(
        world.command("job", PIPELINE, "--grace", "0.2"),
        env=world.environment | {"SCC_JOB_NAME": JOB},
        cwd=world.folder,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: process.poll() is not None or world.control("GET", "held")["held"] == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143
    world.control("POST", "release")
    world.control("DELETE", "faults")

    assert job().returncode == 0
    assert record(world).tries == 2
