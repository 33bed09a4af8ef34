"""The clean-up of the contact database, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from tests.flows.purge_world import AT, CONFIG, GO, STAY, fill

from scc.core.runs import RunId
from scc.engines.duckdb import DuckDBEngine
from scc.errors import IncompleteError, RefusedError
from scc.flow.activities_source import LatestActivities
from scc.flow.pipeline import Reading
from scc.flow.progress import NO_PROGRESS
from scc.flow.systems import Systems
from scc.sandbox.eloqua.store import EloquaStore
from scc.settings import load
from scc.store.runs import RunState

PIPELINE = "purge-contacts"


@pytest.fixture(autouse=True)
def people(world):
    fill(world.sandbox.state)


def rows(dataset):
    return [row for batch in dataset.batches() for row in batch.to_pylist()]


def planned(world, **config):
    result = world.run(PIPELINE, AT, until="guard", **{**CONFIG, **config})
    assert result.state is RunState.PLANNED, (result.error, result.error.hint)
    return rows(world.store.plan(result.run))


def keys(changes, operation):
    return {row["key"] for row in changes if row["operation"] == operation}


def test_every_rule_finds_its_contacts_and_every_protection_keeps_them(world):
    changes = planned(world, target_contacts=1)

    assert keys(changes, "delete") == GO
    assert keys(changes, "skip") == STAY
    why = {row["key"]: row["reason"] for row in changes}
    assert why["1"].startswith("malformed")
    assert why["2"].startswith("junk domain")
    assert why["3"].startswith("role account")
    assert why["4"] == "hard bounced: no such mailbox or domain"
    assert why["5"] == "hard bounced: marked so in Eloqua"
    assert {why[key] for key in "678"} == {"inactive: no activity for 730 days"}
    shields = {key: why[key].partition(";")[0] for key in STAY}
    assert {shields["12"], shields["13"]} == {"protected, open opportunity"}
    assert {shields["14"], shields["18"]} == {"protected, customer"}
    assert shields["15"] == "protected, on a protected list"
    assert shields["16"] == "protected, younger than 90 days"
    assert shields["17"] == "protected, opted out and kept for suppression"


def test_no_more_go_than_it_takes_and_the_priority_says_who(world):
    assert keys(planned(world, target_contacts=17), "delete") == {"1", "2", "3"}


def test_among_the_inactive_those_go_first_who_were_never_seen_and_then_the_longest_away(world):
    changes = planned(world, target_contacts=18, priority=["inactive"])

    assert keys(changes, "delete") == {"1", "2"}  # never seen, all as old as each other: by id


def test_below_the_target_there_is_nothing_to_do(world):
    result = world.run(PIPELINE, AT, target_contacts=20, **CONFIG)

    assert result.state is RunState.NOTHING_TO_DO


def test_a_later_run_adds_new_activity_to_what_the_last_one_knew(world):
    config = {**CONFIG, "target_contacts": 20}
    first = world.run(PIPELINE, AT, **config)
    assert first.state is RunState.NOTHING_TO_DO
    before = {
        row["contact_id"]: row["happened_at"] for row in rows(world.store.export(first.run, "activity"))
    }
    assert before.keys() == {7, 8, 9, 10, 19, 20}
    assert str(before[8]) == "2024-06-01 00:00:00"
    new = {"type": "EmailOpen", "contactId": 6, "createdAt": world.sandbox.state.clock.naive()}
    world.sandbox.state.store(EloquaStore).load_activities(pa.Table.from_pylist([new]))

    second = world.run(PIPELINE, AT + timedelta(days=1), **config)
    full = world.run(PIPELINE, AT + timedelta(days=1, hours=1), full=True, **config)

    known = rows(world.store.export(second.run, "activity"))
    assert {row["contact_id"] for row in known} == {6, *before}
    assert known == rows(world.store.export(full.run, "activity"))
    assert rows(world.store.export(second.run, "bounces")) == rows(world.store.export(full.run, "bounces"))


@pytest.fixture
def reading(world):
    """What a source of its own gets to read with."""
    run = RunId(PIPELINE, AT)
    target = world.store.export(run, "activity").folder
    target.mkdir(parents=True)
    systems = Systems(load(world.folder / "scc.toml", {}))
    return Reading(run, None, world.store, systems, DuckDBEngine(), NO_PROGRESS, target)


def source(most):
    return LatestActivities("activity", ("EmailOpen", "WebVisit"), 1095, timedelta(hours=72), most=most)


def opens(world, *moments):
    table = [{"type": "EmailOpen", "contactId": at % 5, "createdAt": one} for at, one in enumerate(moments)]
    world.sandbox.state.store(EloquaStore).load_activities(pa.Table.from_pylist(table))


def test_what_is_too_much_for_one_export_is_asked_for_in_smaller_windows(world, reading):
    """Eloqua cuts an export of activities off without a word."""
    moments = [f"2026-0{1 + n % 9}-{1 + n % 28:02} 0{n % 7}:00:00" for n in range(40)]
    opens(world, *moments)
    world.control("POST", "options", {"eloqua": {"most_activities": 7}})

    source(most=7).read(reading)

    expected = {contact: max(moments[contact::5]) for contact in range(5)}
    expected |= {8: "2024-06-01 00:00:00", 10: "2026-10-01 00:00:00", 20: "2026-11-20 00:00:00"}
    found = {row["contact_id"]: str(row["happened_at"]) for row in rows(reading.dataset("activity"))}
    assert found == expected
    assert not (reading.target / "pieces").exists()


def test_more_of_one_moment_than_eloqua_gives_is_an_error_and_no_loss(world, reading):
    opens(world, *["2026-05-05 05:05:05"] * 9)
    world.control("POST", "options", {"eloqua": {"most_activities": 7}})

    with pytest.raises(IncompleteError, match="more EmailOpen activities within a millisecond"):
        source(most=7).read(reading)
    assert not reading.dataset("activity").exists()


def test_an_export_that_was_stopped_goes_on_with_the_windows_that_it_has(world, reading):
    opens(world, *(f"2026-0{1 + n}-01 00:00:00" for n in range(9)))
    world.control("POST", "options", {"eloqua": {"most_activities": 3}})
    refusal = {"system": "eloqua", "method": "POST", "path": "syncs$", "after": 6, "times": None}
    world.control("POST", "faults", [{**refusal, "action": "status", "status": 400}])
    with pytest.raises(RefusedError):
        source(most=3).read(reading)
    world.control("DELETE", "faults")

    def syncs():
        world.control("DELETE", "requests")
        source(most=3).read(reading)
        return sum(one["method"] == "POST" for one in world.requests(path="/syncs"))

    again = syncs()
    whole = rows(reading.dataset("activity"))
    reading.dataset("activity").remove()

    assert syncs() == again + 6
    assert rows(reading.dataset("activity")) == whole


TABLE = """
[pipelines.purge-contacts]
target_contacts = 15
margin = 0.0
max_changes = 3
"""


def test_a_plan_beyond_its_limits_deletes_when_that_very_plan_is_approved_and_then_no_more(world):
    world.configure(TABLE)
    run, moment = "purge-contacts@2026-11-22T03:00Z", ("--at", "2026-11-22T03:00Z")

    stopped = world.scc("run", PIPELINE, *moment)

    assert stopped.returncode == 5
    for words in ("5 changes, and at most 3 go unasked", "25.0% of 20 records", "the first must be approved"):
        assert words in stopped.stderr
    assert len(world.contacts("C_EmailAddress")) == 20
    assert world.scc("approve", run, "--digest", "0" * 12).returncode == 2
    (record,) = world.store.runs(PIPELINE)
    assert world.scc("approve", run, "--digest", record.plan_digest[:12]).returncode == 0
    done = world.scc("run", PIPELINE, *moment)
    assert done.returncode == 0, done.stderr
    assert {row["Id"] for row in world.contacts("C_EmailAddress")}.isdisjoint({"1", "2", "3", "4", "5"})

    again = world.scc("run", PIPELINE, "--at", "2026-11-23T03:00Z")

    assert again.returncode == 0, again.stderr
    assert len(world.contacts("C_EmailAddress")) == 15
