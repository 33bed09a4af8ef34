"""The clean-up after a hard bounce, in both systems, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from tests.flows.bounce_world import forget_bounces, make_lists

from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.eloqua import contacts
from scc.engines.duckdb import DuckDBEngine
from scc.flow.activities_source import Activities
from scc.flow.pipeline import Reading
from scc.flow.progress import NO_PROGRESS
from scc.flow.systems import Systems
from scc.salesforce import ClientCredentials, SalesforceClient, soql
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.salesforce.store import SalesforceStore
from scc.settings import load
from scc.store.runs import RunState

PIPELINE = "hard-bounces"
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
YEARS = 20 * 365  # days: the bounces' dates stay where they are, and the sandbox's clock does not
CONFIG = {
    "marks": {"C_Lead_Status1": "Invalid address", "C_BusPhone": ""},
    "invalid_list": "Invalid addresses",
    "nurture_lists": ["Newsletter"],
}


@pytest.fixture
def lists(world):
    return make_lists(world)


@pytest.fixture(autouse=True)
def salesforce_knows_of_no_bounce(world):
    forget_bounces(world)


def rows(dataset):
    return [row for batch in dataset.batches() for row in batch.to_pylist()]


def plan(world, result):
    return rows(world.store.plan(result.run))


def left_over(world, result):
    """What was rejected, by object and key."""
    receipt = rows(world.store.receipt(result.run))
    return [(row["object"], row["key"]) for row in receipt if row["outcome"] == "rejected"]


def offered(world, result):
    return [(row["object"], row["key"]) for row in plan(world, result) if row["operation"] != "skip"]


def bounced(world):
    """Contacts whose present address bounced hard, with that address."""
    found = plan(world, world.run(PIPELINE, AT - timedelta(days=1), until="guard", **CONFIG))
    keys = {row["key"] for row in found if (row["object"], row["operation"]) == ("contact", "update")}
    addresses = {row["Id"]: row["C_EmailAddress"] for row in world.contacts("C_EmailAddress")}
    return {key: addresses[key] for key in sorted(keys)}


def test_both_systems_are_told_and_a_second_run_finds_nothing_to_do(world, lists):
    first = world.run(PIPELINE, AT, **CONFIG)

    assert first.state is RunState.DONE, first.error
    planned = plan(world, first)
    marked = {row["key"] for row in planned if (row["object"], row["operation"]) == ("contact", "update")}
    assert marked
    assert {"Lead", "Contact"} & {row["object"] for row in planned if row["system"] == "salesforce"}
    assert first.receipt.by_outcome()[Outcome.REJECTED] == 0
    people = {row["Id"]: row for row in world.contacts("C_Lead_Status1", "C_BusPhone")}
    assert {key for key, row in people.items() if row["C_Lead_Status1"] == "Invalid address"} == marked
    assert all(people[key]["C_BusPhone"] == "" for key in marked)
    assert set(world.members(lists["Invalid addresses"])) == marked
    assert set(world.members(lists["Newsletter"])) == people.keys() - marked

    second = world.run(PIPELINE, AT + timedelta(days=1), **CONFIG)

    assert second.state is RunState.NOTHING_TO_DO, plan(world, second)[:3]


def test_where_salesforce_rejects_the_other_half_stands_and_the_rest_is_offered_again(world, lists):
    fault = {"system": "salesforce", "path": "ingest", "times": 1, "action": "row-error"}
    world.control("POST", "faults", [fault])
    first = world.run(PIPELINE, AT, **CONFIG)
    assert first.state is RunState.DONE, first.error
    left = left_over(world, first)
    assert left
    assert {name for name, _ in left} <= {"Lead", "Contact"}

    second = world.run(PIPELINE, AT + timedelta(days=1), **CONFIG)

    assert offered(world, second) == left


@pytest.mark.parametrize("look_back_hours", [1, 24 * YEARS])
def test_where_eloqua_rejects_the_other_half_stands_and_the_rest_is_offered_again(
    world, lists, look_back_hours
):
    """Whether the bounce is read again or carried over from the last run."""
    config = {**CONFIG, "look_back_hours": look_back_hours, "history_days": YEARS}
    fault = {
        "system": "eloqua",
        "path": "contacts/imports",
        "times": 1,
        "action": "sync-warning",
        "rejects": 2,
    }
    world.control("POST", "faults", [fault])
    first = world.run(PIPELINE, AT, **config)
    assert first.state is RunState.DONE, first.error
    left = left_over(world, first)
    assert {name for name, _ in left} == {"contact"}
    assert first.receipt.counts["salesforce", "Lead", "update", "applied", ""] > 0

    second = world.run(PIPELINE, AT + timedelta(days=1), **config)

    assert offered(world, second) == left
    assert second.receipt.by_outcome()[Outcome.APPLIED] == len(left) == 2
    read_again = {row["ContactId"] for row in rows(world.store.export(second.run, "bounces"))}
    assert bool(read_again & {key for _, key in left}) == (look_back_hours > 1)
    assert world.run(PIPELINE, AT + timedelta(days=2), **config).state is RunState.NOTHING_TO_DO


def test_who_clicked_since_or_has_another_address_is_left_alone_and_the_plan_says_why(world, lists):
    clicker, mover, *_ = bounced(world)
    click = {
        "type": "EmailClickthrough",
        "contactId": int(clicker),
        "createdAt": world.sandbox.state.clock.naive(),
    }
    world.sandbox.state.store(EloquaStore).load_activities(pa.Table.from_pylist([click]))
    people = world.eloqua.rest.contacts
    people.update(replace(people.get(int(mover)), email_address="moved.on@acme.example"))

    result = world.run(PIPELINE, AT, **CONFIG)

    assert result.state is RunState.DONE, result.error
    why = {row["key"]: row["reason"] for row in plan(world, result) if row["operation"] == "skip"}
    assert why[clicker] == "the contact clicked or submitted a form after the bounce"
    assert why[mover] == "the contact has another address than the one that bounced"
    marked = {
        row["Id"] for row in world.contacts("C_Lead_Status1") if row["C_Lead_Status1"] == "Invalid address"
    }
    assert marked
    assert not {clicker, mover} & marked
    assert not {clicker, mover} & set(world.members(lists["Invalid addresses"]))


def test_every_lead_and_contact_with_the_address_is_told_but_no_converted_and_no_deleted_one(world, lists):
    address = next(iter(bounced(world).values()))
    people = world.sandbox.state.store(SalesforceStore)

    def load(sobject, **values):
        row = {"LastName": "x", "Email": address.upper(), **values}
        (made,) = people.load(sobject, pa.Table.from_pylist([row])).to_pylist()
        return made

    told = {load("Lead", Company="a"), load("Lead", Company="b"), load("Contact")}
    spared = {
        load("Lead", Company="c", IsConverted=True),
        load("Lead", Company="d", IsDeleted=True),
        load("Contact", IsDeleted=True),
    }

    result = world.run(PIPELINE, AT, **CONFIG)

    assert result.state is RunState.DONE, result.error
    written = {row["key"] for row in plan(world, result) if row["system"] == "salesforce"}
    assert told <= written
    assert not spared & written
    assert result.receipt.by_outcome()[Outcome.REJECTED] == 0


def test_fields_of_the_teams_own_are_set_and_the_vendors_left_alone(world, lists):
    own = {"Description": "{reason}", "Title": "Unreachable"}

    result = world.run(PIPELINE, AT, **CONFIG, lead_fields=own, contact_fields={})

    assert result.state is RunState.DONE, result.error
    told = [row for row in plan(world, result) if row["system"] == "salesforce"]
    assert {row["object"] for row in told} == {"Lead"}
    leads = {
        row["Id"]: row
        for batch in salesforce(world).query(soql.select("Lead", ["Id", "EmailBouncedDate", *own]))
        for row in batch.to_pylist()
    }
    for row in told:
        assert leads[row["key"]]["Title"] == "Unreachable"
        assert leads[row["key"]]["Description"]
        assert leads[row["key"]]["EmailBouncedDate"] is None
    assert world.run(
        PIPELINE, AT + timedelta(days=1), **CONFIG, lead_fields=own, contact_fields={}
    ).state is (RunState.NOTHING_TO_DO)


def test_a_field_that_a_system_does_not_have_is_named_before_anything_is_written(world, lists):
    before = world.dump()

    in_eloqua = world.run(PIPELINE, AT, **{**CONFIG, "marks": {"C_Lead_Statut1": "x"}})
    in_salesforce = world.run(PIPELINE, AT + timedelta(hours=1), **CONFIG, lead_fields={"Nonsense__c": "x"})

    assert "has no field 'Contact.C_Lead_Statut1'" in in_eloqua.error.message
    assert "'Contact.C_Lead_Status1'" in in_eloqua.error.hint
    assert "Nonsense__c" in in_salesforce.error.message
    assert world.dump() == before


def test_an_unknown_list_is_told_before_anything_is_written(world):
    before = world.dump()

    result = world.run(PIPELINE, AT, **CONFIG)

    assert result.state is RunState.FAILED
    assert (
        "hard-bounces.invalid_list or nurture_lists: Eloqua has no list 'Invalid addresses'"
        in result.error.message
    )
    assert world.dump() == before


def test_an_undo_brings_back_both_systems_and_the_lists(world, lists):
    before = world.dump()
    result = world.run(PIPELINE, AT, **CONFIG)
    assert world.dump() != before

    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert world.dump() == before


def test_an_undo_leaves_alone_what_has_changed_since_in_either_system(world, lists):
    result = world.run(PIPELINE, AT, **CONFIG)
    kept, *others = [row["key"] for row in plan(world, result) if row["object"] == "contact"]
    lead = next(row["key"] for row in plan(world, result) if row["object"] == "Lead")
    edit(world, kept, C_Lead_Status1="Called, all is well")
    changed = pa.table({"Id": [lead], "EmailBouncedReason": ["somebody's own words"]})
    assert not [
        one for job in salesforce(world).bulk.ingest("Lead", "update", changed) for one in job.failures()
    ]

    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert "fields that changed again since are left alone" in undone.stdout
    status = {row["Id"]: row["C_Lead_Status1"] for row in world.contacts("C_Lead_Status1")}
    assert status[kept] == "Called, all is well"
    assert "Invalid address" not in {status[key] for key in others}
    (batch,) = salesforce(world).query(
        soql.select("Lead", ["EmailBouncedDate", "EmailBouncedReason"], where=soql.field("Id") == lead)
    )
    assert batch.to_pylist() == [{"EmailBouncedDate": None, "EmailBouncedReason": "somebody's own words"}]


def salesforce(world):
    login = world.sandbox.credentials.salesforce
    auth = ClientCredentials(world.sandbox.url, client_id=login.client_id, client_secret=login.client_secret)
    return SalesforceClient(auth=auth)


def edit(world, key, **values):
    """Change a contact the way somebody else would."""
    bulk = world.eloqua.bulk
    fields = {"Id": contacts().statement("Id"), **{name: contacts().field(name) for name in values}}
    definition = bulk.create_import(contacts(), fields, identifier="Id")
    bulk.upload(definition, [pa.RecordBatch.from_pylist([{"Id": key, **values}])])
    assert bulk.wait(bulk.start_sync(definition.uri)).status == "success"


def test_activities_beyond_what_one_export_gives_are_asked_for_in_smaller_windows(world):
    """Eloqua cuts an export of activities off without a word."""
    moments = [f"2026-0{1 + n % 9}-{1 + n % 28:02} 0{n % 7}:00:00" for n in range(40)]
    clicks = [{"type": "EmailClickthrough", "contactId": 1, "createdAt": one} for one in moments]
    world.sandbox.state.store(EloquaStore).load_activities(pa.Table.from_pylist(clicks))
    world.control("POST", "options", {"eloqua": {"most_activities": 7}})
    run = RunId(PIPELINE, AT)
    target = world.store.export(run, "clicks")
    target.folder.mkdir(parents=True)
    systems = Systems(load(world.folder / "scc.toml", {}))
    reading = Reading(run, None, world.store, systems, DuckDBEngine(), NO_PROGRESS, target.folder)
    source = Activities(
        "clicks", "EmailClickthrough", ("ContactId", "ActivityDate"), 10_000, timedelta(hours=72), most=7
    )

    source.read(reading)

    found = rows(target)
    assert sorted(row["ActivityDate"][:19] for row in found if row["ContactId"] == "1") >= sorted(moments)
    assert len({row["Id"] for row in found}) == len(found)
    assert not (target.folder / "pieces").exists()
