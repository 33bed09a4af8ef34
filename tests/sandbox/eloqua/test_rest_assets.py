"""REST accounts, custom objects, lists, fields, forms and other assets (sources.md E3.5 to 3.8)."""

from __future__ import annotations

import pyarrow as pa
import pytest

REST = "/API/REST/2.0"


def test_accounts_are_made_searched_changed_and_deleted(api):
    made = api.post(
        f"{REST}/data/account",
        {"name": "Acme", "city": "Oslo", "fieldValues": [{"id": "100095", "value": "x"}]},
    )
    assert made.status == 201
    api.contacts("a@example.com", accountId=[1])
    api.store.create_list("L", [1], kind="accounts")

    assert api.rest("1.0/data/accounts?search=city=oslo&depth=partial")["elements"][0]["name"] == "Acme"
    assert (
        api.post(f"{REST}/data/accounts", {"ids": ["1"]}, X_HTTP_Method_Override="SEARCH").json()[0]["id"]
        == "1"
    )
    assert api.rest("2.0/data/account/1/membership") == [{"type": "AccountList", "id": "1", "name": "L"}]
    changed = api.put(f"{REST}/data/account/1", {"id": "1", "name": "Acme AS"}).json()
    assert (changed["name"], "city" in changed) == ("Acme AS", False)
    assert {"type": "FieldValue", "id": "100095", "value": "x"} in changed["fieldValues"]
    assert api.delete(f"{REST}/data/account/1").status == 200
    assert api.get(f"{REST}/data/account/1").status == 404
    assert "accountId" not in api.rest("1.0/data/contact/1")


def test_an_account_needs_a_name(api):
    problem = api.post(f"{REST}/data/account", {"city": "Oslo"}).json()[0]

    assert (problem["property"], problem["requirement"]["type"]) == ("name", "NotNullRequirement")


CUSTOM_OBJECT = {
    "name": "Orders",
    "fields": [
        {"id": "-1", "name": "Order Number", "dataType": "text", "displayType": "text"},
        {"id": "-2", "name": "Total", "dataType": "numeric"},
        {"id": "-3", "name": "Ordered At", "dataType": "date"},
    ],
    "uniqueCodeFieldId": "-1",
    "displayNameFieldId": "-1",
}


def test_a_custom_object_is_made_with_forward_references(api):
    made = api.post(f"{REST}/assets/customObject", CUSTOM_OBJECT)

    assert made.status == 201
    asset = made.json()
    assert [field["internalName"] for field in asset["fields"]] == ["Order_Number1", "Total1", "Ordered_At1"]
    assert asset["uniqueCodeFieldId"] == asset["displayNameFieldId"] == asset["fields"][0]["id"]
    assert asset["deleteLinkedCustomObjectData"] == "false"
    assert api.rest("2.0/assets/customObject/1") == asset
    assert api.rest("2.0/assets/customObjects?search=name=ord*")["total"] == 1
    assert api.get("/customObjects/1/fields").json()["items"][1]["dataType"] == "number"


def test_a_custom_object_gains_and_loses_fields(api):
    asset = api.post(f"{REST}/assets/customObject", CUSTOM_OBJECT).json()
    kept = asset["fields"][:2]

    body = {**asset, "fields": [*kept, {"id": "-9", "name": "Note"}], "deleteLinkedCustomObjectData": "true"}
    changed = api.put(f"{REST}/assets/customObject/1", body).json()

    assert [field["name"] for field in changed["fields"]] == ["Order Number", "Total", "Note"]
    assert changed["fields"][:2] == kept
    assert changed["deleteLinkedCustomObjectData"] == "true"
    assert api.put(f"{REST}/assets/customObject/1", {**asset, "id": "2"}).status == 400
    assert api.delete(f"{REST}/assets/customObject/1").status == 200
    assert api.get("/customObjects/1/fields").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x" * 101},
        {"name": "x", "fields": [{}]},
        {"name": "x", "fields": [{"name": "a"}, {"name": "A"}]},
    ],
)
def test_a_wrong_custom_object_is_refused(api, body):
    assert api.post(f"{REST}/assets/customObject", body).status == 400
    assert api.get("/customObjects").json()["totalResults"] == 0


def test_records_are_made_searched_changed_and_deleted(api):
    fields = api.post(f"{REST}/assets/customObject", CUSTOM_OBJECT).json()["fields"]
    number, total, at = (field["id"] for field in fields)
    api.contacts("a@example.com")
    data = f"{REST}/data/customObject/1"
    values = [
        {"id": number, "value": "A-1"},
        {"id": total, "value": "12.5"},
        {"id": at, "value": "1464118483"},
    ]

    made = api.post(f"{data}/instance", {"type": "CustomObjectData", "fieldValues": values, "contactId": "1"})

    assert made.status == 201
    record = made.json()
    assert (record["name"], record["uniqueCode"], record["contactId"], record["isMapped"]) == (
        "A-1",
        "A-1",
        "1",
        "Yes",
    )
    assert [one["value"] for one in record["fieldValues"]] == ["A-1", "12.5", "1464118483"]
    assert api.rest("2.0/data/customObject/1/instances?search=Total1>'10'")["elements"] == [record]
    assert api.rest("2.0/data/customObject/1/instances?search=uniqueCode='a-1'")["total"] == 1
    assert api.rest("2.0/data/customObject/1/instances?search=contactId=2")["total"] == 0
    changed = api.put(f"{data}/instance/1", {"fieldValues": [{"id": total, "value": ""}]}).json()
    assert [one.get("value") for one in changed["fieldValues"]] == ["A-1", None, "1464118483"]
    assert api.post(f"{data}/instance", {"fieldValues": [{"id": number, "value": "a-1"}]}).status == 409
    assert api.delete(f"{data}/instance/1").status == 200
    assert api.get(f"{data}/instance/1").status == 404


def test_a_record_of_an_object_without_unique_field_gets_a_code(api, members):
    record = api.post(f"/API/REST/1.0/data/customObject/{members}", {"fieldValues": []}).json()

    assert (record["uniqueCode"], record["isMapped"]) == ("DCCAM000000000001", "No")


def test_a_record_keeps_its_code_when_it_is_changed(api, members):
    api.store.load_custom_object(members, pa.table({"externalId": ["CM-1"]}))
    place = f"/API/REST/1.0/data/customObject/{members}/instance/1"

    changed = api.put(place, {"fieldValues": []}).json()

    assert changed["uniqueCode"] == api.get(place).json()["uniqueCode"] == "CM-1"


def test_lists_take_and_give_back_contacts(api):
    api.contacts("a@example.com", "b@example.com")
    made = api.post("/API/REST/1.0/assets/contact/list", {"name": "Mine"})
    assert made.status == 201

    changed = api.put(
        "/API/REST/1.0/assets/contact/list/1",
        {"id": "1", "name": "Mine", "membershipAdditions": ["1", "2", "2"]},
    )

    assert (changed.status, changed.json()["count"], changed.json()["scope"]) == (200, "2", "global")
    body = {"id": "1", "name": "Yours", "membershipAdditions": [], "membershipDeletions": ["1", "99"]}
    assert api.put("/API/REST/1.0/assets/contact/list/1", body).json()["count"] == "1"
    assert api.rest("1.0/assets/contact/lists?search=name='yours'")["total"] == 1


def test_a_list_refuses_strangers_whole(api):
    api.contacts("a@example.com")
    api.store.create_list("Mine")

    answer = api.put(f"{REST}/assets/contact/list/1", {"name": "Mine", "membershipAdditions": ["1", "99"]})

    assert answer.status == 400
    assert api.rest("1.0/assets/contact/list/1")["count"] == "0"


def test_list_names_are_unique_and_needed(api):
    api.store.create_list("Mine")

    assert api.post(f"{REST}/assets/contact/list", {"name": "MINE"}).status == 409
    assert api.post(f"{REST}/assets/contact/list", {}).status == 400
    assert api.delete(f"{REST}/assets/contact/list/1").data == b""
    assert api.get(f"{REST}/assets/contact/list/1").status == 404


def test_segments_and_filters_are_shown_and_copied(api):
    api.contacts("a@example.com", "b@example.com")
    api.store.create_segment("Half", "'{{Contact.Id}}' = '1'")
    api.store.create_segment("Filter", "'{{Contact.Id}}' = '2'", kind="filters")

    assert api.rest("1.0/assets/contact/segment/1")["count"] == "1"
    assert api.rest("2.0/assets/contact/segment/1")["isStale"] == "false"
    copied = api.post(f"{REST}/assets/contact/segment/1/copy")
    assert (copied.status, copied.json()["id"]) == (201, "2")
    assert api.rest("2.0/assets/contact/segments")["total"] == 2
    assert api.delete(f"{REST}/assets/contact/segment/2").status == 200
    assert api.rest("1.0/assets/contact/filter/1")["name"] == "Filter"
    assert api.rest("1.0/assets/contact/filters")["total"] == 1


def test_contact_fields_come_and_go(api):
    made = api.post(
        "/API/REST/1.0/assets/contact/field",
        {"name": "edm playlist name", "dataType": "text", "displayType": "text"},
    )

    assert made.status == 201
    field = made.json()
    assert (field["type"], field["internalName"], field["isStandard"]) == (
        "ContactField",
        "C_edm_playlist_name1",
        "false",
    )
    assert api.rest(f"1.0/assets/contact/field/{field['id']}") == field
    assert api.rest("1.0/assets/contact/fields?search=internalName='C_edm*'")["elements"] == [field]
    assert api.post("/API/REST/1.0/assets/contact/field", {"name": "edm playlist name"}).status == 409
    api.post(
        f"{REST}/data/contact",
        {"emailAddress": "a@example.com", "fieldValues": [{"id": field["id"], "value": "v"}]},
    )
    assert {"type": "FieldValue", "id": field["id"], "value": "v"} in api.rest("1.0/data/contact/1")[
        "fieldValues"
    ]
    assert api.delete(f"/API/REST/1.0/assets/contact/field/{field['id']}").status == 200
    assert api.delete("/API/REST/1.0/assets/contact/field/100001").status == 412


@pytest.mark.parametrize(
    ("many", "one", "kind"),
    [
        ("campaigns", "campaign", "Campaign"),
        ("emails", "email", "Email"),
        ("email/groups", "email/group", "EmailGroup"),
        ("forms", "form", "Form"),
        ("externals", "external", "ExternalAsset"),
        ("optionLists", "optionList", "OptionList"),
        ("landingPages", "landingPage", "LandingPage"),
    ],
)
def test_assets_are_kept_as_they_come_with_every_scalar_as_text(api, many, one, kind):
    made = api.post(
        f"{REST}/assets/{one}", {"name": "Mine", "size": 5, "isMember": True, "elements": [{"id": 7}]}
    )

    assert made.status == 201
    asset = made.json()
    assert (asset["type"], asset["id"], asset["size"], asset["isMember"]) == (kind, "1", "5", "true")
    assert api.rest(f"1.0/assets/{one}/1")["elements"] == [{"id": "7"}]
    (minimal,) = api.rest(f"2.0/assets/{many}?count=1")["elements"]
    assert ("size" in minimal, minimal["updatedAt"].isdigit()) == (False, True)
    assert "elements" not in api.rest(f"2.0/assets/{many}?depth=partial")["elements"][0]
    changed = api.put(f"{REST}/assets/{one}/1", {"id": "1", "name": "Other"}).json()
    assert (changed["name"], "size" in changed) == ("Other", False)
    assert api.put(f"{REST}/assets/{one}/1", {"id": "2", "name": "Other"}).status == 400
    assert api.post(f"{REST}/assets/{one}", {}).status == 400
    assert api.delete(f"{REST}/assets/{one}/1").status == 200
    assert api.get(f"{REST}/assets/{one}/1").status == 404


def test_assets_are_searched_by_time_and_ordered(api):
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    api.store.create_asset("emails", name="b")
    api.control("/clock", {"advance_s": 86_400})
    api.store.create_asset("emails", name="a")

    def names(query):
        return [one["name"] for one in api.rest(f"2.0/assets/emails?{query}")["elements"]]

    assert names("search=updatedAt>='2026-01-01%2012:00:00'") == ["a"]
    assert names("search=createdAt<1767250000") == ["b"]
    assert names("lastUpdatedAt=1767250000") == ["a"]
    assert names("orderBy=name") == ["a", "b"]
    assert names("orderBy=updatedAt%20DESC") == ["a", "b"]
    assert names("sort=name&dir=desc") == ["b", "a"]


def test_campaigns_are_activated_and_drafted(api):
    api.store.create_asset("campaigns", name="C", currentStatus="Draft")

    assert api.post(f"{REST}/assets/campaign/active/1?activateNow=true").json()["currentStatus"] == "Active"
    assert api.post(f"{REST}/assets/campaign/draft/1").json()["currentStatus"] == "Draft"


def test_the_user_is_whoever_asks(api):
    assert api.rest("2.0/system/user/current")["loginName"] == "api.user"
    assert api.rest("2.0/system/users")["total"] == 1
    assert api.rest("2.0/system/user/1")["id"] == "1"
    assert api.get(f"{REST}/system/user/2").status == 404
    assert api.rest("2.0/data/visitors?count=1")["elements"] == []


@pytest.fixture
def form(api):
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    elements = [
        {"type": "FormField", "id": "174", "name": "Email", "htmlName": "email"},
        {"id": "175", "name": "Note"},
    ]
    return api.store.create_asset("forms", name="F", elements=elements)


def test_form_data_are_sent_read_by_time_and_deleted(api, form):
    api.contacts("a@example.com")
    path = f"{REST}/data/form/{form}"
    made = api.post(path, {"fieldValues": [{"id": "174", "value": "A@example.com"}, {"id": "175"}]})
    api.control("/clock", {"advance_s": 3600})
    api.post(path, {"fieldValues": [{"id": "174", "value": "b@example.com"}]})

    assert made.status == 201
    assert made.json() == {
        "type": "FormData",
        "id": "1",
        "submittedAt": "1767225600",
        "submittedByContactId": "1",
        "fieldValues": [
            {"type": "FieldValue", "id": "174", "name": "Email", "value": "A@example.com"},
            {"type": "FieldValue", "id": "175", "name": "Note"},
        ],
    }
    assert [one["id"] for one in api.rest(f"1.0/data/form/{form}")["elements"]] == ["1", "2"]
    assert [
        one["id"] for one in api.rest(f"2.0/data/form/{form}?startAt=1767225601&endAt=1767300000")["elements"]
    ] == ["2"]
    assert api.rest(f"2.0/data/form/{form}?endAt=1767225600&count=1")["total"] == 1
    assert api.delete(f"{path}/datarow/1").status == 200
    assert api.delete(f"{path}/datarow/1").status == 404


@pytest.mark.parametrize("body", [{}, {"fieldValues": [{}]}, {"fieldValues": [{"id": "9", "value": "x"}]}])
def test_form_data_of_unknown_fields_are_refused(api, form, body):
    assert api.post(f"{REST}/data/form/{form}", body).status == 400


def test_activities_of_a_contact_are_a_bare_array(api):
    api.contacts("a@example.com")
    api.store.load_activities(
        pa.table(
            {
                "type": ["EmailSend", "EmailSend", "EmailOpen"],
                "createdAt": ["2026-01-01 00:00:00", "2026-02-01 00:00:00", "2026-01-01 00:00:00"],
                "contactId": [1, 1, 1],
                "assetId": [54, 54, 54],
                "assetType": ["Email"] * 3,
                "SubjectLine": ["Hello", "Again", None],
            }
        )
    )
    path = "/API/REST/1.0/data/activities/contact/1"

    found = api.get(f"{path}?type=emailSend&startDate=1767225600&endDate=1767300000&count=10").json()

    assert found == [
        {
            "type": "Activity",
            "id": "1",
            "activityType": "emailSend",
            "activityDate": "1767225600",
            "asset": "54",
            "assetType": "Email",
            "contact": "1",
            "details": [{"Key": "SubjectLine", "Value": "Hello"}],
        }
    ]
    assert api.get(f"{path}?type=nothing&startDate=0&endDate=1").status == 400
    assert api.get(f"{path}?type=emailSend").status == 400
    assert (
        api.get(path.replace("/1", "/9", 1).replace("contact/1", "contact/9") + "?type=emailSend").status
        == 404
    )


def test_external_activities_are_recorded(api):
    body = {
        "contactId": "1",
        "activityDate": "1767225600",
        "activityType": "Visited",
        "assetType": "Booth",
        "assetName": "B1",
        "campaignId": "3",
    }

    made = api.post(f"{REST}/data/activity", body)

    assert made.status == 201
    assert made.json() == {"type": "Activity", "id": "1", **body}
    assert api.rest("2.0/data/activity/1") == made.json()
    assert api.get(f"{REST}/data/activity/2").status == 404
    assert api.post(f"{REST}/data/activity", {}).status == 400


def test_a_page_sends_a_form_without_credentials(api, form):
    body = b"elqSiteID=1234&elqFormName=F&email=web%40example.com&other=x"

    answer = api.pool.request("POST", f"{api.url}/e/f2", body=body)

    assert (answer.status, answer.data) == (200, b"\r\n")
    assert api.pool.request("POST", f"{api.url}/e/f2", body=b"elqFormName=unknown").data == b"\r\n"
    (sent,) = api.rest(f"2.0/data/form/{form}")["elements"]
    assert sent["fieldValues"] == [
        {"type": "FieldValue", "id": "174", "name": "Email", "value": "web@example.com"}
    ]


def test_account_fields_are_made_and_renamed(api):
    made = api.post(f"{REST}/assets/account/field", {"name": "Tier", "dataType": "numeric"}).json()
    assert (made["type"], made["internalName"], made["dataType"]) == ("AccountField", "M_Tier1", "numeric")

    renamed = api.put(
        f"{REST}/assets/account/field/{made['id']}", {"name": "Level", "updateType": "newNotBlank"}
    )

    assert (renamed.json()["name"], renamed.json()["internalName"]) == ("Level", "M_Tier1")
    assert api.rest("1.0/assets/account/fields?search=name=Level")["total"] == 1
    assert api.put(f"{REST}/assets/account/field/100085", {"name": "x"}).status == 412
    assert api.get(f"{REST}/assets/account/field/1").status == 404


def test_a_segment_is_made_of_a_shared_list(api):
    api.contacts("a@example.com", "b@example.com")
    api.store.create_list("L", [2])
    elements = [{"type": "ContactListSegmentElement", "list": {"id": "1"}}]

    made = api.post(f"{REST}/assets/contact/segment", {"name": "S", "elements": elements})

    assert (made.status, made.json()["count"]) == (201, "1")
    assert api.put(f"{REST}/assets/contact/segment/1", {"name": "T"}).json()["count"] == "1"
    assert api.post(f"{REST}/assets/contact/segment", {"name": "empty"}).json()["count"] == "0"
    assert (
        api.post(f"{REST}/assets/contact/segment", {"name": "x", "elements": [{"filter": {}}]}).status == 501
    )
    bad = [{"list": {"id": "9"}}]
    assert api.post(f"{REST}/assets/contact/segment", {"name": "x", "elements": bad}).status == 400


def test_what_others_name_is_not_deleted(api):
    api.store.create_list("L")
    api.store.create_list("Other")
    api.store.create_segment("S", "EXISTS('{{ContactList[1]}}')")
    elements = [{"type": "CampaignSegment", "segmentId": "1"}, "no element"]
    api.post(f"{REST}/assets/campaign", {"name": "C", "elements": elements})
    held, holder = f"{REST}/assets/contact/list/1", f"{REST}/assets/contact/segment/1"

    refusals = [api.delete(held), api.delete(holder)]

    assert [one.status for one in refusals] == [412, 412]
    assert "has dependencies" in refusals[0].json()
    assert api.delete(f"{REST}/assets/contact/list/2").status == 200
    freed = [api.delete(path).status for path in (f"{REST}/assets/campaign/1", holder, held)]
    assert freed == [200, 200, 200]


@pytest.mark.parametrize("elements", [None, "text", {"listId": "1"}])
def test_campaign_whose_elements_are_none_holds_nothing(api, elements):
    api.store.create_list("L")
    api.post(f"{REST}/assets/campaign", {"name": "C", "elements": elements})
    assert api.delete(f"{REST}/assets/contact/list/1").status == 200
