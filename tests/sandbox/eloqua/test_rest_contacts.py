"""REST contacts (sources.md E3.1, 3.2, 3.9)."""

from __future__ import annotations

import pyarrow as pa
import pytest

ONE = "/API/REST/1.0/data/contact"
MANY = "1.0/data/contacts"


@pytest.fixture
def people(api):
    api.control("/clock", {"freeze_at": "2021-07-09T01:39:37.5+00:00"})
    api.contacts(
        "ann@example.com",
        "bob@example.com",
        "zoe@example.org",
        C_FirstName=["Ann", "Bob", ""],
        C_City=["Oslo", "Rome", None],
        C_Salutation=["Ms", None, None],
    )
    return api


def names(answer):
    return [one["emailAddress"].partition("@")[0] for one in answer["elements"]]


def test_a_contact_at_depth_partial_looks_as_recorded(people):
    answer = people.get(f"{ONE}/1?depth=partial")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "type": "Contact",
        "currentStatus": "Awaiting action",
        "id": "1",
        "createdAt": "1625794777",
        "depth": "partial",
        "name": "ann@example.com",
        "updatedAt": "1625794777",
        "city": "Oslo",
        "emailAddress": "ann@example.com",
        "emailFormatPreference": "unspecified",
        "firstName": "Ann",
        "isBounceback": "false",
        "isSubscribed": "true",
        "subscriptionDate": "1625794777",
    }


def test_a_single_contact_is_complete_and_lists_the_fields_that_are_no_properties(people):
    contact = people.rest("2.0/data/contact/1")

    values = {one["id"]: one.get("value") for one in contact["fieldValues"]}
    assert contact["depth"] == "complete"
    assert values["100017"] == "Ms"
    assert values["100032"] == "CELQ000000000001"
    assert values["100026"] == "1625794777"
    assert "100002" not in values
    assert {"type": "FieldValue", "id": "100022"} not in contact["fieldValues"]
    assert {"type": "FieldValue", "id": "100023"} in contact["fieldValues"]


def test_lists_are_minimal_in_an_envelope_of_numbers(people):
    found = people.rest(f"{MANY}?count=2&page=2")

    assert {name: found[name] for name in ("page", "pageSize", "total")} == {
        "page": 2,
        "pageSize": 2,
        "total": 3,
    }
    assert names(found) == ["zoe"]
    assert "firstName" not in found["elements"][0]
    assert people.rest(f"{MANY}?search=C_City=nowhere")["elements"] == []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("emailAddress='ANN@example.com'", ["ann"]),
        ("C_EmailAddress=ann@example.com", ["ann"]),
        ("emailAddress='ann@example.com'emailAddress='bob@example.com'", ["ann", "bob"]),
        ("emailAddress='*@example.com'", ["ann", "bob"]),
        ("*@example.org", ["zoe"]),
        ("C_City=''", ["zoe"]),
        ("city!=Oslo", ["bob", "zoe"]),
        ("city=Oslo firstName=Bob", []),
        ("firstName>=Ann city='Oslo'", ["ann"]),
        ("id=2", ["bob"]),
        ("id>'1'", ["bob", "zoe"]),
        ("ContactIDExt='CELQ000000000003'", ["zoe"]),
        ("updatedAt>='2021-07-09 01:39:37'", ["ann", "bob", "zoe"]),
        ("updatedAt>1625794777", []),
        ("createdAt=1625794777", ["ann", "bob", "zoe"]),
        ("noSuchThing=1", []),
        ("id=x", []),
        ("'; DROP TABLE eloqua_contacts; --=1", []),
    ],
)
def test_contacts_are_searched(people, search, expected):
    assert names(people.get(f"/API/REST/{MANY}?search={search.replace(' ', '%20')}").json()) == expected


def test_different_terms_may_be_joined_by_or(people):
    people.options(search_terms_join="or")

    assert names(people.rest(f"{MANY}?search=city=Oslo%20firstName=Bob")) == ["ann", "bob"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("firstName%20DESC", ["bob", "ann", "zoe"]),
        ("emailAddress", ["ann", "bob", "zoe"]),
        ("x", ["ann", "bob", "zoe"]),
    ],
)
def test_contacts_are_ordered(people, order, expected):
    assert names(people.rest(f"{MANY}?orderBy={order}")) == expected


@pytest.mark.parametrize("query", ["count=0", "count=1001", "count=x", "page=0"])
def test_a_wrong_parameter_is_one_object(api, query):
    answer = api.get(f"/API/REST/{MANY}?{query}")

    assert answer.status == 400
    body = answer.json()
    assert (body["type"], body["parameter"]) == ("EndpointParameterError", query.partition("=")[0])


def test_an_id_that_is_none_is_refused_as_documented(api):
    answer = api.get(f"{ONE}/sandwich")

    assert (answer.status, answer.json()) == (
        400,
        {
            "type": "EndpointParameterError",
            "parameter": "id",
            "requirement": {"type": "IdRequirement", "isRelativeAllowed": False},
            "value": "sandwich",
        },
    )


def test_a_contact_is_made_with_properties_and_field_values(people):
    made = people.post(
        ONE,
        {
            "emailAddress": " New@example.com ",
            "firstName": "New",
            "isSubscribed": "false",
            "fieldValues": [
                {"type": "FieldValue", "id": "100017", "value": "Dr"},
                {"id": "100184", "value": "12"},
            ],
        },
    )

    assert made.status == 201
    contact = made.json()
    assert (contact["id"], contact["emailAddress"], contact["isSubscribed"]) == (
        "4",
        "New@example.com",
        "false",
    )
    values = {one["id"]: one.get("value") for one in contact["fieldValues"]}
    assert (values["100017"], values["100184"]) == ("Dr", "12")
    assert people.rest(f"1.0/data/contact/{contact['id']}") == contact


@pytest.mark.parametrize(
    ("body", "prop", "requirement", "value"),
    [
        ({}, "emailAddress", "EmailAddressRequirement", "<null>"),
        ({"emailAddress": ""}, "emailAddress", "EmailAddressRequirement", "<null>"),
        ({"emailAddress": "bad"}, "emailAddress", "EmailAddressRequirement", "bad"),
        ({"fieldValues": [{"id": "5", "value": "x"}]}, "fieldValues", "RelationshipRequirement", "5"),
        ({"fieldValues": [{"id": "100184", "value": "x"}]}, "C_Employees1", "IntegerRequirement", "x"),
        (
            {"fieldValues": [{"id": "100034", "value": "x"}]},
            "C_LastModifiedByExtIntegrateSystem",
            "DateRequirement",
            "x",
        ),
        ({"fieldValues": "x"}, "fieldValues", "SyntaxRequirement", "<null>"),
        ({"accountId": "99"}, "accountId", "RelationshipRequirement", "99"),
    ],
)
def test_a_wrong_contact_is_refused_with_an_array(api, body, prop, requirement, value):
    full = body if "emailAddress" in body or not body else {"emailAddress": "a@example.com", **body}

    answer = api.post(ONE, full)

    assert answer.status == 400
    (problem,) = answer.json()
    assert problem == {
        "type": "ObjectValidationError",
        "container": {"type": "ObjectKey", "objectType": "Contact"},
        "property": prop,
        "requirement": {"type": requirement},
        "value": value,
    }
    assert api.rest(MANY)["total"] == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b"5"])
def test_a_body_that_is_no_object_is_refused(api, body):
    assert api.post(ONE, body, Content_Type="application/json").status == 400


def test_an_address_in_use_is_a_conflict(people):
    answer = people.post(ONE, {"emailAddress": "BOB@example.com"})

    assert answer.status == 409
    assert answer.json()[0]["requirement"] == {"type": "UniquenessRequirement"}
    assert people.put(f"{ONE}/1", {"id": "1", "emailAddress": "bob@example.com"}).status == 409


def test_a_put_blanks_properties_that_are_left_out_and_keeps_other_fields(people):
    answer = people.put(f"{ONE}/1", {"id": "1", "emailAddress": "ann@example.com", "firstName": "Anna"})

    assert answer.status == 200
    contact = answer.json()
    assert (contact["firstName"], "city" in contact) == ("Anna", False)
    assert {"type": "FieldValue", "id": "100017", "value": "Ms"} in contact["fieldValues"]
    assert people.put(f"{ONE}/1", {"id": "2", "emailAddress": "ann@example.com"}).status == 400
    assert people.put(f"{ONE}/1", {"id": "1"}).json()[0]["container"]["objectId"] == "1"
    assert people.put(f"{ONE}/9", {"id": "9", "emailAddress": "x@example.com"}).status == 404


@pytest.mark.parametrize("status", [200, 204])
def test_a_delete_is_answered_empty_and_the_next_is_404(people, status):
    people.options(rest_delete_status=status)

    answer = people.delete(f"/API/REST/2.0//data/contact/{2}")

    assert (answer.status, answer.data) == (status, b"")
    assert status == 204 or answer.headers["content-length"] == "0"
    assert [people.delete(f"{ONE}/2").status, people.get(f"{ONE}/2").status] == [404, 404]
    assert names(people.rest(MANY)) == ["ann", "zoe"]


def test_bounce_and_subscription_outlive_their_contact(people):
    """They belong to the address (sources.md E3.2)."""
    people.put(
        f"{ONE}/1",
        {"id": "1", "emailAddress": "ann@example.com", "isBounceback": "true", "isSubscribed": "false"},
    )
    before = people.rest("1.0/data/contact/1?depth=partial")
    people.delete(f"{ONE}/1")
    people.control("/clock", {"advance_s": 1000})

    after = people.post(ONE, {"emailAddress": "Ann@example.com"}).json()

    assert after["id"] != "1"
    same = ("isBounceback", "isSubscribed", "subscriptionDate", "bouncebackDate", "unsubscriptionDate")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert (after["isBounceback"], after["isSubscribed"]) == ("true", "false")


@pytest.mark.parametrize(("deletes", "left"), [(False, [None, 2]), (True, [2])])
def test_records_of_a_deleted_contact_stay_unlinked_unless_their_object_says_otherwise(people, deletes, left):
    number = people.store.create_custom_object(
        "Orders", [("E", "E", "string")], email_field="E", delete_linked=deletes
    )
    people.store.load_custom_object(number, pa.table({"E": ["ann@example.com", "bob@example.com"]}))

    people.delete(f"{ONE}/1")

    records = people.rest(f"2.0/data/customObject/{number}/instances")["elements"]
    assert [one.get("contactId") for one in records] == [str(one) if one else None for one in left]


def test_a_deleted_contact_leaves_its_lists(people):
    people.store.create_list("L", [1, 2])
    people.delete(f"{ONE}/1")

    assert people.rest("1.0/assets/contact/list/1")["count"] == "1"


def test_membership_is_a_bare_array(people):
    people.store.create_list("First", [1])
    people.store.create_list("Second", [2])

    assert people.rest("2.0/data/contact/1/membership") == [
        {"type": "ContactList", "id": "1", "name": "First"}
    ]


def test_contacts_are_fetched_by_id_with_an_overridden_method(people):
    def search(body):
        return people.post("/API/REST/2.0/data/contacts", body, X_HTTP_Method_Override="SEARCH")

    found = search({"ids": ["3", 1], "depth": "minimal"}).json()

    assert [one["id"] for one in found] == ["1", "3"]
    assert search({"ids": ["1", "1"]}).status == 400
    assert search({"ids": [str(number) for number in range(201)]}).status == 400
    assert search({}).status == 400


def test_methods_may_be_overridden_by_header(people):
    assert people.post(f"{ONE}/3", b"", X_HTTP_Method_Override="DELETE").status == 200
    assert people.rest(MANY)["total"] == 2


def test_a_status_may_be_overridden_by_header(api):
    answer = api.get(f"{ONE}/1", X_HTTP_Status_Code_Override="200")

    assert (answer.status, answer.headers["x-http-original-status-code"]) == (200, "404")


@pytest.mark.parametrize(
    ("path", "expected"), [("list", ["ann", "zoe"]), ("segment", ["bob"]), ("filter", ["zoe"])]
)
def test_contacts_of_a_list_segment_or_filter(people, path, expected):
    people.store.create_list("L", [1, 3])
    people.store.create_segment("S", "'{{Contact.Field(C_FirstName)}}' = 'Bob'")
    people.store.create_segment("F", "'{{Contact.Field(C_FirstName)}}' = ''", kind="filters")

    assert names(people.rest(f"2.0/data/contacts/{path}/1")) == expected
    assert people.get(f"/API/REST/2.0/data/contacts/{path}/9").status == 404


def test_email_group_subscriptions_follow_the_address(people):
    people.store.create_asset("email/groups", name="News")
    path = "/API/REST/2.0/data/contact/1/email/group/1/subscription"
    assert people.get(path).json()["isSubscribed"] == "true"

    people.put(path, {"isSubscribed": "false"})

    assert people.get(path).json()["isSubscribed"] == "false"
    assert (
        people.rest("2.0/data/contact/1/email/groups/subscription")["elements"][0]["isSubscribed"] == "false"
    )
    assert people.get(path.replace("group/1", "group/2")).status == 404
    assert people.put(path, {}).status == 400


def test_only_the_two_versions_exist(api):
    assert api.get("/API/REST/3.0/data/contacts").status == 404


def test_a_full_instance_takes_no_new_contact(people):
    people.options(max_contacts=3)

    assert people.post(ONE, {"emailAddress": "new@example.com"}).status == 403
