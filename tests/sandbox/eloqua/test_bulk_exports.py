"""Export definitions, what they give out, in which form (sources.md E2.4, 2.6, 2.8)."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from tests.sandbox.eloqua.conftest import CONTACT_FIELDS


def test_a_definition_comes_back_with_its_defaults_and_full_times(api):
    answer = api.post("/contacts/exports", {"name": "mine", "fields": CONTACT_FIELDS, "nonsense": 1})

    assert answer.status == 201
    made = answer.json()
    assert {key: made[key] for key in ("name", "fields", "dataRetentionDuration", "uri", "createdBy")} == {
        "name": "mine",
        "fields": CONTACT_FIELDS,
        "dataRetentionDuration": "PT12H",
        "uri": "/contacts/exports/1",
        "createdBy": "api.user",
    }
    assert "nonsense" not in made
    assert len(made["createdAt"].split(".")[1]) == len("1234567Z")
    again = api.get(made["uri"]).json()
    assert again["createdAt"].endswith("0000Z")
    assert again["createdAt"][:22] == made["createdAt"][:22]


def test_definitions_are_listed_changed_and_deleted(api):
    uri = api.define("/contacts/exports", fields=CONTACT_FIELDS, filter="'{{Contact.Id}}' = '1'")["uri"]

    changed = api.put(uri, {"name": "other", "fields": {"e": CONTACT_FIELDS["email"]}}).json()

    assert (changed["name"], "filter" in changed) == ("other", False)
    assert api.get("/contacts/exports").json()["items"] == [api.get(uri).json()]
    assert api.get("/exports").json()["totalResults"] == 1
    assert api.get("/accounts/exports").json()["totalResults"] == 0
    assert api.delete(uri).status == 204
    assert [api.get(uri).status, api.delete(uri).status] == [404, 404]


def test_a_definition_belongs_to_its_entity(api, members, member_fields):
    uri = api.define(f"/customObjects/{members}/exports", fields=member_fields)["uri"]

    assert api.get(uri.lower()).status == 200
    assert api.get("/contacts/exports/1").status == 404
    assert api.get("/customObjects/99/exports").status == 404


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("name", {"fields": CONTACT_FIELDS}),
        ("name", {"name": "x" * 101, "fields": CONTACT_FIELDS}),
        ("fields", {"name": "x"}),
        ("fields", {"name": "x", "fields": {}}),
        ("fields", {"name": "x", "fields": {"a": "C_EmailAddress"}}),
        ("fields", {"name": "x", "fields": {"a": "{{Contact.Field(C_Nothing)}}"}}),
        ("fields", {"name": "x", "fields": {"a": 5}}),
        ("fields", {"name": "x", "fields": {"a": "{{Account.Id}}"}}),
        ("fields", {"name": "x", "fields": {f"a{n}": "{{Contact.Id}}" for n in range(251)}}),
        ("maxRecords", {"name": "x", "fields": CONTACT_FIELDS, "maxRecords": 0}),
        ("dataRetentionDuration", {"name": "x", "fields": CONTACT_FIELDS, "dataRetentionDuration": "PT30M"}),
        ("dataRetentionDuration", {"name": "x", "fields": CONTACT_FIELDS, "dataRetentionDuration": "P15D"}),
        ("autoDeleteDuration", {"name": "x", "fields": CONTACT_FIELDS, "autoDeleteDuration": "soon"}),
        (
            "areSystemTimestampsInUTC",
            {"name": "x", "fields": CONTACT_FIELDS, "areSystemTimestampsInUTC": "maybe"},
        ),
        (
            "syncActions",
            {"name": "x", "fields": CONTACT_FIELDS, "syncActions": [{"destination": "{{ContactList[5]}}"}]},
        ),
        ("", []),
    ],
)
def test_a_wrong_definition_is_refused_with_the_field(api, field, body):
    answer = api.post("/contacts/exports", body)

    assert answer.status == 400
    assert field in [failure["field"] for failure in answer.json()["failures"]]
    assert api.get("/exports").json()["totalResults"] == 0


def test_a_body_that_is_no_json_is_refused(api):
    assert api.post("/contacts/exports", b"{", Content_Type="application/json").status == 400


def test_every_value_is_text_and_blank_is_empty(api):
    api.control("/clock", {"freeze_at": "2026-07-01T12:00:00.123456+00:00"})
    api.contacts("a@example.com", C_Employees1=[5.0])

    rows = api.export(
        "/contacts",
        {
            "id": "{{Contact.Id}}",
            "created": "{{Contact.CreatedAt}}",
            "updated": "{{Contact.Field(C_DateModified)}}",
            "first": "{{Contact.Field(C_FirstName)}}",
            "employees": "{{Contact.Field(C_Employees1)}}",
            "subscribed": "{{Contact.Email.IsSubscribed}}",
            "bounced": "{{Contact.Email.IsBounced}}",
            "format": "{{Contact.Email.Format}}",
            "ext": "{{Contact.Field(ContactIDExt)}}",
            "company": "{{Contact.Account.Field(M_CompanyName)}}",
        },
    )

    assert rows == [
        {
            "id": "1",
            "created": "2026-07-01 12:00:00.123",
            "updated": "2026-07-01 12:00:00.123",
            "first": "",
            "employees": "5",
            "subscribed": "True",
            "bounced": "False",
            "format": "unspecified",
            "ext": "CELQ000000000001",
            "company": "",
        }
    ]


@pytest.mark.parametrize(("month", "hour"), [("07", "08"), ("01", "07")])
def test_system_times_are_eastern_unless_utc_is_asked_for(api, month, hour):
    """With the changes of summer time (sources.md E4); literals of the filter are meant in the same zone."""
    api.control("/clock", {"freeze_at": f"2026-{month}-10T12:00:00+00:00"})
    api.contacts("a@example.com")
    fields = {"created": "{{Contact.CreatedAt}}"}
    literal = f"'{{{{Contact.CreatedAt}}}}' >= '2026-{month}-10 {hour}:00:00' AND '{{{{Contact.CreatedAt}}}}' <= '2026-{month}-10 {hour}:00:00.000'"

    assert api.export("/contacts", fields, areSystemTimestampsInUTC=False, filter=literal) == [
        {"created": f"2026-{month}-10 {hour}:00:00.000"}
    ]
    assert api.export("/contacts", fields, filter=literal) == []


def test_csv_has_a_header_line_and_nothing_about_the_whole(api):
    api.contacts("a@example.com", 'b"x"@example.com', C_FirstName=["Ann, Jr.", "two\nlines"])
    sync = api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])

    answer = api.get(f"{sync['uri']}/data?limit=50000", Accept="text/csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.data.decode(), newline=""))) == [
        ["email", "first", "last"],
        ["a@example.com", "Ann, Jr.", ""],
        ['b"x"@example.com', "two\nlines", ""],
    ]


def test_an_empty_page_has_no_items_as_json_and_a_header_as_csv(api):
    sync = api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])

    page = api.get(f"{sync['uri']}/data").json()

    assert page == {"totalResults": 0, "limit": 1000, "offset": 0, "count": 0, "hasMore": False}
    assert api.get(f"{sync['uri']}/data", Accept="text/csv").data == b'"email","first","last"\n'


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_pages_cover_every_row_once_and_twice_the_same(api, accept):
    api.contacts(*(f"user{number}@example.com" for number in range(2500)))
    sync = api.sync(api.define("/contacts/exports", fields={"e": CONTACT_FIELDS["email"]})["uri"])

    def page(offset, limit):
        answer = api.get(f"{sync['uri']}/data?limit={limit}&offset={offset}", Accept=accept)
        if accept == "text/csv":
            return answer.data.decode().splitlines()[1:]
        return [row["e"] for row in answer.json().get("items", [])]

    pages = [page(offset, 1000) for offset in range(0, 3000, 1000)]

    assert [len(one) for one in pages] == [1000, 1000, 500]
    assert len({row for one in pages for row in one}) == 2500
    assert page(1000, 1000) == pages[1]
    assert page(5000, 10) == []


def test_json_pages_survive_whatever_a_value_holds(api):
    name = '},{"x":"\\ \u2028 ü 😀\t'
    api.contacts("a@example.com", C_FirstName=[name])

    assert api.export("/contacts", {"n": CONTACT_FIELDS["first"], "a\"l'ias": CONTACT_FIELDS["email"]}) == [
        {"n": name, "a\"l'ias": "a@example.com"}
    ]


def test_data_takes_up_to_50000_rows_a_page(api):
    sync = api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])

    assert api.get(f"{sync['uri']}/data?limit=50000").status == 200
    assert api.get(f"{sync['uri']}/data?limit=50001").status == 400


def test_max_records_caps_an_export(api):
    api.contacts("a@example.com", "b@example.com", "c@example.com")

    assert len(api.export("/contacts", CONTACT_FIELDS, maxRecords=2)) == 2


def test_the_rows_are_those_of_the_syncs_moment(api):
    api.contacts("a@example.com")
    sync = api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])
    api.contacts("b@example.com")

    assert api.get(f"{sync['uri']}/data").json()["totalResults"] == 1


def test_the_log_says_how_many_rows_in_the_words_that_clients_look_for(api):
    api.contacts("a@example.com", "b@example.com")
    sync = api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])

    lines = api.get(f"{sync['uri']}/logs").json()["items"]

    assert [(line["statusCode"], line["message"], line["count"]) for line in lines] == [
        ("ELQ-00102", "Successfully exported members to csv file.", 2),
        ("ELQ-00101", "Sync processed for sync , resulting in Success status.", 0),
    ]
    assert {line["severity"] for line in lines} == {"information"}
    assert lines[0]["syncUri"] == sync["uri"]


def test_the_definitions_own_data_are_those_of_its_latest_sync(api):
    uri = api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"]
    assert api.get(f"{uri}/data").status == 404
    api.sync(uri)
    api.contacts("a@example.com")
    api.sync(uri)

    assert api.get(f"{uri}/data?limit=1").json()["totalResults"] == 1
    assert api.delete(f"{uri}/data").status == 204
    assert api.get(f"{uri}/data").status == 404


def test_custom_object_records_come_with_their_linked_contact(api, members, member_fields):
    api.contacts("ann@example.com", C_FirstName=["Ann"])
    api.store.load_custom_object(
        members,
        pa.table(
            {
                "Email_Address": ["ANN@example.com", "nobody@example.com"],
                "Score": pa.array([1.5, None]),
                "Responded_At": ["2026-01-02 03:04:05.678", ""],
                "Opted_In": ["yes", "0"],
            }
        ),
    )
    fields = {name: member_fields[name] for name in ("Id", "ExternalId", "Score", "Responded_At", "Opted_In")}
    fields |= {
        "contact": "{{CustomObject[1].Contact.Id}}",
        "name": "{{CustomObject[1].Contact.Field(C_FirstName)}}",
    }

    assert api.export(f"/customObjects/{members}", fields) == [
        {
            "Id": "1",
            "ExternalId": "DCCAM000000000001",
            "Score": "1.5",
            "Responded_At": "2026-01-02 03:04:05.678",
            "Opted_In": "True",
            "contact": "1",
            "name": "Ann",
        },
        {
            "Id": "2",
            "ExternalId": "DCCAM000000000002",
            "Score": "",
            "Responded_At": "",
            "Opted_In": "False",
            "contact": "",
            "name": "",
        },
    ]


def test_a_unique_field_is_its_records_external_id(api):
    number = api.store.create_custom_object("Orders", [("Number", "No", "string")], unique_field="No")
    api.store.load_custom_object(number, pa.table({"No": ["A-1"]}))

    assert api.export(f"/customObjects/{number}", {"x": f"{{{{CustomObject[{number}].ExternalId}}}}"}) == [
        {"x": "A-1"}
    ]


def test_contacts_come_with_their_account_and_scores(api):
    api.store.load_accounts(pa.table({"M_CompanyName": ["Acme"], "M_City": ["Oslo"]}))
    api.store.create_asset("scoring/models", name="Model1")
    api.contacts("a@example.com", accountId=[1])
    parts = ("Rating", "ProfileScore", "EngagementScore")

    row = api.export(
        "/contacts",
        {
            "city": "{{Contact.Account.Field(M_City)}}",
            **{part: f"{{{{Contact.LeadScore.Model[1].{part}}}}}" for part in parts},
        },
        filter="'{{Contact.Account.Field(M_CompanyName)}}' = 'acme'",
    )[0]

    assert row["city"] == "Oslo"
    assert row["Rating"][0] in "ABCD"
    assert row["Rating"][1] in "1234"
    assert row["ProfileScore"].isdigit()


def test_an_empty_export_may_end_in_warning(api):
    api.options(empty_export_status="warning")

    assert api.sync(api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"])["status"] == "warning"


def test_a_queue_is_exported_and_emptied_in_one_sync(api):
    """The shared list as a queue, as dwmops used it (sources.md E2.10)."""
    api.contacts("a@example.com", "b@example.com", "c@example.com")
    api.store.create_list("Queue", [1, 2])

    definition = api.define(
        "/contacts/exports",
        fields=CONTACT_FIELDS,
        filter="EXISTS('{{ContactList[1]}}')",
        syncActions=[{"action": "remove", "destination": "{{ContactList[1]}}"}],
    )
    sync = api.sync(definition["uri"])

    assert api.get(f"{sync['uri']}/data").json()["totalResults"] == 2
    assert api.logs(sync)["ELQ-00118"] == 2
    assert api.get("/contacts/lists/1").json()["count"] == 0
