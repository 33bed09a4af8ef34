"""The commands against a sandbox over HTTP: what a person reads when things go well, and when they don't."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from tests.cli.conftest import Said, Scc

from scc.sandbox import demo
from scc.sandbox.app import Sandbox
from scc.store.dataset import Dataset

PIPELINE = "enrich-campaign-members"
AT = "2026-11-22T10:15Z"
RUN = f"{PIPELINE}@{AT}"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(database=":memory:", seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def systems(server: Sandbox, scc: Scc, folder: Path) -> Scc:
    """A refilled sandbox, and a configuration that points at it."""
    server.state.reset(1)
    demo.fill(server.state, contacts=100, campaign_members=60, seed=1)
    assert scc("init", "--sandbox", server.url).code == 0
    configure(folder, "#retry_budget_s = 300.0", "retry_budget_s = 5.0")
    return scc


def configure(folder: Path, old: str, new: str) -> None:
    path = folder / "scc.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_doctor_finds_all_well(systems, server):
    said = systems("doctor")

    assert said.code == 0
    assert [line.partition(":")[0] for line in said.out.splitlines()[:7]] == [
        "✓ configuration",
        "✓ store",
        "✓ ledger",
        "✓ eloqua",
        "✓ eloqua rights",
        "✓ salesforce",
        "✓ salesforce rights",
    ]
    assert said.out.endswith("\n\nAll is well.\n")


def test_wrong_credentials(systems, folder):
    configure(folder, 'password = "sandbox"', 'password = "hush"')

    said = systems("run", PIPELINE, "--at", AT)

    assert said.code == 3
    assert "hush" not in said.out + said.err
    assert said.err.endswith(
        "Error: eloqua: Not authenticated.\n"
        "Hint: Check company, user and password, that the user is enabled, and that this address may log in.\n"
    )


def test_doctor_tells_wrong_credentials_and_checks_the_rest(systems, folder):
    configure(folder, 'client_secret = "sandbox-secret"', 'client_secret = "hush"')

    said = systems("doctor", "--json")

    told = {check["name"]: check for check in json.loads(said.out)["checks"]}
    assert said.code == 3
    assert told["eloqua rights"]["state"] == "ok"
    assert told["salesforce"]["state"] == "failed"
    assert told["salesforce"]["hint"]
    assert "hush" not in said.out + said.err


def test_a_plan_is_applied_with_its_moment_and_the_next_run_finds_nothing(systems):
    planned, applied = systems("plan", PIPELINE, "--at", AT), systems("run", PIPELINE, "--at", AT)
    again, later = systems("run", PIPELINE, "--at", AT), systems("run", PIPELINE, "--at", "2026-11-22T10:30Z")

    assert [said.code for said in (planned, applied, again, later)] == [0, 0, 0, 0]
    assert f"Apply this plan:   scc run {PIPELINE} --at {AT}" in planned.out
    assert "State  done" in applied.out
    assert "This run had ended well before; nothing was done now." in again.out
    assert "State  nothing-to-do" in later.out


def dump(server: Sandbox) -> bytes:
    """Every business record of both systems."""
    return urllib3.request("GET", f"{server.url}/_sandbox/dump").data


def test_a_plan_writes_to_no_system(systems, server):
    before = dump(server)

    said = systems("plan", PIPELINE, "--at", AT, "--json")

    told = json.loads(said.out)
    assert dump(server) == before
    assert (told["state"], told["receipt"]) == ("planned", None)
    assert told["changes"] == sum(
        group["records"] for group in told["plan"] if group["operation"] == "update"
    )


def stopped(systems: Scc, folder: Path) -> Said:
    """A run whose plan is over its limits."""
    configure(folder, "#max_changes = 100_000", "max_changes = 5")
    return systems("run", PIPELINE, "--at", AT)


def test_a_plan_over_its_limits_stops_until_it_is_approved(systems, folder):
    said = stopped(systems, folder)

    digest = re.search(r"--digest ([0-9a-f]{12})`", said.err)
    assert said.code == 5
    assert digest
    assert re.search(
        rf"^Error: the plan of {RUN} stops here: \d+ changes, and at most 5 go unasked$",
        said.err,
        re.MULTILINE,
    )
    assert "Plan: " in said.out

    approved = systems("approve", RUN, "--digest", digest[1], "--by", "Jane")

    assert approved.out.endswith(f"Apply it: scc run {PIPELINE} --at {AT}\n")
    assert systems("run", PIPELINE, "--at", AT).code == 0


def test_a_plan_tells_beforehand_that_it_would_stop(systems, folder):
    configure(folder, "#max_changes = 100_000", "max_changes = 5")

    said = systems("plan", PIPELINE, "--at", AT)

    assert said.code == 0
    assert "Over its limits" in said.out
    assert f"Approve this plan: scc approve {RUN} --digest " in said.out


def test_a_corrupt_dataset(systems, folder):
    systems("plan", PIPELINE, "--at", AT)
    plan = Dataset(folder / "scc-data" / PIPELINE / "20261122T101500Z" / "plan")
    (part,) = plan.paths()
    part.write_bytes(b"x" * part.stat().st_size)

    said = systems("run", PIPELINE, "--at", AT)

    assert said.code == 4
    assert said.err.endswith(
        f"Error: {part} does not hold what was written\n"
        f"Hint: Remove the folder {plan.folder} and run that moment again.\n"
    )


def test_what_was_left_alone_is_told_with_its_reason(systems):
    systems("run", PIPELINE, "--at", AT)

    said = systems("show", RUN, "--outcome", "skipped")

    assert re.match(rf"\d+ records skipped by {RUN}\n", said.out)
    assert re.search(
        r"^\d+ +skip +the campaign is deleted in Salesforce +Campaign 701", said.out, re.MULTILINE
    )


def test_a_run_is_taken_back(systems):
    systems("run", PIPELINE, "--at", AT)

    planned = systems("undo", RUN, "--plan", "--at", "2026-11-22T11:00Z")
    done = systems("undo", RUN, "--at", "2026-11-22T11:00Z")

    assert f"Apply this plan:   scc undo {RUN} --at 2026-11-22T11:00Z" in planned.out
    assert (done.code, "State  done" in done.out) == (0, True)
    assert "undo@2026-11-22T11:00Z" in systems("runs", "--pipeline", "undo").out


def test_the_log_elsewhere_is_json_lines_with_run_and_step(systems):
    said = systems("plan", PIPELINE, "--at", AT, "--log-format", "json")

    lines = [json.loads(line) for line in said.err.splitlines()]
    assert {line["run"] for line in lines} == {RUN}
    assert {line["task"] for line in lines} >= {"export records", "export campaigns", "plan"}
    assert not any("@example" in line for line in said.err.splitlines())


def test_the_demo_shows_plan_receipt_and_a_second_run_with_nothing_to_do(scc, folder):
    said = scc("demo", "--contacts", "100", "--folder", "demo-data")

    shown = said.out
    assert said.code == 0
    assert re.search(rf"^\$ scc plan {PIPELINE} --at ", shown, re.MULTILINE)
    assert "Plan: " in shown
    assert "Receipt: " in shown
    assert "State  nothing-to-do" in shown
    assert (folder / "demo-data" / "scc.toml").is_file()


def test_the_demo_leaves_a_folder_alone_that_is_not_empty(scc, folder):
    (folder / "scc.toml").write_text("")

    said = scc("demo", "--folder", ".")

    assert (said.code, said.err) == (
        2,
        "Error: . is there already, and not an empty folder\nHint: Name another --folder, or remove it.\n",
    )
