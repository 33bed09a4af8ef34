"""Records by the two hundred, and several requests in one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import ConfigError, DataError
from scc.salesforce import AccessToken, Outcome, SalesforceClient, Subrequest

LEE = {"LastName": "Lee", "Company": "Acme"}


@pytest.fixture
def external(org: Org) -> str:
    org.store.add_field("Lead", "Ext__c", "string", external_id=True)
    return "Ext__c"


def test_collections_go_by_two_hundred_and_answer_in_order(org: Org):
    rows = [{"LastName": f"Lee {at}" if at != 250 else None, "Company": "Acme"} for at in range(450)]
    results = list(org.client.rest.save("insert", "Lead", rows))
    assert len(org.calls("POST", "composite/sobjects")) == 3
    assert [one.row for one in results] == list(range(450))
    failed = results.pop(250)
    assert (failed.outcome, failed.code, failed.fields) == (
        Outcome.FAILED,
        "REQUIRED_FIELD_MISSING",
        ("LastName",),
    )
    assert {(one.outcome, one.created) for one in results} == {(Outcome.SUCCESSFUL, True)}
    assert org.client.count("SELECT COUNT() FROM Lead") == 449


def test_collections_update_upsert_and_delete(org: Org, external):
    rest = org.client.rest
    rows = [{**LEE, external: str(at)} for at in range(3)]
    created = list(rest.save("upsert", "Lead", rows, external_id=external))
    again = list(rest.save("upsert", "Lead", rows, external_id=external))
    assert [one.created for one in created + again] == [True] * 3 + [False] * 3
    ids = [str(one.id) for one in created]
    updated = rest.save("update", "Lead", [{"Id": one, "City": "Oslo"} for one in ids])
    assert {one.outcome for one in updated} == {Outcome.SUCCESSFUL}
    deleted = list(rest.save("delete", "Lead", [{"Id": one} for one in [*ids, ids[0]]]))
    assert [one.code for one in deleted] == [None, None, None, "ENTITY_IS_DELETED"]


def test_all_or_none_takes_back_the_good_rows(org: Org):
    rows = [LEE, {"LastName": "Ray"}]
    good, bad = org.client.rest.save("insert", "Lead", rows, all_or_none=True)
    assert (good.code, bad.code) == ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING")
    assert org.client.count("SELECT COUNT() FROM Lead") == 0


def test_a_row_that_others_hold_may_be_sent_again(org: Org):
    org.fault(action="row-error", path="composite/sobjects", rows=1)
    failed, good = org.client.rest.save("insert", "Lead", [LEE, LEE])
    assert (failed.code, failed.is_retryable, good.is_retryable) == ("UNABLE_TO_LOCK_ROW", True, False)


def test_a_parent_is_named_by_its_external_id(org: Org):
    org.store.add_field("Account", "Code__c", "string", external_id=True)
    account = org.client.rest.create("Account", {"Name": "Acme", "Code__c": "A"})
    contact = org.client.rest.create("Contact", {"LastName": "Lee", "Account.Code__c": "A"})
    assert org.client.rest.get("Contact", contact, ["AccountId"])["AccountId"] == account
    with pytest.raises(ConfigError, match="cleared"):
        org.client.rest.update("Contact", contact, {"Account.Code__c": None})


def test_an_answer_with_too_few_results_is_an_error():
    with ScriptedServer().then(reply(200, b'[{"success": true, "id": "00Q"}]')) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        with pytest.raises(DataError, match="2 rows were sent and 1 answered"):
            list(client.rest.save("insert", "Lead", [LEE, LEE]))


def test_an_external_id_goes_with_an_upsert_only(org: Org):
    with pytest.raises(ConfigError):
        list(org.client.rest.save("upsert", "Lead", [LEE]))
    with pytest.raises(ConfigError):
        list(org.client.rest.save("insert", "Lead", [LEE], external_id="Ext__c"))


def test_requests_in_one_call_may_refer_to_one_another(org: Org):
    created, refused, read = org.client.rest.composite(
        [
            Subrequest("POST", "sobjects/Lead", "lead", LEE),
            Subrequest("POST", "sobjects/Lead", "bad", {"LastName": "Ray"}),
            Subrequest("GET", "sobjects/Lead/@{lead.id}?fields=LastName", "read"),
        ]
    )
    assert (created.status, refused.status, read.status) == (201, 400, 200)
    assert isinstance(read.body, dict)
    assert read.body["LastName"] == "Lee"
    with pytest.raises(ConfigError, match="25"):
        org.client.rest.composite([Subrequest("GET", "limits", str(at)) for at in range(26)])


def test_deleted_records_are_told_with_their_time(org: Org):
    lead = org.client.rest.create("Lead", LEE)
    before = datetime.now(UTC).replace(microsecond=0)
    org.client.rest.delete("Lead", lead)
    found = org.client.rest.deleted(
        "Lead", before.replace(year=before.year), before.replace(year=before.year + 1)
    )
    assert list(found) == [lead]
    assert found[lead] >= before
