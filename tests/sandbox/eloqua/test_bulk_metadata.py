"""Fields, custom objects, lists and how lists are cut (sources.md E2.2, 2.3)."""

from __future__ import annotations

import pytest


def test_the_email_address_field_looks_as_recorded(api):
    item = api.get("/contacts/fields").json()["items"][0]

    assert item == {
        "name": "Email Address",
        "internalName": "C_EmailAddress",
        "dataType": "emailAddress",
        "hasReadOnlyConstraint": False,
        "hasNotNullConstraint": True,
        "hasUniquenessConstraint": True,
        "statement": "{{Contact.Field(C_EmailAddress)}}",
        "uri": "/contacts/fields/100001",
        "createdAt": "1900-01-01T05:00:00.0000000Z",
        "updatedAt": "1900-01-01T05:00:00.0000000Z",
    }
    assert api.get("/contacts/fields/100001").json() == item
    assert api.get("/contacts/fields/1").status == 404


def test_bulk_answers_carry_the_recorded_headers(api):
    headers = api.get("/contacts/fields").headers

    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"].split("/")[1].isdigit()
    assert len(headers["x-request-id"].split("/")[0]) == 32


def test_custom_contact_fields_are_listed_with_their_makers(api):
    field = api.store.create_contact_field("Favourite Colour")

    item = api.get(f"/contacts/fields/{field.id}").json()

    assert (item["internalName"], item["statement"]) == (
        "C_Favourite_Colour1",
        "{{Contact.Field(C_Favourite_Colour1)}}",
    )
    assert item["createdBy"]


def test_special_contact_fields_are_an_option(api):
    names = [item["internalName"] for item in api.get("/contacts/fields").json()["items"]]
    api.options(special_contact_fields=True)
    more = [item["internalName"] for item in api.get("/contacts/fields").json()["items"]]

    assert "Id" not in names
    assert set(more) - set(names) == {
        "Id",
        "CreatedAt",
        "UpdatedAt",
        "IsSubscribed",
        "IsBounced",
        "EmailFormat",
    }
    assert len(more) == len(set(more))


def test_custom_object_names_its_special_fields_by_address(api):
    number = api.store.create_custom_object(
        "Orders",
        [("Number", "Order_Number", "string"), ("Email", "Email", "emailAddress")],
        unique_field="Order_Number",
        email_field="Email",
        display_field="Order_Number",
    )

    item = api.get(f"/customObjects/{number}").json()

    assert item["uniqueFieldUri"] == item["displayNameFieldUri"] == "/customObjects/1/fields/101"
    assert item["emailAddressFieldUri"] == "/customObjects/1/fields/102"
    assert api.get("/customObjects").json()["items"] == [item]
    assert api.get("/customObjects/9").status == 404


def test_custom_object_fields_are_named_by_id_and_end_with_the_records_own(api, members):
    items = api.get(f"/customobjects/{members}/fields?limit=1000&offset=0").json()["items"]

    assert items[0]["statement"] == "{{CustomObject[1].Field[101]}}"
    assert [item["internalName"] for item in items[-4:]] == ["Id", "ExternalId", "CreatedAt", "UpdatedAt"]
    assert items[-4]["uri"] == ""
    api.options(special_custom_object_fields=False)
    assert len(api.get(f"/customObjects/{members}/fields").json()["items"]) == len(items) - 4


def test_activity_fields_are_those_of_the_type(api):
    bounces = api.get("/activities/fields?activityType=Bounceback").json()["items"]
    every = api.get("/activities/fields").json()["items"]

    assert "SmtpErrorCode" in [item["internalName"] for item in bounces]
    assert "NumberOfPages" not in [item["internalName"] for item in bounces]
    assert len(every) > len(bounces)
    assert {"name", "statement", "activityTypes", "dataType"} <= set(every[0])


def test_lists_and_segments_count_who_is_in_them_now(api):
    api.contacts("a@example.com", "b@example.com", "c@example.com", C_Country=["FR", "fr", "DE"])
    api.store.create_list("Test List 1", [1, 2, 99])
    api.store.create_segment("French", "'{{Contact.Field(C_Country)}}' = 'FR'")

    found = api.get("/contacts/lists").json()["items"][0]
    segment = api.get("/contacts/segments/1").json()

    assert (found["name"], found["count"], found["statement"]) == ("Test List 1", 2, "{{ContactList[1]}}")
    assert found["uri"] == "/contacts/lists/1"
    assert (segment["count"], segment["statement"]) == (2, "{{ContactSegment[1]}}")
    assert api.get("/contacts/lists/7").status == 404


def test_scoring_models_and_email_groups_name_their_statements(api):
    api.store.create_asset("scoring/models", name="Model1")
    api.store.create_asset("email/groups", name="Newsletter")

    model = api.get("/contacts/scoring/models/1").json()

    assert (model["id"], model["status"]) == (1, "Active")
    assert [field["statement"] for field in model["fields"]] == [
        f"{{{{Contact.LeadScore.Model[1].{part}}}}}" for part in ("Rating", "ProfileScore", "EngagementScore")
    ]
    assert api.get("/emailGroups").json()["items"][0]["statement"] == "{{EmailGroup[1]}}"


def test_the_envelope_counts_and_says_whether_there_is_more(api):
    for name in ("one", "two", "three"):
        api.store.create_list(name)

    page = api.get("/contacts/lists?limit=2&offset=0").json()
    last = api.get("/contacts/lists?limit=2&offset=2").json()
    uncounted = api.get("/contacts/lists?limit=2&totalResults=false").json()

    assert {key: value for key, value in page.items() if key != "items"} == {
        "totalResults": 3,
        "limit": 2,
        "offset": 0,
        "count": 2,
        "hasMore": True,
    }
    assert (last["count"], last["hasMore"]) == (1, False)
    assert "totalResults" not in uncounted
    assert uncounted["hasMore"] is True


@pytest.mark.parametrize(
    "query",
    ['q="name=My*List"', "q=name=my*list", "q=\"name=My*List'", "q='name=My*list'", "q=name=My List Two"],
)
def test_lists_are_searched_however_the_query_is_quoted(api, query):
    for name in ("My List", "Other"):
        api.store.create_list(name)
    api.store.create_list("My List Two" if "Two" in query else "Third")

    names = [item["name"] for item in api.get(f"/contacts/lists?{query.replace(' ', '%20')}").json()["items"]]

    assert names == (["My List Two"] if "Two" in query else ["My List"])


def test_lists_are_ordered_both_ways(api):
    for name in ("b", "a", "c"):
        api.store.create_list(name)

    def names(order):
        return [item["name"] for item in api.get(f"/contacts/lists?orderBy={order}").json()["items"]]

    assert names("name%20ASC") == ["a", "b", "c"]
    assert names("name%20DESC") == ["c", "b", "a"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1", "q=nonsense"])
def test_list_parameters_that_make_no_sense_are_refused(api, query):
    answer = api.get(f"/contacts/fields?{query}")

    assert answer.status == 400
    assert answer.json()["failures"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["/events", "/campaignResponses/exports", "/opportunities/imports"])
def test_what_is_missing_is_501_and_says_so(api, path):
    answer = api.get(path)

    assert answer.status == 501
    assert path in answer.json()["missing"]
