"""simple-salesforce, unmodified: queries, single records, descriptions, limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id, format_soql
from tests.clients.org import content, leads

pytestmark = pytest.mark.usefixtures("sandbox")


def test_a_query_of_many_pages(org, sf):
    sf.bulk2.Lead.insert(records=leads(4500), wait=0)
    page = sf.query("SELECT Id, LastName FROM Lead")
    assert (page["totalSize"], page["done"], len(page["records"])) == (4500, False, 2000)
    second = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert len(second["records"]) == 2000
    everything = sf.query_all("SELECT Id, LastName FROM Lead")
    assert len({record["Id"] for record in everything["records"]}) == 4500
    assert sum(1 for _ in sf.query_all_iter("SELECT Id FROM Lead")) == 4500


def test_deleted_records_are_asked_for(sf):
    made = sf.Lead.create({"LastName": "Gone", "Company": "Acme"})
    sf.Lead.delete(made["id"])
    assert sf.query("SELECT Id FROM Lead")["totalSize"] == 0
    assert sf.query("SELECT Id, IsDeleted FROM Lead", include_deleted=True)["records"][0]["IsDeleted"] is True


def test_values_are_quoted(sf):
    name = 'O\'Neill \\ "Søn"\n'
    sf.Lead.create({"LastName": name.strip(), "Company": "100%"})
    found = sf.query(
        format_soql(
            "SELECT Company FROM Lead WHERE LastName = {} AND Company LIKE '{:like}%'",
            name.strip(),
            "100%",
        )
    )
    assert [record["Company"] for record in found["records"]] == ["100%"]


def test_relationships_come_nested(sf):
    account = sf.Account.create({"Name": "Acme"})["id"]
    sf.Contact.create({"LastName": "Lee", "AccountId": account})
    [contact] = sf.query("SELECT Account.Name, Owner.Name FROM Contact")["records"]
    assert (contact["Account"]["Name"], contact["Owner"]["Name"]) == ("Acme", "API User")
    [parent] = sf.query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account")["records"]
    assert parent["Contacts"]["records"][0]["LastName"] == "Lee"


def test_a_bad_query_is_told_with_its_place(sf):
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.query("SELECT Nope FROM Lead")
    [problem] = content(refused)
    assert problem["errorCode"] == "INVALID_FIELD"
    assert "ERROR at Row:1:Column:8" in problem["message"]


def test_a_record_lives_and_dies(sf):
    made = sf.Lead.create({"LastName": "Lee", "Company": "Acme", "Email": "Lee@People.Example"})
    assert made["success"] is True
    assert sf.Lead.get(made["id"])["Email"] == "lee@people.example"
    assert sf.Lead.update(made["id"], {"Company": "Other"}) == 204
    assert sf.Lead.get(made["id"])["Company"] == "Other"
    assert sf.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        sf.Lead.delete(made["id"])
    assert content(gone)[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_upserts_go_by_external_id(org, sf):
    org.add_field("Lead", "Key__c", "string", length=40, external_id=True)
    key = "a/b c?ü"
    where = format_external_id("Key__c", key)
    assert sf.Lead.upsert(where, {"LastName": "One", "Company": "Acme"}) == 201
    assert sf.Lead.upsert(where, {"LastName": "Two"}) == 200
    assert sf.query("SELECT LastName, Key__c FROM Lead")["records"][0]["LastName"] == "Two"
    sf.Lead.create({"LastName": "Three", "Company": "Acme", "Key__c": key})
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Lead.upsert(where, {"LastName": "Which"})


def test_a_record_is_found_by_a_custom_id(org, sf):
    org.add_field("Account", "Number__c", "string", length=20, external_id=True)
    sf.Account.create({"Name": "Acme", "Number__c": "A1"})
    assert sf.Account.get_by_custom_id("Number__c", "A1")["Name"] == "Acme"


def test_missing_fields_are_named(sf):
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Lead.create({"FirstName": "Ana"})
    [problem] = content(refused)
    assert (problem["errorCode"], sorted(problem["fields"])) == (
        "REQUIRED_FIELD_MISSING",
        ["Company", "LastName"],
    )


def test_collections_go_over_restful(sf):
    body = {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Lead"}, **lead} for lead in leads(2)]
        + [{"attributes": {"type": "Lead"}}],
    }
    results = sf.restful("composite/sobjects", method="POST", json=body)
    assert [result["success"] for result in results] == [True, True, False]
    assert results[2]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


def test_a_member_joins_a_campaign_once(sf):
    campaign = sf.Campaign.create({"Name": "Spring"})["id"]
    lead = sf.Lead.create(leads(1)[0])["id"]
    member = {"CampaignId": campaign, "LeadId": lead, "Status": "Responded"}
    sf.CampaignMember.create(member)
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.CampaignMember.create(member)
    assert content(refused)[0]["errorCode"] == "DUPLICATE_VALUE"
    assert sf.query("SELECT HasResponded FROM CampaignMember")["records"][0]["HasResponded"] is True


def test_objects_and_fields_are_described(sf):
    names = {each["name"] for each in sf.describe()["sobjects"]}
    assert {"Lead", "Contact", "Campaign", "CampaignMember", "Task", "User"} <= names
    fields = {field["name"]: field for field in sf.Lead.describe()["fields"]}
    assert fields["Company"]["nillable"] is False
    assert fields["Name"]["compoundFieldName"] in (None, "Name")
    assert sf.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"


def test_limits_and_usage_are_told(sf):
    assert sf.limits()["DailyBulkApiBatches"]["Max"] > 0
    assert sf.api_usage["api-usage"].used > 0


def test_used_up_limits_refuse(sandbox, sf):
    sandbox.state.faults.add(
        [
            {
                "action": "status",
                "status": 403,
                "body": [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
            }
        ]
    )
    with pytest.raises(SalesforceRefusedRequest):
        sf.query("SELECT Id FROM Lead")


def test_it_is_asked_whether_it_is_a_sandbox(sf):
    assert sf.is_sandbox() is False


def test_a_search_finds_by_words(sf):
    sf.Lead.create({"LastName": "Quixote", "Company": "Mancha"})
    found = sf.search("FIND {Quixote} IN ALL FIELDS RETURNING Lead(Id, LastName)")
    assert [record["LastName"] for record in found["searchRecords"]] == ["Quixote"]
    assert len(sf.quick_search("Quixote")["searchRecords"]) == 1


def test_changes_of_a_span_of_time_are_listed(sandbox, sf):
    kept, gone = (sf.Lead.create(lead)["id"] for lead in leads(2))
    sf.Lead.delete(gone)
    sandbox.state.clock.advance(120)
    end = sandbox.state.clock.now()
    start = end - timedelta(days=1)
    assert kept in sf.Lead.updated(start, end)["ids"]
    assert [record["id"] for record in sf.Lead.deleted(start, end)["deletedRecords"]] == [gone]
