"""One record at a time over REST (sandbox-salesforce.md 2 and 6)."""

from __future__ import annotations

import datetime as dt

import pytest


def problem(answer):
    (found,) = answer.json()
    return answer.status, found


@pytest.fixture
def lead(load):
    return load("Lead", {"LastName": "Lee", "Company": "Acme", "Email": "lee@example.com"})[0]


def test_create_answers_the_id_and_where_it_is(api):
    answer = api.post("sobjects/Lead/", {"LastName": "Lee", "Company": " Acme ", "Email": "Lee@Example.com"})

    record = answer.json()["id"]
    assert answer.status == 201
    assert answer.json() == {"id": record, "success": True, "errors": []}
    assert answer.headers["Location"] == f"/services/data/v62.0/sobjects/Lead/{record}"
    assert api.rows("SELECT Company, Email, Status, OwnerId, IsConverted FROM Lead") == [
        {
            "Company": "Acme",
            "Email": "lee@example.com",
            "Status": "Open - Not Contacted",
            "OwnerId": "0055e0000000001AAA",
            "IsConverted": False,
        }
    ]


def test_values_are_taken_as_text_too(api):
    api.post(
        "sobjects/Lead",
        {"LastName": "L", "Company": "A", "NumberOfEmployees": "10000", "AnnualRevenue": "1.5"},
    )

    assert api.rows("SELECT NumberOfEmployees, AnnualRevenue FROM Lead") == [
        {"NumberOfEmployees": 10000, "AnnualRevenue": 1.5}
    ]


def test_a_record_is_read_with_all_its_fields(api, lead):
    answer = api.get(f"sobjects/Lead/{lead[:15]}")

    record = answer.json()
    assert answer.status == 200
    assert record["attributes"] == {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{lead}"}
    assert (record["Id"], record["Name"], record["Address"], record["Rating"]) == (lead, "Lee", None, None)


def test_a_record_is_read_with_the_fields_asked_for(api, lead):
    assert api.get(f"sobjects/Lead/{lead}?fields=email,Company").json() == {
        "attributes": {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{lead}"},
        "Email": "lee@example.com",
        "Company": "Acme",
        "Id": lead,
    }


def test_update_changes_what_is_sent_and_empties_what_is_null(api, lead):
    answer = api.patch(f"sobjects/Lead/{lead}", {"Company": "New", "Email": None})

    assert (answer.status, answer.data) == (204, b"")
    assert api.rows("SELECT LastName, Company, Email FROM Lead") == [
        {"LastName": "Lee", "Company": "New", "Email": None}
    ]


def test_a_write_moves_systemmodstamp(api, lead):
    before = api.rows("SELECT SystemModstamp FROM Lead")[0]["SystemModstamp"]
    api.control("/clock", {"advance_s": 60})
    api.patch(f"sobjects/Lead/{lead}", {"Company": "Acme"})

    after = api.rows("SELECT SystemModstamp, LastModifiedDate, CreatedDate FROM Lead")[0]

    assert after["SystemModstamp"] == after["LastModifiedDate"] > before
    assert after["CreatedDate"] == before
    assert after["SystemModstamp"].endswith(".000+0000")


def test_delete_hides_a_record_and_says_so_the_second_time(api, lead):
    first, second = api.delete(f"sobjects/Lead/{lead}"), api.delete(f"sobjects/Lead/{lead}")

    assert first.status == 204
    assert problem(second) == (
        404,
        {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []},
    )
    assert api.rows("SELECT Id FROM Lead") == []
    assert api.rows("SELECT IsDeleted FROM Lead", "queryAll") == [{"IsDeleted": True}]
    assert api.patch(f"sobjects/Lead/{lead}", {"Company": "x"}).status == 404


REFUSED = {
    "required": (
        "Lead",
        {},
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [LastName, Company]",
        ["LastName", "Company"],
    ),
    "blank is missing": (
        "Account",
        {"Name": "  "},
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [Name]",
        ["Name"],
    ),
    "unknown field": (
        "Account",
        {"Name": "A", "FavoritePet__c": "cat"},
        "INVALID_FIELD",
        "No such column 'FavoritePet__c' on sobject of type Account",
        None,
    ),
    "read-only": (
        "Account",
        {"Name": "A", "IsDeleted": True},
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        (
            "Unable to create/update fields: IsDeleted. Please check the security settings of this field and verify "
            "that it is read/write for your profile or permission set."
        ),
        ["IsDeleted"],
    ),
    "not createable": (
        "Lead",
        {"LastName": "A", "Company": "B", "EmailBouncedReason": "x"},
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        (
            "Unable to create/update fields: EmailBouncedReason. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        ),
        ["EmailBouncedReason"],
    ),
    "email": (
        "Contact",
        {"LastName": "A", "Email": "foo"},
        "INVALID_EMAIL_ADDRESS",
        "Email: invalid email address: foo",
        ["Email"],
    ),
    "too long": (
        "Contact",
        {"LastName": "x" * 81},
        "STRING_TOO_LONG",
        f"Last Name: data value too large: {'x' * 81} (max length=80)",
        ["LastName"],
    ),
    "picklist": (
        "Contact",
        {"LastName": "A", "CleanStatus": "Terrible"},
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Clean Status: bad value for restricted picklist field: Terrible",
        ["CleanStatus"],
    ),
    "date": (
        "Contact",
        {"LastName": "A", "Birthdate": "31/01/2024"},
        "JSON_PARSER_ERROR",
        (
            "Cannot deserialize instance of date from VALUE_STRING value 31/01/2024 or request may be missing a "
            "required field at [line:1, column:1]"
        ),
        None,
    ),
    "lookup of another kind": (
        "Contact",
        {"LastName": "A", "AccountId": "0055e0000000001AAA"},
        "MALFORMED_ID",
        "Account ID: id value of incorrect type: 0055e0000000001AAA",
        ["AccountId"],
    ),
    "lookup to nothing": (
        "Contact",
        {"LastName": "A", "AccountId": "0015e0000000001AAA"},
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
        [],
    ),
    "task of a lead with something": (
        "Task",
        {"WhoId": "LEAD", "WhatId": "CAMPAIGN"},
        "FIELD_INTEGRITY_EXCEPTION",
        "field integrity exception: WhatId (WhatId must be null if WhoId is a lead)",
        ["WhatId"],
    ),
}


@pytest.mark.parametrize(("sobject", "body", "code", "message", "fields"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_told_in_the_vendors_words(api, load, lead, sobject, body, code, message, fields):
    known = {"LEAD": lead, "CAMPAIGN": load("Campaign", {"Name": "C"})[0]}

    answer = api.post(
        f"sobjects/{sobject}", {name: known.get(str(value), value) for name, value in body.items()}
    )

    expected = {"message": message, "errorCode": code} | ({} if fields is None else {"fields": fields})
    assert problem(answer) == (400, expected)


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "message"),
    [
        ("GET", "sobjects/Nope", 404, "NOT_FOUND", "The requested resource does not exist"),
        ("GET", "sobjects/Lead/00Q5e0000000009EAA", 404, "NOT_FOUND", "The requested resource does not exist"),
        (
            "GET",
            "sobjects/Lead/xyz",
            404,
            "NOT_FOUND",
            "Provided external ID field does not exist or is not accessible: xyz",
        ),
        ("GET", "sobjects/Lead/00Q5e0000000001EAA?fields=Nope", 400, "INVALID_FIELD", "No such column 'Nope' on sobject of type Lead"),
        ("DELETE", "sobjects/Lead/00Q5e0000000009EAA", 404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
        ("DELETE", "sobjects/Lead/00Q5e0000000009EAB", 400, "MALFORMED_ID", "Record ID: id value of incorrect type: 00Q5e0000000009EAB"),
        ("DELETE", "sobjects/User/0055e0000000001AAA", 400, "INVALID_TYPE_FOR_OPERATION", "entity type cannot be deleted: User"),
    ],
)  # fmt: skip
def test_records_that_are_not_there(api, method, path, status, code, message):
    found = problem(api.call(method, path))

    assert (found[0], found[1]["errorCode"], found[1]["message"]) == (status, code, message)


def test_a_body_with_an_id_is_refused_on_update(api, lead):
    assert problem(api.patch(f"sobjects/Lead/{lead}", {"Id": lead, "Company": "x"})) == (
        400,
        {
            "message": "The Id field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
        },
    )


def test_a_body_that_is_no_json_is_refused(api):
    status, found = problem(api.call("POST", "sobjects/Lead", b'{"LastName": }'))

    assert (status, found["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert found["message"].startswith("Unexpected character ('}')")


@pytest.fixture
def external(store):
    store.add_field("Lead", "Ext__c", "string", length=40, external_id=True, unique=True)
    store.add_field("Account", "Code__c", "string", length=40, external_id=True)


def test_upsert_creates_then_updates(api, external):
    first = api.patch("sobjects/Lead/Ext__c/A%2F1", {"LastName": "Lee", "Company": "Acme"})
    second = api.patch("sobjects/Lead/Ext__c/a%2F1", {"Company": "New"})
    old = api.patch("/services/data/v45.0/sobjects/Lead/Ext__c/A%2F1", {"Company": "Newer"})

    record = first.json()["id"]
    assert (first.status, first.json()) == (
        201,
        {"id": record, "success": True, "errors": [], "created": True},
    )
    assert (second.status, second.json()) == (
        200,
        {"id": record, "success": True, "errors": [], "created": False},
    )
    assert (old.status, old.data) == (204, b"")
    assert api.rows("SELECT Ext__c, Company FROM Lead") == [{"Ext__c": "A/1", "Company": "Newer"}]


def test_an_external_id_of_several_records_is_answered_300(api, external, load):
    records = load("Account", {"Name": "A", "Code__c": "1"}, {"Name": "B", "Code__c": "1"})
    urls = [f"/services/data/v62.0/sobjects/Account/{record}" for record in records]

    for answer in (
        api.patch("sobjects/Account/Code__c/1", {"Name": "x"}),
        api.get("sobjects/Account/Code__c/1"),
    ):
        assert (answer.status, answer.json()) == (300, urls)


def test_update_only_does_not_create(api, external):
    answer = api.patch("sobjects/Lead/Ext__c/1?updateOnly=true", {"LastName": "Lee", "Company": "Acme"})

    assert answer.status == 404
    assert api.rows("SELECT Id FROM Lead") == []


def test_read_and_delete_by_external_id(api, external, load):
    (record,) = load("Lead", {"LastName": "Lee", "Company": "Acme", "Ext__c": "A 1"})

    assert api.get("sobjects/Lead/Ext__c/A%201").json()["Id"] == record
    assert api.delete("sobjects/Lead/Ext__c/A%201").status == 204
    assert api.get("sobjects/Lead/Ext__c/A%201").status == 404


def test_a_unique_value_is_held_once(api, external, load):
    (record,) = load("Lead", {"LastName": "Lee", "Company": "Acme", "Ext__c": "A1"})

    assert problem(api.post("sobjects/Lead", {"LastName": "L", "Company": "A", "Ext__c": "a1"})) == (
        400,
        {
            "message": f"duplicate value found: Ext__c duplicates value on record with id: {record[:15]}",
            "errorCode": "DUPLICATE_VALUE",
            "fields": [],
        },
    )


def test_a_parent_is_named_by_its_external_id(api, external, load):
    (account,) = load("Account", {"Name": "Acme", "Code__c": "A-1"})

    found = api.post("sobjects/Contact", {"LastName": "Lee", "Account": {"Code__c": "a-1"}})
    missing = api.post("sobjects/Contact", {"LastName": "Lee", "Account": {"Code__c": "A-2"}})

    assert found.status == 201
    assert api.rows("SELECT AccountId FROM Contact") == [{"AccountId": account}]
    assert (
        problem(missing)[1]["message"]
        == "Foreign key external ID: a-2 not found for field Code__c in entity Account"
    )


def test_parents_and_children_by_their_relationship(api, load):
    (account,) = load("Account", {"Name": "Acme"})
    (contact,) = load("Contact", {"LastName": "Lee", "AccountId": account})

    assert api.get(f"sobjects/Contact/{contact}/Account?fields=Name").json()["Name"] == "Acme"
    children = api.get(f"sobjects/Account/{account}/Contacts?fields=LastName").json()
    assert (children["totalSize"], children["records"][0]["LastName"]) == (1, "Lee")


def test_rows_told_to_fail_do(api, lead):
    api.control("/faults", [{"action": "row-error", "path": "/sobjects/Lead"}])

    first, second = (api.patch(f"sobjects/Lead/{lead}", {"Company": "x"}) for _ in range(2))

    assert problem(first)[1]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert second.status == 204


def test_midnight_is_that_of_the_users_time_zone(api, load):
    api.sandbox.state.clock.freeze(dt.datetime(2026, 3, 18, 3, tzinfo=dt.UTC))
    api.patch("sobjects/User/0055e0000000001AAA", {"TimeZoneSidKey": "America/Los_Angeles"})
    load(
        "Lead",
        {"LastName": "A", "Company": "x", "EmailBouncedDate": dt.datetime(2026, 3, 17, 20, tzinfo=dt.UTC)},
    )

    assert api.rows("SELECT LastName FROM Lead WHERE EmailBouncedDate = TODAY") == [{"LastName": "A"}]


class TestCampaigns:
    """Members and their statuses (sandbox-salesforce.md 6)."""

    @pytest.fixture
    def campaign(self, api):
        return api.post("sobjects/Campaign", {"Name": "Spring"}).json()["id"]

    def test_a_campaign_gets_two_statuses(self, api, campaign):
        soql = f"SELECT Label, IsDefault, HasResponded FROM CampaignMemberStatus WHERE CampaignId = '{campaign}' ORDER BY SortOrder"

        assert api.rows(soql) == [
            {"Label": "Sent", "IsDefault": True, "HasResponded": False},
            {"Label": "Responded", "IsDefault": False, "HasResponded": True},
        ]

    def test_a_member_takes_the_default_status_and_mirrors_the_lead(self, api, campaign, lead):
        api.post("sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead})

        assert api.rows(
            "SELECT Status, HasResponded, Email, Name, CompanyOrAccount, Type, LeadOrContactId FROM CampaignMember"
        ) == [
            {
                "Status": "Sent",
                "HasResponded": False,
                "Email": "lee@example.com",
                "Name": "Lee",
                "CompanyOrAccount": "Acme",
                "Type": "Lead",
                "LeadOrContactId": lead,
            }
        ]

    def test_responding_follows_from_the_status_and_is_dated_once(self, api, campaign, lead):
        member = api.post("sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead}).json()["id"]
        api.sandbox.state.clock.freeze(dt.datetime(2026, 3, 18, tzinfo=dt.UTC))
        api.log_in()
        api.patch(f"sobjects/CampaignMember/{member}", {"Status": "responded"})
        api.control("/clock", {"advance_s": 86400})
        api.log_in()
        api.patch(f"sobjects/CampaignMember/{member}", {"Status": "Sent"})
        sent = api.rows("SELECT HasResponded, FirstRespondedDate FROM CampaignMember")
        api.patch(f"sobjects/CampaignMember/{member}", {"Status": "Responded"})

        assert sent == [{"HasResponded": False, "FirstRespondedDate": "2026-03-18"}]
        assert api.rows("SELECT HasResponded, FirstRespondedDate FROM CampaignMember") == [
            {"HasResponded": True, "FirstRespondedDate": "2026-03-18"}
        ]

    def test_a_person_is_a_member_once(self, api, campaign, lead):
        body = {"CampaignId": campaign, "LeadId": lead}
        api.post("sobjects/CampaignMember", body)

        assert problem(api.post("sobjects/CampaignMember", body)) == (
            400,
            {"message": "Already a campaign member.", "errorCode": "DUPLICATE_VALUE", "fields": []},
        )

    def test_a_member_needs_one_person(self, api, campaign):
        assert problem(api.post("sobjects/CampaignMember", {"CampaignId": campaign}))[1]["errorCode"] == (
            "FIELD_INTEGRITY_EXCEPTION"
        )

    def test_a_member_stays_with_its_campaign_and_person(self, api, campaign, lead):
        member = api.post("sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead}).json()["id"]

        found = problem(api.patch(f"sobjects/CampaignMember/{member}", {"LeadId": lead}))[1]

        assert (found["errorCode"], found["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["LeadId"])

    def test_unknown_statuses_are_taken_unless_the_organization_is_strict(self, api, campaign, lead):
        body = {"CampaignId": campaign, "LeadId": lead, "Status": "Puzzled"}
        api.control("/options", {"salesforce": {"member_status_strict": True}})
        try:
            strict = api.post("sobjects/CampaignMember", body)
        finally:
            api.control("/options", {"salesforce": {"member_status_strict": False}})

        assert problem(strict)[1]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        assert api.post("sobjects/CampaignMember", body).status == 201

    def test_a_campaign_counts_its_members(self, api, campaign, lead, load):
        (contact,) = load("Contact", {"LastName": "C"})
        load(
            "CampaignMember",
            {"CampaignId": campaign, "LeadId": lead},
            {"CampaignId": campaign, "ContactId": contact, "Status": "Responded"},
        )
        load("Opportunity", {"Name": "O", "StageName": "Closed Won", "Amount": 5.0, "CampaignId": campaign})

        figures = "NumberOfLeads, NumberOfContacts, NumberOfResponses, NumberOfWonOpportunities, AmountWonOpportunities"
        assert api.rows(f"SELECT {figures} FROM Campaign") == [
            {
                "NumberOfLeads": 1,
                "NumberOfContacts": 1,
                "NumberOfResponses": 1,
                "NumberOfWonOpportunities": 1,
                "AmountWonOpportunities": 5.0,
            }
        ]

    def test_members_go_with_their_campaign(self, api, campaign, lead):
        api.post("sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead})
        api.delete(f"sobjects/Campaign/{campaign}")

        assert api.rows("SELECT Id FROM CampaignMember") == []
        assert len(api.rows("SELECT Id FROM CampaignMember", "queryAll")) == 1

    def test_a_default_status_cannot_be_deleted(self, api, campaign):
        found = api.rows("SELECT Id, Label FROM CampaignMemberStatus ORDER BY SortOrder")

        refused = api.delete(f"sobjects/CampaignMemberStatus/{found[0]['Id']}")

        assert problem(refused)[1]["errorCode"] == "DELETE_FAILED"
        assert api.delete(f"sobjects/CampaignMemberStatus/{found[1]['Id']}").status == 204


def test_a_converted_lead_is_read_only(api, load):
    (lead,) = load("Lead", {"LastName": "L", "Company": "A", "IsConverted": True})

    assert problem(api.patch(f"sobjects/Lead/{lead}", {"Company": "x"})) == (
        400,
        {
            "message": "cannot reference converted lead",
            "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD",
            "fields": [],
        },
    )


def test_an_opportunitys_figures_follow_from_its_stage(api):
    api.post(
        "sobjects/Opportunity",
        {"Name": "O", "StageName": "Closed Won", "CloseDate": "2026-02-01", "Amount": 10.5},
    )

    assert api.rows(
        "SELECT Probability, ExpectedRevenue, IsWon, IsClosed, FiscalQuarter, Fiscal FROM Opportunity"
    ) == [
        {
            "Probability": 100.0,
            "ExpectedRevenue": 10.5,
            "IsWon": True,
            "IsClosed": True,
            "FiscalQuarter": 1,
            "Fiscal": "2026 1",
        }
    ]
