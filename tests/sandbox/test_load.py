"""Files of other people: what goes where, and what is said about a file that can't be loaded."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
import urllib3

from scc.sandbox import demo
from scc.sandbox.app import Sandbox
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.load import load_csv, routes
from scc.sandbox.load_targets import KNOWN
from scc.sandbox.problems import UnreadableError
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State


@pytest.fixture
def state():
    made = State()
    made.store(SalesforceStore)
    demo.create_campaign_members(made.store(EloquaStore))
    yield made
    made.close()


def rows(state, sql):
    with state.cursor() as cursor:
        return cursor.rows(sql)


PEOPLE = b"""rec_id,given_name,surname,note
1,Ana,"de la Cruz",x
2,\xe5\x81\xa5\xe4\xb8\x80,,
"""


def test_columns_go_where_they_are_mapped_and_templates_make_addresses(state):
    loaded = load_csv(
        state,
        "contacts",
        PEOPLE,
        columns={"given_name": "C_FirstName", "surname": "c_lastname"},
        templates={"C_EmailAddress": "p{rec_id}@people.example", "C_Country": "Spain"},
    )
    assert (loaded.rows, loaded.ignored) == (2, ["note"])
    found = rows(
        state,
        'SELECT "C_EmailAddress", "C_FirstName", "C_LastName", "C_Country" FROM eloqua_contacts ORDER BY id',
    )
    assert found == [
        ("p1@people.example", "Ana", "de la Cruz", "Spain"),
        ("p2@people.example", "健一", None, "Spain"),
    ]


def test_columns_that_are_called_like_fields_need_no_mapping(state):
    loaded = load_csv(state, "leads", b"lastname,Company,Shoe size\nLee,Acme,44\n")
    assert loaded.fields == {"column 'lastname'": "LastName", "column 'Company'": "Company"}
    assert rows(state, 'SELECT "LastName", "Company", "Status" FROM sf."Lead"') == [
        ("Lee", "Acme", "Open - Not Contacted")
    ]


def test_typed_fields_take_the_usual_ways_to_write_them(state):
    load_csv(
        state,
        "campaigns",
        b"Name,StartDate,EndDate,IsActive,BudgetedCost\nOne,2026-01-31,20260228,yes,12.5\nTwo,01/31/2026,,FALSE,\n",
    )
    assert rows(
        state, 'SELECT "StartDate", "EndDate", "IsActive", "BudgetedCost" FROM sf."Campaign" ORDER BY "Name"'
    ) == [
        (date(2026, 1, 31), date(2026, 2, 28), True, 12.5),
        (date(2026, 1, 31), None, False, None),
    ]


def test_records_of_a_custom_object_find_their_contacts_by_address(state):
    load_csv(state, "contacts", b"C_EmailAddress\na@people.example\n")
    load_csv(
        state,
        "customObject/campaign members",
        b"externalId,Email_Address,CRM_Campaign_Id,Responded_At\nM1,A@people.example,701,2026-01-31 10:00:00\n",
    )
    entity, _ = state.store(EloquaStore).custom_object(1)
    columns = {field.internal_name: entity.column_of(field) for field in entity.fields}
    assert rows(
        state, f'SELECT "externalId", "contactId", {columns["Responded_At"]} FROM {entity.table}'
    ) == [
        ("M1", 1, datetime(2026, 1, 31, 10))  # noqa: DTZ001  # in UTC without a zone, as tables hold it
    ]


@pytest.mark.parametrize(
    "what", ["accounts", "customObject/1", "campaign-members", "opportunities", "users", "salesforce/contact"]
)
def test_each_target_takes_a_file(state, what):
    files = {
        "accounts": b"M_CompanyName\nAcme\n",
        "customObject/1": b"Email_Address\na@people.example\n",
        "campaign-members": b"CampaignId,LeadId\n701000000000001,00Q000000000001\n",
        "opportunities": b"Name,StageName,CloseDate\nBig,Prospecting,2026-01-31\n",
        "users": b"Username,LastName,Email,Alias,CommunityNickname,TimeZoneSidKey,LocaleSidKey,EmailEncodingKey,"
        b"LanguageLocaleKey,ProfileId\nu@acme.example,U,u@acme.example,u,u,GMT,en_US,UTF-8,en_US,00e\n",
        "salesforce/contact": b"LastName\nLee\n",
    }
    assert load_csv(state, what, files[what]).rows == 1


def test_a_file_may_have_a_byte_order_mark_blank_lines_another_delimiter_and_no_last_line_break(state):
    assert load_csv(state, "leads", b"\xef\xbb\xbfLastName;Company\r\n\r\nLee;Acme", delimiter=";").rows == 1


def test_blanks_around_names_of_columns_are_no_part_of_them_and_blanks_in_cells_stay(state):
    load_csv(state, "leads", b"LastName , Company\nLee, Acme\n")
    assert rows(state, 'SELECT "LastName", "Company" FROM sf."Lead"') == [("Lee", " Acme")]


def test_a_file_without_records_loads_none(state):
    assert load_csv(state, "leads", b"LastName,Company").rows == 0


REFUSED: dict[str, tuple[str, bytes, dict[str, Any], str]] = {
    "no header": ("leads", b"", {}, "line 1: expected a header, the names of the columns"),
    "a column without a name": ("leads", b"LastName,\nLee,x\n", {}, "line 1: column 2 has no name"),
    "a column twice": ("leads", b"LastName,LastName\n", {}, "line 1: two columns are called 'LastName'"),
    "too few cells": ("leads", b'LastName,Company\n"a\nb",c\nLee\n', {}, "line 4: 1 cells where the header has 2"),
    "too many cells": ("leads", b"LastName,Company\nLee,Acme,x\n", {}, "line 2: 3 cells where the header has 2"),
    "an open quote": ("leads", b'LastName,Company\nLee,Acme\nLee,"Ac\nme,x\n', {}, "line 3: unexpected end of data"),
    "no UTF-8": ("leads", b"LastName,Company\nM\xfcller,Acme\n", {}, "line 2: this is not UTF-8; save the file as UTF-8"),
    "a delimiter of two": ("leads", b"a\n", {"delimiter": "||"}, "the delimiter '||' is not one character"),
    "an unknown target": ("people", b"a\n", {}, "there is no 'people' to load into; known are contacts, accounts, "),
    "an unknown custom object": ("customObject/Members", b"a\n", {}, "there is no custom object 'Members'; near it: Campaign Members"),
    "an unknown sObject": ("salesforce/Leed", b"a\n", {}, "there is no sObject 'Leed'; near it: Lead"),
    "an unknown column": (
        "contacts", b"mail\nx\n", {"columns": {"email": "C_EmailAddress"}},
        "the file has no column 'email'; near it: mail",
    ),
    "an unknown field": (
        "contacts", b"mail\nx\n", {"columns": {"mail": "C_EmailAdress"}},
        "column 'mail': contacts have no field 'C_EmailAdress'; near it: C_EmailAddress",
    ),
    "a read-only field": (
        "contacts", b"mail\nx\n", {"columns": {"mail": "C_DateCreated"}},
        "column 'mail': contacts have no field 'C_DateCreated'; ",
    ),
    "an unknown column in a template": (
        "contacts", b"mail\nx\n", {"templates": {"C_EmailAddress": "{id}@people.example"}},
        "the file has no column 'id'; it has mail",
    ),
    "half a template": (
        "contacts", b"mail\nx\n", {"templates": {"C_EmailAddress": "{mail"}},
        "template '{mail': expected '}' before end of string",
    ),
    "a field twice": (
        "contacts", b"a,b\nx,y\n", {"columns": {"a": "C_EmailAddress", "b": "c_emailaddress"}},
        "C_EmailAddress is filled twice: by column 'a' and by column 'b'",
    ),
    "nothing to load": ("contacts", b"a,b\nx,y\n", {}, "no column goes to a field of contacts; the file has a, b"),
    "no address": (
        "contacts", b"C_FirstName\nAna\n", {}, "contacts need C_EmailAddress, and no column goes there",
    ),
    "a blank address": (
        "contacts", b"C_EmailAddress,C_FirstName\na@people.example,Ana\n ,Ana\n", {},
        "line 3, column 'C_EmailAddress': C_EmailAddress must not be blank",
    ),
    "an address twice": (
        "contacts", b"mail\nA@people.example\n\nb@people.example\na@people.example\n", {"columns": {"mail": "C_EmailAddress"}},
        "line 5, column 'mail': the same C_EmailAddress as on line 2",
    ),
    "an address that is there": (
        "contacts", b"C_EmailAddress\nTHERE@people.example\n", {},
        "line 2, column 'C_EmailAddress': a record with this C_EmailAddress is there already",
    ),
    "no date": (
        "campaigns", b"Name,StartDate\nOne,2026-01-31\nTwo,31/01/2026\n", {},
        "line 3, column 'StartDate': StartDate takes a date, such as 2026-01-31",
    ),
    "no number": (
        "campaigns", b"Name,BudgetedCost\nOne,a lot\n", {},
        "line 2, column 'BudgetedCost': BudgetedCost takes a number, such as 12.5",
    ),
    "no boolean": (
        "campaigns", b"Name,IsActive\nOne,perhaps\n", {},
        "line 2, column 'IsActive': IsActive takes a boolean, such as true",
    ),
    "too long": (
        "leads", b"LastName,Company\n" + b"x" * 81 + b",Acme\n", {},
        "line 2, column 'LastName': more than the 80 characters of LastName",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said_with_its_place_and_nothing_is_loaded(state, case):
    load_csv(state, "contacts", b"C_EmailAddress\nthere@people.example\n")
    what, data, more, said = REFUSED[case]
    before = [store.counts() for store in state.stores()]
    with pytest.raises(UnreadableError) as refused:
        load_csv(state, what, data, **more)
    assert str(refused.value).startswith(said)
    assert [store.counts() for store in state.stores()] == before


@pytest.fixture(scope="module")
def server():
    state = State()
    with Sandbox(state, more_routes=list(routes(state))) as sandbox:
        state.store(EloquaStore)
        yield sandbox
    state.close()


def post(server, path, body):
    with urllib3.PoolManager(retries=False) as manager:
        response = manager.request("POST", f"{server.url}/_sandbox/load/{path}", body=body)
    return response.status, json.loads(response.data)


def test_a_file_can_be_posted(server):
    query = "column.mail=C_EmailAddress&template.C_City=City%20of%20%7Bcity%7D"
    assert post(server, f"contacts?{query}", b"mail,city,x\na@people.example,Ulm,1\n") == (
        200,
        {
            "title": "contacts",
            "rows": 1,
            "fields": {"column 'mail'": "C_EmailAddress", "template 'City of {city}'": "C_City"},
            "ignored": ["x"],
        },
    )


def test_a_posted_file_that_is_refused_is_answered_with_the_reason(server):
    assert post(server, "contacts", b"x\n1\n") == (
        400,
        {"error": "no column goes to a field of contacts; the file has x"},
    )


def test_a_custom_object_with_a_blank_in_its_name_can_be_addressed(server):
    status, answer = post(server, "customObject/No%20such", b"x\n1\n")
    assert (status, answer["error"].split(";")[0]) == (400, "there is no custom object 'No such'")


def test_every_kind_of_target_is_named_when_one_is_unknown(server):
    _, answer = post(server, "everything", b"x\n")
    assert all(kind in answer["error"] for kind in KNOWN)
