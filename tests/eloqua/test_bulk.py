"""The Bulk client against the sandbox: what it finds, reads, writes, and what it leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.eloqua.instance import EMAIL, FIRST, Instance

from scc.eloqua import (
    BasicAuth,
    InvalidError,
    PageDone,
    SyncAction,
    SyncStatus,
    accounts,
    activities,
    activity_fields,
    contacts,
    custom_object,
    email_addresses,
    exists,
    field,
)
from scc.errors import ConflictError, CredentialsError, NotFoundError, UnavailableError

CONTACT = {"Id": "{{Contact.Id}}", "Email": EMAIL, "First": FIRST}


def emails(table: pa.Table) -> list[str]:
    return sorted(table["Email"].to_pylist())


def test_identity_is_the_sandboxs(instance: Instance) -> None:
    found = instance.client.identity()

    assert found.site_name == instance.sandbox.credentials.eloqua.company
    assert found.bulk_url == f"{instance.sandbox.url}/API/Bulk/2.0"


def test_wrong_password_is_a_credentials_error(instance: Instance) -> None:
    client = instance.connect(auth=BasicAuth("Acme", "api.user", "wrong"))

    with pytest.raises(CredentialsError, match="Not authenticated"):
        client.identity()


def test_custom_objects_and_their_fields_are_found(instance: Instance) -> None:
    obj, fields = instance.members(Key="string", Day="date")
    (found,) = instance.client.bulk.custom_objects()

    assert (found.name, found.uri) == ("Members", obj.path)
    assert custom_object(found.id) == obj
    assert fields["Key"].startswith(f"{{{{CustomObject[{found.id}].Field[")
    kinds = {one.internal_name: one.data_type for one in instance.client.bulk.fields(obj)}
    assert (kinds["Key"], kinds["Day"]) == ("string", "date")


def test_contact_fields_say_what_they_are(instance: Instance) -> None:
    known = {one.internal_name: one for one in instance.client.bulk.fields(contacts())}

    email = known["C_EmailAddress"]
    assert (email.statement, email.data_type, email.is_required, email.is_unique) == (
        EMAIL,
        "emailAddress",
        True,
        True,
    )
    assert known["C_DateCreated"].is_read_only
    assert instance.client.bulk.fields(accounts())


def test_activity_fields_are_those_of_the_type(instance: Instance) -> None:
    bounce = {one.internal_name for one in instance.client.bulk.fields(activities("Bounceback"))}
    opened = {one.internal_name for one in instance.client.bulk.fields(activities("EmailOpen"))}

    assert "SmtpErrorCode" in bounce - opened
    assert "SubjectLine" in opened - bounce


def test_filter_chooses_the_records(instance: Instance) -> None:
    instance.contacts(
        "a@x.example",
        "b@x.example",
        "c@y.example",
        "d@y.example",
        C_FirstName=["Ann", "O'Neil", "", "Zoë"],
    )
    first, email = field(FIRST), field(EMAIL)

    def found(condition: Any) -> list[str]:
        return [one[0] for one in emails(instance.read(contacts(), CONTACT, filter=condition))]

    assert found(first == "O'Neil") == ["b"]
    assert found(first.is_blank()) == ["c"]
    assert found(email.like("%@x.example") & (first != "Ann")) == ["b"]
    assert found((first == "Ann") | (email.like("%@y.example") & ~first.is_blank())) == ["a", "d"]
    assert found(first.in_(["Ann", "Zoë"])) == ["a", "d"]


def test_filter_by_time_is_in_utc(instance: Instance) -> None:
    instance.contacts(
        "old@x.example",
        "new@x.example",
        updatedAt=[datetime(2026, 1, 1, 11, 59, 59), datetime(2026, 1, 1, 12, 0)],  # noqa: DTZ001  # the store's are UTC
    )
    since = datetime(2026, 1, 1, 13, 0, tzinfo=UTC) - timedelta(hours=1)

    fields = {**CONTACT, "Updated": "{{Contact.UpdatedAt}}"}
    (row,) = instance.read(contacts(), fields, filter=field("{{Contact.UpdatedAt}}") >= since).to_pylist()

    assert (row["Email"], row["Updated"]) == ("new@x.example", "2026-01-01 12:00:00.000")


def test_filter_by_list_membership(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example", id=[1, 2])
    instance.store.create_list("Fans", [2])
    (fans,) = instance.client.bulk.lists(contacts())

    assert (fans.name, fans.count) == ("Fans", 1)
    assert emails(instance.read(contacts(), CONTACT, filter=exists(fans.statement))) == ["b@x.example"]


def test_segments_and_shared_filters_are_found(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@y.example")
    instance.store.create_segment("From X", f"'{EMAIL}' ~ '%x.example'")
    (segment,) = instance.client.bulk.segments()

    assert (segment.name, segment.statement) == ("From X", "{{ContactSegment[1]}}")
    assert emails(instance.read(contacts(), CONTACT, filter=exists(segment.statement))) == ["a@x.example"]
    assert instance.client.bulk.shared_filters() == []


def test_filter_that_eloqua_refuses_is_an_invalid_error(instance: Instance) -> None:
    with pytest.raises(InvalidError) as caught:
        instance.client.bulk.create_export(
            contacts(), CONTACT, filter=field("{{Contact.Field(C_None)}}") == "jane"
        )
    assert [one.where for one in caught.value.failures] == ["filter"]
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_export_of_nothing_has_no_records_and_ends_well(instance: Instance, format_: str) -> None:
    assert instance.read(contacts(), CONTACT, format=format_).num_rows == 0


def test_export_leaves_nothing_behind(instance: Instance) -> None:
    instance.contacts("a@x.example")
    with instance.client.bulk.export(contacts(), CONTACT) as export:
        assert export.rows == 1
        definition = export.sync.definition_uri
        assert list(export.batches())

    with pytest.raises(NotFoundError):
        instance.client.call("bulk", "GET", definition)


def test_export_of_activities_is_of_one_type(instance: Instance) -> None:
    instance.contacts("a@x.example", id=[1])
    instance.store.load_activities(
        pa.table(
            {
                "type": ["Bounceback", "EmailOpen"],
                "contactId": [1, 1],
                "EmailAddress": ["a@x.example"] * 2,
                "SmtpErrorCode": ["550", None],
            }
        )
    )

    (row,) = instance.read(activities("Bounceback"), activity_fields("Bounceback")).to_pylist()

    assert (row["ActivityType"], row["SmtpErrorCode"], row["EmailAddress"]) == (
        "Bounceback",
        "550",
        "a@x.example",
    )


@pytest.mark.parametrize("format_", ["auto", "csv", "json"])
def test_large_export_comes_whole_through_small_pages(instance: Instance, format_: Any) -> None:
    wanted = [f"p{n:05}@x.example" for n in range(2500)]
    instance.contacts(*wanted)
    done: list[PageDone] = []

    with instance.client.bulk.export(contacts(), CONTACT) as export:
        batches = list(export.batches(page_size=400, format=format_, on_page=done.append))

    assert emails(pa.Table.from_batches(batches)) == wanted
    assert [page.offset for page in done] == list(range(0, 2500, 400))


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop", "after_bytes": 500},
        {"action": "status", "status": 503},
        {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"action": "status", "status": 500},
    ],
)
def test_pages_that_fail_now_and_then_lose_nothing(instance: Instance, fault: dict[str, Any]) -> None:
    wanted = [f"p{n:05}@x.example" for n in range(950)]
    instance.contacts(*wanted)
    instance.fault(method="GET", path="/data$", times=4, after=1, **fault)

    with instance.client.bulk.export(contacts(), CONTACT) as export:
        batches = list(export.batches(page_size=100))

    assert emails(pa.Table.from_batches(batches)) == wanted
    assert len(instance.requests("GET", "/data")) == 14


def test_export_goes_on_in_another_process(instance: Instance) -> None:
    """The sync and the offset are all that needs to be known."""
    wanted = [f"p{n:05}@x.example" for n in range(1000)]
    instance.contacts(*wanted)
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), CONTACT)
    sync = bulk.wait(bulk.start_sync(definition.uri))
    done: list[PageDone] = []
    batches = bulk.data(sync.uri, list(CONTACT), page_size=300, on_page=done.append)
    first = [next(batches), next(batches)]
    del batches

    with instance.connect() as later:
        rest = list(later.bulk.data(sync.uri, list(CONTACT), page_size=300, offset=done[-1].next_offset))

    assert emails(pa.Table.from_batches([first[0], *rest])) == wanted


def test_import_creates_and_updates_and_its_rejects_say_why(instance: Instance) -> None:
    instance.contacts("old@x.example", C_FirstName=["Old"])
    rows = pa.table(
        {"Email": ["old@x.example", "new@x.example", "no address"], "First": ["Older", "New", "Bad"]}
    )
    fields = {"Email": EMAIL, "First": FIRST}

    sync = instance.write(contacts(), fields, rows, "Email")
    (reject,) = instance.client.bulk.rejects(sync.uri)

    assert sync.status is SyncStatus.WARNING
    assert (reject.record_index, reject.status_code, reject.invalid_fields) == (3, "ELQ-00002", ("Email",))
    assert reject.field_values["First"] == "Bad"
    found = {row["Email"]: row["First"] for row in instance.read(contacts(), fields).to_pylist()}
    assert found == {"old@x.example": "Older", "new@x.example": "New"}


def test_null_clears_under_always_and_is_left_alone_under_the_other_rule(instance: Instance) -> None:
    fields = {"Email": EMAIL, "First": FIRST}
    rows = pa.table({"Email": ["a@x.example"], "First": pa.array([None], pa.string())})

    def first_name(rule: str) -> str:
        instance.sandbox.state.reset()
        instance.contacts("a@x.example", C_FirstName=["Ann"])
        instance.write(contacts(), fields, rows, "Email", update_rule=rule)
        return str(instance.read(contacts(), fields)["First"][0])

    assert first_name("always") == ""
    assert first_name("ifNewIsNotNull") == "Ann"


@pytest.mark.parametrize("format_", ["csv", "json"])
@pytest.mark.parametrize("fault", [{"action": "hang", "when": "after"}, {"action": "status", "status": 502}])
def test_upload_whose_answer_is_lost_is_not_staged_twice(
    instance: Instance, fault: dict[str, Any], format_: Any
) -> None:
    fields = {"Email": EMAIL, "First": FIRST}
    rows = pa.table({"Email": [f"p{n}@x.example" for n in range(50)], "First": ["x"] * 50})
    instance.fault(method="POST", path="/imports/.*/data$", times=1, **fault)

    with instance.connect(read_timeout_s=1) as instance.client:
        sync = instance.write(contacts(), fields, rows, "Email", format=format_)
    counts = {one.status_code: one.count for one in instance.client.bulk.logs(sync.uri)}
    instance.control("POST", "/release")

    assert sync.status is SyncStatus.SUCCESS, "duplicates would have made it a warning"
    assert counts["ELQ-00130"] == 50
    assert len(instance.requests("DELETE", "/data")) == 1


def test_sync_whose_answer_is_lost_runs_once(instance: Instance) -> None:
    instance.contacts("a@x.example")
    instance.fault(method="POST", path="/syncs$", action="hang", when="after")

    with instance.connect(read_timeout_s=1) as instance.client:
        assert emails(instance.read(contacts(), CONTACT)) == ["a@x.example"]
    instance.control("POST", "/release")

    assert len(instance.requests("POST", "/syncs")) == 1


def test_sync_that_fails_is_an_error_that_may_pass(instance: Instance) -> None:
    instance.contacts("a@x.example")
    instance.fault(action="sync-error", path="/exports/", status_code="ELQ-00146")

    with pytest.raises(UnavailableError, match="ELQ-00146"):
        instance.read(contacts(), CONTACT)
    assert emails(instance.read(contacts(), CONTACT)) == ["a@x.example"]


def test_wait_follows_a_sync_through_its_states(instance: Instance) -> None:
    instance.contacts("a@x.example")
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 3})
    bulk = instance.client.bulk
    seen: list[str] = []

    sync = bulk.wait(
        bulk.start_sync(bulk.create_export(contacts(), CONTACT).uri),
        on_poll=lambda one: seen.append(one.status),
    )

    assert sync.status is SyncStatus.SUCCESS
    assert seen[0] == "pending"
    assert "active" in seen
    assert sync.started_at is not None
    assert sync.ended_at is not None
    assert len(instance.waits) == len(seen) - 1


def test_sync_actions_change_membership(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example", id=[1, 2])
    instance.store.create_list("Fans", [1])
    bulk = instance.client.bulk
    (fans,) = bulk.lists(contacts())

    def act(action: str, *addresses: str) -> list[str]:
        definition = bulk.create_sync_actions(
            contacts(), {"Email": EMAIL}, sync_actions=[SyncAction(fans.statement, action)]
        )
        bulk.upload(definition, pa.table({"Email": list(addresses)}).to_batches())
        assert bulk.wait(bulk.start_sync(definition.uri)).status is SyncStatus.SUCCESS
        return emails(instance.read(contacts(), CONTACT, filter=exists(fans.statement)))

    assert act("add", "b@x.example") == ["a@x.example", "b@x.example"]
    assert act("remove", "a@x.example", "b@x.example") == []


def test_export_may_empty_the_list_that_it_reads(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example", id=[1, 2])
    instance.store.create_list("Queue", [1, 2])
    (queue,) = instance.client.bulk.lists(contacts())
    take = {"filter": exists(queue.statement), "sync_actions": [SyncAction(queue.statement, "remove")]}

    assert emails(instance.read(contacts(), CONTACT, **take)) == ["a@x.example", "b@x.example"]
    assert emails(instance.read(contacts(), CONTACT, **take)) == []


def test_addresses_are_unsubscribed_without_a_contact(instance: Instance) -> None:
    instance.contacts("a@x.example", "b@x.example")
    bulk = instance.client.bulk
    definition = bulk.create_import(
        email_addresses(),
        {"Email": "{{EmailAddress.Field(EmailAddress)}}"},
        identifier="Email",
        sync_actions=[SyncAction("{{GlobalSubscribe}}", "setStatus", "unsubscribed")],
    )
    bulk.upload(definition, pa.table({"Email": ["a@x.example"]}).to_batches())
    bulk.wait(bulk.start_sync(definition.uri))

    fields = {"Email": EMAIL, "Subscribed": "{{Contact.Email.IsSubscribed}}"}
    found = {row["Email"]: row["Subscribed"] for row in instance.read(contacts(), fields).to_pylist()}
    assert found == {"a@x.example": "False", "b@x.example": "True"}


def test_accounts_go_in_and_out(instance: Instance) -> None:
    fields = {"Name": accounts().field("M_CompanyName"), "Country": accounts().field("M_Country")}
    rows = pa.table({"Name": ["Acme", "Emca"], "Country": ["Norway", "Japan"]})

    assert instance.write(accounts(), fields, rows, "Name").status is SyncStatus.SUCCESS
    assert instance.read(accounts(), fields).sort_by("Name").to_pylist() == rows.to_pylist()


def test_credentials_that_expire_in_the_middle_are_found_out(instance: Instance) -> None:
    """A 401 from an API: /id says whether the instance has moved or the credentials are bad."""
    instance.contacts("a@x.example")
    instance.fault(method="GET", path="/customObjects$", action="status", status=401)

    assert instance.client.bulk.custom_objects() == []
    assert len(instance.requests("GET", "/id")) == 2


def test_definition_under_another_sync_is_a_refusal(instance: Instance) -> None:
    instance.control("POST", "/transitions", {"mode": "polls", "polls": 100})
    bulk = instance.client.bulk
    definition = bulk.create_export(contacts(), CONTACT)
    bulk.start_sync(definition.uri)

    with pytest.raises(ConflictError):
        bulk.start_sync(definition.uri)
