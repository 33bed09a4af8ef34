"""Uploads and what an import makes of them (sources.md E2.8, 2.9, 2.12)."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from tests.sandbox.eloqua.conftest import CONTACT_FIELDS

EMPLOYEES = "{{Contact.Field(C_Employees1)}}"


def row(email, first="", last=""):
    return {"email": email, "first": first, "last": last}


@pytest.fixture
def contacts_import(api):
    return api.import_definition("/contacts", CONTACT_FIELDS, "email")


def everybody(api, **fields):
    return api.export("/contacts", {**CONTACT_FIELDS, **fields})


def test_a_definition_comes_back_with_its_defaults(api):
    made = api.define("/contacts/imports", fields=CONTACT_FIELDS, identifierFieldName="email")

    assert {key: made[key] for key in made if key not in ("createdAt", "updatedAt", "fields")} == {
        "name": "test",
        "identifierFieldName": "email",
        "dataRetentionDuration": "P7D",
        "isSyncTriggeredOnImport": True,
        "isUpdatingMultipleMatchedRecords": False,
        "uri": "/contacts/imports/1",
        "createdBy": "api.user",
        "updatedBy": "api.user",
    }


IDENTIFIER_TEXT = "Must be a string value, at least 1 character and at most 100 characters long."


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("identifierFieldName", {"fields": CONTACT_FIELDS}),
        ("identifierFieldName", {"fields": CONTACT_FIELDS, "identifierFieldName": ""}),
        ("identifierFieldName", {"fields": CONTACT_FIELDS, "identifierFieldName": "C_EmailAddress"}),
        (
            "identifierFieldName",
            {
                "fields": {"d": "{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}"},
                "identifierFieldName": "d",
            },
        ),
        (
            "fields",
            {"fields": {**CONTACT_FIELDS, "x": "{{Contact.CreatedAt}}"}, "identifierFieldName": "email"},
        ),
        (
            "fields",
            {
                "fields": {**CONTACT_FIELDS, "x": "{{Contact.Field(C_EmailAddressDomain)}}"},
                "identifierFieldName": "email",
            },
        ),
        ("fields", {"fields": {f"a{n}": "{{Contact.Id}}" for n in range(101)}, "identifierFieldName": "a1"}),
        ("updateRule", {"fields": CONTACT_FIELDS, "identifierFieldName": "email", "updateRule": "never"}),
        (
            "updateRuleByField",
            {"fields": CONTACT_FIELDS, "identifierFieldName": "email", "updateRuleByField": {"x": "always"}},
        ),
        (
            "importRule",
            {"fields": CONTACT_FIELDS, "identifierFieldName": "email", "importRule": "deleteOnly"},
        ),
        (
            "isUpdatingMultipleMatchedRecords",
            {
                "fields": CONTACT_FIELDS,
                "identifierFieldName": "first",
                "isUpdatingMultipleMatchedRecords": "true",
            },
        ),
    ],
)
def test_a_wrong_definition_is_refused_with_the_field(api, field, body):
    answer = api.post("/contacts/imports", {"name": "x", **body})

    assert answer.status == 400
    assert field in [failure["field"] for failure in answer.json()["failures"]]


def test_a_missing_identifier_is_refused_in_the_recorded_words(api):
    failures = api.post("/contacts/imports", {"name": "x", "fields": CONTACT_FIELDS}).json()["failures"]

    assert failures == [{"field": "identifierFieldName", "constraint": IDENTIFIER_TEXT}]


def test_contacts_are_created_and_updated_by_address_whatever_its_case(api, contacts_import):
    api.contacts("ann@example.com", C_FirstName=["Ann"])

    sync = api.run_import(
        contacts_import, [row("ANN@example.com", "Anna", "A"), row("bob@example.com", "Bob", "B")]
    )

    assert sync["status"] == "success"
    assert api.logs(sync) == {
        "ELQ-00130": 2,
        "ELQ-00137": 0,
        "ELQ-00001": 2,
        "ELQ-00003": 2,
        "ELQ-00004": 1,
        "ELQ-00022": 1,
        "ELQ-00101": 0,
    }
    assert list(api.logs(sync)) == [
        f"ELQ-{n}" for n in ("00130", "00137", "00001", "00003", "00004", "00022", "00101")
    ]
    assert everybody(api) == [row("ANN@example.com", "Anna", "A"), row("bob@example.com", "Bob", "B")]


def test_an_update_moves_the_time_even_without_a_change(api, contacts_import):
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    api.contacts("ann@example.com", C_FirstName=["Ann"])
    api.control("/clock", {"advance_s": 60})
    api.run_import(contacts_import, [row("ann@example.com", "Ann")])

    times = api.export("/contacts", {"c": "{{Contact.CreatedAt}}", "u": "{{Contact.UpdatedAt}}"})

    assert times == [{"c": "2026-01-01 00:00:00.000", "u": "2026-01-01 00:01:00.000"}]


def test_an_invalid_address_is_rejected_as_recorded(api, contacts_import):
    sync = api.run_import(
        contacts_import, [row("notanemail", "Maria"), row("", "Nobody"), row("a@example.com")]
    )

    assert sync["status"] == "warning"
    assert api.rejects(sync)[0] == {
        "fieldValues": {"email": "notanemail", "first": "Maria", "last": ""},
        "message": "Invalid email address.",
        "statusCode": "ELQ-00002",
        "recordIndex": 1,
        "invalidFields": ["email"],
    }
    assert [reject["recordIndex"] for reject in api.rejects(sync)] == [1, 2]
    assert api.logs(sync)["ELQ-00002"] == 2
    assert api.logs(sync)["ELQ-00003"] == 1
    assert [one["email"] for one in everybody(api)] == ["a@example.com"]


@pytest.mark.parametrize(("rule", "kept"), [("first", ["Ann"]), ("none", [])])
def test_of_equal_contacts_in_one_sync_the_first_survives_or_none(api, contacts_import, rule, kept):
    api.options(contact_duplicates=rule)
    rows = [row("a@example.com", "Ann"), row("A@example.com", "Other")]

    sync = api.run_import(contacts_import, rows)

    assert [one["first"] for one in everybody(api)] == kept
    assert {reject["statusCode"] for reject in api.rejects(sync)} == {"ELQ-00026"}
    assert api.logs(sync)["ELQ-00026"] == 2 - len(kept)


def test_columns_that_differ_from_the_definition_warn_without_rejects(api, contacts_import):
    sync = api.run_import(contacts_import, [{"email": "a@example.com", "first": "Ann", "extra": "x"}])

    assert sync["status"] == "warning"
    assert (api.logs(sync)["ELQ-00111"], api.logs(sync)["ELQ-00121"]) == (1, 1)
    assert api.rejects(sync) == []
    assert api.get(f"{sync['uri']}/rejects").json()["items"] == []
    assert everybody(api) == [row("a@example.com", "Ann")]


def test_a_column_that_a_file_lacks_leaves_values_alone_and_a_blank_one_clears(api, contacts_import):
    api.contacts("a@example.com", C_FirstName=["Ann"], C_LastName=["Ash"])

    api.run_import(contacts_import, [{"email": "a@example.com", "first": ""}])

    assert everybody(api) == [row("a@example.com", "", "Ash")]


def test_numbers_booleans_and_nulls_of_json_are_taken_as_text(api):
    uri = api.import_definition("/contacts", {**CONTACT_FIELDS, "n": EMPLOYEES}, "email")
    api.contacts("a@example.com", C_LastName=["Ash"])
    api.run_import(uri, [{"email": "a@example.com", "first": True, "last": None, "n": 12.5}])

    assert everybody(api, n=EMPLOYEES) == [{**row("a@example.com", "true"), "n": "12.5"}]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, ("New", "")),
        ({"updateRule": "always"}, ("New", "")),
        ({"updateRule": "ifNewIsNotNull"}, ("New", "Ash")),
        ({"updateRule": "ifExistingIsNull"}, ("Ann", "Ash")),
        ({"updateRule": "useFieldRule"}, ("New", "")),
        ({"updateRule": "ifExistingIsNull", "updateRuleByField": {"first": "always"}}, ("New", "Ash")),
    ],
)
def test_update_rules_decide_what_replaces_what(api, rule, expected):
    api.contacts("a@example.com", C_FirstName=["Ann"], C_LastName=["Ash"])
    uri = api.import_definition("/contacts", CONTACT_FIELDS, "email", **rule)

    api.run_import(uri, [row("a@example.com", "New", "")])

    assert everybody(api) == [row("a@example.com", *expected)]


def test_values_of_the_wrong_type_are_left_out_and_reported(api):
    date = "{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}"
    uri = api.import_definition(
        "/contacts", {"email": CONTACT_FIELDS["email"], "n": EMPLOYEES, "d": date}, "email"
    )
    api.contacts("a@example.com", C_Employees1=[7.0])

    sync = api.run_import(
        uri,
        [
            {"email": "a@example.com", "n": "null", "d": "2026-13-01"},
            {"email": "b@example.com", "n": "many", "d": "12/31/2026"},
            {"email": "c@example.com", "n": "1e3", "d": "2026-01-02T03:04:05Z"},
        ],
    )

    assert sync["status"] == "warning"
    assert [
        (reject["recordIndex"], reject["statusCode"], reject["invalidFields"]) for reject in api.rejects(sync)
    ] == [
        (1, "ELQ-00040", ["n", "d"]),
        (2, "ELQ-00040", ["n"]),
    ]
    assert api.logs(sync)["ELQ-00144"] == 2
    assert api.logs(sync)["ELQ-00003"] == 3
    assert api.export("/contacts", {"n": EMPLOYEES, "d": date}) == [
        {"n": "7", "d": ""},
        {"n": "", "d": "2026-12-31 00:00:00.000"},
        {"n": "1000", "d": "2026-01-02 03:04:05.000"},
    ]


def test_import_rules_may_forbid_creating_or_updating(api):
    api.contacts("a@example.com", C_FirstName=["Ann"])
    rows = [row("a@example.com", "New"), row("b@example.com", "Bob")]
    update_only = api.import_definition("/contacts", CONTACT_FIELDS, "email", importRule="updateOnly")
    create_only = api.import_definition("/contacts", CONTACT_FIELDS, "email", importRule="createOnly")

    updated, created = api.run_import(update_only, rows), api.run_import(create_only, rows)

    assert [reject["statusCode"] for reject in api.rejects(updated)] == ["ELQ-00034"]
    assert [reject["statusCode"] for reject in api.rejects(created)] == ["ELQ-00048"]
    assert everybody(api) == [row("a@example.com", "New"), row("b@example.com", "Bob")]


def test_an_identifier_that_several_contacts_share_updates_all_or_none(api):
    api.contacts("a@example.com", "b@example.com", C_LastName=["Ash", "ash"])
    fields = {"last": CONTACT_FIELDS["last"], "first": CONTACT_FIELDS["first"]}
    one = api.import_definition("/contacts", fields, "last")
    every = api.import_definition("/contacts", fields, "last", isUpdatingMultipleMatchedRecords=True)
    rows = [{"last": "Ash", "first": "New"}]

    refused = api.run_import(one, rows)

    assert [(reject["statusCode"], reject["message"]) for reject in api.rejects(refused)] == [
        ("ELQ-00026", "Multiple matches.")
    ]
    assert api.run_import(every, rows)["status"] == "success"
    assert [one["first"] for one in everybody(api)] == ["New", "New"]


def test_an_address_that_belongs_to_another_contact_is_rejected(api):
    api.contacts("a@example.com", "b@example.com")
    uri = api.import_definition("/contacts", {"id": "{{Contact.Id}}", **CONTACT_FIELDS}, "id")

    sync = api.run_import(
        uri,
        [
            {"id": "1", **row("B@example.com")},
            {"id": "2", **row("c@example.com")},
            {"id": "9", **row("d@example.com")},
        ],
    )

    assert [(reject["recordIndex"], reject["statusCode"]) for reject in api.rejects(sync)] == [
        (1, "ELQ-00011"),
        (3, "ELQ-00034"),
    ]
    assert [one["email"] for one in everybody(api)] == ["a@example.com", "c@example.com"]


def test_a_contact_without_an_address_is_not_created(api):
    uri = api.import_definition("/contacts", {"last": CONTACT_FIELDS["last"]}, "last")

    assert [reject["statusCode"] for reject in api.rejects(api.run_import(uri, [{"last": "Ash"}]))] == [
        "ELQ-00061"
    ]


def test_new_contacts_past_the_instances_limit_are_rejected(api, contacts_import):
    api.options(max_contacts=2)
    api.contacts("a@example.com")

    sync = api.run_import(contacts_import, [row(f"{name}@example.com") for name in "bcd"])

    assert [reject["recordIndex"] for reject in api.rejects(sync)] == [2, 3]


def test_csv_uploads_are_read_with_quotes_and_line_ends(api, contacts_import):
    body = b'last,email,first\r\nAsh,a@example.com,"Ann ""A"", two\nlines"\r\n,b@example.com,\r\n'

    sync = api.run_import(contacts_import, body, Content_Type="text/csv")

    assert sync["status"] == "success"
    assert everybody(api) == [row("a@example.com", 'Ann "A", two\nlines', "Ash"), row("b@example.com")]


def test_csv_lines_of_another_width_are_malformed(api, contacts_import):
    body = b"email,first,last\na@example.com,Ann\nb@example.com,Bob,B\n"

    sync = api.run_import(contacts_import, body, Content_Type="text/csv")

    assert (sync["status"], api.logs(sync)["ELQ-00032"]) == ("warning", 1)
    assert [one["email"] for one in everybody(api)] == ["b@example.com"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", "application/json"),
        (b"[1]", "application/json"),
        (b'[{"email": "a@example.com"}', "application/json"),
        (b'[{"email": "\xff"}]', "application/json"),
        (b"", "text/csv"),
        (b"email,email\na,b\n", "text/csv"),
        (b"email,first,last\n\xff,b,c\n", "text/csv"),
    ],
)
def test_unreadable_uploads_are_refused_and_stage_nothing(api, contacts_import, body, kind):
    answer = api.post(f"{contacts_import}/data", body, Content_Type=kind)

    assert answer.status == 400
    assert answer.json()["failures"][0]["field"] == "data"
    assert "ELQ-00124" in api.logs(api.sync(contacts_import))


def test_uploads_add_up_until_the_sync_uses_them_up(api, contacts_import):
    for email in ("a@example.com", "b@example.com"):
        assert api.post(f"{contacts_import}/data", [row(email)]).data == b""

    first, second = api.sync(contacts_import), api.sync(contacts_import)

    assert api.logs(first)["ELQ-00130"] == 2
    assert (second["status"], list(api.logs(second))) == ("warning", ["ELQ-00124", "ELQ-00101"])


def test_the_record_index_counts_over_all_uploads(api, contacts_import):
    api.post(f"{contacts_import}/data", [row("a@example.com"), row("b@example.com")])

    sync = api.run_import(contacts_import, [row("c@example.com"), row("bad")])

    assert [reject["recordIndex"] for reject in api.rejects(sync)] == [4]


def test_staged_data_are_deleted_on_request_and_by_time(api, contacts_import):
    api.post(f"{contacts_import}/data", [row("a@example.com")])
    assert api.delete(f"{contacts_import}/data").status == 204
    assert "ELQ-00124" in api.logs(api.sync(contacts_import))

    api.post(f"{contacts_import}/data", [row("a@example.com")])
    api.control("/clock", {"advance_s": 7 * 86_400 + 1})
    assert "ELQ-00124" in api.logs(api.sync(contacts_import))


def test_an_import_may_start_its_sync_by_itself(api):
    uri = api.define("/contacts/imports", fields=CONTACT_FIELDS, identifierFieldName="email")["uri"]

    answer = api.post(f"{uri}/data", [row("a@example.com")])

    assert answer.status == 201
    assert (answer.json()["status"], answer.json()["syncedInstanceUri"]) == ("pending", uri)
    assert api.get(answer.json()["uri"]).json()["status"] == "success"


def test_an_upload_past_32_mb_is_not_found(api, contacts_import):
    rows = [row("a@example.com", "x" * 32 * 1024 * 1024)]
    under = [row("a@example.com", "x" * (32 * 1024 * 1024 - 200))]

    assert api.post(f"{contacts_import}/data", rows).status == 404
    assert api.post(f"{contacts_import}/data", under).status == 204


def test_the_501st_file_is_refused_until_a_sync(api, contacts_import):
    definition = api.store.definitions.at(contacts_import)
    api.post(f"{contacts_import}/data", [row("a@example.com")])
    definition["files"] = definition["files"] * 500

    assert api.post(f"{contacts_import}/data", [row("b@example.com")]).status == 400
    api.sync(contacts_import)
    assert api.post(f"{contacts_import}/data", [row("b@example.com")]).status == 204


def test_staging_past_the_quota_is_413(api, contacts_import):
    api.options(staging_quota_mb=1)

    assert api.post(f"{contacts_import}/data", [row("a@example.com", "x" * 600_000)]).status == 204
    assert api.post(f"{contacts_import}/data", [row("b@example.com", "x" * 600_000)]).status == 413
    assert api.get("/imports/data").json()["kbUsed"] == 585


def test_rejects_come_in_pages(api, contacts_import):
    sync = api.run_import(contacts_import, [row(f"bad{number}") for number in range(25)])

    page = api.get(f"{sync['uri']}/rejects?limit=10&offset=20").json()

    assert (page["totalResults"], page["count"], page["hasMore"]) == (25, 5, False)
    assert [item["recordIndex"] for item in page["items"]] == [21, 22, 23, 24, 25]


def test_bounces_and_subscriptions_are_imported_to_the_address(api):
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    api.contacts("a@example.com", "b@example.com")
    state = {"bounced": "{{Contact.Email.IsBounced}}", "subscribed": "{{Contact.Email.IsSubscribed}}"}
    uri = api.import_definition("/contacts", {"email": CONTACT_FIELDS["email"], **state}, "email")

    api.run_import(uri, [{"email": "A@example.com", "bounced": "true", "subscribed": "False"}])

    assert api.export("/contacts", state) == [
        {"bounced": "True", "subscribed": "False"},
        {"bounced": "False", "subscribed": "True"},
    ]


# Custom objects


@pytest.fixture
def loaded(api, members):
    table = {"Email_Address": ["a@example.com", "b@example.com"], "Score": pa.array([1.0, 2.0])}
    api.store.load_custom_object(members, pa.table(table))
    return f"/customObjects/{members}"


def scores(api, loaded, member_fields):
    rows = api.export(loaded, {name: member_fields[name] for name in ("Id", "Score")})
    return {int(one["Id"]): one["Score"] for one in rows}


@pytest.mark.parametrize("identifier", ["Id", "ExternalId", "Email_Address"])
def test_records_are_updated_by_id_external_id_or_a_field(api, loaded, member_fields, identifier):
    keys = {"Id": "2", "ExternalId": "dccam000000000002", "Email_Address": "B@example.com"}
    uri = api.import_definition(
        loaded, {name: member_fields[name] for name in (identifier, "Score")}, identifier
    )

    sync = api.run_import(uri, [{identifier: keys[identifier], "Score": "9"}])

    assert (sync["status"], api.logs(sync)["ELQ-00012"]) == ("success", 1)
    assert scores(api, loaded, member_fields) == {1: "1", 2: "9"}


@pytest.mark.parametrize("identifier", ["Id", "ExternalId"])
def test_a_blank_id_is_a_new_record_and_an_unknown_one_is_rejected(api, loaded, member_fields, identifier):
    uri = api.import_definition(
        loaded, {name: member_fields[name] for name in (identifier, "Score")}, identifier
    )

    sync = api.run_import(
        uri,
        [{identifier: "", "Score": "3"}, {identifier: "", "Score": "4"}, {identifier: "77", "Score": "5"}],
    )

    assert [(one["statusCode"], one["message"], one["recordIndex"]) for one in api.rejects(sync)] == [
        ("ELQ-00034", "Unmatched record.", 3)
    ]
    logs = {line["statusCode"]: line for line in api.get(f"{sync['uri']}/logs").json()["items"]}
    assert (logs["ELQ-00034"]["message"], logs["ELQ-00034"]["count"]) == ("Total unmatched records.", 1)
    assert logs["ELQ-00007"]["count"] == 2
    assert scores(api, loaded, member_fields) == {1: "1", 2: "2", 3: "3", 4: "4"}


def test_all_copies_of_a_repeated_identifier_are_dropped(api, loaded, member_fields):
    uri = api.import_definition(loaded, {name: member_fields[name] for name in ("Id", "Score")}, "Id")

    sync = api.run_import(
        uri, [{"Id": "1", "Score": "8"}, {"Id": "1", "Score": "9"}, {"Id": "2", "Score": "7"}]
    )

    assert [(one["statusCode"], one["recordIndex"]) for one in api.rejects(sync)] == [
        ("ELQ-00026", 1),
        ("ELQ-00026", 2),
    ]
    assert scores(api, loaded, member_fields) == {1: "1", 2: "7"}


def test_records_are_linked_to_contacts_where_the_definition_maps_them(api, members, member_fields):
    api.contacts("ann@example.com")
    uri = api.import_definition(
        f"/customObjects/{members}",
        {name: member_fields[name] for name in ("Id", "Email_Address")},
        "Id",
        mapDataCards="true",
        mapDataCardsEntityType="Contact",
        mapDataCardsEntityField="{{Contact.Field(C_EmailAddress)}}",
        mapDataCardsSourceField="Email_Address",
    )

    sync = api.run_import(
        uri, [{"Id": "", "Email_Address": "ANN@example.com"}, {"Id": "", "Email_Address": "x@example.com"}]
    )

    assert api.logs(sync)["ELQ-00025"] == 1
    linked = api.export(f"/customObjects/{members}", {"c": "{{CustomObject[1].Contact.Id}}"})
    assert [one["c"] for one in linked] == ["1", ""]


def test_unlinked_import_links_nothing(api, members, member_fields):
    api.contacts("ann@example.com")
    uri = api.import_definition(f"/customObjects/{members}", {"e": member_fields["Email_Address"]}, "e")
    api.run_import(uri, [{"e": "ann@example.com"}])

    assert api.export(f"/customObjects/{members}", {"c": "{{CustomObject[1].Contact.Id}}"}) == [{"c": ""}]


def test_a_unique_value_stays_unique_and_names_the_record(api):
    number = api.store.create_custom_object(
        "Orders", [("No", "No", "string"), ("T", "T", "string")], unique_field="No"
    )
    api.store.load_custom_object(number, pa.table({"No": ["A", "B"]}))
    fields = {"id": f"{{{{CustomObject[{number}].Id}}}}", "no": f"{{{{CustomObject[{number}].Field[101]}}}}"}
    uri = api.import_definition(f"/customObjects/{number}", fields, "id")

    rows = [("1", "b"), ("2", "C"), ("", "D"), ("", "d"), ("", "E")]
    sync = api.run_import(uri, [{"id": one, "no": no} for one, no in rows])

    assert [one["recordIndex"] for one in api.rejects(sync)] == [1, 3, 4]
    exported = api.export(f"/customObjects/{number}", {"x": f"{{{{CustomObject[{number}].ExternalId}}}}"})
    assert [one["x"] for one in exported] == ["A", "C", "E"]


# Faults on order


def test_an_ordered_warning_rejects_rows_that_are_then_not_written(api, contacts_import):
    fault = {
        "action": "sync-warning",
        "rejects": 2,
        "status_code": "ELQ-00040",
        "message": "Ordered.",
        "path": "imports",
    }
    api.control("/faults", [fault])

    sync = api.run_import(contacts_import, [row(f"{name}@example.com") for name in "abc"])

    assert sync["status"] == "warning"
    assert [(one["recordIndex"], one["statusCode"], one["message"]) for one in api.rejects(sync)] == [
        (1, "ELQ-00040", "Ordered."),
        (2, "ELQ-00040", "Ordered."),
    ]
    assert [one["email"] for one in everybody(api)] == ["c@example.com"]


@pytest.mark.parametrize(("rejects", "written"), [({}, 0), ({"rejects": 1}, 1)])
def test_an_ordered_error_writes_nothing_or_all_but_the_rejects(api, contacts_import, rejects, written):
    api.control("/faults", [{"action": "sync-error", **rejects}])

    sync = api.run_import(contacts_import, [row("a@example.com"), row("b@example.com")])

    assert sync["status"] == "error"
    assert len(everybody(api)) == written


@pytest.mark.parametrize(
    ("code", "written"), [("ELQ-00109", 0), ("ELQ-00105", 0), ("ELQ-00142", 2), (None, 2)]
)
def test_an_ordered_warning_without_rejects_is_in_the_log_alone(api, contacts_import, code, written):
    api.control("/faults", [{"action": "sync-warning", **({"status_code": code} if code else {})}])

    sync = api.run_import(contacts_import, [row("a@example.com"), row("b@example.com")])

    assert sync["status"] == "warning"
    assert api.rejects(sync) == []
    assert api.logs(sync)[code or "ELQ-00142"] == 0
    assert len(everybody(api)) == written


# Sync actions


def test_an_imports_sync_actions_act_on_new_and_known_records(api):
    api.contacts("a@example.com")
    api.store.create_list("L")
    api.store.create_asset("email/groups", name="G")
    actions = [
        {"destination": "{{ContactList[1]}}"},
        {"action": "setStatus", "destination": "{{EmailGroup[1]}}", "status": "unsubscribed"},
        {"action": "setStatus", "destination": "{{GlobalSubscribe}}", "status": "unsubscribed"},
    ]
    uri = api.import_definition("/contacts", CONTACT_FIELDS, "email", syncActions=actions)

    sync = api.run_import(uri, [row("a@example.com"), row("b@example.com"), row("bad")])

    logs = api.logs(sync)
    assert (logs["ELQ-00119"], logs["ELQ-00116"], logs["ELQ-00017"]) == (2, 2, 2)
    assert api.get("/contacts/lists/1").json()["count"] == 2
    assert {one["s"] for one in everybody(api, s="{{Contact.Email.IsSubscribed}}")} == {"False"}


def test_sync_actions_by_themselves_create_nothing(api):
    api.contacts("a@example.com", "b@example.com")
    api.store.create_list("L", [1, 2])
    uri = api.define(
        "/contacts/syncActions",
        fields={"id": "{{Contact.Id}}"},
        identifierFieldName="id",
        isSyncTriggeredOnImport=False,
        syncActions=[{"action": "remove", "destination": "{{ContactList[1]}}"}],
    )["uri"]

    sync = api.run_import(uri, [{"id": "1"}, {"id": "9"}, {"id": ""}])

    assert api.logs(sync)["ELQ-00118"] == 1
    assert [one["statusCode"] for one in api.rejects(sync)] == ["ELQ-00034", "ELQ-00061"]
    assert api.get("/contacts/lists/1").json()["count"] == 1
    assert len(everybody(api)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"fields": {"a": "{{Contact.Id}}", "b": "{{Contact.Field(C_City)}}"}, "identifierFieldName": "a"},
        {"fields": {"a": "{{Contact.Field(C_City)}}"}, "identifierFieldName": "a"},
        {"fields": {"a": "{{Contact.Id}}"}, "identifierFieldName": "a", "syncActions": []},
        {
            "fields": {"a": "{{Contact.Id}}"},
            "identifierFieldName": "a",
            "syncActions": [{"destination": "x"}],
        },
        {
            "fields": {"a": "{{Contact.Id}}"},
            "identifierFieldName": "a",
            "syncActions": [{"destination": "{{AccountList[1]}}"}],
        },
        {
            "fields": {"a": "{{Contact.Id}}"},
            "identifierFieldName": "a",
            "syncActions": [{"action": "add", "destination": "{{GlobalSubscribe}}"}],
        },
    ],
)
def test_a_wrong_sync_action_definition_is_refused(api, body):
    api.store.create_list("L")
    good = {"syncActions": [{"destination": "{{ContactList[1]}}"}]}

    assert api.post("/contacts/syncActions", {"name": "x", **good, **body}).status == 400


@pytest.mark.parametrize(
    ("status", "state", "value"),
    [("unsubscribed", "IsSubscribed", "False"), ("bounced", "IsBounced", "True")],
)
def test_addresses_get_their_state_without_a_contact(api, status, state, value):
    """And any later contact with the address has that state (sources.md E2.10)."""
    uri = api.import_definition(
        "/emailAddresses",
        {"e": "{{EmailAddress.Field(EmailAddress)}}"},
        "e",
        syncActions=[{"action": "setStatus", "destination": "{{GlobalSubscribe}}", "status": status}],
    )
    sync = api.run_import(uri, [{"e": "Later@Example.com"}, {"e": "bad"}])
    assert len(api.rejects(sync)) == 1
    assert api.logs(sync)["ELQ-00033"] == 1

    api.contacts("later@example.com", "other@example.com")

    exported = api.export("/contacts", {"s": f"{{{{Contact.Email.{state}}}}}"})
    assert [one["s"] == value for one in exported] == [True, False]


def test_accounts_are_imported_by_name(api):
    fields = {"name": "{{Account.Field(M_CompanyName)}}", "city": "{{Account.Field(M_City)}}"}
    uri = api.import_definition("/accounts", fields, "name")
    api.store.load_accounts(pa.table({"M_CompanyName": ["Acme"]}))

    sync = api.run_import(uri, [{"name": "ACME", "city": "Oslo"}, {"name": "Other", "city": "Rome"}])

    assert (api.logs(sync)["ELQ-00005"], api.logs(sync)["ELQ-00023"]) == (1, 1)
    assert [one["city"] for one in api.export("/accounts", fields)] == ["Oslo", "Rome"]


def test_an_import_is_exact_over_many_rows(api, contacts_import):
    rows = [row(f"user{number}@example.com", f"N{number}") for number in range(30_000)]
    api.run_import(contacts_import, json.dumps(rows).encode(), Content_Type="application/json")
    sync = api.run_import(contacts_import, json.dumps(rows[::2]).encode(), Content_Type="application/json")

    assert (api.logs(sync)["ELQ-00004"], api.logs(sync)["ELQ-00022"]) == (0, 15_000)
    assert sorted(one["first"] for one in everybody(api)) == sorted(one["first"] for one in rows)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-01-02", "2026-01-02 00:00:00.000"),
        (" 2026-01-02 03:04 ", "2026-01-02 03:04:00.000"),
        ("2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678"),
        ("2026-01-02T03:04:05.6Z", "2026-01-02 03:04:05.600"),
        ("1/2/2026", "2026-01-02 00:00:00.000"),
        ("12/31/2026 23:59:58", "2026-12-31 23:59:58.000"),
        ("2028-02-29", "2028-02-29 00:00:00.000"),
        ("2026-02-29", None),
        ("31/12/2026", None),
        ("2026-01-02 25:00:00", None),
        ("2026-01-02 03:04:05+02:00", None),
        ("infinity", None),
        ("epoch", None),
        ("today", None),
        ("20260102", None),
    ],
)
def test_dates_are_read_with_the_month_before_the_day(api, text, stored):
    date = "{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}"
    uri = api.import_definition("/contacts", {"email": CONTACT_FIELDS["email"], "d": date}, "email")

    sync = api.run_import(uri, [{"email": "a@example.com", "d": text}])

    assert sync["status"] == ("success" if stored else "warning")
    assert api.export("/contacts", {"d": date}) == [{"d": stored or ""}]


def test_there_is_one_import_priority(api):
    (priority,) = api.get("/imports/priorities").json()["items"]

    assert api.get(priority["uri"]).json() == priority
    assert api.get("/imports/priorities/2").status == 404
