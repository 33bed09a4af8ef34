"""The commands that read what is on record: `scc runs`, `scc show`, `scc pipelines`, `scc approve`."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.cli.runs import PIPELINE, RUN, make_run

from scc import __version__
from scc.core.runs import RunId
from scc.store.runs import RunState


@pytest.fixture
def store(folder):
    return make_run(folder / "scc-data")


def test_runs_are_listed_newest_first(scc, store, folder):
    earlier = RunId(PIPELINE, RUN.moment - timedelta(days=1))
    make_run(folder / "scc-data", earlier, RunState.FAILED)

    said = scc("runs")

    assert said.out.splitlines() == [
        "Run                                        State   Changes  Rejected",
        "enrich-campaign-members@2026-11-22T10:15Z  done          2         1",
        "enrich-campaign-members@2026-11-21T10:15Z  failed        2         1",
    ]


def test_a_limit_says_that_it_leaves_some_out(scc, store, folder):
    make_run(folder / "scc-data", RunId(PIPELINE, RUN.moment - timedelta(days=1)))

    assert scc("runs", "--limit", "1").out.splitlines()[-1] == "There are older ones; --limit shows more."


def test_runs_as_json_are_the_records(scc, store):
    (run,) = json.loads(scc("runs", "--json").out)

    assert (run["run"], run["state"], run["changes"]) == (str(RUN), "done", 2)


def test_runs_of_an_unknown_pipeline_are_refused(scc):
    said = scc("runs", "--pipeline", "enrich-members")

    assert said.code == 2
    assert said.err == (
        "Error: there is no pipeline 'enrich-members'\nHint: Did you mean enrich-campaign-members?\n"
    )


def test_no_runs_yet_is_said(scc, folder):
    assert scc("runs").out == f"No runs yet in {folder}/scc-data.\n"


def test_show_tells_the_plan_and_the_receipt(scc, store):
    said = scc("show", str(RUN))

    assert said.code == 0
    assert said.out.splitlines()[5:] == [
        "Took      all 1.5 s",
        f"Versions  scc {__version__}, python {platform.python_version()}",
        "",
        "Plan: 2 changes, 1 record left alone",
        "Records  Operation  Object                 Why",
        "      2  update     eloqua customObject/1  lacks campaign data",
        "      1  skip       eloqua customObject/1  the campaign is gone",
        "",
        "Receipt: 3 records accounted for",
        "Records  Outcome   Operation  Object                 Code",
        "      1  skipped   skip       eloqua customObject/1",
        "      1  applied   update     eloqua customObject/1",
        "      1  rejected  update     eloqua customObject/1  ELQ-00040",
        "",
        "The first 2 changes",
        "C1  lacks campaign data, Campaign 7010",
        "  Campaign_Name   (blank) → Spring",
        "  Campaign_Owner  x → (blank)",
        "C2  lacks campaign data, Campaign 7011",
        "  Campaign_Owner  j***@example.com → j***@example.com",
    ]


def test_a_pipelines_name_shows_its_newest_run(scc, store):
    assert scc("show", PIPELINE).out == scc("show", str(RUN)).out


def test_rows_of_one_outcome_are_shown_with_the_systems_own_words(scc, store):
    assert scc("show", str(RUN), "--outcome", "rejected").out.splitlines() == [
        f"1 record rejected by {RUN}",
        "Record  Operation  Code       What                                Evidence       Job",
        "C2      update     ELQ-00040  Invalid data for j***@example.com.  Campaign 7011  /syncs/7",
    ]


def test_an_outcome_that_no_row_has_is_said(scc, store):
    assert scc("show", str(RUN), "--outcome", "unchanged").out == f"0 records unchanged by {RUN}\n"


def test_addresses_are_shown_when_asked_for(scc, store):
    said = scc("show", str(RUN), "--show-personal", "--json")

    rows = json.loads(said.out)["rows"]
    assert rows[1]["after"] == {"Campaign_Owner": "joe@example.com"}


def test_addresses_are_masked_in_json_too(scc, store):
    assert "joe@example.com" not in scc("show", str(RUN), "--json").out


def test_a_run_that_is_not_there_is_told(scc, store):
    said = scc("show", f"{PIPELINE}@2026-01-01T00:00Z")

    assert said == (
        2,
        "",
        f"Error: there is no run {PIPELINE}@2026-01-01T00:00Z\nHint: `scc runs` lists those there are.\n",
    )


def test_the_error_of_a_run_is_shown_with_its_hint(scc, store):
    record = store.require(RUN)
    error = {"type": "GuardError", "message": "too many", "hint": "look"}
    store.write(replace(record, state=RunState.STOPPED, error=error))

    assert scc("show", str(RUN)).out.splitlines()[-3:] == ["Error", "too many", "Hint: look"]


@pytest.mark.parametrize("damage", ["missing", "shorter", "scrambled"])
def test_a_corrupt_dataset_is_told_with_the_file_and_what_to_do(scc, store, damage):
    (part,) = store.plan(RUN).paths()
    if damage == "missing":
        part.unlink()
        what = "is missing"
    elif damage == "shorter":
        size = part.stat().st_size
        part.write_bytes(part.read_bytes()[:-10])
        what = f"has {size - 10:,} bytes instead of {size:,}"
    else:
        part.write_bytes(b"x" * part.stat().st_size)
        what = "can't be read (ArrowInvalid)"

    said = scc("show", str(RUN))

    assert said.code == 4
    assert said.err == (
        f"Error: {part} {what}\nHint: Remove the folder {part.parent} and run that moment again.\n"
    )


def test_a_corrupt_record_is_told(scc, store):
    path = store.folder(RUN) / "run.json"
    path.write_text("{")

    said = scc("runs")

    assert said.code == 4
    assert said.err.startswith(f"Error: {path} can't be read: ")
    assert "Hint: Restore the file from a backup, or remove the run's folder" in said.err


def test_an_approval_names_the_plan_and_who_gave_it(scc, store):
    digest = store.plan(RUN).manifest.digest

    said = scc("approve", str(RUN), "--digest", digest[:12], "--by", "Jane")

    assert said.out == (
        f"Jane approved the plan {digest[:12]} of {RUN}.\n"
        f"Apply it: scc run {PIPELINE} --at 2026-11-22T10:15Z\n"
    )
    assert json.loads((store.folder(RUN) / "approval.json").read_text())["digest"] == digest


def test_an_approval_of_another_digest_is_refused(scc, store):
    digest = store.plan(RUN).manifest.digest

    said = scc("approve", str(RUN), "--digest", "0123456789ab")

    assert said.code == 2
    assert said.err == (
        f"Error: the plan of {RUN} has the digest {digest[:12]}, not 0123456789ab\n"
        f"Hint: Look at it again with `scc show {RUN}`, then approve that digest.\n"
    )
    assert not (store.folder(RUN) / "approval.json").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday", "'yesterday' is not a run"),
        (f"{PIPELINE}@yesterday", "'yesterday' is not a moment"),
        (f"{PIPELINE}@2026-11-22T10:15", "the moment '2026-11-22T10:15' names no time zone"),
    ],
)
def test_what_is_not_a_run_is_refused(scc, text, expected):
    said = scc("approve", text, "--digest", "0123456789ab")

    assert said.code == 2
    assert said.err.startswith(f"Error: {expected}\nHint: ")


def test_nobody_approves_a_plan_without_its_digest(scc):
    said = scc("approve", f"{PIPELINE}@2026-11-22T10:15Z")

    assert said.code == 2
    assert "Missing option '--digest'" in said.err


def test_pipelines_are_listed_with_their_last_run(scc, store):
    assert (
        f"{PIPELINE}\n"
        "  does      Fill Eloqua campaign member records from Salesforce campaigns\n"
        "  last run  done\n"
        "  of        2026-11-22T10:15Z\n"
    ) in scc("pipelines").out


def test_pipelines_as_json(scc):
    assert {
        "pipeline": PIPELINE,
        "summary": "Fill Eloqua campaign member records from Salesforce campaigns",
        "last_run": None,
    } in json.loads(scc("pipelines", "--json").out)
