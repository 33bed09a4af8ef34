"""REST activities of one contact, external activities, and e-mail group subscriptions (sources.md E3.2, 3.5)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import EloquaError, RestValidationError, not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.records import Record
from scc.sandbox.eloqua.rest_pages import RestPage, rest_id, rest_object
from scc.sandbox.eloqua.rest_search import moment_of
from scc.sandbox.eloqua.rest_values import parse_flag, shown_value
from scc.sandbox.eloqua.tables import EMAIL_GROUP_STATES

__all__ = ["endpoints"]

_REST = "/API/REST/{version}"
_TYPES = {
    "emailOpen": "EmailOpen",
    "emailSend": "EmailSend",
    "emailClickThrough": "EmailClickthrough",
    "emailSubscribe": "Subscribe",
    "emailUnsubscribe": "Unsubscribe",
    "formSubmit": "FormSubmit",
    "webVisit": "WebVisit",
    "campaignMembership": "CampaignMembership",
}
_DETAILS = (
    "EmailAddress",
    "SubjectLine",
    "EmailWebLink",
    "EmailClickedThruLink",
    "IpAddress",
    "ReferrerUrl",
    "RawData",
)


def endpoints() -> list[Endpoint]:
    subscription = f"{_REST}/data/contact/{{id}}/email/group/{{group}}/subscription"
    return [
        Endpoint("GET", f"{_REST}/data/activities/contact/{{id}}", activities, "sources.md E3.5"),
        Endpoint("POST", f"{_REST}/data/activity", create_activity, "sources.md E3.5"),
        Endpoint("GET", f"{_REST}/data/activity/{{id}}", activity, "sources.md E3.5"),
        Endpoint("GET", subscription, group_subscription, "sources.md E3.2, its shape is a guess"),
        Endpoint("PUT", subscription, change_subscription, "sources.md E3.2, its shape is a guess"),
        Endpoint(
            "GET",
            f"{_REST}/data/contact/{{id}}/email/groups/subscription",
            group_subscriptions,
            "sources.md E3.2, its shape is a guess",
        ),
    ]


def activities(call: Call) -> object:
    """A contact's activities of one type between two moments (unix seconds), as a bare array."""
    contact = _contact(call)
    kind = next((name for name in _TYPES if name.lower() == call.query.get("type", "").lower()), None)
    if kind is None:
        body = {
            "type": "EndpointParameterError",
            "parameter": "type",
            "requirement": {"type": "EnumRequirement"},
        }
        raise EloquaError(400, {**body, "value": call.query.get("type", "<null>")})
    bounds = [moment_of(call.query.get(name, "")) for name in ("startDate", "endDate")]
    if None in bounds:
        raise EloquaError(
            400,
            {
                "type": "EndpointParameterError",
                "parameter": "startDate",
                "requirement": {"type": "DateRequirement"},
            },
        )
    page = RestPage(call.query)
    entity = call.store.catalogue.standard("activities")
    moments = [one.replace(tzinfo=None) for one in bounds if one]
    found = call.store.records.select(
        entity,
        'r."contactId" = ? AND r.type = ? AND r."createdAt" BETWEEN ? AND ?',
        [contact["id"], _TYPES[kind], *moments],
        limit=page.count,
        offset=page.offset,
    )
    return [_shown(one, kind) for one in found]


def create_activity(call: Call) -> Reply:
    """Record an external activity of a contact: 201."""
    body = rest_object(call)
    contact = str(body.get("contactId") or "")
    if not contact.isdigit() or len(contact) > 18:
        raise RestValidationError("Activity", "contactId", "IdRequirement", value=contact or None)
    campaign = str(body.get("campaignId") or "")
    moment = moment_of(str(body.get("activityDate") or ""))
    values: dict[str, object] = {
        "type": "External",
        "createdAt": moment.replace(tzinfo=None) if moment else call.store.state.clock.naive(),
        "contactId": int(contact),
        "assetType": body.get("assetType"),
        "assetName": body.get("assetName"),
        "campaignId": int(campaign) if campaign.isdigit() and len(campaign) < 19 else None,
        "RawData": body.get("activityType"),
    }
    entity = call.store.catalogue.standard("activities")
    number = call.store.records.insert_plain(entity, values)
    return Reply(201, _external(call.store.records.get(entity, number) or {}))


def activity(call: Call) -> object:
    """One external activity."""
    found = call.store.records.get(call.store.catalogue.standard("activities"), rest_id(call))
    if found is None or found["type"] != "External":
        raise not_found()
    return _external(found)


def group_subscriptions(call: Call) -> object:
    """A contact's subscriptions to every e-mail group."""
    contact, page = _contact(call), RestPage(call.query)
    groups = call.store.documents.all("email/groups")
    shown = [_subscription(call, contact, group) for group in groups]
    return page.envelope(shown[page.offset : page.offset + page.count], len(shown))


def group_subscription(call: Call) -> object:
    """Whether a contact is subscribed to an e-mail group."""
    return _subscription(call, _contact(call), _group(call))


def change_subscription(call: Call) -> object:
    """Subscribe a contact to an e-mail group, or unsubscribe it."""
    contact, group = _contact(call), _group(call)
    wanted = parse_flag(rest_object(call).get("isSubscribed"))
    if wanted is None:
        raise RestValidationError("ContactEmailSubscription", "isSubscribed", "BooleanRequirement")
    address = str(contact["C_EmailAddress"]).lower()
    with call.store.state.write_lock, call.store.state.cursor() as cursor:
        cursor.run(
            f'DELETE FROM {EMAIL_GROUP_STATES} WHERE "group" = ? AND address = ?', [group["id"], address]
        )
        row = [group["id"], address, wanted, call.store.state.clock.naive()]
        cursor.run(f"INSERT INTO {EMAIL_GROUP_STATES} VALUES (?, ?, ?, ?)", row)
    return _subscription(call, contact, group)


def _contact(call: Call) -> Record:
    found = call.store.records.get(call.store.catalogue.standard("contacts"), rest_id(call))
    if found is None:
        raise not_found()
    return found


def _group(call: Call) -> Document:
    group = call.store.documents.get("email/groups", rest_id(call, "group"))
    if group is None:
        raise not_found()
    return group


def _subscription(call: Call, contact: Record, group: Document) -> dict[str, Any]:
    with call.store.state.cursor() as cursor:
        state = cursor.value(
            f'SELECT "isSubscribed" FROM {EMAIL_GROUP_STATES} WHERE "group" = ? AND address = lower(?)',
            [group["id"], str(contact["C_EmailAddress"])],
        )
    return {
        "type": "ContactEmailSubscription",
        "contactId": str(contact["id"]),
        "emailGroup": {"type": "EmailGroup", "id": str(group["id"]), "name": group["name"]},
        "isSubscribed": "false" if state is False else "true",
    }


def _shown(one: Record, kind: str) -> dict[str, Any]:
    item = {
        "type": "Activity",
        "id": str(one["id"]),
        "activityType": kind,
        "activityDate": shown_value(one["createdAt"]),
        "asset": shown_value(one["assetId"]),
        "assetType": one["assetType"],
        "contact": str(one["contactId"]),
        "details": [{"Key": name, "Value": one[name]} for name in _DETAILS if one[name] is not None],
    }
    return {name: value for name, value in item.items() if value is not None}


def _external(one: Record) -> dict[str, Any]:
    item = {
        "type": "Activity",
        "id": str(one["id"]),
        "activityDate": shown_value(one["createdAt"]),
        "activityType": one["RawData"],
        "assetName": one["assetName"],
        "assetType": one["assetType"],
        "campaignId": shown_value(one["campaignId"]),
        "contactId": str(one["contactId"]),
    }
    return {name: value for name, value in item.items() if value is not None}
