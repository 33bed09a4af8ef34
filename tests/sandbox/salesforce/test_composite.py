"""Several records or several calls in one (sandbox-salesforce.md 2)."""

from __future__ import annotations

import pytest

LEE = {"attributes": {"type": "Lead"}, "LastName": "Lee", "Company": "Acme"}
BAD = {"attributes": {"type": "Lead"}, "Company": "Acme"}
MISSING = {
    "statusCode": "REQUIRED_FIELD_MISSING",
    "message": "Required fields are missing: [LastName]",
    "fields": ["LastName"],
}


class TestCollections:
    def test_create_keeps_order_and_tells_each_record(self, api):
        answer = api.post("composite/sobjects", {"allOrNone": False, "records": [LEE, BAD, LEE]})

        good, bad, last = answer.json()
        assert answer.status == 200
        assert (good["success"], good["errors"], last["success"]) == (True, [], True)
        assert bad == {"success": False, "errors": [MISSING]}
        assert {row["Id"] for row in api.rows("SELECT Id FROM Lead")} == {good["id"], last["id"]}

    def test_all_or_none_writes_nothing_when_one_is_bad(self, api):
        other = {"attributes": {"type": "Account"}, "Name": "A"}
        answer = api.post("composite/sobjects", {"allOrNone": True, "records": [other, LEE, BAD]})

        codes = [each["errors"][0]["statusCode"] for each in answer.json()]
        assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK"] * 2 + ["REQUIRED_FIELD_MISSING"]
        assert api.rows("SELECT Id FROM Lead") == api.rows("SELECT Id FROM Account") == []

    def test_update_takes_the_id_in_any_spelling(self, api, load):
        one, two = load("Lead", *({"LastName": str(n), "Company": "x"} for n in range(2)))
        records = [
            {"attributes": {"type": "Lead"}, "id": one, "Company": "new"},
            {"attributes": {"type": "Lead"}, "Id": two, "Company": "new"},
        ]
        api.patch("composite/sobjects", {"records": records[:1]})
        api.patch("composite/sobjects", {"records": records[1:]})

        assert api.rows("SELECT Company FROM Lead") == [{"Company": "new"}] * 2

    def test_upsert_says_whether_it_created(self, api, store, load):
        store.add_field("Lead", "Ext__c", "string", external_id=True)
        (known,) = load("Lead", {"LastName": "A", "Company": "x", "Ext__c": "1"})
        records = [{**LEE, "Ext__c": "1"}, {**LEE, "Ext__c": "2"}, LEE]

        first, second, third = api.patch("composite/sobjects/Lead/Ext__c", {"records": records}).json()

        assert first == {"id": known, "success": True, "errors": [], "created": False}
        assert (second["success"], second["created"]) == (True, True)
        assert third["errors"][0]["message"] == "Ext__c not specified"

    def test_upsert_by_id_creates_where_the_id_is_null(self, api):
        (made,) = api.patch("composite/sobjects/Lead/Id", {"records": [{**LEE, "Id": None}]}).json()

        assert (made["success"], made["created"]) == (True, True)

    def test_delete_by_ids(self, api, load):
        lead, account = load("Lead", {"LastName": "A", "Company": "x"})[0], load("Account", {"Name": "A"})[0]

        answer = api.delete(f"composite/sobjects?ids={lead},{account},{lead[:15]}&allOrNone=false").json()

        assert [each["success"] for each in answer] == [True, True, False]
        assert answer[2]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"

    def test_read_gives_null_for_what_is_not_there(self, api, load):
        (lead,) = load("Lead", {"LastName": "A", "Company": "x"})
        missing = "00Q5e0000000009EAA"

        by_post = api.post("composite/sobjects/Lead", {"ids": [missing, lead], "fields": ["LastName"]}).json()
        by_get = api.get(f"composite/sobjects/Lead?ids={missing},{lead}&fields=LastName").json()

        assert by_post == by_get
        assert (by_post[0], by_post[1]["LastName"], by_post[1]["Id"]) == (None, "A", lead)

    def test_more_than_200_records_are_refused(self, api):
        answer = api.post("composite/sobjects", {"records": [LEE] * 201})

        assert (answer.status, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")

    def test_an_unknown_field_fails_the_call(self, api):
        answer = api.post("composite/sobjects", {"records": [{**LEE, "Nope": 1}]})

        assert (answer.status, answer.json()[0]["message"]) == (
            400,
            "No such column 'Nope' on sobject of type Lead",
        )

    def test_rows_told_to_fail_do(self, api):
        api.control(
            "/faults",
            [
                {
                    "action": "row-error",
                    "path": "composite/sobjects",
                    "rows": 2,
                    "status_code": "X",
                    "message": "y",
                }
            ],
        )

        answer = api.post("composite/sobjects", {"records": [LEE] * 3}).json()

        assert [each["success"] for each in answer] == [False, False, True]
        assert answer[0]["errors"] == [{"statusCode": "X", "message": "y", "fields": []}]


class TestComposite:
    ROOT = "/services/data/v62.0"

    def part(self, method, path, reference, body=None):
        return {"method": method, "url": f"{self.ROOT}/{path}", "referenceId": reference, "body": body}

    def test_later_calls_refer_to_earlier_ones(self, api):
        calls = [
            self.part("POST", "sobjects/Account", "acc", {"Name": "Acme"}),
            self.part("POST", "sobjects/Contact", "con", {"LastName": "Lee", "AccountId": "@{acc.id}"}),
            self.part("GET", "query?q=SELECT Id FROM Account", "found"),
            self.part("GET", "sobjects/Account/@{found.records[0].Id}?fields=Name", "read"),
        ]
        answer = api.post("composite", {"compositeRequest": calls})

        parts = answer.json()["compositeResponse"]
        assert [each["httpStatusCode"] for each in parts] == [201, 201, 200, 200]
        assert [each["referenceId"] for each in parts] == ["acc", "con", "found", "read"]
        assert parts[0]["httpHeaders"] == {
            "Location": f"{self.ROOT}/sobjects/Account/{parts[0]['body']['id']}"
        }
        assert parts[3]["body"]["Name"] == "Acme"
        assert api.rows("SELECT Account.Name FROM Contact") == [{"Account": {"Name": "Acme"}}]

    def test_errors_stay_in_their_part(self, api):
        calls = [
            self.part("POST", "sobjects/Account", "bad", {}),
            self.part("GET", "sobjects/Account/@{bad.id}", "lost"),
            self.part("POST", "sobjects/Account", "good", {"Name": "A"}),
        ]
        parts = api.post("composite", {"compositeRequest": calls}).json()["compositeResponse"]

        assert [each["httpStatusCode"] for each in parts] == [400, 400, 201]
        assert parts[0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
        assert parts[1]["body"] == [
            {
                "errorCode": "PROCESSING_HALTED",
                "message": "Invalid reference specified. No value for bad found",
            }
        ]

    def test_all_or_none_undoes_what_went_well(self, api):
        calls = [
            self.part("POST", "sobjects/Account", "a", {"Name": "A"}),
            self.part("GET", "query?q=SELECT Name FROM Account", "seen"),
            self.part("POST", "sobjects/Account", "b", {}),
        ]
        parts = api.post("composite", {"allOrNone": True, "compositeRequest": calls}).json()[
            "compositeResponse"
        ]

        assert [each["httpStatusCode"] for each in parts] == [400, 400, 400]
        assert parts[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
        assert parts[2]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
        assert api.rows("SELECT Id FROM Account") == []

    def test_a_graph_stands_or_falls_alone(self, api):
        def graph(name, body):
            return {"graphId": name, "compositeRequest": [self.part("POST", "sobjects/Account", "a", body)]}

        graphs = api.post("composite/graph", {"graphs": [graph("1", {"Name": "A"}), graph("2", {})]}).json()[
            "graphs"
        ]

        assert [(each["graphId"], each["isSuccessful"]) for each in graphs] == [("1", True), ("2", False)]
        assert graphs[0]["graphResponse"]["compositeResponse"][0]["httpStatusCode"] == 201
        assert api.rows("SELECT Name FROM Account") == [{"Name": "A"}]

    def test_more_than_25_calls_are_refused(self, api):
        calls = [self.part("GET", "limits", str(n)) for n in range(26)]

        assert api.post("composite", {"compositeRequest": calls}).status == 400


class TestBatch:
    def test_each_call_answers_for_itself(self, api):
        calls = [
            {"method": "GET", "url": "v62.0/sobjects/Account/describe"},
            {"method": "GET", "url": "/services/data/v62.0/sobjects/Nope"},
            {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "A"}},
        ]
        answer = api.post("composite/batch", {"batchRequests": calls}).json()

        assert answer["hasErrors"] is True
        assert [each["statusCode"] for each in answer["results"]] == [200, 404, 201]
        assert answer["results"][0]["result"]["name"] == "Account"

    def test_halting_leaves_the_rest_undone(self, api):
        calls = [{"method": "GET", "url": "v62.0/sobjects/Nope"}, {"method": "GET", "url": "v62.0/limits"}]
        results = api.post("composite/batch", {"haltOnError": True, "batchRequests": calls}).json()["results"]

        assert results[1]["statusCode"] == 412
        assert results[1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


class TestTree:
    @staticmethod
    def account(reference, *contacts):
        children = [
            {"attributes": {"type": "Contact", "referenceId": f"{reference}{n}"}, **each}
            for n, each in enumerate(contacts)
        ]
        return {
            "attributes": {"type": "Account", "referenceId": reference},
            "Name": reference,
            "Contacts": {"records": children},
        }

    def test_children_are_made_with_their_parents(self, api):
        answer = api.post("composite/tree/Account", {"records": [self.account("a", {"LastName": "Lee"})]})

        assert answer.status == 201
        assert answer.json()["hasErrors"] is False
        assert [each["referenceId"] for each in answer.json()["results"]] == ["a", "a0"]
        assert api.rows("SELECT LastName, Account.Name FROM Contact") == [
            {"LastName": "Lee", "Account": {"Name": "a"}}
        ]

    def test_one_bad_child_stops_all(self, api):
        answer = api.post("composite/tree/Account", {"records": [self.account("a", {"LastName": "Lee"}, {})]})

        assert answer.status == 400
        assert answer.json() == {"hasErrors": True, "results": [{"referenceId": "a1", "errors": [MISSING]}]}
        assert api.rows("SELECT Id FROM Account") == []

    @pytest.mark.parametrize("records", [[{"Name": "x"}], "nothing"])
    def test_records_need_a_reference(self, api, records):
        assert api.post("composite/tree/Account", {"records": records}).status == 400
