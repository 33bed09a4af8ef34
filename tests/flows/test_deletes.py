"""Contacts deleted from Eloqua: archived in full first, one by one, at any moment to be stopped and taken up."""

from __future__ import annotations

import pytest
from tests.flows.purge_world import AT, CONFIG, GO, fill

from scc.flow import guard
from scc.store.archive import Archive
from scc.store.runs import RunState

PIPELINE = "purge-contacts"


@pytest.fixture(autouse=True)
def people(world):
    fill(world.sandbox.state)


def purge(world, at=AT, **config):
    """Run it as far as it goes, approving what it asks for."""
    wishes = {"target_contacts": 1, "max_share": 1.0, **CONFIG, **config}
    result = world.run(PIPELINE, at, **wishes)
    if result.state is RunState.STOPPED:
        guard.approve(world.store, result.run, by="Ann", now=at)
        result = world.run(PIPELINE, at, **wishes)
    return result


def test_contacts_are_archived_whole_and_then_deleted(world):
    before = {
        row["Id"]: row for row in world.contacts("C_FirstName", "C_LastName", "C_Company", "C_EmailAddress")
    }

    result = purge(world)

    assert result.state is RunState.DONE, result.error
    assert {row["Id"] for row in world.contacts("C_EmailAddress")} == before.keys() - GO
    rows = [
        row
        for batch in Archive(world.store.root / "archive").entries(result.run).batches()
        for row in batch.to_pylist()
    ]
    assert {row["contact_id"] for row in rows} == GO
    for row in rows:
        there = before[row["contact_id"]]
        kept = dict(row["fields"])
        assert {name: kept.get(name, "") for name in there if name != "Id"} == {
            n: v for n, v in there.items() if n != "Id"
        }


def test_an_undo_brings_back_the_exact_state(world):
    before = world.dump_by_address()
    result = purge(world)
    assert world.dump_by_address() != before

    back = world.scc("undo", str(result.run))

    assert back.returncode == 0, back.stdout + back.stderr
    assert world.dump_by_address() == before
