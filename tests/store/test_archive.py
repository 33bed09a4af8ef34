from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scc.core.runs import RunId
from scc.store.archive import SCHEMA, Archive, Mark
from scc.store.dataset import write_dataset
from scc.store.rewriting import rewrite_parts

AT = datetime(2026, 11, 22, tzinfo=UTC)


def key(name):
    return hashlib.sha256(name.encode()).hexdigest() if name else ""


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


def put(archive, days, *entries):
    """Archive (mailbox, contact id) pairs by a run of so many days later."""
    run = RunId("purge-contacts", AT + timedelta(days=days))
    rows = [
        {
            "mailbox_key": key(mailbox),
            "address": f"{contact}@example.com" if mailbox else f"no address {contact}",
            "contact_id": contact,
            "run": str(run),
            "archived_at": run.moment,
            "reason": "invalid",
            "fields": [("C_FirstName", "Ann")],
            "lists": [{"id": "5", "name": "News"}],
            "records": [{"object": "customObject/1", "id": "9", "fields": [("A", "x")]}],
        }
        for mailbox, contact in sorted(entries, key=lambda entry: key(entry[0]))
    ]
    data = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
    write_dataset(archive.entries(run).folder, SCHEMA, [data], row_group=2)
    return run


def test_a_mailbox_is_found_in_every_run_the_newest_first(archive):
    put(archive, 0, ("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"))
    put(archive, 1, ("c", "6"), ("f", "7"))

    for _ in range(2):  # without an index, and with the one that the first search made
        found = archive.find(key("c"))
        assert [row["contact_id"] for row in found] == ["6", "3"]
        assert found[0]["fields"] == [("C_FirstName", "Ann")]
        assert archive.find(key("zz")) == []


def test_what_is_no_address_is_found_by_its_text(archive):
    put(archive, 0, ("", "1"), ("", "2"), ("a", "3"))

    assert [row["contact_id"] for row in archive.find("", " NO Address 2")] == ["2"]
    assert archive.find("", "no address") == []


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=4), st.sets(st.integers(0, 300)))
def test_many_mailboxes_at_once_give_just_their_entries(tmp_path_factory, runs, wanted):
    archive = Archive(tmp_path_factory.mktemp("archive"))
    for day, mailboxes in enumerate(runs):
        put(archive, day, *((str(one), f"{day}-{at}") for at, one in enumerate(mailboxes)))

    batches = archive.select([key(str(one)) for one in wanted], ["contact_id"])

    expected = [
        f"{day}-{at}"
        for day, mailboxes in enumerate(runs)
        for at, one in enumerate(mailboxes)
        if one in wanted
    ]
    assert sorted(one for batch in batches for one in batch["contact_id"].to_pylist()) == sorted(expected)


def test_an_index_of_an_earlier_content_is_not_believed(archive):
    run = put(archive, 0, ("a", "1"), ("b", "2"))
    assert archive.find(key("a"))
    dataset = archive.entries(run)
    (part,) = dataset.manifest.parts
    table = pa.Table.from_batches(dataset.batches())

    rewrite_parts(dataset, {part.name: [table.filter(pa.compute.equal(table["contact_id"], "2"))]})

    assert archive.find(key("a")) == []
    assert [row["contact_id"] for row in archive.find(key("b"))] == ["2"]


def test_who_came_back_is_marked_and_stays_in_the_archive(archive):
    put(archive, 0, ("a", "1"), ("b", "2"))
    mark = Mark("1", "77", AT + timedelta(days=2), "restore-contacts@2026-11-24T00:00Z")

    archive.mark([mark])
    archive.mark([mark])

    (found,) = archive.find(key("a"))
    assert (found["restored_to"], found["restored_at"]) == ("77", mark.restored_at)
    assert [row["restored_at"] for row in archive.find(key("b"))] == [None]
    stats = archive.stats()
    assert (stats.entries, stats.restored, stats.runs) == (2, 1, 1)
    assert (stats.oldest, stats.newest) == (AT, AT)

    archive.mark(unmark=["1", "2"])

    assert archive.marks() == {}
    assert archive.stats().entries == 2


def test_an_unfinished_archive_is_not_seen(archive):
    run = put(archive, 0, ("a", "1"))
    (archive.entries(run).folder / "manifest.json").unlink()

    assert archive.find(key("a")) == []
    assert archive.stats().entries == 0
    assert archive.stats().newest is None
