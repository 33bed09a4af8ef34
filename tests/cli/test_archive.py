"""`scc archive`: found by mailbox, masked unless asked for."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from scc.core.runs import RunId
from scc.store.archive import SCHEMA, Archive, Mark
from scc.store.dataset import write_dataset

RUN = RunId("purge-contacts", datetime(2026, 11, 20, 3, 0, tzinfo=UTC))


@pytest.fixture
def archive(folder):
    """Ann Lee was deleted twice, and came back in between."""
    archive = Archive(folder / "scc-data" / "archive")
    for days, contact, address in ((0, "7", "Ann.Lee+news@gmail.com"), (9, "9", "annlee@gmail.com")):
        run = RunId(RUN.pipeline, RUN.moment + timedelta(days=days))
        entry = {
            "mailbox_key": hashlib.sha256(b"annlee@gmail.com").hexdigest(),
            "address": address,
            "contact_id": contact,
            "run": str(run),
            "archived_at": run.moment,
            "reason": "inactive",
            "fields": [("C_EmailAddress", address), ("C_FirstName", "Ann")],
            "lists": [{"id": "5", "name": "Newsletter"}],
            "records": [{"object": "customObject/1", "id": "12", "fields": [("Status", "Sent")]}],
        }
        data = pa.RecordBatch.from_pylist([entry], schema=SCHEMA)
        write_dataset(archive.entries(run).folder, SCHEMA, [data])
    archive.mark([Mark("7", "8", RUN.moment + timedelta(days=2), "restore-contacts@2026-11-22T03:00Z")])
    return archive


def test_a_person_is_found_by_any_address_of_the_mailbox(scc, archive):
    said = scc("archive", "find", "ANN.LEE@googlemail.com", "--json")

    assert said.code == 0
    newest, oldest = json.loads(said.out)
    assert (newest["contact_id"], newest["run"], newest["restored_at"]) == (
        "9",
        "purge-contacts@2026-11-29T03:00Z",
        None,
    )
    assert oldest["restored_to"] == ["8"]
    assert {name: oldest[name] for name in ("reason", "fields", "lists", "records")} == {
        "reason": "inactive",
        "fields": 2,
        "lists": 1,
        "records": 1,
    }


def test_addresses_and_fields_are_shown_only_when_asked_for(scc, archive):
    masked = scc("archive", "find", "annlee@gmail.com")
    full = scc("archive", "find", "annlee@gmail.com", "--show-personal")
    everything = json.loads(scc("archive", "find", "annlee@gmail.com", "--show-personal", "--json").out)

    assert "a***@gmail.com" in masked.out
    assert "annlee" not in masked.out
    assert "2026-11-22T03:00Z, as contact 8" in masked.out
    assert "2 fields, 1 list, 1 record" in masked.out
    assert "Ann.Lee+news@gmail.com" in full.out
    assert "on the list Newsletter (5)" in full.out
    assert everything[0]["fields"] == {"C_EmailAddress": "annlee@gmail.com", "C_FirstName": "Ann"}
    assert everything[0]["records"][0]["fields"] == {"Status": "Sent"}


def test_nothing_found_is_no_error(scc, folder):
    said = scc("archive", "find", "joe@example.com")

    assert (said.code, said.out) == (0, "The archive holds nothing of j***@example.com.\n")


def test_rules_of_ones_own_decide_what_is_one_mailbox(scc, archive, folder):
    (folder / "addresses.toml").write_text("# every address is a mailbox of its own\n")
    (folder / "scc.toml").write_text('[archive]\naddress_rules = "addresses.toml"\n')

    assert len(json.loads(scc("archive", "find", "annlee@gmail.com", "--json").out)) == 2
    assert json.loads(scc("archive", "find", "ann.lee@gmail.com", "--json").out) == []


def test_rules_that_cannot_be_read_are_named(scc, folder):
    (folder / "addresses.toml").write_text("[[provider")
    (folder / "scc.toml").write_text('[archive]\naddress_rules = "addresses.toml"\n')

    said = scc("archive", "find", "annlee@gmail.com")

    assert said.code == 2
    assert "addresses.toml can't be read" in said.err


def test_stats_count_what_there_is(scc, archive):
    told = json.loads(scc("archive", "stats", "--json").out)

    assert (told["entries"], told["restored"], told["runs"]) == (2, 1, 2)
    assert (told["oldest"], told["newest"]) == ("2026-11-20T03:00Z", "2026-11-29T03:00Z")
    assert "Came back" in scc("archive", "stats").out


def test_an_empty_archive_has_stats_too(scc, folder):
    assert json.loads(scc("archive", "stats", "--json").out)["entries"] == 0
    assert "Oldest" not in scc("archive", "stats").out
