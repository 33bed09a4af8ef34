"""Contacts deleted from Eloqua: archived in full first, one by one, at any moment to be stopped and taken up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.flows.purge_world import AT, CONFIG, CONTACTS, GO, fill

from scc.core.receipts import Outcome
from scc.eloqua import Contact, CustomObjectRecord, search_term
from scc.errors import CorruptError
from scc.flow import guard
from scc.flow.eloqua_deletes import Journal, Pace, Told
from scc.sandbox.eloqua.store import EloquaStore
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


def test_who_was_linked_to_another_account_meanwhile_stays_so(world):
    """Eloqua, or its integration with the CRM, links contacts that appear by rules of its own."""
    result = purge(world)
    run = ("undo", str(result.run), "--at", "2026-11-23T08:00Z")
    refusal = {"system": "eloqua", "method": "PUT", "path": "/data/contact/", "times": None}
    world.control("POST", "faults", [{**refusal, "action": "status", "status": 401}])
    assert world.scc(*run).returncode == 3, "contacts are there again, and none is linked yet"
    world.control("DELETE", "faults")
    contacts = world.eloqua.rest.contacts
    (found,) = contacts.search(search_term("emailAddress", "=", CONTACTS[4][0]))
    made = contacts.get(found.id)
    assert "accountId" not in made.raw
    contacts.update(replace(made, raw={**made.raw, "accountId": "2"}))

    back = world.scc(*run)

    assert back.returncode == 0, back.stdout + back.stderr
    assert contacts.get(found.id).raw["accountId"] == "2"
    receipt = world.store.receipt(next(iter(world.store.runs("undo"))).run)
    links = [
        (row["key"], row["outcome"], row["message"])
        for batch in receipt.batches()
        for row in batch.to_pylist()
        if (row["object"], row["operation"]) == ("contact", "link")
    ]
    assert ("4", "skipped", "the contact is linked to another account by now") in links
    assert {outcome for key, outcome, _ in links if key != "4"} == {"applied"}


def outcomes(world, result):
    """What the receipt says of each contact that was to be deleted."""
    found = [row for batch in world.store.receipt(result.run).batches() for row in batch.to_pylist()]
    return {row["key"]: (row["outcome"], row["message"]) for row in found if row["operation"] == "delete"}


def deletes(world):
    return [
        one
        for one in world.requests(system="eloqua")
        if one["method"] == "DELETE" and "/data/contact/" in one["path"]
    ]


def approved(world, at=AT, **config):
    """Plan it and approve the plan; the run that follows goes all the way."""
    wishes = {"target_contacts": 1, "max_share": 1.0, **CONFIG, **config}
    stopped = world.run(PIPELINE, at, **wishes)
    assert stopped.state is RunState.STOPPED
    guard.approve(world.store, stopped.run, by="Ann", now=at)
    return wishes


def test_the_first_purge_of_all_waits_for_an_approval_and_deletes_nobody(world):
    result = world.run(PIPELINE, AT, target_contacts=19, max_share=1.0, **CONFIG)

    assert result.state is RunState.STOPPED
    assert [one.limit for one in result.violations] == ["approve_first"]
    assert deletes(world) == []


def test_nobody_is_deleted_before_all_are_in_the_archive(world):
    purge(world)

    seen = [(one["n"], one["method"], one["path"]) for one in world.requests(system="eloqua")]
    first = min(n for n, method, path in seen if method == "DELETE" and "/data/contact/" in path)
    reading = [n for n, _, path in seen if path.endswith("/membership")]
    assert len(reading) == len(GO)
    assert max(reading) < first
    exports = [n for n, method, path in seen if method == "POST" and path.endswith("/exports")]
    assert max(exports) < first


def test_a_contact_that_somebody_else_has_deleted_is_unchanged(world):
    wishes = approved(world)
    world.eloqua.rest.contacts.delete(6)

    result = world.run(PIPELINE, AT, **wishes)

    assert outcomes(world, result)["6"] == ("unchanged", "it was gone already")
    assert Archive(world.store.root / "archive").entries(result.run).manifest.rows == len(GO) - 1


def test_a_contact_that_has_another_address_by_now_is_left_alone(world):
    wishes = approved(world)
    contacts = world.eloqua.rest.contacts
    contacts.update(replace(contacts.get(6), email_address="somebody.else@acme.example"))

    result = world.run(PIPELINE, AT, **wishes)

    assert outcomes(world, result)["6"] == ("skipped", "its address has changed since the plan was made")
    assert contacts.get(6).email_address == "somebody.else@acme.example"
    assert world.eloqua.rest.contacts.by_ids([int(one) for one in GO]) == [contacts.get(6, depth="minimal")]


@pytest.mark.parametrize("status", [403, 409])
def test_a_refused_delete_is_on_the_receipt_and_offered_again(world, status):
    fault = {"system": "eloqua", "method": "DELETE", "path": "/data/contact/6$", "times": 1}
    world.control("POST", "faults", [{**fault, "action": "status", "status": status}])

    result = purge(world)

    outcome, message = outcomes(world, result)["6"]
    assert outcome == "rejected"
    assert f"answered {status}" in message
    again = purge(world, AT + timedelta(days=1))
    assert outcomes(world, again) == {"6": ("applied", "")}
    assert purge(world, AT + timedelta(days=2)).state is RunState.NOTHING_TO_DO


def test_what_stops_all_deletes_fails_the_run_and_the_next_try_goes_on(world):
    wishes = approved(world)
    fault = {"system": "eloqua", "method": "DELETE", "path": "/data/contact/[1-9]", "after": 5, "times": None}
    world.control("POST", "faults", [{**fault, "action": "status", "status": 401}])
    failed = world.run(PIPELINE, AT, **wishes)
    assert failed.state is RunState.FAILED
    world.control("DELETE", "faults")
    done_before = [one["path"] for one in deletes(world) if one["status"] == 200]
    world.control("DELETE", "requests")

    result = world.run(PIPELINE, AT, **wishes)

    assert result.state is RunState.DONE, result.error
    assert {one["path"] for one in deletes(world)}.isdisjoint(done_before)
    assert {outcome for outcome, _ in outcomes(world, result).values()} == {"applied"}


def test_a_delete_whose_answer_was_lost_is_applied_and_can_be_taken_back(world):
    before = world.dump_by_address()
    wishes = approved(world)
    fault = {"system": "eloqua", "method": "DELETE", "path": "/data/contact/6$", "times": 1}
    world.control("POST", "faults", [{**fault, "action": "drop", "after_bytes": 0}])

    result = world.run(PIPELINE, AT, **wishes)

    assert result.state is RunState.DONE, result.error
    assert [one["status"] for one in deletes(world) if one["path"].endswith("/6")] == [None, 404]
    assert outcomes(world, result)["6"][0] == "applied"
    assert world.scc("undo", str(result.run)).returncode == 0
    assert world.dump_by_address() == before


def test_an_archive_that_is_damaged_stops_the_run_before_anybody_is_deleted(world):
    wishes = approved(world)
    fault = {"system": "eloqua", "method": "DELETE", "path": "/data/contact/", "times": None}
    world.control("POST", "faults", [{**fault, "action": "status", "status": 401}])
    failed = world.run(PIPELINE, AT, **wishes)
    world.control("DELETE", "faults")
    (part,) = Archive(world.store.root / "archive").entries(failed.run).paths()
    part.write_bytes(part.read_bytes()[:-9] + b"somewhere")
    world.control("DELETE", "requests")

    result = world.run(PIPELINE, AT, **wishes)

    assert isinstance(result.error, CorruptError)
    assert str(part) in result.error.message
    assert deletes(world) == []


def test_who_has_taken_the_address_of_a_deleted_contact_is_left_alone(world):
    result = purge(world)
    made = world.eloqua.rest.contacts.create(Contact(email_address="Never.Seen@acme.example", city="Bonn"))

    back = world.scc("undo", str(result.run))

    assert back.returncode == 0, back.stdout + back.stderr
    assert "somebody with this address is there again, and left alone" in back.stdout
    again = world.eloqua.rest.contacts.get(made.id)
    assert (again.city, again.first_name) == ("Bonn", None)


def test_an_undo_that_made_contacts_again_is_undone_after_an_approval(world):
    result = purge(world)
    purged = world.dump_by_address()
    assert world.scc("undo", str(result.run), "--at", "2026-11-23T08:00Z").returncode == 0
    contacts = world.eloqua.rest.contacts
    (kept,) = contacts.search(search_term("emailAddress", "=", "never.seen@acme.example"))
    contacts.update(replace(contacts.get(kept.id), city="Bonn"))
    world.control("DELETE", "requests")
    again = ("undo", "undo@2026-11-23T08:00Z", "--at", "2026-11-23T09:00Z")

    stopped = world.scc(*again)
    assert stopped.returncode == 5, stopped.stdout + stopped.stderr
    assert deletes(world) == []
    assert world.approve("undo@2026-11-23T09:00Z").returncode == 0
    done = world.scc(*again)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "has changed since, and is left alone" in done.stdout
    assert len(deletes(world)) == len(GO) - 1
    assert [one.city for one in contacts.by_ids([kept.id], depth="complete")] == ["Bonn"]
    contacts.delete(kept.id)
    assert world.dump_by_address() == purged


def test_records_that_went_with_their_contact_are_made_again(world):
    number = world.sandbox.state.store(EloquaStore).create_custom_object(
        "Orders",
        [("Product", "Product1", "text"), ("Bought", "Bought1", "date"), ("Price", "Price1", "number")],
        delete_linked=True,
    )
    records = world.eloqua.rest.custom_object_records(number)
    ids = {one.internal_name: one.id for one in world.eloqua.rest.custom_objects.get(number).fields}
    values = {ids["Product1"]: 'A "chair", red', ids["Bought1"]: "1700000000", ids["Price1"]: "12.5"}
    records.create(CustomObjectRecord(contact_id=6, field_values=values))
    before = without_ids(world, "Orders")
    result = purge(world)
    assert list(records.search()) == []

    back = world.scc("undo", str(result.run))

    assert back.returncode == 0, back.stdout + back.stderr
    assert without_ids(world, "Orders") == before


def without_ids(world, entity):
    """A custom object's records without what is Eloqua's to choose when they are made."""
    rows = [json.loads(line) for line in world.dump_by_address()]
    return [
        {name: value for name, value in row.items() if name not in {"id", "externalId"}}
        for row in rows
        if row.get("entity") == entity
    ]


def test_lists_and_custom_objects_that_are_gone_since_stop_no_undo(world):
    before = world.dump_by_address()
    result = purge(world)
    (news,) = [one.id for one in world.eloqua.rest.contact_lists.search() if one.name == "Newsletter"]
    assert world.eloqua.rest.contact_lists.delete(news)
    assert world.eloqua.rest.custom_objects.delete(world.cdo)

    back = world.scc("undo", str(result.run))

    assert back.returncode == 0, back.stdout + back.stderr
    assert "Eloqua has the custom object no more" in back.stdout
    shown = world.scc("show", "undo", "--outcome", "rejected").stdout
    assert shown.count("Eloqua has no such list (any more)") == 3

    def people(dump):
        return [row for row in map(json.loads, dump) if row.get("entity") == "contacts"]

    assert people(world.dump_by_address()) == people(before)


def test_without_its_archive_a_purge_can_not_be_taken_back(world):
    result = purge(world)
    Archive(world.store.root / "archive").entries(result.run).remove()

    back = world.scc("undo", str(result.run))

    assert back.returncode == 2
    assert "the archive has no entries" in back.stderr


def test_a_journal_forgets_a_line_that_was_torn(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.send(["1", "2"])
    journal.tell({"1": Told(Outcome.APPLIED)})
    journal.close()
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"told": {"2": ["app')

    again = Journal(tmp_path / "journal.jsonl")

    assert (again.sent, again.told) == ({"1", "2"}, {"1": Told(Outcome.APPLIED)})
    again.tell({"2": Told(Outcome.REJECTED, "409", "in use")})
    again.close()
    last = Journal(tmp_path / "journal.jsonl")
    last.close()
    assert last.told["2"] == Told(Outcome.REJECTED, "409", "in use")


def test_a_pace_lets_no_more_through_than_it_says():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(10, clock=lambda: now[0], sleep=sleep)
    for count in (5, 20, 1):
        pace.wait(count)

    assert slept == pytest.approx([0.5, 2.0])
    assert (pace.at_once(32), pace.at_once(4)) == (10, 4)
    assert Pace(0.5).at_once(32) == 1
    pace = Pace(None, clock=lambda: now[0], sleep=sleep)
    pace.wait(1_000)
    assert len(slept) == 2


def test_deletes_wait_as_long_as_eloqua_asks(world):
    wishes = approved(world)
    fault = {"system": "eloqua", "method": "DELETE", "path": "/data/contact/", "times": 5}
    world.control(
        "POST",
        "faults",
        [{**fault, "action": "status", "status": 429, "headers": {"Retry-After": "0"}}],
    )

    result = world.run(PIPELINE, AT, **wishes)

    assert result.state is RunState.DONE, result.error
    assert [one["status"] for one in deletes(world)].count(429) == 5
    assert outcomes(world, result) == dict.fromkeys(GO, ("applied", ""))
