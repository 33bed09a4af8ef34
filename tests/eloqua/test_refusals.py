"""What Eloqua's Bulk API refuses by its own checks: definitions, syncs, data, uploads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.eloqua.instance import EMAIL, Instance
from tests.eloqua.refusing import refused

from scc.eloqua import (
    InvalidConflictError,
    InvalidError,
    Sync,
    SyncAction,
    contacts,
    custom_object,
    encoding,
    event,
    exists,
    field,
)
from scc.errors import ConflictError, NotFoundError, QuotaError, RefusedError, ThrottledError
from scc.sandbox.eloqua import staging

FIELDS = {"Email": EMAIL}
ROWS = [pa.RecordBatch.from_pydict({"Email": ["a@x.example"]})]
HOUR = timedelta(hours=1)
NO_FIELD = {"Email": EMAIL, "Other": "{{Contact.Field(C_Secret)}}"}


@pytest.fixture
def exported(instance: Instance) -> Sync:
    """An export of an hour's life."""
    instance.contacts("a@x.example", "b@x.example")
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), FIELDS, retention=HOUR, auto_delete=HOUR)
    return bulk.wait(bulk.start_sync(definition.uri))


def advance(instance: Instance, hours: float) -> None:
    instance.control("POST", "/clock", {"advance_s": hours * 3600})


def option(instance: Instance, **options: object) -> None:
    instance.control("POST", "/options", {"eloqua": options})


# Definitions


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda bulk: bulk.create_export(contacts(), NO_FIELD), "fields: "),
        (lambda bulk: bulk.create_export(contacts(), FIELDS, filter=exists("{{ContactList[99]}}")), "filter: "),
        (lambda bulk: bulk.create_export(contacts(), FIELDS, filter=field("{{Contact.Nothing}}") == "secret"), "filter: "),
        (lambda bulk: bulk.create_import(contacts(), NO_FIELD, identifier="Email"), "fields: "),
        (
            lambda bulk: bulk.create_import(
                contacts(), {**FIELDS, "When": "{{Contact.CreatedAt}}"}, identifier="Email"
            ),
            "fields: Must be a field that can be written.",
        ),
        (
            lambda bulk: bulk.create_import(contacts(), FIELDS, identifier="Email", importRule="secret"),
            "importRule: Must be one of",
        ),
        (
            lambda bulk: bulk.create_sync_actions(
                contacts(), FIELDS, sync_actions=[SyncAction("{{ContactList[99]}}")]
            ),
            "syncActions: ",
        ),
    ],
)  # fmt: skip
def test_definition_with_a_fault_names_it(
    instance: Instance, make: Callable[[Any], object], words: str
) -> None:
    error = refused(instance, InvalidError, 400, words, lambda: make(instance.client.bulk))
    assert error.failures
    assert "secret" not in str(error)


def test_every_fault_of_a_definition_is_named(instance: Instance) -> None:
    nothing = field("{{Contact.Nothing}}") == "secret"
    error = refused(
        instance,
        InvalidError,
        400,
        "fields: ",
        lambda: instance.client.bulk.create_export(contacts(), NO_FIELD, filter=nothing),
    )
    assert {one.where for one in error.failures} == {"fields", "filter"}
    assert "filter: " in str(error)


@pytest.mark.parametrize("call", ["fields", "create_export", "create_import", "create_sync_actions"])
def test_custom_object_that_is_not_there(instance: Instance, call: str) -> None:
    bulk, obj = instance.client.bulk, custom_object(99)
    more: dict[str, Any] = {
        "fields": {},
        "create_export": {"fields": {"Id": obj.statement("Id")}},
        "create_import": {"fields": {"Id": obj.statement("Id")}, "identifier": "Id"},
        "create_sync_actions": {
            "fields": {"Id": obj.statement("Id")},
            "sync_actions": [SyncAction("{{ContactList[1]}}")],
        },
    }
    refused(instance, NotFoundError, 404, "", lambda: getattr(bulk, call)(obj, **more[call]))


def test_what_the_sandbox_lacks_is_refused_for_good(instance: Instance) -> None:
    """501 is no fault that passes."""
    words = "/API/Bulk/2.0/events/1/fields"
    refused(instance, RefusedError, 501, words, lambda: instance.client.bulk.fields(event(1)))


# Syncs


def test_definition_is_checked_again_when_it_is_synced(instance: Instance) -> None:
    number = instance.store.create_list("L")
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), FIELDS, filter=exists(f"{{{{ContactList[{number}]}}}}"))
    instance.client.rest.contact_lists.delete(number)

    refused(instance, InvalidError, 400, "filter: ", lambda: bulk.start_sync(definition.uri))


@pytest.mark.parametrize("status", [404, 410])
def test_definition_whose_time_is_over(instance: Instance, status: int) -> None:
    option(instance, expired_status=status)
    bulk = instance.client.bulk
    old = bulk.create_import(contacts(), FIELDS, identifier="Email", auto_delete=HOUR)
    advance(instance, 2)

    refused(instance, NotFoundError, status, "", lambda: bulk.start_sync(old.uri))
    error = refused(instance, NotFoundError, status, "", lambda: bulk.upload(old, ROWS), after=1)
    assert "expired or was deleted" in str(error.hint)
    bulk.delete_data(old.uri)
    bulk.delete(old.uri)


def test_definition_that_was_deleted(instance: Instance) -> None:
    bulk = instance.client.bulk
    gone = bulk.create_import(contacts(), FIELDS, identifier="Email")
    bulk.delete(gone.uri)

    refused(instance, NotFoundError, 404, "", lambda: bulk.start_sync(gone.uri))


def test_second_sync_of_a_definition_that_is_under_way(instance: Instance) -> None:
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 100})
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), FIELDS)
    bulk.start_sync(definition.uri)

    words = "syncedInstanceUri: Must not be in use"
    refused(instance, InvalidConflictError, 409, words, lambda: bulk.start_sync(definition.uri))


def test_too_many_syncs_are_throttled_within_the_budget(instance: Instance) -> None:
    option(instance, daily_syncs=1)
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), FIELDS)
    bulk.start_sync(definition.uri)

    with pytest.raises(ThrottledError):
        bulk.start_sync(definition.uri)
    assert 200 < sum(instance.waits) < 300
    assert len(instance.requests("POST", "/syncs")) == 1 + len(instance.waits) + 1
    assert instance.requests("GET", "/syncs") == [], (
        "a throttled start was not processed: nothing is looked for"
    )


@pytest.mark.parametrize("call", ["sync", "wait", "logs", "rejects", "count", "data"])
def test_sync_that_is_not_there(instance: Instance, call: str) -> None:
    more: dict[str, Any] = {"data": (["Email"],)}
    find = getattr(instance.client.bulk, call)
    refused(instance, NotFoundError, 404, "", lambda: list(find("/syncs/99", *more.get(call, ()))))


# Data


@pytest.mark.parametrize("status", [404, 410])
def test_data_whose_time_is_over(instance: Instance, exported: Sync, status: int) -> None:
    option(instance, expired_status=status)
    advance(instance, 2)
    read = instance.client.bulk.data
    refused(instance, NotFoundError, status, "", lambda: list(read(exported.uri, ["Email"])), before=1)
    refused(
        instance, NotFoundError, status, "", lambda: list(read(exported.uri, ["Email"], expected=2, offset=1))
    )


def test_data_that_were_deleted(instance: Instance, exported: Sync) -> None:
    instance.client.bulk.delete_data(exported.uri)
    refused(
        instance,
        NotFoundError,
        404,
        "",
        lambda: list(instance.client.bulk.data(exported.uri, ["Email"])),
        before=1,
    )


@pytest.mark.parametrize(("status", "kind"), [(409, ConflictError), (404, NotFoundError)])
def test_data_of_a_sync_that_has_not_ended(instance: Instance, status: int, kind: Any) -> None:
    option(instance, early_data_status=status)
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 100})
    bulk = instance.client.bulk
    sync = bulk.start_sync(bulk.create_export(contacts(), FIELDS).uri)

    refused(instance, kind, status, "", lambda: list(bulk.data(sync.uri, ["Email"])), before=1)


def test_data_of_an_imports_sync(instance: Instance) -> None:
    sync = instance.write(contacts(), FIELDS, pa.Table.from_batches(ROWS), "Email")
    read = instance.client.bulk.data
    words = "uri: Must be the sync of an export."
    refused(instance, InvalidError, 400, words, lambda: list(read(sync.uri, ["Email"])), before=1)


# Uploads


def staged_kb(instance: Instance) -> int:
    return instance.store.staging.used()


def import_of(instance: Instance) -> Any:
    return instance.client.bulk.create_import(contacts(), FIELDS, identifier="Email")


def test_upload_over_32_mb(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client splits before; a body that is too large all the same is answered 404."""
    monkeypatch.setattr(encoding, "AIM", 64_000_000)
    monkeypatch.setattr(encoding, "MAX_BODY", 64_000_000)
    definition = import_of(instance)
    rows = [pa.RecordBatch.from_pydict({"Email": ["x" * 33_700_000]})]

    upload = instance.client.bulk.upload
    error = refused(instance, NotFoundError, 404, "", lambda: upload(definition, rows), after=1)
    assert "more than 32 MB" in str(error.hint)
    assert "33,7" in str(error.hint)


def test_one_file_more_than_a_sync_takes(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 in Eloqua. What an upload before had staged is gone too: the staged data can only be deleted whole."""
    monkeypatch.setattr(staging, "MOST_FILES", 1)
    definition = import_of(instance)
    upload = instance.client.bulk.upload
    upload(definition, ROWS)

    refused(instance, InvalidError, 400, "files may be staged", lambda: upload(definition, ROWS), after=1)
    assert staged_kb(instance) == 0


def test_staging_area_that_is_full(instance: Instance) -> None:
    option(instance, staging_quota_mb=1)
    definition = import_of(instance)
    rows = [pa.RecordBatch.from_pydict({"Email": [f"{n:0200}@x.example" for n in range(6000)]})]

    upload = instance.client.bulk.upload
    refused(instance, QuotaError, 413, "", lambda: upload(definition, rows), after=1)
    assert staged_kb(instance) == 0
