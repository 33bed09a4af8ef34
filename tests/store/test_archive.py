from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from scc.core.runs import RunId
from scc.store.archive import RESTORED_SCHEMA, SCHEMA, Archive
from scc.store.dataset import write_dataset

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


def put(archive, days, *entries):
    """Archive (key, contact id) pairs by a run of so many days later."""
    run = RunId("purge-contacts", AT + timedelta(days=days))
    rows = [
        {
            "mailbox_key": key,
            "address": f"{contact}@example.com",
            "contact_id": contact,
            "run": str(run),
            "archived_at": run.moment,
            "reason": "invalid",
            "fields": [("C_FirstName", "Ann")],
            "lists": [{"id": "5", "name": "News"}],
            "records": [{"object": "customObject/1", "id": "9", "fields": [("A", "x")]}],
        }
        for key, contact in sorted(entries)
    ]
    data = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
    write_dataset(archive.entries(run).folder, SCHEMA, [data], row_group=2)
    return run


def test_a_mailbox_is_found_in_every_run_the_newest_first(archive):
    put(archive, 0, ("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"))
    put(archive, 1, ("c", "6"), ("f", "7"))

    found = archive.find("c")

    assert [row["contact_id"] for row in found] == ["6", "3"]
    assert found[0]["fields"] == [("C_FirstName", "Ann")]
    assert archive.find("zz") == []


def test_who_came_back_is_marked_and_stays_in_the_archive(archive):
    put(archive, 0, ("a", "1"), ("b", "2"))
    back = RunId("restore-contacts", AT + timedelta(days=2))
    mark = {"mailbox_key": "a", "contact_id": "1", "restored_at": back.moment}
    data = pa.RecordBatch.from_pylist([mark], schema=RESTORED_SCHEMA)
    write_dataset(archive.restored(back).folder, RESTORED_SCHEMA, [data])

    assert [row["restored_at"] for row in archive.find("a")] == [back.moment]
    assert [row["restored_at"] for row in archive.find("b")] == [None]
    stats = archive.stats()
    assert (stats.entries, stats.restored, stats.runs) == (2, 1, 1)


def test_an_unfinished_archive_is_not_seen(archive):
    run = put(archive, 0, ("a", "1"))
    (archive.entries(run).folder / "manifest.json").unlink()

    assert archive.find("a") == []
    assert archive.stats().entries == 0
