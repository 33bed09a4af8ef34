"""What the Bulk API works on (contacts, custom object 12 ...) and how its statements are written.

Statements are Eloqua Markup: `( )` wraps internal names, `[ ]` wraps numeric ids. It knows names, not
one instance's fields: those come from `client.bulk.fields`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scc.errors import ConfigError

__all__ = [
    "ACTIVITY_TYPES",
    "BulkObject",
    "accounts",
    "activities",
    "activity_fields",
    "campaign_responses",
    "contacts",
    "custom_object",
    "email_addresses",
    "event",
]

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
    "SmsSend",
    "SmsReply",
    "SmsClickthrough",
)

_INTERNAL_NAME = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class BulkObject:
    """One kind of record: where its definitions live, and how its statements begin."""

    path: str
    statement_root: str
    activity_type: str | None = None
    can_export: bool = True
    can_sync_actions: bool = True
    max_export_fields: int = 250
    max_import_fields: int = 100

    def statement(self, name: str) -> str:
        """Write the statement of a system property (`Id`, `CreatedAt`, `Email.IsBounced` ...)."""
        return f"{{{{{self.statement_root}.{name}}}}}"

    def field(self, name: str | int) -> str:
        """Write the statement of a field: by internal name, or by id where it is a custom object's."""
        if isinstance(name, int):
            return self.statement(f"Field[{name}]")
        if not _INTERNAL_NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} is no internal name of a field",
                hint="Internal names hold letters, digits and _ alone, such as C_EmailAddress.",
            )
        return self.statement(f"Field({name})")


def contacts() -> BulkObject:
    """People, by e-mail address."""
    return BulkObject("/contacts", "Contact")


def accounts() -> BulkObject:
    """Companies."""
    return BulkObject("/accounts", "Account")


def custom_object(number: int) -> BulkObject:
    """The records of one custom object (CDO)."""
    return BulkObject(f"/customObjects/{number:d}", f"CustomObject[{number:d}]")


def event(number: int) -> BulkObject:
    """The records of one event."""
    return BulkObject(f"/events/{number:d}", f"Event[{number:d}]", can_sync_actions=False)


def campaign_responses() -> BulkObject:
    """What people answered to campaigns."""
    return BulkObject("/campaignResponses", "CampaignResponse", can_sync_actions=False)


def email_addresses() -> BulkObject:
    """Addresses as such, in no contact's name: imports only, and only to carry sync actions."""
    return BulkObject("/emailAddresses", "EmailAddress", can_export=False)


def activities(activity_type: str) -> BulkObject:
    """Activities of one type; Eloqua exports one type at a time, at most 5,000,000 a sync."""
    if activity_type not in ACTIVITY_TYPES:
        raise ConfigError(
            f"{activity_type!r} is no activity type of Eloqua's", hint=f"One of: {', '.join(ACTIVITY_TYPES)}."
        )
    return BulkObject("/activities", "Activity", activity_type, can_sync_actions=False)


_COMMON = {
    "ActivityId": "Id",
    "ActivityType": "Type",
    "ActivityDate": "CreatedAt",
    "ContactId": "Contact.Id",
    "ExternalId": "ExternalId",
}
_EMAIL = {
    "EmailAddress": "Field(EmailAddress)",
    "EmailRecipientId": "Field(EmailRecipientId)",
    "AssetType": "Asset.Type",
    "AssetId": "Asset.Id",
    "AssetName": "Asset.Name",
    "CampaignId": "Campaign.Id",
}
_SENT = {
    "SubjectLine": "Field(SubjectLine)",
    "EmailWebLink": "Field(EmailWebLink)",
    "EmailSendType": "Field(EmailSendType)",
    "DeploymentId": "Field(EmailDeploymentId)",
}
_VISITOR = {"VisitorId": "Visitor.Id", "VisitorExternalId": "Visitor.ExternalId"}
_ADDRESS = {"IpAddress": "Field(IpAddress)"}
_WEB = {
    **_VISITOR,
    **_ADDRESS,
    "ReferrerUrl": "Field(ReferrerUrl)",
    "LinkedToContactDate": "Field(LinkedToContactDate)",
}
_OF_TYPE: dict[str, dict[str, str]] = {
    "EmailOpen": {**_EMAIL, **_SENT, **_ADDRESS, **_VISITOR},
    "EmailClickthrough": {
        **_EMAIL,
        **_SENT,
        **_ADDRESS,
        **_VISITOR,
        "EmailClickedThruLink": "Field(EmailClickedThruLink)",
    },
    "EmailSend": {**_EMAIL, **_SENT},
    "Subscribe": _EMAIL,
    "Unsubscribe": _EMAIL,
    "Bounceback": {
        **_EMAIL,
        "DeploymentId": "Field(EmailDeploymentId)",
        "SmtpErrorCode": "Field(SmtpErrorCode)",
        "SmtpStatusCode": "Field(SmtpStatusCode)",
        "SmtpMessage": "Field(SmtpMessage)",
    },
    "WebVisit": {
        **_WEB,
        "NumberOfPages": "Field(NumberOfPages)",
        "FirstPageViewUrl": "Field(FirstPageViewUrl)",
        "Duration": "Field(Duration)",
        "WebVisitSavedId": "Field(WebVisitSavedId)",
    },
    "PageView": {
        **_WEB,
        "CampaignId": "Campaign.Id",
        "WebVisitId": "Field(WebVisitId)",
        "Url": "Field(Url)",
        "IsWebTrackingOptedIn": "Field(IsWebTrackingOptedIn)",
        "PageViewSavedId": "Field(PageViewSavedId)",
    },
    "FormSubmit": {
        **_VISITOR,
        "AssetType": "Asset.Type",
        "AssetId": "Asset.Id",
        "AssetName": "Asset.Name",
        "CampaignId": "Campaign.Id",
        "RawData": "Field(RawData)",
    },
}


def activity_fields(activity_type: str) -> dict[str, str]:
    """Give the usual columns of an activity type as alias -> statement, ready for `create_export`.

    Each statement stands there once: asked for under two aliases, Eloqua returns shuffled rows.
    """
    obj = activities(activity_type)
    names = {**_COMMON, **_OF_TYPE.get(activity_type, {})}
    return {alias: obj.statement(name) for alias, name in names.items()}
