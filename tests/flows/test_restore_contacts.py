"""Contacts who come back get their former profile, over HTTP."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import urllib3
from tests.flows.conftest import refill
from tests.flows.killed import kill_at_request, run

from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.eloqua import contacts
from scc.eloqua.rest_models import Contact
from scc.engines.duckdb import DuckDBEngine
from scc.flow.addresses import address_rules, mailbox_keys
from scc.store.archive import SCHEMA, Archive
from scc.store.dataset import write_dataset
from scc.store.runs import RunState

PIPELINE = "restore-contacts"
PURGED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FIELDS = ("C_EmailAddress", "C_FirstName", "C_LastName", "C_City", "C_Title", "C_BusPhone", "C_Lead_Status1")


@pytest.fixture(autouse=True)
def moment(world):
    at(world, PURGED)


def at(world, when):
    world.control("POST", "clock", {"freeze_at": when.isoformat()})


@pytest.fixture
def archive(world):
    return Archive(world.store.root / "archive")


@pytest.fixture
def purge(world, archive):
    """Archive contacts as they are, and delete them."""

    def purge(*ids, when=PURGED, more=()):
        run = RunId("purge-contacts", when)
        rows = [row for row in world.contacts(*FIELDS) if row["Id"] in ids]
        keys = mailbox_keys(DuckDBEngine(), address_rules(), [row["C_EmailAddress"] for row in rows])
        entries = [
            {
                "mailbox_key": key,
                "address": row["C_EmailAddress"],
                "contact_id": row["Id"],
                "run": str(run),
                "archived_at": when,
                "reason": "inactive",
                "fields": [*((name, row[name]) for name in FIELDS if row[name]), *more],
                "lists": [],
                "records": [],
            }
            for key, row in sorted(zip(keys, rows, strict=True), key=lambda one: one[0])
        ]
        write_dataset(
            archive.entries(run).folder, SCHEMA, [pa.RecordBatch.from_pylist(entries, schema=SCHEMA)]
        )
        for one in ids:
            assert world.eloqua.rest.contacts.delete(int(one))
        return {row["Id"]: row for row in rows}

    return purge


def profile(world, key):
    (row,) = [row for row in world.contacts(*FIELDS) if row["Id"] == key]
    return row


def full(world, count=3):
    """Contacts with something in every field."""
    rows = [row for row in world.contacts(*FIELDS) if all(row[name] for name in FIELDS[:6])]
    assert len(rows) >= count
    return [row["Id"] for row in rows[:count]]


def come_back(world, address, when=AT, **values):
    at(world, when)
    made = world.eloqua.rest.contacts.create(Contact(email_address=address, **values))
    return str(made.id)


def plan(world, result):
    return [row for batch in world.store.plan(result.run).batches() for row in batch.to_pylist()]


def test_blank_fields_come_back_and_what_is_there_stays(world, purge, archive):
    ann, joe, _ = full(world)
    before = purge(ann, joe)
    back = come_back(world, before[ann]["C_EmailAddress"].upper(), first_name="Anna")
    stranger = come_back(world, "new.person@nowhere.example")
    at(world, AT + timedelta(hours=1))

    result = world.run(PIPELINE, AT)

    assert result.state is RunState.DONE, result.error
    now, then = profile(world, back), before[ann]
    assert now["C_FirstName"] == "Anna"
    assert {name: now[name] for name in FIELDS[2:6]} == {name: then[name] for name in FIELDS[2:6]}
    assert now["C_Lead_Status1"] == "", "a state is never restored"
    assert profile(world, stranger)["C_LastName"] == ""
    assert set(archive.marks()) == {ann}
    assert archive.marks()[ann].restored_to == back


def test_a_second_run_has_nothing_to_do(world, purge):
    (ann,) = full(world, 1)
    before = purge(ann)
    come_back(world, before[ann]["C_EmailAddress"])
    assert world.run(PIPELINE, AT).state is RunState.DONE

    second = world.run(PIPELINE, AT + timedelta(minutes=1))
    again = world.run(PIPELINE, AT + timedelta(minutes=2), full=True)

    assert (second.state, again.state) == (RunState.NOTHING_TO_DO, RunState.NOTHING_TO_DO)


def test_with_an_empty_archive_eloqua_is_not_asked(world):
    world.control("DELETE", "requests")

    result = world.run(PIPELINE, AT)

    assert result.state is RunState.NOTHING_TO_DO
    assert world.requests(system="eloqua") == []


def test_only_contacts_created_since_the_last_good_run_are_read(world, purge):
    ann, joe, _ = full(world)
    before = purge(ann, joe)
    come_back(world, before[ann]["C_EmailAddress"])
    at(world, AT + timedelta(hours=1))
    first = world.run(PIPELINE, AT)
    come_back(world, before[joe]["C_EmailAddress"], when=AT + timedelta(hours=2))

    second = world.run(PIPELINE, AT + timedelta(hours=2))

    assert world.store.export(first.run, "created").manifest.rows == 1
    assert world.store.export(second.run, "created").manifest.rows == 1
    assert second.receipt.by_outcome()[Outcome.APPLIED] == 2


def test_what_was_filled_after_the_plan_is_not_overwritten(world, purge):
    """The form that somebody submits between plan and apply."""
    (ann,) = full(world, 1)
    before = purge(ann)
    back = come_back(world, before[ann]["C_EmailAddress"])
    planned = world.run(PIPELINE, AT, until="guard")
    assert "C_City" in dict(plan(world, planned)[0]["after"])
    edit(world, back, C_City="Elsewhere")

    result = world.run(PIPELINE, AT)

    assert result.state is RunState.DONE
    now = profile(world, back)
    assert (now["C_City"], now["C_LastName"]) == ("Elsewhere", before[ann]["C_LastName"])


def edit(world, key, **values):
    """Change a contact the way somebody else would."""
    bulk = world.eloqua.bulk
    fields = {"Id": contacts().statement("Id"), **{name: contacts().field(name) for name in values}}
    definition = bulk.create_import(contacts(), fields, identifier="Id")
    bulk.upload(definition, [pa.RecordBatch.from_pylist([{"Id": key, **values}])])
    assert bulk.wait(bulk.start_sync(definition.uri)).status == "success"


def test_a_rejected_contact_is_not_marked_and_is_offered_again(world, purge, archive):
    ann, joe, _ = full(world)
    before = purge(ann, joe)
    backs = {
        one: come_back(world, before[one]["C_EmailAddress"], when=AT + timedelta(minutes=n))
        for n, one in enumerate((ann, joe))
    }
    fault = {"system": "eloqua", "path": "imports", "times": 1, "action": "sync-warning", "rejects": 1}
    world.control("POST", "faults", [fault])
    at(world, AT + timedelta(hours=1))

    first = world.run(PIPELINE, AT)

    assert first.state is RunState.DONE, first.error
    assert first.receipt.by_outcome()[Outcome.REJECTED] == 2, "the contact and its mark"
    (marked,) = archive.marks()
    (left,) = {ann, joe} - {marked}
    assert profile(world, backs[left])["C_LastName"] == ""

    second = world.run(PIPELINE, AT + timedelta(hours=2))

    assert second.receipt.by_outcome() == {Outcome.APPLIED: 2}
    assert profile(world, backs[left])["C_LastName"] == before[left]["C_LastName"]
    assert set(archive.marks()) == {ann, joe}


def test_an_undo_takes_it_back_with_its_marks(world, purge, archive):
    ann, joe, _ = full(world)
    before = purge(ann, joe)
    come_back(world, before[ann]["C_EmailAddress"])
    changed = come_back(world, before[joe]["C_EmailAddress"])
    dump = world.dump()
    result = world.run(PIPELINE, AT)
    assert world.dump() != dump

    edit(world, changed, C_City="Elsewhere")
    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert archive.marks() == {}
    assert profile(world, changed)["C_City"] == "Elsewhere"
    edit(world, changed, C_City="")
    assert world.dump() == dump


def test_a_plan_that_fills_too_many_waits_for_an_approval(world, purge):
    (ann,) = full(world, 1)
    before = purge(ann)
    come_back(world, before[ann]["C_EmailAddress"])

    result = world.run(PIPELINE, AT, max_changes=0)

    assert result.state is RunState.STOPPED
    assert "1 times fill" in result.error.message


def test_an_unknown_field_is_told(world, purge):
    purge(*full(world, 1))

    result = world.run(PIPELINE, AT, fields=["C_Nonsense"])

    assert result.state is RunState.FAILED
    assert "'C_Nonsense'" in result.error.message


def test_more_fields_than_one_import_takes_go_by_several(world, purge, archive):
    ann, joe, _ = full(world)
    many = [f"C_Detail_{number}1" for number in range(120)]
    for number in range(120):
        add_field(world, f"Detail {number}")
    before = purge(ann, joe, more=[(name, f"of {name}") for name in many])
    backs = [come_back(world, before[one]["C_EmailAddress"]) for one in (ann, joe)]
    fault = {
        "system": "eloqua",
        "path": "imports",
        "times": 1,
        "after": 1,
        "action": "sync-warning",
        "rejects": 1,
    }
    world.control("POST", "faults", [fault])

    result = world.run(PIPELINE, AT)

    assert result.state is RunState.DONE, result.error
    rejected = {row["key"] for row in receipt(world, result) if row["outcome"] == "rejected"}
    (left,) = rejected & set(backs)
    (done,) = set(backs) - {left}
    values = {row["Id"]: row for row in world.contacts(*many)}
    assert all(values[done][name] == f"of {name}" for name in many)
    assert 0 < sum(values[left][name] == "" for name in many) < len(many)

    assert world.run(PIPELINE, AT + timedelta(hours=1)).receipt.by_outcome() == {Outcome.APPLIED: 2}
    values = {row["Id"]: row for row in world.contacts(*many)}
    assert all(values[left][name] == f"of {name}" for name in many)
    assert set(archive.marks()) == {ann, joe}


def add_field(world, name):
    login = world.sandbox.credentials.eloqua
    headers = urllib3.make_headers(basic_auth=f"{login.company}\\{login.user}:{login.password}")
    url = f"{world.sandbox.url}/API/REST/1.0/assets/contact/field"
    answer = world.http.request(
        "POST", url, json={"name": name, "dataType": "text", "displayType": "text"}, headers=headers
    )
    assert answer.status == 201, answer.data


def receipt(world, result):
    return [row for batch in world.store.receipt(result.run).batches() for row in batch.to_pylist()]


@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_request_the_next_try_ends_as_if_nothing_had_happened(world, purge, archive, part):
    """Every request of the run is once the last: in turn before it is served, and after, unanswered."""
    ann, joe, _ = full(world)
    before = purge(ann, joe)
    command = ("run", PIPELINE, "--at", "2026-11-22T03:00Z")
    kept = world.folder / "archive"
    shutil.copytree(archive.root, kept)

    def begin():
        """The same world: two are gone, and come back."""
        refill(world)
        at(world, PURGED)
        shutil.rmtree(world.store.root)
        shutil.copytree(kept, archive.root)
        for one in (ann, joe):
            assert world.eloqua.rest.contacts.delete(int(one))
        for one in (ann, joe):
            come_back(world, before[one]["C_EmailAddress"])
        world.control("DELETE", "requests")

    begin()
    assert world.scc(*command).returncode == 0
    expected, requests = (world.dump(), set(archive.marks())), len(world.requests())
    assert expected[1] == {ann, joe}
    for number in range(part, requests, 4):
        begin()
        when = "before" if (number // 4) % 2 else "after"
        assert kill_at_request(world, number, when, *command), f"request {number} was never made"
        code, said = run(world, *command)

        assert code == 0, said
        assert (world.dump(), set(archive.marks())) == expected, f"killed at request {number}"
