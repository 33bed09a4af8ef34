"""What was deleted or changed since, and search (sandbox-salesforce.md 2)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import pytest


def span(**given):
    return urlencode({name: moment.isoformat() for name, moment in given.items()})


NOW = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def lead(api, load):
    api.sandbox.state.clock.freeze(NOW)
    api.log_in()
    return load("Lead", {"LastName": "Lee", "Company": "Acme Robots", "Email": "lee@example.com"})[0]


def test_deleted_records_by_the_time_of_their_deletion(api, lead):
    api.delete(f"sobjects/Lead/{lead}")

    found = api.get(f"sobjects/Lead/deleted/?{span(start=NOW - HOUR, end=NOW + HOUR)}").json()
    before = api.get(f"sobjects/Lead/deleted/?{span(start=NOW - 2 * HOUR, end=NOW - HOUR)}").json()

    assert found["deletedRecords"] == [{"id": lead, "deletedDate": "2026-03-18T12:00:00.000+0000"}]
    assert found["latestDateCovered"] == "2026-03-18T13:00:00.000+0000"
    assert found["earliestDateAvailable"] == "2026-03-03T12:00:00.000+0000"
    assert before["deletedRecords"] == []


def test_updated_records_by_the_time_of_their_change(api, lead):
    found = api.get(f"sobjects/Lead/updated/?{span(start=NOW - HOUR, end=NOW + HOUR)}").json()

    assert found == {"ids": [lead], "latestDateCovered": "2026-03-18T13:00:00.000+0000"}


@pytest.mark.parametrize(
    "query",
    [
        span(start=NOW, end=NOW + dt.timedelta(seconds=60)),
        span(start=NOW - dt.timedelta(days=16), end=NOW),
        "start=yesterday&end=today",
    ],
    ids=["too short", "too old", "no dates"],
)
def test_spans_that_cannot_be(api, lead, query):
    answer = api.get(f"sobjects/Lead/deleted/?{query}")

    assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def search(api, sosl):
    return api.get("search?" + urlencode({"q": sosl}))


def test_search_finds_words_in_text_fields(api, lead, load):
    (account,) = load("Account", {"Name": "Robots Ltd"})

    found = search(
        api, "FIND {robots} IN ALL FIELDS RETURNING Lead(Id, Name WHERE Company LIKE 'acme%'), Account"
    ).json()

    assert found["searchRecords"] == [
        {
            "attributes": {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{lead}"},
            "Id": lead,
            "Name": "Lee",
        },
        {
            "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{account}"},
            "Id": account,
        },
    ]
    assert search(api, "FIND {acm* rob?ts} RETURNING Lead(Id)").json()["searchRecords"][0]["Id"] == lead
    assert search(api, "FIND {lee\\@example} IN EMAIL FIELDS").json()["searchRecords"][0]["Id"] == lead
    assert search(api, "FIND {nobody}").json() == {"searchRecords": []}


def test_search_by_parameters(api, lead):
    by_get = api.get("parameterizedSearch?q=acme&sobject=Lead&Lead.fields=Id,Name").json()["searchRecords"]
    by_post = api.post(
        "parameterizedSearch", {"q": "acme", "fields": ["Id", "Name"], "sobjects": [{"name": "Lead"}]}
    )

    assert by_get == by_post.json()["searchRecords"]
    assert by_get[0]["Name"] == "Lee"


@pytest.mark.parametrize(
    "sosl", ["FIND {x}", "FIND lee", "FIND {lee} RETURNING Lead(", "FIND {lee} RETURNING Nope"]
)
def test_searches_that_cannot_be(api, sosl):
    answer = search(api, sosl)

    assert (answer.status, answer.json()[0]["errorCode"]) in {
        (400, "MALFORMED_SEARCH"),
        (400, "INVALID_TYPE"),
    }
