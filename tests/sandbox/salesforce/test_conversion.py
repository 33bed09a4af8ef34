"""Lead conversion (sandbox-salesforce.md 6)."""

from __future__ import annotations

import pytest


@pytest.fixture
def lead(load):
    person = {
        "LastName": "Lee",
        "FirstName": "Ann",
        "Company": "Acme",
        "Email": "lee@example.com",
        "City": "Berlin",
    }
    return load("Lead", person)[0]


def convert(api, **wish):
    answer = api.post(
        "actions/standard/convertLead", {"inputs": [{"convertedStatus": "Closed - Converted", **wish}]}
    )
    return answer.status, answer.json()[0]


def test_a_lead_becomes_account_contact_and_opportunity(api, lead):
    status, result = convert(api, leadId=lead, opportunityName="Big deal")

    made = result["outputValues"]
    assert (status, result["isSuccess"], made["leadId"]) == (200, True, lead)
    assert api.rows("SELECT Name, Account.Name, Email, MailingCity FROM Contact") == [
        {"Name": "Ann Lee", "Account": {"Name": "Acme"}, "Email": "lee@example.com", "MailingCity": "Berlin"}
    ]
    assert api.rows("SELECT Name, AccountId FROM Opportunity") == [
        {"Name": "Big deal", "AccountId": made["accountId"]}
    ]
    assert api.rows("SELECT IsConverted, Status, ConvertedContactId, ConvertedOpportunityId FROM Lead") == [
        {
            "IsConverted": True,
            "Status": "Closed - Converted",
            "ConvertedContactId": made["contactId"],
            "ConvertedOpportunityId": made["opportunityId"],
        }
    ]


def test_memberships_go_to_the_contact_and_count_once(api, lead, load):
    (campaign,) = load("Campaign", {"Name": "C"})
    load("CampaignMember", {"CampaignId": campaign, "LeadId": lead})

    made = convert(api, leadId=lead, createOpportunity=False)[1]["outputValues"]

    assert made["opportunityId"] is None
    assert api.rows("SELECT LeadId, ContactId, Type FROM CampaignMember") == [
        {"LeadId": lead, "ContactId": made["contactId"], "Type": "Contact"}
    ]
    assert api.rows("SELECT NumberOfLeads, NumberOfContacts, NumberOfConvertedLeads FROM Campaign") == [
        {"NumberOfLeads": 0, "NumberOfContacts": 1, "NumberOfConvertedLeads": 1}
    ]


def test_what_exists_keeps_its_values(api, lead, load):
    (account,) = load("Account", {"Name": "Held", "BillingCity": None})
    (contact,) = load("Contact", {"LastName": "Held", "Email": None, "AccountId": account})

    convert(api, leadId=lead, accountId=account, contactId=contact, createOpportunity=False)

    assert api.rows("SELECT Name, BillingCity FROM Account") == [{"Name": "Held", "BillingCity": "Berlin"}]
    assert api.rows("SELECT LastName, Email FROM Contact") == [
        {"LastName": "Held", "Email": "lee@example.com"}
    ]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"leadId": "00Q5e0000000009EAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"leadId": "x'y"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"convertedStatus": "Open - Not Contacted"}, "INVALID_STATUS"),
        ({"accountId": "0015e0000000009AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"opportunityName": "x" * 121}, "STRING_TOO_LONG"),
    ],
)
def test_conversions_that_cannot_be_leave_nothing_behind(api, lead, wish, code):
    status, result = convert(api, **{"leadId": lead, **wish})

    assert (status, result["isSuccess"], result["errors"][0]["statusCode"]) == (400, False, code)
    assert api.rows("SELECT Id FROM Contact") == api.rows("SELECT Id FROM Account") == []
    assert api.rows("SELECT IsConverted FROM Lead") == [{"IsConverted": False}]


def test_a_lead_is_converted_once(api, lead):
    convert(api, leadId=lead)

    assert convert(api, leadId=lead)[1]["errors"][0]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
