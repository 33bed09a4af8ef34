"""How syncs end, by the codes of their logs: which end is an error of which kind, which a warning, which is rejects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from tests.eloqua.instance import EMAIL, FIRST, Instance

from scc.eloqua import Sync, SyncStatus, contacts, exists
from scc.errors import NotFoundError, QuotaError, RefusedError, UnavailableError

FIELDS = {"Email": EMAIL, "First": FIRST}
ID = {"Id": "{{Contact.Id}}", **FIELDS}
EMPLOYEES = {"Email": EMAIL, "Employees": "{{Contact.Field(C_Employees1)}}"}
TWO = pa.table({"Email": ["a@x.example", "b@x.example"], "First": ["Ann", "Bob"]})

ERRORS = [
    ("ELQ-00105", UnavailableError, "staged"),
    ("ELQ-00107", UnavailableError, "staged"),
    ("ELQ-00109", UnavailableError, "staged"),
    ("ELQ-00112", RefusedError, "definition"),
    ("ELQ-00122", RefusedError, "definition"),
    ("ELQ-00125", RefusedError, "definition"),
    ("ELQ-00126", RefusedError, "definition"),
    ("ELQ-00127", RefusedError, "definition"),
    ("ELQ-00133", UnavailableError, "again"),
    ("ELQ-00136", QuotaError, "Delete"),
    ("ELQ-00139", UnavailableError, "again"),
    ("ELQ-00141", UnavailableError, "again"),
    ("ELQ-00143", NotFoundError, "anew"),
    ("ELQ-00146", UnavailableError, "hour"),
]


def emails(instance: Instance) -> list[str]:
    return sorted(instance.read(contacts(), {"Email": EMAIL})["Email"].to_pylist())


@pytest.mark.parametrize(("code", "kind", "hint"), ERRORS)
def test_export_that_ends_in_error_says_what_its_code_means(
    instance: Instance, code: str, kind: type[RefusedError], hint: str
) -> None:
    instance.fault(action="sync-error", path="/exports/", status_code=code)

    with pytest.raises((RefusedError, UnavailableError), match=code) as caught:
        instance.read(contacts(), FIELDS)

    assert type(caught.value) is kind
    assert caught.value.code == code
    assert hint in str(caught.value.hint)
    assert len(instance.requests("POST", "/syncs")) == 1
    assert len(instance.requests("DELETE", "/contacts/exports/1")) == 1


@pytest.mark.parametrize(("code", "kind", "hint"), ERRORS)
def test_import_that_ends_in_error_says_so_when_checked(
    instance: Instance, code: str, kind: type[RefusedError], hint: str
) -> None:
    """`wait` gives the sync: whether the same values may be sent again is the caller's to know."""
    instance.fault(action="sync-error", path="/imports/", status_code=code)

    sync = instance.write(contacts(), FIELDS, TWO, "Email")

    assert sync.status is SyncStatus.ERROR
    with pytest.raises(kind, match=f"{sync.uri} of /contacts/imports/1 ended in error .{code}") as caught:
        instance.client.bulk.check(sync)
    assert hint in str(caught.value.hint)
    assert emails(instance) == []
    assert list(instance.client.bulk.rejects(sync.uri)) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ELQ-00105", UnavailableError), ("ELQ-00109", UnavailableError), ("ELQ-00122", RefusedError)],
)
def test_warning_that_leaves_data_unprocessed_is_no_good_end(
    instance: Instance, code: str, kind: type[RefusedError]
) -> None:
    """No reject tells of these records."""
    instance.fault(action="sync-warning", path="/imports/", status_code=code)

    sync = instance.write(contacts(), FIELDS, TWO, "Email")

    assert sync.status is SyncStatus.WARNING
    assert list(instance.client.bulk.rejects(sync.uri)) == []
    assert emails(instance) == []
    with pytest.raises(kind, match=code):
        instance.client.bulk.check(sync)


@pytest.mark.parametrize("code", ["ELQ-00111", "ELQ-00121", "ELQ-00142", "ELQ-00145"])
def test_other_warnings_are_good_ends(instance: Instance, code: str) -> None:
    instance.fault(action="sync-warning", path="/(im|ex)ports/", times=2, status_code=code)

    sync = instance.write(contacts(), FIELDS, TWO, "Email")

    assert sync.status is SyncStatus.WARNING
    instance.client.bulk.check(sync)
    (line,) = (one for one in instance.client.bulk.logs(sync.uri) if one.status_code == code)
    assert line.severity == "warning"
    assert emails(instance) == ["a@x.example", "b@x.example"]


def test_sync_without_data_is_a_warning(instance: Instance) -> None:
    sync = instance.write(contacts(), FIELDS, TWO.slice(0, 0), "Email")

    assert sync.status is SyncStatus.WARNING
    instance.client.bulk.check(sync)
    assert "ELQ-00124" in {one.status_code for one in instance.client.bulk.logs(sync.uri)}


@pytest.mark.parametrize(
    ("fields", "rows", "options", "code", "written"),
    [
        (FIELDS, {"Email": ["no address", "b@x.example"], "First": ["", ""]}, {}, "ELQ-00002", ["a", "b"]),
        (ID, {"Id": ["2"], "Email": ["a@x.example"], "First": [""]}, {}, "ELQ-00011", ["a", "c"]),
        (FIELDS, {"Email": ["b@x.example"] * 2, "First": ["", ""]}, {}, "ELQ-00026", ["a", "b"]),
        (ID, {"Id": ["99"], "Email": ["b@x.example"], "First": [""]}, {}, "ELQ-00034", ["a"]),
        (EMPLOYEES, {"Email": ["b@x.example"], "Employees": ["many"]}, {}, "ELQ-00040", ["a", "b"]),
        (FIELDS, {"Email": ["A@x.example"], "First": ["New"]}, {"importRule": "createOnly"}, "ELQ-00048", ["a"]),
        (FIELDS, {"Email": ["b@x.example"], "First": ["B"]}, {"importRule": "updateOnly"}, "ELQ-00034", ["a"]),
        ({"First": FIRST}, {"First": ["Bob"]}, {}, "ELQ-00061", ["a"]),
        (FIELDS, {"Email": ["b@x.example"], "First": [""]}, {}, "ELQ-00060", ["a"]),
    ],
)  # fmt: skip
def test_codes_that_come_with_rejects(
    instance: Instance, fields: Any, rows: Any, options: Any, code: str, written: list[str]
) -> None:
    """Each by the sandbox's own rules; ELQ-00040 alone is of a record that is written all the same."""
    instance.contacts("a@x.example", *(["c@x.example"] if code == "ELQ-00011" else []))
    if code == "ELQ-00060":
        instance.control("POST", "/options", {"eloqua": {"max_contacts": 1}})

    sync = instance.write(contacts(), fields, pa.table(rows), next(iter(fields)), **options)

    assert sync.status is SyncStatus.WARNING
    instance.client.bulk.check(sync)
    rejects = list(instance.client.bulk.rejects(sync.uri))
    assert {one.status_code for one in rejects} == {code}
    assert all(one.message and one.record_index for one in rejects)
    assert emails(instance) == [f"{name}@x.example" for name in written]
    logged = {one.status_code for one in instance.client.bulk.logs(sync.uri) if one.severity == "warning"}
    assert logged == {"ELQ-00144" if code == "ELQ-00040" else code}


def test_definition_deleted_under_its_sync_is_not_found(instance: Instance) -> None:
    bulk = instance.client.bulk
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 2})
    definition = bulk.create_export(contacts(), FIELDS)
    sync = bulk.start_sync(definition.uri)
    bulk.delete(definition.uri)

    with pytest.raises(NotFoundError, match="ELQ-00143"):
        bulk.check(bulk.wait(sync))


def test_list_deleted_under_the_sync_that_reads_it(instance: Instance) -> None:
    number = instance.store.create_list("L")
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 2})
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), FIELDS, filter=exists(f"{{{{ContactList[{number}]}}}}"))
    sync = bulk.start_sync(definition.uri)
    instance.client.rest.contact_lists.delete(number)

    with pytest.raises(UnavailableError, match="ELQ-00107"):
        bulk.check(bulk.wait(sync))


@pytest.mark.parametrize("status", ["success", "pending", "active"])
def test_only_a_bad_end_is_looked_into(instance: Instance, status: str) -> None:
    sync = instance.write(contacts(), FIELDS, TWO, "Email")
    instance.client.bulk.check(replace(sync, status=SyncStatus(status)))
    assert instance.requests("GET", "/logs") == []


def test_of_several_codes_the_one_that_makes_trying_again_useless_counts(instance: Instance) -> None:
    bulk = instance.client.bulk
    lines = [{"severity": "error", "statusCode": code, "count": 0} for code in ("ELQ-00107", "ELQ-00122")]
    sync: Sync = instance.write(contacts(), FIELDS, TWO, "Email")
    body = {"items": [*lines, {"severity": "error", "count": 0}], "hasMore": False}
    instance.fault(action="status", status=200, path="/logs$", body=body)

    with pytest.raises(RefusedError, match="ELQ-00107, ELQ-00122") as caught:
        bulk.check(replace(sync, status=SyncStatus.ERROR))
    assert caught.value.code == "ELQ-00122"


def test_error_without_a_code_may_pass(instance: Instance) -> None:
    sync = instance.write(contacts(), FIELDS, TWO, "Email")
    with pytest.raises(UnavailableError, match="no code") as caught:
        instance.client.bulk.check(replace(sync, status=SyncStatus.ERROR))
    assert caught.value.code is None
