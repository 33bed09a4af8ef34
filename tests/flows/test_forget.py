"""A person is forgotten after real runs, over HTTP: purged, come back, restored, taken back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.flow.stores import contents, words
from tests.flows.purge_world import AT, CONFIG, GO, fill

from scc.core.receipts import Outcome
from scc.eloqua import Contact
from scc.flow import guard
from scc.store.runs import RunState

PURGE, RESTORE = "purge-contacts", "restore-contacts"
WISHES = {"target_contacts": 1, "max_share": 1.0, **CONFIG}
CARL = "carl@acme.example"


@pytest.fixture(autouse=True)
def people(world):
    fill(world.sandbox.state)
    world.control("POST", "clock", {"freeze_at": AT.isoformat()})


@pytest.fixture
def purged(world):
    """Eight contacts are deleted, Carl (4) among them; the plan had to be approved."""
    stopped = world.run(PURGE, AT, **WISHES)
    assert stopped.state is RunState.STOPPED
    guard.approve(world.store, stopped.run, by="boss", now=AT)
    result = world.run(PURGE, AT, **WISHES)
    assert result.state is RunState.DONE, result.error
    return result


def come_back(world, address=CARL, hours=1):
    world.control("POST", "clock", {"freeze_at": (AT + timedelta(hours=hours)).isoformat()})
    return str(world.eloqua.rest.contacts.create(Contact(email_address=address)).id)


def everything(world):
    return set(words(contents(world.store.root)))


def names(world):
    return {row["Id"]: row["C_FirstName"] for row in world.contacts("C_FirstName")}


def test_who_is_purged_and_comes_back_gets_the_profile_and_is_marked(world):
    before = names(world)
    stopped = world.run(PURGE, AT, **WISHES)
    guard.approve(world.store, stopped.run, by="boss", now=AT)
    assert world.run(PURGE, AT, **WISHES).state is RunState.DONE
    back = come_back(world)
    assert names(world)[back] == ""

    result = world.run(RESTORE, AT + timedelta(hours=2))

    assert result.state is RunState.DONE, result.error
    assert names(world)[back] == before["4"] != ""
    (found,) = json.loads(world.scc("archive", "find", CARL, "--json").stdout)
    assert (found["contact_id"], found["restored_to"]) == ("4", [back])


def test_no_trace_is_left_and_the_counts_still_add_up(world, purged):
    back = come_back(world)
    restored = world.run(RESTORE, AT + timedelta(hours=2))
    shown = {run: world.as_json("show", str(run), "--rows", "0") for run in (purged.run, restored.run)}
    assert CARL in everything(world)

    done = world.scc("forget", CARL.upper(), "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    runs = {place["run"] for place in told["places"]}
    assert {str(purged.run), str(restored.run)} <= runs
    assert {"plan", "receipt", "archive", "the archive"} <= {place["what"] for place in told["places"]}
    assert CARL not in done.stdout.lower()
    kept = everything(world)
    assert not [text for text in kept if "carl@" in text.lower()]
    assert back not in {row["key"] for row in rows(world.store.plan(restored.run))}
    assert "4" not in {row["key"] for row in rows(world.store.plan(purged.run))}
    for run, before in shown.items():
        assert world.as_json("show", str(run), "--rows", "0") == before
    assert json.loads(world.scc("archive", "find", CARL, "--json").stdout) == []
    assert json.loads(world.scc("forget", CARL, "--json").stdout)["places"] == []


def rows(dataset):
    return [row for batch in dataset.batches() for row in batch.to_pylist()]


def test_an_undo_leaves_the_forgotten_alone_and_says_so(world):
    before = world.dump_by_address()
    stopped = world.run(PURGE, AT, **WISHES)
    guard.approve(world.store, stopped.run, by="boss", now=AT)
    result = world.run(PURGE, AT, **WISHES)
    assert world.scc("forget", CARL).returncode == 0

    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert "the person was erased since" in " ".join(undone.stdout.split())
    missing = set(before) - set(world.dump_by_address())
    assert missing
    assert all("carl@" in line for line in missing)
    assert len(names(world)) == 19


def test_a_plan_that_waits_is_applied_without_the_forgotten(world):
    """The approval of the plan, by its digest, still holds."""
    stopped = world.run(PURGE, AT, **WISHES)
    digest = world.store.plan(stopped.run).manifest.digest
    assert world.scc("approve", str(stopped.run), "--digest", digest[:12]).returncode == 0
    assert world.scc("forget", CARL).returncode == 0

    result = world.run(PURGE, AT, **WISHES)

    assert result.state is RunState.DONE, result.error
    assert names(world).keys() & GO == {"4"}
    assert result.receipt.by_outcome()[Outcome.APPLIED] == len(GO) - 1
    assert world.store.read(result.run).plan_digest == digest


def test_it_waits_for_no_run_and_disturbs_none(world, purged):
    with world.store.lock(PURGE):
        busy = world.scc("forget", CARL)

    assert busy.returncode == 75
    assert "a run is under way" in busy.stderr
    assert CARL in everything(world)


def test_a_dry_run_erases_nothing(world, purged):
    before = contents(world.store.root)

    dry = world.scc("forget", CARL, "--dry-run")

    assert dry.returncode == 0
    assert "stands in" in dry.stdout
    assert "c***@acme.example" in dry.stdout
    assert contents(world.store.root) == before


def test_nobody_to_forget_is_no_error(world):
    done = world.scc("forget", "nobody@nowhere.example")

    assert (done.returncode, done.stdout) == (0, "Nothing of n***@nowhere.example is kept here.\n")
