"""Versions, resources, describes, limits (sandbox-salesforce.md 2)."""

from __future__ import annotations


def test_versions_need_no_session(api):
    api.headers = {}
    versions = api.get("/services/data/").json()

    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert {"label": "Winter '25", "url": "/services/data/v62.0", "version": "62.0"} in versions
    assert versions[-1]["version"] == "67.0"


def test_resources_are_paths_and_the_identity_a_url(api):
    found = api.get("/services/data/v62.0").json()

    assert found["sobjects"] == "/services/data/v62.0/sobjects"
    assert found["identity"].startswith(api.url + "/id/00D")


def test_the_list_of_objects(api):
    found = api.get("sobjects").json()

    lead = next(each for each in found["sobjects"] if each["name"] == "Lead")
    assert (found["encoding"], found["maxBatchSize"]) == ("UTF-8", 200)
    assert (lead["keyPrefix"], lead["label"], lead["labelPlural"], lead["queryable"]) == (
        "00Q",
        "Lead",
        "Leads",
        True,
    )
    assert lead["urls"]["rowTemplate"] == "/services/data/v62.0/sobjects/Lead/{ID}"


def test_a_description_has_every_key_of_a_field(api):
    fields = {each["name"]: each for each in api.get("sobjects/lead/describe").json()["fields"]}

    assert {len(each) for each in fields.values()} == {57}
    email, owner, last = fields["Email"], fields["OwnerId"], fields["LastName"]
    assert (email["type"], email["length"], email["byteLength"], email["idLookup"]) == (
        "email",
        80,
        240,
        True,
    )
    assert (owner["referenceTo"], owner["relationshipName"], owner["soapType"]) == (
        ["Group", "User"],
        "Owner",
        "tns:ID",
    )
    assert (last["compoundFieldName"], last["nillable"], last["createable"]) == ("Name", False, True)
    assert (fields["EmailBouncedReason"]["createable"], fields["EmailBouncedReason"]["updateable"]) == (
        False,
        True,
    )
    assert fields["Status"]["picklistValues"][0]["value"] == "Open - Not Contacted"
    assert fields["Description"]["filterable"] is False
    assert fields["Rating"]["compoundFieldName"] is None


def test_a_description_names_the_children(api):
    children = api.get("sobjects/Account/describe").json()["childRelationships"]

    assert {"Contacts", "Opportunities", "ChildAccounts"} <= {each["relationshipName"] for each in children}


def test_added_fields_are_described_and_a_known_description_is_not_sent_again(api, store):
    first = api.get("sobjects/Lead/describe")
    known = first.headers["Last-Modified"]
    again = api.get("sobjects/Lead/describe", If_Modified_Since=known)
    api.control("/clock", {"advance_s": 60})
    store.add_field("Lead", "Score__c", "double", precision=4, scale=1)

    changed = api.get("sobjects/Lead/describe", If_Modified_Since=known)

    assert (first.status, again.status, again.data, changed.status) == (200, 304, b"", 200)
    score = changed.json()["fields"][-1]
    assert (score["name"], score["label"], score["custom"], score["precision"]) == (
        "Score__c",
        "Score",
        True,
        4,
    )


def test_an_unknown_object_is_not_found(api):
    for path in ("sobjects/Nope", "sobjects/Nope/describe"):
        answer = api.get(path)
        assert (answer.status, answer.json()) == (
            404,
            [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}],
        )


def test_limits_count_the_calls(api):
    limits = api.get("limits/").json()

    assert limits["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}
    assert limits["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 15_000}


def test_record_counts_leave_out_what_there_is_none_of(api, load):
    load("Account", {"Name": "A"}, {"Name": "B"})

    assert api.get("limits/recordCount?sObjects=Account,Contact").json() == {
        "sObjects": [{"count": 2, "name": "Account"}]
    }
