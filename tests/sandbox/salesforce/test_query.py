"""REST queries: paging, shapes and errors (sandbox-salesforce.md 2 and 5)."""

from __future__ import annotations

import datetime as dt
import re

import pyarrow as pa
import pytest


def people(count):
    return pa.table({"LastName": [f"L{n:05}" for n in range(count)], "Company": ["Acme"] * count})


def test_a_query_answers_records_with_their_addresses(api, load):
    (lead,) = load(
        "Lead", {"LastName": "Lee", "FirstName": "Ann", "Company": "Acme", "Email": "Ann@Example.com"}
    )

    answer = api.query("SELECT id, NAME, Email, Owner.Name, AnnualRevenue FROM lead")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.json() == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{lead}"},
                "Id": lead,
                "Name": "Ann Lee",
                "Email": "ann@example.com",
                "Owner": {
                    "attributes": {
                        "type": "Name",
                        "url": "/services/data/v62.0/sobjects/User/0055e0000000001AAA",
                    },
                    "Name": "API User",
                },
                "AnnualRevenue": None,
            }
        ],
    }


def test_pages_follow_by_locator_and_belong_together(api, store):
    store.load("Lead", people(4500))
    first = api.query("SELECT LastName FROM Lead ORDER BY LastName").json()
    store.load("Lead", people(10))

    pages = [first]
    while not pages[-1]["done"]:
        pages.append(api.get(pages[-1]["nextRecordsUrl"]).json())

    assert re.fullmatch(r"/services/data/v62\.0/query/01g\w{15}-2000", first["nextRecordsUrl"])
    assert [page["totalSize"] for page in pages] == [4500, 4500, 4500]
    assert [len(page["records"]) for page in pages] == [2000, 2000, 500]
    assert "nextRecordsUrl" not in pages[-1]
    names = [record["LastName"] for page in pages for record in page["records"]]
    assert names == [f"L{n:05}" for n in range(4500)]


def test_a_locator_of_queryall_is_good_for_query_and_can_be_read_again(api, store):
    store.load("Lead", people(2500))
    locator = api.query("SELECT Id FROM Lead", "queryAll").json()["nextRecordsUrl"].rpartition("/")[2]

    first, second = api.get(f"query/{locator}").json(), api.get(f"queryAll/{locator}").json()

    assert first == second
    assert len(first["records"]) == 500


def test_locators_live_two_days(api, store):
    store.load("Lead", people(2500))
    locator = api.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    api.control("/clock", {"advance_s": 2 * 86400 + 1})
    api.log_in()

    answer = api.get(locator)

    assert (answer.status, answer.json()) == (
        400,
        [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}],
    )


def test_the_batch_size_can_be_made_smaller(api, store):
    store.load("Lead", people(500))

    answer = api.get("query?q=SELECT+Id+FROM+Lead", Sforce_Query_Options="batchSize=200").json()

    assert len(answer["records"]) == 200
    assert answer["nextRecordsUrl"].endswith("-200")


def test_count_answers_a_total_and_no_records(api, store):
    store.load("Lead", people(17))

    assert api.query("SELECT COUNT() FROM Lead").json() == {"totalSize": 17, "done": True, "records": []}
    assert api.query("SELECT COUNT() FROM Lead LIMIT 5").json()["totalSize"] == 5


def test_what_is_deleted_shows_in_queryall_only(api, load):
    load(
        "Lead", {"LastName": "Here", "Company": "A"}, {"LastName": "Gone", "Company": "A", "IsDeleted": True}
    )

    assert api.rows("SELECT LastName FROM Lead") == [{"LastName": "Here"}]
    assert api.rows("SELECT LastName, IsDeleted FROM Lead WHERE LastName = 'Gone'", "queryAll") == [
        {"LastName": "Gone", "IsDeleted": True}
    ]


ERRORS = {
    "no select": ("SELEKT Id FROM Lead", "MALFORMED_QUERY", "unexpected token: SELEKT"),
    "word in the wrong place": (
        "SELECT Id FRM Lead",
        "MALFORMED_QUERY",
        "\nSELECT Id FRM Lead\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FRM'",
    ),
    "no such field": (
        "SELECT Bacon__c FROM Account LIMIT 2",
        "INVALID_FIELD",
        (
            "\nSELECT Bacon__c FROM Account LIMIT 2\n       ^\nERROR at Row:1:Column:8\nNo such column 'Bacon__c' on entity "
            "'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
            "name. Please reference your WSDL or the describe call for the appropriate names."
        ),
    ),
    "no such object": (
        "select count() from XYZZY",
        "INVALID_TYPE",
        (
            "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not "
            "supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
            "Please reference your WSDL or the describe call for the appropriate names."
        ),
    ),
    "and with or": (
        "SELECT Id FROM Lead WHERE Email = 'a' AND Rating = 'b' OR Rating = 'c'",
        "MALFORMED_QUERY",
        "\nSELECT Id FROM Lead WHERE Email = 'a' AND Rating = 'b' OR Rating = 'c'\n"
        + " " * 55
        + "^\nERROR at Row:1:Column:56\nunexpected token: 'OR'",
    ),
    "second row": (
        "SELECT Id\nFROM Lead\nWHERE Nope = 1",
        "INVALID_FIELD",
        (
            "\nWHERE Nope = 1\n      ^\nERROR at Row:3:Column:7\nNo such column 'Nope' on entity 'Lead'. If you are attempting "
            "to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or "
            "the describe call for the appropriate names."
        ),
    ),
}


@pytest.mark.parametrize(("soql", "code", "message"), ERRORS.values(), ids=ERRORS)
def test_errors_show_the_place(api, soql, code, message):
    answer = api.query(soql)

    assert answer.status == 400
    assert answer.json() == [{"message": message, "errorCode": code}]


WORDS = {
    "quoted datetime": (
        "SELECT Id FROM Lead WHERE CreatedDate > '2024-01-01'",
        "INVALID_FIELD",
        "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
    ),
    "number for text": (
        "SELECT Id FROM Lead WHERE LastName = 5",
        "INVALID_FIELD",
        "value of filter criterion for field 'LastName' must be of type string and should be enclosed in quotes",
    ),
    "long text in where": (
        "SELECT Id FROM Lead WHERE Description = 'x'",
        "INVALID_FIELD",
        "field 'Description' can not be filtered in a query call",
    ),
    "no id": (
        "SELECT Id FROM Lead WHERE Id = 'abc'",
        "INVALID_QUERY_FILTER_OPERATOR",
        "invalid ID field: abc",
    ),
    "not grouped": (
        "SELECT Company, COUNT(Id) FROM Lead",
        "MALFORMED_QUERY",
        "Field must be grouped or aggregated: Company",
    ),
    "unlike objects": (
        "SELECT Id FROM Lead WHERE Id IN (SELECT ContactId FROM CampaignMember)",
        "MALFORMED_QUERY",
        (
            "The selected field 'ContactId' in the subquery and the left operand field in the where expression in the "
            "outer query 'Id' should point to the same object type"
        ),
    ),
    "offset": (
        "SELECT Id FROM Lead OFFSET 2001",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "Maximum SOQL offset allowed is 2000",
    ),
    "all fields": (
        "SELECT FIELDS(ALL) FROM Lead",
        "MALFORMED_QUERY",
        "The SOQL FIELDS function must have a LIMIT of at most 200",
    ),
    "no such path": (
        "SELECT Foo.Name FROM Lead",
        "INVALID_FIELD",
        (
            "Didn't understand relationship 'Foo' in field path. If you are attempting to use a custom relationship, be "
            "sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call "
            "for the appropriate names."
        ),
    ),
}


@pytest.mark.parametrize(("soql", "code", "words"), WORDS.values(), ids=WORDS)
def test_errors_end_in_the_vendors_words(api, soql, code, words):
    (problem,) = api.query(soql).json()

    assert problem["errorCode"] == code
    assert problem["message"].endswith(words)


def test_text_is_compared_without_regard_to_case_and_ids_in_both_lengths(api, load):
    lead, _ = load("Lead", {"LastName": "Lee", "Company": "Acme"}, {"LastName": "Low", "Company": "Bolt"})

    for where in (
        "Company = 'ACME'",
        "Company IN ('acme', 'x')",
        "Company LIKE 'ac%'",
        f"Id = '{lead[:15]}'",
    ):
        assert api.rows(f"SELECT Id FROM Lead WHERE {where}") == [{"Id": lead}]


def test_a_missing_value_is_unlike_any_value(api, load):
    load(
        "Lead",
        {"LastName": "A", "Company": "x", "Rating": "Hot"},
        {"LastName": "B", "Company": "x", "Rating": None},
        {"LastName": "C", "Company": "x", "Rating": "Cold"},
    )

    def names(where):
        return "".join(row["LastName"] for row in api.rows(f"SELECT LastName FROM Lead WHERE {where}"))

    assert names("Rating != 'Hot'") == "BC"
    assert names("NOT (Rating = 'Hot')") == "BC"
    assert names("Rating NOT IN ('Hot')") == "BC"
    assert names("Rating = null") == "B"
    assert names("Rating != null") == "AC"
    assert names("NOT (Rating = 'Hot' OR Rating = 'Cold')") == "B"
    assert names("Rating IN ('Cold', null)") == "BC"
    assert names("Rating = ''") == "B"


def test_nulls_come_first_unless_asked_otherwise(api, load):
    load(
        "Lead",
        {"LastName": "A", "Company": "x", "Title": "b"},
        {"LastName": "B", "Company": "x", "Title": None},
        {"LastName": "C", "Company": "x", "Title": "A"},
    )

    def names(order):
        return "".join(row["LastName"] for row in api.rows(f"SELECT LastName FROM Lead ORDER BY {order}"))

    assert names("Title") == "BCA"
    assert names("Title DESC") == "BAC"
    assert names("Title ASC NULLS LAST") == "CAB"


def test_thousands_of_values_in_one_list(api, store):
    """As a bulk job: in a URI there is room for some hundreds."""
    store.load("Lead", people(6000))
    names = ",".join(f"'L{n:05}'" for n in range(5000))

    job = api.post(
        "jobs/query", {"operation": "query", "query": f"SELECT Id FROM Lead WHERE LastName IN ({names})"}
    )

    assert api.get(f"jobs/query/{job.json()['id']}").json()["numberRecordsProcessed"] == 5000


def test_a_uri_over_16_kilobytes_is_refused_as_the_web_server_does(api):
    answer = api.query(f"SELECT Id FROM Lead WHERE LastName IN ('{'x' * 17_000}')")

    assert answer.status == 414
    assert answer.data.startswith(b"<h1>Bad Message 414</h1>")


def test_children_come_along_and_are_null_where_there_are_none(api, load):
    full, _ = load("Account", {"Name": "Full"}, {"Name": "None"})
    load("Contact", {"LastName": "A", "AccountId": full}, {"LastName": "B", "AccountId": full})

    found = api.rows(
        "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account"
    )

    assert found == [
        {"Name": "Full", "Contacts": {"totalSize": 1, "done": True, "records": [{"LastName": "B"}]}},
        {"Name": "None", "Contacts": None},
    ]


def test_groups_are_counted_under_alias_and_number(api, load):
    load(
        "Lead",
        *({"LastName": str(n), "Company": "x", "Rating": "Hot" if n < 3 else "Cold"} for n in range(5)),
    )

    soql = "SELECT Rating, COUNT(Id) n, COUNT(Email), MAX(LastName) FROM Lead GROUP BY Rating HAVING COUNT(Id) > 1 ORDER BY Rating"
    answer = api.query(soql).json()["records"]

    assert answer == [
        {"attributes": {"type": "AggregateResult"}, "Rating": "Cold", "n": 2, "expr0": 0, "expr1": "4"},
        {"attributes": {"type": "AggregateResult"}, "Rating": "Hot", "n": 3, "expr0": 0, "expr1": "2"},
    ]


def test_semi_joins_and_anti_joins(api, load):
    (campaign,) = load("Campaign", {"Name": "C"})
    member, other = load("Lead", {"LastName": "A", "Company": "x"}, {"LastName": "B", "Company": "x"})
    load("CampaignMember", {"CampaignId": campaign, "LeadId": member})
    inner = "(SELECT LeadId FROM CampaignMember WHERE Campaign.Name = 'c')"

    assert api.rows(f"SELECT Id FROM Lead WHERE Id IN {inner}") == [{"Id": member}]
    assert api.rows(f"SELECT Id FROM Lead WHERE Id NOT IN {inner}") == [{"Id": other}]


def test_typeof_gives_each_kind_its_own_fields(api, load):
    (account,) = load("Account", {"Name": "Acme", "Phone": "1"})
    (campaign,) = load("Campaign", {"Name": "Spring"})
    load("Task", {"Subject": "a", "WhatId": account}, {"Subject": "b", "WhatId": campaign}, {"Subject": "c"})

    found = api.rows(
        "SELECT Subject, TYPEOF What WHEN Account THEN Phone ELSE Name END FROM Task ORDER BY Subject"
    )

    assert found == [
        {"Subject": "a", "What": {"Phone": "1"}},
        {"Subject": "b", "What": {"Name": "Spring"}},
        {"Subject": "c", "What": None},
    ]


def test_an_address_is_one_value(api, load):
    load(
        "Lead",
        {"LastName": "A", "Company": "x", "City": "Berlin", "Country": "DE"},
        {"LastName": "B", "Company": "x"},
    )

    assert api.rows("SELECT Address FROM Lead ORDER BY LastName") == [
        {
            "Address": {
                "street": None,
                "city": "Berlin",
                "state": None,
                "postalCode": None,
                "country": "DE",
                "latitude": None,
                "longitude": None,
                "geocodeAccuracy": None,
            }
        },
        {"Address": None},
    ]


NOW = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)  # a Wednesday
NAMED_DATES = {
    "TODAY": (0, 0),
    "YESTERDAY": (-1, -1),
    "LAST_N_DAYS:1": (-1, 0),
    "NEXT_N_DAYS:2": (1, 2),
    "LAST_90_DAYS": (-90, 0),
    "THIS_WEEK": (-3, 3),
    "LAST_WEEK": (-10, -4),
    "LAST_N_WEEKS:1": (-10, -4),
    "THIS_MONTH": (-17, 13),
    "LAST_MONTH": (-45, -18),
    "THIS_QUARTER": (-76, 13),
    "N_DAYS_AGO:4": (-4, -4),
    "NEXT_YEAR": (289, 653),
}


@pytest.mark.parametrize(("name", "span"), NAMED_DATES.items(), ids=NAMED_DATES)
def test_named_dates_span_these_days(api, load, name, span):
    """The first and last day of each, counted from today (sandbox-salesforce.md 5)."""
    api.sandbox.state.clock.freeze(NOW)
    days = [span[0] - 1, span[0], span[1], span[1] + 1]
    starts = [NOW.date() + dt.timedelta(days=each) for each in days]
    load("Campaign", *({"Name": str(n), "StartDate": day} for n, day in enumerate(starts)))

    def names(operator):
        soql = f"SELECT Name FROM Campaign WHERE StartDate {operator} {name} ORDER BY Name"
        return "".join(row["Name"] for row in api.rows(soql))

    assert names("=") == "12"
    assert names("<") == "0"
    assert names("<=") == "012"
    assert names(">") == "3"
    assert names(">=") == "123"
    assert names("!=") == "03"


def test_datetimes_with_an_offset(api, load):
    load(
        "Lead",
        {"LastName": "A", "Company": "x", "EmailBouncedDate": dt.datetime(2026, 3, 17, 20, tzinfo=dt.UTC)},
    )

    assert api.rows(
        "SELECT EmailBouncedDate FROM Lead WHERE EmailBouncedDate = 2026-03-17T21:00:00.000+01:00"
    ) == [{"EmailBouncedDate": "2026-03-17T20:00:00.000+0000"}]


def test_multipicklists_include_and_exclude(api, store, load):
    store.add_field("Lead", "Topics__c", "multipicklist", values=["a", "b", "c"])
    load(
        "Lead",
        {"LastName": "1", "Company": "x", "Topics__c": "a;b"},
        {"LastName": "2", "Company": "x", "Topics__c": "c"},
        {"LastName": "3", "Company": "x", "Topics__c": None},
    )

    def names(where):
        return "".join(
            row["LastName"] for row in api.rows(f"SELECT LastName FROM Lead WHERE Topics__c {where}")
        )

    assert names("INCLUDES ('a;b', 'c')") == "12"
    assert names("INCLUDES ('a;c')") == ""
    assert names("EXCLUDES ('a')") == "23"


def test_the_last_activity_of_a_person_is_the_latest_closed_task_or_event(api, load):
    busy, quiet = load("Contact", {"LastName": "Busy"}, {"LastName": "Quiet"})
    load(
        "Task",
        {"WhoId": busy, "Status": "Completed", "ActivityDate": "2026-02-01"},
        {"WhoId": busy, "Status": "Not Started", "ActivityDate": "2026-12-01"},
        {"WhoId": quiet, "Status": "Not Started", "ActivityDate": "2026-01-01"},
    )
    asked = "SELECT LastName, LastActivityDate FROM Contact WHERE LastActivityDate >= 2026-01-15"

    assert [(row["LastName"], row["LastActivityDate"]) for row in api.rows(asked)] == [("Busy", "2026-02-01")]
    load(
        "Event", {"WhoId": quiet, "ActivityDate": "2026-03-01"}, {"WhoId": busy, "ActivityDate": "2025-03-01"}
    )
    assert {row["LastName"]: row["LastActivityDate"] for row in api.rows(asked)} == {
        "Busy": "2026-02-01",
        "Quiet": "2026-03-01",
    }
