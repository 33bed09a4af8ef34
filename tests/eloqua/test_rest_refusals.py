"""What Eloqua's REST API refuses by its own checks: the error that a caller gets, and that it asked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.eloqua.instance import Instance
from tests.eloqua.refusing import refused

from scc.eloqua import (
    Account,
    Campaign,
    Contact,
    ContactList,
    CustomObject,
    CustomObjectField,
    CustomObjectRecord,
    Email,
    Form,
    InvalidConflictError,
    InvalidError,
)
from scc.eloqua.rest import Rest
from scc.errors import ConflictError, CredentialsError, NotFoundError

ANN = "ann@x.example"
KEY = CustomObjectField(id=-1, name="Key", data_type="text", display_type="text")
COUNT = CustomObjectField(id=-2, name="Count", data_type="number", display_type="text")
SECRET = "secret-value"


def objects(rest: Rest) -> tuple[int, int, int]:
    """Make a custom object with a unique key and a number; give its id and its fields'."""
    made = rest.custom_objects.create(
        CustomObject(name="Orders", fields=(KEY, COUNT), unique_code_field_id=-1)
    )
    assert made.id is not None
    assert made.fields is not None
    key, count = (one.id for one in made.fields)
    assert key is not None
    assert count is not None
    return made.id, key, count


COLLECTIONS: dict[str, Callable[[Rest], Any]] = {
    "contacts": lambda rest: (rest.contacts, Contact(id=99, email_address=ANN)),
    "accounts": lambda rest: (rest.accounts, Account(id=99, name="Acme")),
    "contact_lists": lambda rest: (rest.contact_lists, ContactList(id=99, name="L")),
    "custom_objects": lambda rest: (rest.custom_objects, CustomObject(id=99, name="O")),
    "custom_object_records": lambda rest: (
        rest.custom_object_records(objects(rest)[0]),
        CustomObjectRecord(id=99),
    ),
    "campaigns": lambda rest: (rest.campaigns, Campaign(id=99, name="C")),
    "emails": lambda rest: (rest.emails, Email(id=99, name="E")),
    "forms": lambda rest: (rest.forms, Form(id=99, name="F")),
}


@pytest.mark.parametrize("kind", list(COLLECTIONS))
def test_entity_that_is_not_there(instance: Instance, kind: str) -> None:
    collection, entity = COLLECTIONS[kind](instance.client.rest)

    refused(instance, NotFoundError, 404, "", lambda: collection.get(99))
    refused(instance, NotFoundError, 404, "", lambda: collection.update(entity))
    instance.control("DELETE", "/requests")
    assert collection.delete(99) is False
    assert [one["status"] for one in instance.requests("DELETE", "/99")] == [404]


def test_parts_of_what_is_not_there(instance: Instance) -> None:
    rest = instance.client.rest
    for call in (
        lambda: rest.contacts.memberships(99),
        lambda: rest.contact_lists.change(ContactList(id=99, name="L"), add=[1]),
        lambda: list(rest.forms.data(99)),
        lambda: rest.forms.submit(99, {1: "x"}),
        lambda: list(rest.custom_object_records(99).search()),
        lambda: rest.custom_object_records(99).create(CustomObjectRecord()),
    ):
        refused(instance, NotFoundError, 404, "", call)


@pytest.mark.parametrize(
    ("create", "words"),
    [
        (lambda rest: rest.contacts.create(Contact(first_name=SECRET)), "emailAddress: EmailAddressRequirement"),
        (lambda rest: rest.contacts.create(Contact(email_address=SECRET)), "emailAddress: EmailAddressRequirement"),
        (
            lambda rest: rest.contacts.create(Contact(email_address=ANN, field_values={1: SECRET})),
            "fieldValues: RelationshipRequirement",
        ),
        (
            lambda rest: rest.contacts.create(Contact(email_address=ANN, field_values={100184: SECRET})),
            "C_Employees1: IntegerRequirement",
        ),
        (
            lambda rest: rest.contacts.create(Contact(email_address=ANN, raw={"accountId": SECRET})),
            "accountId: RelationshipRequirement",
        ),
        (lambda rest: rest.accounts.create(Account(city=SECRET)), "name: "),
        (lambda rest: rest.contact_lists.create(ContactList(name=SECRET * 9)), "name: ValidTextLengthRequirement"),
        (lambda rest: rest.custom_objects.create(CustomObject()), "name: ValidTextLengthRequirement"),
        (
            lambda rest: rest.custom_objects.create(CustomObject(name="O", fields=(KEY, KEY))),
            "fields: NoDuplicatesRequirement",
        ),
        (lambda rest: rest.campaigns.create(Campaign()), "name: NotNullRequirement"),
        (lambda rest: rest.emails.create(Email(subject=SECRET)), "name: NotNullRequirement"),
        (lambda rest: rest.forms.create(Form()), "name: NotNullRequirement"),
    ],
)  # fmt: skip
def test_entity_with_a_fault_names_it(
    instance: Instance, create: Callable[[Rest], object], words: str
) -> None:
    error = refused(instance, InvalidError, 400, words, lambda: create(instance.client.rest))
    assert error.code == "ObjectValidationError"
    assert error.failures
    assert SECRET not in f"{error}{error!r}{error.hint}{error.failures}"


def test_value_of_the_wrong_kind_in_a_record(instance: Instance) -> None:
    number, _, count = objects(instance.client.rest)
    records = instance.client.rest.custom_object_records(number)
    record = CustomObjectRecord(field_values={count: SECRET})

    error = refused(instance, InvalidError, 400, "IntegerRequirement", lambda: records.create(record))
    assert SECRET not in str(error)
    assert error.failures[0].value == SECRET


def test_update_is_checked_as_a_create_is(instance: Instance) -> None:
    contact = instance.client.rest.contacts.create(Contact(email_address=ANN))
    wrong = replace(contact, email_address="")
    words = "emailAddress: EmailAddressRequirement"
    refused(instance, InvalidError, 400, words, lambda: instance.client.rest.contacts.update(wrong))


def test_address_of_another_contact(instance: Instance) -> None:
    people = instance.client.rest.contacts
    people.create(Contact(email_address=ANN))
    bob = people.create(Contact(email_address="bob@x.example"))

    words = "ObjectValidationError: emailAddress: UniquenessRequirement"
    for call in (
        lambda: people.create(Contact(email_address=ANN.upper())),
        lambda: people.update(replace(bob, email_address=ANN)),
    ):
        error = refused(instance, InvalidConflictError, 409, words, call)
        assert "x.example" not in f"{error}{error.failures}".lower()
        assert str(error.failures[0].value).lower() == ANN


def test_key_of_another_record(instance: Instance) -> None:
    number, key, _ = objects(instance.client.rest)
    records = instance.client.rest.custom_object_records(number)
    records.create(CustomObjectRecord(field_values={key: SECRET}))

    error = refused(
        instance,
        InvalidConflictError,
        409,
        "uniqueCode: UniquenessRequirement",
        lambda: records.create(CustomObjectRecord(field_values={key: SECRET})),
    )
    assert SECRET not in str(error)


def test_name_of_another_list(instance: Instance) -> None:
    lists = instance.client.rest.contact_lists
    lists.create(ContactList(name="Spring"))
    other = lists.create(ContactList(name="Autumn"))

    words = "name: UniquenessRequirement"
    refused(instance, InvalidConflictError, 409, words, lambda: lists.create(ContactList(name="spring")))
    refused(instance, InvalidConflictError, 409, words, lambda: lists.update(replace(other, name="Spring")))


def test_stranger_in_a_list(instance: Instance) -> None:
    lists = instance.client.rest.contact_lists
    made = lists.create(ContactList(name="Spring"))
    words = "membershipAdditions: RelationshipRequirement"
    refused(instance, InvalidError, 400, words, lambda: lists.change(made, add=[99]))


@pytest.mark.parametrize(
    ("kind", "element"),
    [
        ("contact_lists", {"type": "CampaignAddToContactListAction", "listId": "1"}),
        ("emails", {"type": "CampaignEmail", "emailId": "1"}),
        ("forms", {"type": "CampaignSubmitFormRule", "formId": "1"}),
    ],
)
def test_asset_that_a_campaign_needs(instance: Instance, kind: str, element: dict[str, str]) -> None:
    collection, entity = COLLECTIONS[kind](instance.client.rest)
    made = collection.create(replace(entity, id=None))
    assert made.id == 1
    campaign = instance.client.rest.campaigns.create(Campaign(name="Spring", raw={"elements": [element]}))
    assert campaign.id is not None

    words = "has dependencies, and cannot be deleted"
    refused(instance, ConflictError, 412, words, lambda: collection.delete(1))
    assert collection.get(1).id == 1

    instance.client.rest.campaigns.delete(campaign.id)
    assert collection.delete(1)


def test_list_that_a_segment_reads(instance: Instance) -> None:
    lists = instance.client.rest.contact_lists
    made = lists.create(ContactList(name="Spring"))
    assert made.id is not None
    number = made.id
    instance.store.create_segment("S", f"EXISTS('{{{{ContactList[{number}]}}}}')")

    words = "has dependencies, and cannot be deleted"
    refused(instance, ConflictError, 412, words, lambda: lists.delete(number))
    other = lists.create(ContactList(name="Autumn"))
    assert other.id == number + 1
    assert lists.delete(number + 1)


def test_form_without_such_a_field(instance: Instance) -> None:
    field = {"type": "FormField", "id": "-1", "name": "Email", "htmlName": "email"}
    forms = instance.client.rest.forms
    made = forms.create(Form(name="F", raw={"elements": [field]}))
    assert made.id is not None
    number = made.id
    words = "fieldValues: RelationshipRequirement"
    refused(instance, InvalidError, 400, words, lambda: forms.submit(number, {99: SECRET}))


def test_instance_that_is_full(instance: Instance) -> None:
    """403: a vendor's sandbox takes 10,000 contacts."""
    instance.control("POST", "/options", {"eloqua": {"max_contacts": 1}})
    people = instance.client.rest.contacts
    people.create(Contact(email_address=ANN))
    other = Contact(email_address="bob@x.example")
    refused(instance, CredentialsError, 403, "", lambda: people.create(other))
