"""What Eloqua would refuse, or worse, take wrongly, is refused before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from scc.eloqua import (
    BulkObject,
    SyncAction,
    accounts,
    activities,
    activity_fields,
    campaign_responses,
    contacts,
    custom_object,
    email_addresses,
    event,
    field,
)
from scc.eloqua.definitions import duration, export_body, import_body, sync_action_body
from scc.eloqua.fields import ACTIVITY_TYPES
from scc.errors import ConfigError

EMAIL = {"Email": "{{Contact.Field(C_EmailAddress)}}"}
ADD = SyncAction("{{ContactList[5]}}")


def export(obj: BulkObject, fields: Mapping[str, str], **options: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": "n",
        "filter": None,
        "filter_limit": 1000,
        "max_records": None,
        "retention": timedelta(days=3),
        "auto_delete": timedelta(days=7),
        "sync_actions": (),
    }
    return export_body(obj, fields, **{**defaults, **options})


def import_(obj: BulkObject, fields: Mapping[str, str], **options: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "identifier": "Email",
        "name": "n",
        "update_rule": "always",
        "retention": timedelta(days=7),
        "auto_delete": timedelta(days=7),
        "sync_actions": (),
        "options": {},
    }
    return import_body(obj, fields, **{**defaults, **options})


def many(count: int) -> dict[str, str]:
    return {f"f{n}": f"{{{{Contact.Field(C_{n})}}}}" for n in range(count)}


def test_export_asks_for_times_in_utc_and_for_its_own_deletion() -> None:
    assert export(contacts(), EMAIL, max_records=10, sync_actions=[ADD]) == {
        "name": "n",
        "fields": EMAIL,
        "areSystemTimestampsInUTC": True,
        "dataRetentionDuration": "P3D",
        "autoDeleteDuration": "P7D",
        "maxRecords": 10,
        "syncActions": [{"action": "add", "destination": "{{ContactList[5]}}"}],
    }


def test_activity_export_always_filters_by_its_type() -> None:
    bounces = activities("Bounceback")
    since = field("{{Activity.CreatedAt}}") >= "2026-01-01"

    assert export(bounces, activity_fields("Bounceback"))["filter"] == "'{{Activity.Type}}' = 'Bounceback'"
    assert export(bounces, activity_fields("Bounceback"), filter=since)["filter"] == (
        "'{{Activity.Type}}' = 'Bounceback' AND '{{Activity.CreatedAt}}' >= '2026-01-01'"
    )


@pytest.mark.parametrize("activity_type", ACTIVITY_TYPES)
def test_usual_columns_of_every_activity_type_make_an_export(activity_type: str) -> None:
    assert "ActivityDate" in export(activities(activity_type), activity_fields(activity_type))["fields"]


@pytest.mark.parametrize(
    ("obj", "fields", "options", "why"),
    [
        (contacts(), {}, {}, "at least one"),
        (contacts(), many(251), {}, "250 fields"),
        (contacts(), {"": "{{Contact.Id}}"}, {}, "blank alias"),
        (contacts(), {"a": "{{Contact.Id}}", "b": "{{Contact.Id}}"}, {}, "twice, as 'a' and 'b'"),
        (contacts(), EMAIL, {"name": ""}, "1 to 100"),
        (contacts(), EMAIL, {"name": "x" * 101}, "101 characters"),
        (contacts(), EMAIL, {"max_records": 0}, "max_records"),
        (contacts(), EMAIL, {"retention": timedelta(days=15)}, "1 hour to 14 days"),
        (contacts(), EMAIL, {"retention": timedelta(minutes=90)}, "whole hours"),
        (contacts(), EMAIL, {"auto_delete": timedelta(0)}, "whole hours"),
        (contacts(), EMAIL, {"filter": field("{{Contact.Id}}") == "x" * 1000}, "limit of 1,000"),
        (contacts(), EMAIL, {"sync_actions": [ADD] * 11}, "10 sync actions"),
        (contacts(), EMAIL, {"sync_actions": [SyncAction("{{ContactList[5]}}", "drop")]}, "'drop'"),
        (contacts(), EMAIL, {"sync_actions": [SyncAction("{{GlobalSubscribe}}", "setStatus")]}, "status"),
        (contacts(), EMAIL, {"sync_actions": [SyncAction("{{ContactList[5]}}", status="active")]}, "status"),
        (activities("EmailOpen"), EMAIL, {"sync_actions": [ADD]}, "no sync actions"),
        (email_addresses(), EMAIL, {}, "can't export"),
        (
            activities("EmailOpen"),
            {f"f{n}": f"{{{{Activity.Contact.Field(C_{n})}}}}" for n in range(11)},
            {},
            "10 contact fields",
        ),
        (
            activities("EmailOpen"),
            {"Id": "{{Activity.Id}}"},
            {"filter": field("{{Activity.Contact.Field(C_Country)}}") == "x"},
            "no contact field",
        ),
    ],
)
def test_export_beyond_eloquas_limits_is_refused(
    obj: BulkObject, fields: dict[str, str], options: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        export(obj, fields, **options)


def test_import_never_starts_its_sync_by_itself() -> None:
    body = import_(contacts(), EMAIL, update_rule="ifNewIsNotNull", options={"importRule": "updateOnly"})

    assert body == {
        "name": "n",
        "fields": EMAIL,
        "identifierFieldName": "Email",
        "updateRule": "ifNewIsNotNull",
        "isSyncTriggeredOnImport": False,
        "dataRetentionDuration": "P7D",
        "autoDeleteDuration": "P7D",
        "importRule": "updateOnly",
    }


def test_import_of_activities_needs_no_identifier() -> None:
    assert "identifierFieldName" not in import_(
        activities("External"), {"x": "{{Activity.Type}}"}, identifier=None
    )


@pytest.mark.parametrize(
    ("fields", "options", "why"),
    [
        (many(101), {"identifier": "f0"}, "100 fields"),
        (EMAIL, {"identifier": "C_EmailAddress"}, "not among the import's fields"),
        (EMAIL, {"identifier": None}, "needs an identifier"),
        (EMAIL, {"update_rule": "sometimes"}, "'sometimes'"),
        ({"x" * 101: "{{Contact.Id}}"}, {"identifier": "x" * 101}, "Eloqua takes 100"),
    ],
)
def test_import_beyond_eloquas_limits_is_refused(
    fields: dict[str, str], options: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        import_(contacts(), fields, **options)


def test_sync_actions_by_themselves_take_one_field() -> None:
    keep: dict[str, Any] = {"name": "n", "retention": timedelta(days=1), "auto_delete": timedelta(days=1)}
    unsubscribe = SyncAction("{{GlobalSubscribe}}", "setStatus", "unsubscribed")

    body = sync_action_body(contacts(), EMAIL, sync_actions=[unsubscribe], **keep)

    assert body["identifierFieldName"] == "Email"
    assert body["syncActions"] == [
        {"action": "setStatus", "destination": "{{GlobalSubscribe}}", "status": "unsubscribed"}
    ]
    with pytest.raises(ConfigError, match="exactly one"):
        sync_action_body(contacts(), many(2), sync_actions=[unsubscribe], **keep)
    with pytest.raises(ConfigError, match="no sync action"):
        sync_action_body(contacts(), EMAIL, sync_actions=[], **keep)


@pytest.mark.parametrize(
    ("length", "written"),
    [(timedelta(hours=1), "PT1H"), (timedelta(days=3), "P3D"), (timedelta(hours=36), "P1DT12H")],
)
def test_durations_are_written_as_iso_8601(length: timedelta, written: str) -> None:
    assert duration(length) == written


@pytest.mark.parametrize(
    ("obj", "path", "statement"),
    [
        (contacts(), "/contacts", "{{Contact.Id}}"),
        (accounts(), "/accounts", "{{Account.Id}}"),
        (custom_object(12), "/customObjects/12", "{{CustomObject[12].Id}}"),
        (event(3), "/events/3", "{{Event[3].Id}}"),
        (activities("EmailOpen"), "/activities", "{{Activity.Id}}"),
        (campaign_responses(), "/campaignResponses", "{{CampaignResponse.Id}}"),
        (email_addresses(), "/emailAddresses", "{{EmailAddress.Id}}"),
    ],
)
def test_objects_know_their_path_and_their_statements(obj: BulkObject, path: str, statement: str) -> None:
    assert (obj.path, obj.statement("Id")) == (path, statement)


def test_fields_are_named_by_internal_name_or_id() -> None:
    assert contacts().field("C_EmailAddress") == "{{Contact.Field(C_EmailAddress)}}"
    assert custom_object(12).field(7) == "{{CustomObject[12].Field[7]}}"
    with pytest.raises(ConfigError, match="no internal name"):
        contacts().field("C_Email)}}' OR '")
    with pytest.raises(ConfigError, match="no activity type"):
        activities("EmailOpened")
