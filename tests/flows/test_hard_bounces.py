"""The clean-up after a hard bounce, in both systems, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import urllib3

from scc.core.receipts import Outcome
from scc.salesforce import ClientCredentials, SalesforceClient, soql
from scc.store.runs import RunState

PIPELINE = "hard-bounces"
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
CONFIG = {
    "marks": {"C_Lead_Status1": "Invalid address", "C_BusPhone": ""},
    "invalid_list": "Invalid addresses",
    "nurture_lists": ["Newsletter"],
}


@pytest.fixture
def lists(world):
    """Two shared lists; every contact is on the newsletter's."""
    ids = {}
    everybody = [row["Id"] for row in world.contacts()]
    for name, members in (("Invalid addresses", []), ("Newsletter", everybody)):
        made = rest(world, "POST", "list", {"name": name})
        ids[name] = made["id"]
        rest(
            world,
            "PUT",
            f"list/{made['id']}",
            {"id": made["id"], "name": name, "membershipAdditions": members},
        )
    return ids


@pytest.fixture(autouse=True)
def salesforce_knows_of_no_bounce(world):
    """The demonstration data is of a company whose Salesforce was told already."""
    login = world.sandbox.credentials.salesforce
    auth = ClientCredentials(world.sandbox.url, client_id=login.client_id, client_secret=login.client_secret)
    client = SalesforceClient(auth=auth)
    bounced = soql.field("EmailBouncedDate") != None  # noqa: E711  # SOQL's null
    open_leads = bounced & (soql.field("IsConverted") == False)  # noqa: E712  # SOQL's false
    for sobject, where in (("Lead", open_leads), ("Contact", bounced)):
        query = soql.select(sobject, ["Id"], where=where)
        ids = [one for batch in client.query(query) for one in batch["Id"].to_pylist()]
        blank = pa.nulls(len(ids), pa.string())
        rows = pa.table({"Id": ids, "EmailBouncedDate": blank, "EmailBouncedReason": blank})
        assert not [
            one for result in client.bulk.ingest(sobject, "update", rows) for one in result.failures()
        ]


def rest(world, method, path, body):
    credentials = world.sandbox.credentials.eloqua
    headers = urllib3.make_headers(
        basic_auth=f"{credentials.company}\\{credentials.user}:{credentials.password}"
    )
    answer = world.http.request(
        method, f"{world.sandbox.url}/API/REST/1.0/assets/contact/{path}", json=body, headers=headers
    )
    assert answer.status in {200, 201}, answer.data
    return answer.json()


def plan(world, result):
    return [row for batch in world.store.plan(result.run).batches() for row in batch.to_pylist()]


def test_both_systems_are_told_and_a_second_run_finds_nothing_to_do(world, lists):
    first = world.run(PIPELINE, AT, **CONFIG)

    assert first.state is RunState.DONE, first.error
    planned = plan(world, first)
    marked = {row["key"] for row in planned if (row["object"], row["operation"]) == ("contact", "update")}
    assert marked
    assert {"Lead", "Contact"} & {row["object"] for row in planned if row["system"] == "salesforce"}
    assert first.receipt.by_outcome()[Outcome.REJECTED] == 0
    contacts = {row["Id"]: row for row in world.contacts("C_Lead_Status1", "C_BusPhone")}
    assert {key for key, row in contacts.items() if row["C_Lead_Status1"] == "Invalid address"} == marked
    assert all(contacts[key]["C_BusPhone"] == "" for key in marked)
    assert set(world.members(lists["Invalid addresses"])) == marked
    assert set(world.members(lists["Newsletter"])) == contacts.keys() - marked

    second = world.run(PIPELINE, AT + timedelta(days=1), **CONFIG)

    assert second.state is RunState.NOTHING_TO_DO, plan(world, second)[:3]


def test_where_salesforce_rejects_the_other_half_stands_and_the_rest_is_offered_again(world, lists):
    fault = {"system": "salesforce", "path": "ingest", "times": 1, "action": "row-error"}
    world.control("POST", "faults", [fault])
    first = world.run(PIPELINE, AT, **CONFIG)
    assert first.state is RunState.DONE, first.error
    receipt = [row for batch in world.store.receipt(first.run).batches() for row in batch.to_pylist()]
    left = [(row["object"], row["key"]) for row in receipt if row["outcome"] == "rejected"]
    assert left
    assert {name for name, _ in left} <= {"Lead", "Contact"}

    second = world.run(PIPELINE, AT + timedelta(days=1), **CONFIG)

    assert [(row["object"], row["key"]) for row in plan(world, second) if row["operation"] != "skip"] == left


def test_an_unknown_list_is_told_before_anything_is_written(world):
    before = world.dump()

    result = world.run(PIPELINE, AT, **CONFIG)

    assert result.state is RunState.FAILED
    assert "Eloqua has no list 'Invalid addresses'" in result.error.message
    assert world.dump() == before


def test_an_undo_brings_back_both_systems_and_the_lists(world, lists):
    before = world.dump()
    result = world.run(PIPELINE, AT, **CONFIG)
    assert world.dump() != before

    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert world.dump() == before
