"""REST queries: nested pages of JSON become flat columns, and what does not add up is an error."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import (
    ConfigError,
    DataError,
    IncompleteError,
    NotFoundError,
    QuotaError,
    RefusedError,
    SccError,
    UnavailableError,
)
from scc.salesforce import AccessToken, SalesforceClient, soql


def rows(batches) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_batches(list(batches)).to_pylist()
    return found


def campaigns(org: Org, count: int = 3, **columns) -> list[str]:
    names = [f"Campaign {at}" for at in range(count)]
    org.store.load("Campaign", pa.table({"Name": names, **columns}))
    return names


def test_columns_are_named_as_selected_whatever_the_case(org: Org):
    campaigns(org, 1)
    (row,) = rows(org.client.query("select ID, owner.NAME, name, Parent.Name from campaign"))
    assert row.pop("ID").startswith("701")
    assert row == {"owner.NAME": "API User", "name": "Campaign 0", "Parent.Name": None}


def test_the_objects_own_name_and_an_alias_may_stand_before_a_field(org: Org):
    campaigns(org, 1)
    assert rows(org.client.query("SELECT Campaign.Name FROM Campaign")) == [{"Campaign.Name": "Campaign 0"}]
    assert rows(org.client.query("SELECT c.Owner.Name FROM Campaign c")) == [{"c.Owner.Name": "API User"}]


def test_every_value_is_text_as_sent(org: Org):
    campaigns(
        org,
        2,
        IsActive=[True, False],
        StartDate=[date(2026, 1, 31), None],
        BudgetedCost=[1.5e9, None],
        NumberSent=[12.0, 0.0],
    )
    query = "SELECT IsActive, StartDate, BudgetedCost, NumberSent FROM Campaign ORDER BY Name"
    first, second = rows(org.client.query(query))
    assert (first["IsActive"], second["IsActive"]) == ("true", "false")
    assert (first["StartDate"], second["StartDate"]) == ("2026-01-31", None)
    assert float(first["BudgetedCost"]) == 1.5e9
    assert "E" not in first["BudgetedCost"].upper()
    assert second["BudgetedCost"] is None


def test_values_take_their_described_types_where_asked_for(org: Org):
    campaigns(
        org,
        2,
        IsActive=[True, False],
        StartDate=[date(2026, 1, 31), None],
        BudgetedCost=[1.5, None],
        CreatedDate=[datetime(2026, 1, 31, 10, tzinfo=UTC)] * 2,
    )
    query = "SELECT name, isactive, StartDate, BudgetedCost, CreatedDate, Owner.IsActive FROM Campaign ORDER BY Name"
    for batches in (
        org.client.query(query, types=org.client.types(query)),
        org.client.bulk.query(query, types=org.client.types(query)),
    ):
        assert rows(batches)[0] == {
            "name": "Campaign 0",
            "isactive": True,
            "StartDate": date(2026, 1, 31),
            "BudgetedCost": 1.5,
            "CreatedDate": datetime(2026, 1, 31, 10, tzinfo=UTC),
            "Owner.IsActive": True,
        }


def test_times_and_paths_that_begin_with_the_object_have_types_too(org: Org):
    org.store.add_field("Campaign", "Opens__c", "time")
    campaigns(org, 1, Opens__c=[time(10, 30)])
    query = "SELECT Campaign.Opens__c, Campaign.IsActive FROM Campaign"
    (row,) = rows(org.client.query(query, types=org.client.types(query)))
    assert row == {"Campaign.Opens__c": time(10, 30), "Campaign.IsActive": False}


def test_text_that_is_not_of_its_type_is_an_error_without_the_value(org: Org):
    campaigns(org, 1)
    with pytest.raises(DataError, match="'Name'") as caught:
        rows(org.client.query("SELECT Name FROM Campaign", types={"Name": pa.date32()}))
    assert "Campaign 0" not in str(caught.value)


def test_pages_follow_one_another_to_the_end(org: Org):
    names = campaigns(org, 4_500)
    batches = list(org.client.query("SELECT Name FROM Campaign ORDER BY Id"))
    assert [batch.num_rows for batch in batches] == [2_000, 2_000, 500]
    assert [row["Name"] for row in rows(batches)] == names


def test_deleted_records_come_only_when_asked_for(org: Org):
    campaigns(org, 2, IsDeleted=[True, False])
    assert rows(org.client.query("SELECT Name FROM Campaign")) == [{"Name": "Campaign 1"}]
    assert len(rows(org.client.query("SELECT Name FROM Campaign", include_deleted=True))) == 2


def test_a_query_that_finds_nothing_gives_an_empty_batch(org: Org):
    (batch,) = org.client.query("SELECT Id, Owner.Name FROM Campaign")
    assert (batch.num_rows, batch.schema.names) == (0, ["Id", "Owner.Name"])


def test_counting_gives_a_number(org: Org):
    campaigns(org, 7)
    assert org.client.count("SELECT COUNT() FROM Campaign") == 7


def test_aggregates_take_their_columns_from_the_answer(org: Org):
    campaigns(org, 3, Type=["Webinar", "Webinar", None])
    query = "SELECT Type, COUNT(Id) n, MAX(Name) FROM Campaign GROUP BY Type ORDER BY Type"
    assert rows(org.client.query(query)) == [
        {"Type": None, "n": "1", "expr0": "Campaign 2"},
        {"Type": "Webinar", "n": "2", "expr0": "Campaign 1"},
    ]


def test_columns_that_only_the_answer_can_tell_may_lead_through_parents(org: Org):
    campaigns(org, 1, Status=["Planned"])
    assert rows(org.client.query("SELECT toLabel(Status), Owner.Name FROM Campaign")) == [
        {"Status": "Planned", "Owner.Name": "API User"}
    ]


def test_numbers_are_written_out_but_for_what_no_field_holds():
    record = {**RECORD, "Id": "@"}
    body = json.dumps({"totalSize": 2, "done": True, "records": [record, record]})
    for number in ("3.5E8", "1e999999999999"):
        body = body.replace('"@"', number, 1)
    with ScriptedServer().then(reply(200, body.encode())) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        assert [row["Id"] for row in rows(client.query("SELECT Id FROM Lead"))] == [
            "350000000",
            "1e999999999999",
        ]


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b'{"records": [', b"\xff"])
def test_an_answer_that_is_no_json_is_an_error(body):
    with ScriptedServer().then(reply(200, body)) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        with pytest.raises(DataError, match="not JSON"):
            list(client.query("SELECT Id FROM Lead"))


def test_an_address_is_the_text_of_its_parts(org: Org):
    lead = pa.table({"LastName": ["Lee"], "Company": ["Acme"], "City": ["Köln"]})
    org.store.load("Lead", lead)
    (row,) = rows(org.client.query("SELECT Address FROM Lead"))
    assert json.loads(row["Address"])["city"] == "Köln"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT Id, (SELECT Id FROM CampaignMembers) FROM Campaign", "child query"),
        ("SELECT COUNT() FROM Campaign", "no records"),
        ("SELECT Id, id FROM Campaign", "twice"),
        ("SELECT TYPEOF Owner WHEN User THEN Name END FROM Campaign", "several shapes"),
        (f"SELECT Id FROM Campaign WHERE Name IN ('{'x' * 15_000}')", "too long"),
    ],
)
def test_a_query_without_a_flat_result_is_refused_before_it_is_sent(org: Org, query, words):
    with pytest.raises(ConfigError, match=words):
        list(org.client.query(query))
    assert org.calls("GET") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FRM Campaign", "MALFORMED_QUERY"),
        ("SELECT Bacon__c FROM Campaign", "INVALID_FIELD"),
        ("SELECT Foo.Name FROM Campaign", "INVALID_FIELD"),
        ("SELECT Id FROM Bacon", "INVALID_TYPE"),
        ("SELECT Id FROM Campaign WHERE CreatedDate > '2026'", "INVALID_FIELD"),
        ("SELECT Id FROM Campaign WHERE Name = 'a' OR Name = 'b' AND Type = 'c'", "MALFORMED_QUERY"),
        ("SELECT Name, COUNT(Id) FROM Campaign", "MALFORMED_QUERY"),
    ],
)
def test_salesforces_verdict_on_a_query_is_told_once(org: Org, query, code):
    for ask in (org.client.query, org.client.bulk.query):
        org.exchanges.clear()
        with pytest.raises(RefusedError) as caught:
            list(ask(query))
        assert caught.value.code in {code, "API_ERROR"}
        assert caught.value.hint
        assert len(org.calls(path="query")) == 1


def test_a_value_in_a_refused_query_is_not_repeated(org: Org):
    with pytest.raises(RefusedError) as caught:
        list(org.client.query("SELECT Id FROM Lead WHERE Email = 'joe@example.com' 'Smith'"))
    assert "joe" not in str(caught.value)
    assert "Smith" not in str(caught.value)
    assert "Row:1:Column:" in str(caught.value)


def test_the_days_calls_used_up_are_a_quota_and_not_asked_again(org: Org):
    refusal = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    org.fault(action="status", path="query", status=403, body=refusal)
    with pytest.raises(QuotaError):
        list(org.client.query("SELECT Id FROM Campaign"))
    assert len(org.calls("GET", "query")) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 500}, {"status": 429, "headers": {"Retry-After": "1"}}]
)
def test_an_outage_on_any_page_is_sat_out(org: Org, fault):
    names = campaigns(org, 4_500)
    org.fault(action="status", path="query", after=1, times=2, **fault)
    assert len(rows(org.client.query("SELECT Id FROM Campaign"))) == len(names)


def test_a_page_cut_off_is_fetched_again_whole(org: Org):
    names = campaigns(org, 4_500)
    org.fault(action="drop", path="query", after=1, after_bytes=1_000)
    assert [row["Name"] for row in rows(org.client.query("SELECT Name FROM Campaign ORDER BY Id"))] == names


def test_an_outage_that_lasts_is_unavailable(org: Org):
    org.fault(action="status", path="query", status=503, times=None)
    with pytest.raises(UnavailableError):
        list(org.client.query("SELECT Id FROM Campaign"))


@pytest.mark.parametrize("page", ["query$", "query/01g"])
def test_a_session_that_ends_between_pages_is_renewed_without_a_trace(org: Org, page):
    names = campaigns(org, 4_500)
    org.fault(action="expire-session", path=page)
    assert [row["Name"] for row in rows(org.client.query("SELECT Name FROM Campaign ORDER BY Id"))] == names
    assert len(org.calls("POST", "token")) == 2


def test_a_cursor_that_has_expired_is_not_found(org: Org):
    campaigns(org, 4_500)
    gone = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    org.fault(action="status", path="query/01g", status=400, body=gone)
    with pytest.raises(NotFoundError):
        list(org.client.query("SELECT Id FROM Campaign"))


def test_a_list_of_ids_in_chunks_brings_every_record(org: Org):
    campaigns(org, 1_500)
    ids = [row["Id"] for row in rows(org.client.query("SELECT Id FROM Campaign"))]
    found = [
        row["Id"]
        for query in soql.chunks("Campaign", ["Id"], "Id", ids, rest=True)
        for row in rows(org.client.query(query))
    ]
    assert sorted(found) == sorted(ids)


def answer(page: object):
    return reply(200, json.dumps(page).encode(), {"Content-Type": "application/json;charset=UTF-8"})


def ask(*pages: object):
    with ScriptedServer().then(*map(answer, pages)) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        return rows(client.query("SELECT Id, Owner.Name FROM Lead"))


PAGE = {"totalSize": 2, "done": False, "nextRecordsUrl": "/services/data/v62.0/query/01g-1"}
RECORD = {"attributes": {"type": "Lead"}, "Id": "1", "Owner": None}


@pytest.mark.parametrize(
    ("pages", "kind"),
    [
        ([{"totalSize": 2, "done": True, "records": [RECORD]}], IncompleteError),
        ([{"totalSize": 0, "done": True, "records": [RECORD]}], IncompleteError),
        ([{**PAGE, "records": [RECORD]}, {**PAGE, "records": [RECORD]}], DataError),
        ([{**PAGE, "records": []}], DataError),
        ([{**PAGE, "nextRecordsUrl": "https://evil.example/", "records": [RECORD]}], DataError),
        ([{**PAGE, "nextRecordsUrl": None, "records": [RECORD]}], DataError),
        ([{"totalSize": 1, "done": True, "records": [{"Id": "1"}]}], DataError),
        ([{"totalSize": 1, "done": True, "records": [{"Id": "1", "Owner": "x"}]}], DataError),
        ([{"totalSize": 1, "done": True, "records": [{"Id": "\ud800", "Owner": None}]}], DataError),
        ([{"totalSize": 1, "done": True, "records": ["x"]}], DataError),
        ([{"totalSize": 1, "done": True}], DataError),
        ([{"totalSize": "many", "done": True, "records": []}], DataError),
        ([{"done": True, "records": []}], DataError),
        ([{"totalSize": 0, "done": "yes", "records": []}], DataError),
        ([[]], DataError),
    ],
)
def test_pages_that_do_not_add_up_are_an_error(pages, kind):
    with pytest.raises(kind):
        ask(*pages)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["totalSize", "done", "records", "Id", "Owner", "Name"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_gives_records_or_an_error_of_ours(page):
    with contextlib.suppress(SccError):
        assert isinstance(ask(page), list)
