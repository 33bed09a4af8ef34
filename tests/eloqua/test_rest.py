"""The REST client: single entities against the sandbox, and what a server may do wrong by script."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.eloqua.instance import Instance
from tests.eloqua.scripted import json_reply, scripted_eloqua
from tests.scripted import Answer, Seen, hang_up, reply

from scc.eloqua import InvalidConflictError, InvalidError
from scc.eloqua.rest import search_term
from scc.eloqua.rest_models import (
    Account,
    Contact,
    ContactList,
    CustomObject,
    CustomObjectField,
    CustomObjectRecord,
    Form,
)
from scc.errors import ConfigError, DataError, NotFoundError, UnavailableError

CONTACTS = ("GET", "/API/REST/1.0/data/contacts")


def test_contact_is_made_read_changed_and_deleted(instance: Instance) -> None:
    contacts = instance.client.rest.contacts

    made = contacts.create(Contact(email_address="ann@x.example", first_name="Ann", city="Oslo"))
    assert made.id is not None
    read = contacts.get(made.id)
    contacts.update(replace(read, first_name="Zoë", country=""))
    changed = contacts.get(made.id)

    assert (read.email_address, read.first_name, read.is_subscribed) == ("ann@x.example", "Ann", True)
    assert read.created_at is not None
    assert read.created_at.tzinfo is not None
    assert (changed.first_name, changed.city, changed.email_address) == ("Zoë", "Oslo", "ann@x.example")
    assert contacts.delete(made.id)
    assert not contacts.delete(made.id), "gone already"
    with pytest.raises(NotFoundError):
        contacts.get(made.id)


def test_custom_fields_are_known_by_their_id(instance: Instance) -> None:
    contacts = instance.client.rest.contacts
    made = contacts.create(Contact(email_address="ann@x.example", field_values={100048: "Open"}))
    assert made.id is not None

    read = contacts.get(made.id)
    contacts.update(replace(read, field_values={**(read.field_values or {}), 100049: "Buyer"}))
    values = contacts.get(made.id).field_values

    assert values is not None
    assert (values[100048], values[100049]) == ("Open", "Buyer")


def test_contact_that_exists_already_is_a_conflict(instance: Instance) -> None:
    instance.contacts("ann@x.example")

    with pytest.raises(InvalidConflictError, match="emailAddress: UniquenessRequirement") as caught:
        instance.client.rest.contacts.create(Contact(email_address="ann@x.example"))
    assert "ann" not in str(caught.value)


def test_contact_without_an_address_is_invalid(instance: Instance) -> None:
    with pytest.raises(InvalidError, match="emailAddress: EmailAddressRequirement"):
        instance.client.rest.contacts.create(Contact(first_name="Ann"))


def test_search_goes_through_all_pages(instance: Instance) -> None:
    instance.contacts(*[f"p{n:03}@x.example" for n in range(25)], "q@y.example")

    found = list(instance.client.rest.contacts.search(search_term("emailAddress", "=", "p*"), page_size=10))
    everyone = list(instance.client.rest.contacts.search(page_size=26, depth="partial"))

    assert len({one.id for one in found}) == 25
    assert len(everyone) == 26
    assert {one.email_address for one in everyone} >= {"p000@x.example", "q@y.example"}


def test_search_for_what_changed_lately(instance: Instance) -> None:
    instance.store.create_asset("campaigns", name="Spring")
    campaigns = instance.client.rest.campaigns
    (spring,) = campaigns.search()
    assert spring.updated_at is not None

    assert [one.name for one in campaigns.search(updated_since=spring.updated_at)] == ["Spring"]
    assert list(campaigns.search(updated_since=spring.updated_at + timedelta(seconds=1))) == []


def test_contacts_are_read_by_their_ids(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example", id=[1, 2])
    contacts = instance.client.rest.contacts

    assert [one.id for one in contacts.by_ids([2, 77, 1])] in ([1, 2], [2, 1])
    with pytest.raises(ConfigError, match="200"):
        contacts.by_ids(range(1, 202))
    with pytest.raises(ConfigError, match="once"):
        contacts.by_ids([1, 1])


def test_lists_are_made_changed_and_emptied(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example", id=[1, 2])
    rest = instance.client.rest
    fans = rest.contact_lists.create(ContactList(name="Fans"))
    assert fans.id is not None

    rest.contact_lists.change(fans, add=[1, 2])
    assert [one.name for one in rest.contacts.memberships(1)] == ["Fans"]
    assert rest.contact_lists.get(fans.id).count == 2

    rest.contact_lists.change(fans, remove=[1])
    assert rest.contacts.memberships(1) == []
    assert [one.name for one in rest.contact_lists.search(search_term("name", "=", "Fa*"))] == ["Fans"]
    assert rest.contact_lists.delete(fans.id)


def test_accounts_are_found_and_changed(instance: Instance) -> None:
    instance.store.load_accounts(pa.table({"M_CompanyName": ["Acme", "Emca"]}))
    accounts = instance.client.rest.accounts

    (acme,) = accounts.search(search_term("name", "=", "Acme"), depth="complete")
    assert acme.id is not None
    accounts.update(replace(acme, city="Oslo"))

    assert (accounts.get(acme.id).name, accounts.get(acme.id).city) == ("Acme", "Oslo")


def test_custom_objects_and_their_records(instance: Instance) -> None:
    rest = instance.client.rest
    fields = (
        CustomObjectField(id=-1, name="Key", data_type="text", display_type="text"),
        CustomObjectField(id=-2, name="When", data_type="date", display_type="text"),
    )
    made = rest.custom_objects.create(CustomObject(name="Orders", fields=fields, unique_code_field_id=-1))
    assert made.id is not None
    asset = rest.custom_objects.get(made.id)
    assert asset.fields is not None
    key, when = (one.id for one in asset.fields)
    assert key is not None
    assert when is not None

    records = rest.custom_object_records(made.id)
    record = records.create(CustomObjectRecord(field_values={key: "K-1"}))
    assert record.id is not None
    records.update(replace(records.get(record.id), field_values={key: "K-2"}))

    assert [one.id for one in records.search()] == [record.id]
    values = records.get(record.id).field_values
    assert values is not None
    assert values[key] == "K-2"
    assert records.delete(record.id)
    assert list(records.search()) == []
    assert [one.name for one in rest.custom_objects.search()] == ["Orders"]


@pytest.mark.parametrize("kind", ["campaigns", "emails", "forms"])
def test_assets_are_found(instance: Instance, kind: str) -> None:
    number = instance.store.create_asset(kind, name="Spring")
    collection = getattr(instance.client.rest, kind)

    assert [one.name for one in collection.search(search_term("name", "=", "Spr*"))] == ["Spring"]
    assert collection.get(number).name == "Spring"


def test_form_is_filled_in_and_read(instance: Instance) -> None:
    forms = instance.client.rest.forms
    made = forms.create(
        Form(
            name="Contact us",
            html_name="contact",
            raw={"elements": [{"type": "FormField", "id": "-1", "name": "Email", "htmlName": "email"}]},
        )
    )
    assert made.id is not None
    elements = forms.get(made.id).elements
    assert elements is not None
    (element,) = elements
    assert element.id is not None
    assert element.html_name == "email"

    forms.submit(made.id, {element.id: "ann@x.example"})
    (data,) = forms.data(made.id)

    assert data.field_values == {element.id: "ann@x.example"}
    assert data.submitted_at is not None
    assert list(forms.data(made.id, end=data.submitted_at - timedelta(hours=1))) == []


def elements(*numbers: int, total: int = 99) -> Answer:
    listed = [{"type": "Contact", "id": str(number)} for number in numbers]
    return json_reply({"elements": listed, "page": 1, "pageSize": 2, "total": total})


def test_pages_end_where_the_total_is_reached() -> None:
    pages = [elements(1, 2, total=3), elements(3, total=3)]
    with scripted_eloqua({CONTACTS: pages}) as (client, server):
        assert [one.id for one in client.rest.contacts.search(page_size=2)] == [1, 2, 3]
    assert [seen.query for seen in server.requests[1:]] == [
        "depth=minimal&count=2&page=1",
        "depth=minimal&count=2&page=2",
    ]


def test_pages_end_where_a_page_is_empty() -> None:
    with scripted_eloqua({CONTACTS: [elements(1, 2), elements()]}) as (client, _):
        assert [one.id for one in client.rest.contacts.search(page_size=2)] == [1, 2]


def test_page_that_comes_again_is_a_data_error() -> None:
    with (
        scripted_eloqua({CONTACTS: elements(1, 2)}) as (client, _),
        pytest.raises(DataError, match="page 1 again"),
    ):
        list(client.rest.contacts.search(page_size=2))


def test_answer_without_a_body_is_an_empty_list() -> None:
    with scripted_eloqua({CONTACTS: reply(204)}) as (client, _):
        assert list(client.rest.contacts.search()) == []


@pytest.mark.parametrize("size", [0, 1001])
def test_page_size_beyond_eloquas_is_refused(size: int) -> None:
    with scripted_eloqua({}) as (client, _), pytest.raises(ConfigError, match="1 to 1,000"):
        list(client.rest.contacts.search(page_size=size))


@pytest.mark.parametrize("fault", [hang_up(), reply(503)])
def test_create_is_never_sent_twice(fault: Answer) -> None:
    script = {("POST", "/API/REST/1.0/data/contact"): fault}
    with scripted_eloqua(script) as (client, server), pytest.raises(UnavailableError):
        client.rest.contacts.create(Contact(email_address="ann@x.example"))
    assert [seen.method for seen in server.requests].count("POST") == 1


@pytest.mark.parametrize("status", [200, 204])
def test_delete_has_two_good_answers(status: int) -> None:
    with scripted_eloqua({("DELETE", "/API/REST/1.0/data/contact/5"): reply(status)}) as (client, _):
        assert client.rest.contacts.delete(5)


def test_update_sends_back_what_it_does_not_know() -> None:
    """Eloqua blanks what a PUT leaves out."""
    sent: list[bytes] = []
    whole = {
        "type": "Contact",
        "id": "5",
        "depth": "complete",
        "emailAddress": "a@x.example",
        "novelty": "kept",
    }

    def put(seen: Seen) -> Answer:
        sent.append(seen.body)
        return json_reply(whole)

    path = "/API/REST/1.0/data/contact/5"
    with scripted_eloqua({("GET", path): json_reply(whole), ("PUT", path): put}) as (client, _):
        client.rest.contacts.update(replace(client.rest.contacts.get(5), is_subscribed=False))

    assert sent == [
        b'{"type":"Contact","id":"5","depth":"complete","emailAddress":"a@x.example","novelty":"kept","isSubscribed":"false"}'
    ]


def test_update_of_what_was_read_in_part_is_refused() -> None:
    with scripted_eloqua({}) as (client, _):
        for contact, why in (
            (Contact(id=5, raw={"depth": "minimal"}), "depth minimal"),
            (Contact(), "without an id"),
        ):
            with pytest.raises(ConfigError, match=why):
                client.rest.contacts.update(contact)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"id": "five"}, "whole number in 'id'"),
        ({"id": "5", "isBounceback": "maybe"}, "boolean in 'isBounceback'"),
        ({"id": "5", "createdAt": "yesterday"}, "time in 'createdAt'"),
        ({"id": "5", "createdAt": "9" * 30}, "time in 'createdAt'"),
        ({"id": "5", "fieldValues": "jane"}, "field values in 'fieldValues'"),
        ({"id": "5", "fieldValues": [{"value": "jane"}]}, "field values in 'fieldValues'"),
    ],
)
def test_property_of_another_kind_is_a_data_error_without_its_value(item: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why) as caught:
        Contact.read(item)
    assert "jane" not in str(caught.value)


def test_blanks_and_absent_values_are_read_as_such() -> None:
    item = {
        "id": "5",
        "bouncebackDate": "",
        "isBounceback": "",
        "fieldValues": [{"id": "1"}, {"id": "2", "value": "x"}],
    }

    contact = Contact.read(item)

    assert (contact.bounceback_at, contact.is_bounceback, contact.is_subscribed) == (None, None, None)
    assert contact.field_values == {1: "", 2: "x"}


def test_personal_values_show_in_no_repr() -> None:
    contact = Contact(
        id=5, email_address="jane", first_name="jane", field_values={1: "jane"}, raw={"x": "jane"}
    )
    record = CustomObjectRecord(name="jane", unique_code="jane", field_values={1: "jane"})

    assert "jane" not in repr([contact, record])
    assert "Acme" in repr(Account(name="Acme"))


@pytest.mark.parametrize(
    ("name", "operator", "value"), [("name", "~", "x"), ("a b", "=", "x"), ("name", "=", "O'Neil")]
)
def test_search_term_that_can_not_be_written_is_refused(name: str, operator: str, value: str) -> None:
    with pytest.raises(ConfigError):
        search_term(name, operator, value)


def test_search_term_is_quoted() -> None:
    assert search_term("name", ">=", "a b") == "name>='a b'"
