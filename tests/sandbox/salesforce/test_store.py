"""The store by itself: loading, custom fields and objects, dumps, a database that is opened again."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State


def test_ids_are_given_or_assigned(store):
    given = "00Q9H00000C6pycUAB"
    ids = store.load(
        "Lead", pa.table({"Id": [given, given[:15].replace("C6", "C7"), None], "LastName": ["a", "b", "c"]})
    )

    assert ids.to_pylist()[0] == given
    assert [len(each) for each in ids.to_pylist()] == [18, 18, 18]
    assert len(set(ids.to_pylist())) == 3


def test_numbers_go_on_above_the_ids_that_were_loaded(store):
    store.load("Lead", pa.table({"Id": ["00Q5e0000000005EAA"], "LastName": ["a"]}))

    assert store.load("Lead", pa.table({"LastName": ["b"]})).to_pylist() == ["00Q5e0000000006EAA"]


def test_an_unknown_column_is_named(store):
    with pytest.raises(KeyError, match="Lead has no column 'Nope' to load"):
        store.load("Lead", pa.table({"Nope": ["a"]}))
    with pytest.raises(KeyError, match="no sObject 'Nope'"):
        store.load("Nope", pa.table({"Name": ["a"]}))


def test_statuses_loaded_for_a_campaign_take_the_place_of_its_own(store):
    (campaign,) = store.load("Campaign", pa.table({"Name": ["C"]})).to_pylist()
    store.load(
        "CampaignMemberStatus",
        pa.table({"CampaignId": [campaign], "Label": ["Attended"], "HasResponded": [True]}),
    )

    assert store.counts()["CampaignMemberStatus"] == 1


def test_a_dump_is_sorted_and_leaves_times_out(store, api):
    store.load("Lead", pa.table({"LastName": ["b", "a"], "Company": ["x", "y"], "IsDeleted": [False, False]}))
    store.load("Account", pa.table({"Name": ["A", "B"], "IsDeleted": [False, True]}))

    lines = [json.loads(line) for line in store.dump()]

    assert [(line["object"], line["record"].get("LastName") or line["record"]["Name"]) for line in lines] == [
        ("Account", "A"),
        ("Lead", "b"),
        ("Lead", "a"),
    ]
    assert lines[0]["system"] == "salesforce"
    assert not {"CreatedDate", "LastModifiedDate", "SystemModstamp"} & set(lines[1]["record"])
    assert api.pool.request("GET", f"{api.url}/_sandbox/dump?system=salesforce").data == b"".join(
        store.dump()
    )


def test_custom_fields_and_objects_are_as_good_as_standard_ones(store, api):
    store.add_sobject("Region__c", label="Region")
    store.add_field("Region__c", "Code__c", "string", length=3, external_id=True)
    store.add_field("Lead", "Region__c", "reference", refers_to=["Region__c"])
    store.add_field("Lead", "Score__c", "double")
    store.add_field("Lead", "Vip__c", "boolean")

    region = api.post("sobjects/Region__c", {"Name": "North", "Code__c": "N"}).json()["id"]
    made = api.post(
        "sobjects/Lead", {"LastName": "L", "Company": "c", "Score__c": 1, "Region__r": {"Code__c": "n"}}
    )

    assert region.startswith("a00")
    assert made.status == 201
    assert api.rows("SELECT Score__c, Vip__c, Region__r.Name FROM Lead WHERE Region__r.Code__c = 'N'") == [
        {"Score__c": 1.0, "Vip__c": False, "Region__r": {"Name": "North"}}
    ]


def test_custom_fields_over_http(api):
    made = api.post(
        "/_sandbox/salesforce/fields",
        {"sobject": "lead", "name": "Tier__c", "type": "picklist", "values": ["A"]},
    )
    api.post("/_sandbox/salesforce/sobjects", {"name": "Region__c"})

    assert (made.status, made.json()) == (
        201,
        {"sobject": "Lead", "name": "Tier__c", "type": "picklist", "label": "Tier"},
    )
    assert api.get("sobjects/Region__c").json()["objectDescribe"]["custom"] is True


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"sobject": "Nope", "name": "A__c"}, "no sObject 'Nope'"),
        ({"sobject": "Lead", "name": "A"}, "'A' is no name of a custom field"),
        ({"sobject": "Lead", "name": "A__c", "type": "blob"}, "'blob' is no type"),
        ({"sobject": "Lead", "name": "A__c", "colour": "red"}, "'colour' is no property"),
        ({"sobject": "Lead", "name": "A__c", "type": "reference"}, "refers_to names the object"),
        (
            {"sobject": "Lead", "name": "A__c", "type": "reference", "refers_to": ["Nope"]},
            "which does not exist",
        ),
        ({"name": "A__c"}, "sobject: a text is needed"),
        ([], "expected a JSON object"),
    ],
)
def test_custom_fields_that_cannot_be(api, wish, words):
    answer = api.post("/_sandbox/salesforce/fields", wish)

    assert answer.status == 400
    assert words in answer.json()["error"]


def test_a_reset_takes_custom_fields_and_records_away(store):
    store.add_field("Lead", "Score__c", "double")
    store.load("Lead", pa.table({"LastName": ["a"], "Score__c": [1.0]}))
    store.state.reset()

    assert store.sobject("Lead").field("Score__c") is None
    assert store.counts() == {"Organization": 1, "Profile": 1, "User": 1}


def test_a_database_is_opened_again_as_it_was(tmp_path):
    path = str(tmp_path / "org.duckdb")
    first = State(path)
    store = first.store(SalesforceStore)
    store.add_sobject("Region__c")
    store.add_field("Lead", "Region__c", "reference", refers_to=["Region__c"])
    (held,) = store.load("Lead", pa.table({"LastName": ["a"]})).to_pylist()
    first.close()

    second = State(path)
    again = second.store(SalesforceStore)

    (fresh,) = again.load("Lead", pa.table({"LastName": ["b"], "Region__c": ["x"]})).to_pylist()
    assert again.counts()["Lead"] == 2
    assert again.sobject("Region__c").prefix == "a00"
    assert fresh > held
    second.close()
