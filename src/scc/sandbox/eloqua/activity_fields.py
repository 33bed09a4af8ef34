"""The activity types that Bulk exports know, and which fields each has (sources.md E2.5)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIVITY_COLUMNS", "ACTIVITY_FIELDS", "ACTIVITY_TYPES", "ActivityField"]

ACTIVITY_TYPES = (
    "EmailOpen",
    "EmailClickthrough",
    "EmailSend",
    "Subscribe",
    "Unsubscribe",
    "Bounceback",
    "WebVisit",
    "PageView",
    "FormSubmit",
    "External",
)

_EMAIL = ("EmailOpen", "EmailClickthrough", "EmailSend", "Subscribe", "Unsubscribe", "Bounceback")
_OPENED = ("EmailOpen", "EmailClickthrough", "EmailSend")
_WEB = ("WebVisit", "PageView")


@dataclass(frozen=True)
class ActivityField:
    """`statement` without its braces; `column` of the activities' table."""

    name: str
    statement: str
    column: str
    types: tuple[str, ...]
    data_type: str = "string"


def _own(
    name: str, types: tuple[str, ...], *, statement: str | None = None, data_type: str = "string"
) -> ActivityField:
    return ActivityField(name, f"Activity.Field({statement or name})", statement or name, types, data_type)


ACTIVITY_FIELDS = (
    ActivityField("ActivityId", "Activity.Id", "id", ACTIVITY_TYPES, "id"),
    ActivityField("ActivityType", "Activity.Type", "type", ACTIVITY_TYPES),
    ActivityField("ActivityDate", "Activity.CreatedAt", "createdAt", ACTIVITY_TYPES, "date"),
    ActivityField("ContactId", "Activity.Contact.Id", "contactId", ACTIVITY_TYPES, "id"),
    _own("EmailAddress", _EMAIL),
    _own("EmailRecipientId", _EMAIL),
    ActivityField("AssetType", "Activity.Asset.Type", "assetType", (*_EMAIL, "FormSubmit", "External")),
    ActivityField("AssetId", "Activity.Asset.Id", "assetId", (*_EMAIL, "FormSubmit"), "id"),
    ActivityField("AssetName", "Activity.Asset.Name", "assetName", (*_EMAIL, "FormSubmit", "External")),
    ActivityField(
        "CampaignId",
        "Activity.Campaign.Id",
        "campaignId",
        (*_EMAIL, "PageView", "FormSubmit", "External"),
        "id",
    ),
    ActivityField("ExternalId", "Activity.ExternalId", "externalId", ACTIVITY_TYPES),
    _own("SubjectLine", _OPENED),
    _own("EmailWebLink", _OPENED),
    _own("EmailSendType", _OPENED),
    _own("DeploymentId", (*_OPENED, "Bounceback"), statement="EmailDeploymentId"),
    _own("EmailClickedThruLink", ("EmailClickthrough",)),
    _own("IpAddress", ("EmailOpen", "EmailClickthrough", *_WEB)),
    ActivityField(
        "VisitorId",
        "Activity.Visitor.Id",
        "visitorId",
        ("EmailOpen", "EmailClickthrough", *_WEB, "FormSubmit"),
    ),
    ActivityField(
        "VisitorExternalId",
        "Activity.Visitor.ExternalId",
        "visitorExternalId",
        ("EmailOpen", "EmailClickthrough", *_WEB, "FormSubmit"),
    ),
    _own("SmtpErrorCode", ("Bounceback",)),
    _own("SmtpStatusCode", ("Bounceback",)),
    _own("SmtpMessage", ("Bounceback",)),
    _own("ReferrerUrl", _WEB),
    _own("NumberOfPages", ("WebVisit",)),
    _own("FirstPageViewUrl", ("WebVisit",)),
    _own("Duration", ("WebVisit",)),
    _own("WebVisitId", ("PageView",)),
    _own("Url", ("PageView",)),
    _own("IsWebTrackingOptedIn", ("PageView",)),
    _own("LinkedToContactDate", _WEB, data_type="date"),
    _own("WebVisitSavedId", _WEB),
    _own("PageViewSavedId", _WEB),
    _own("RawData", ("FormSubmit",)),
)

ACTIVITY_COLUMNS = {
    field.column: {"id": "BIGINT", "date": "TIMESTAMP"}.get(field.data_type, "VARCHAR")
    for field in ACTIVITY_FIELDS
}
"""Columns of the activities' table and their SQL types."""
