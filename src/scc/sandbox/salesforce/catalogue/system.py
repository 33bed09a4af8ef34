"""The organization itself, its users, and what else clients look up (sandbox-salesforce.md 6)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.salesforce.catalogue.kinds import (
    Field,
    SObject,
    flag,
    moment,
    picklist,
    read_only,
    reference,
    sobject,
    text,
)
from scc.sandbox.salesforce.catalogue.people import FULL_NAME

_SETUP: dict[str, Any] = {
    "deletable": False,
    "undeletable": False,
    "searchable": False,
    "without": ("IsDeleted",),
}


def user() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Username", 80, nillable=False, unique=True, id_lookup=True),
        text("LastName", 80, nillable=False, compound="Name"),
        text("FirstName", 40, compound="Name"),
        read_only(text("Name", 121, label="Full Name", nillable=False, name_field=True, formula=FULL_NAME)),
        text("CompanyName", 80),
        text("Division", 80),
        text("Department", 80),
        text("Title", 80),
        text("Email", 128, type="email", nillable=False),
        text("Phone", 40, type="phone"),
        text("MobilePhone", 40, type="phone"),
        text("Alias", 8, nillable=False),
        text("CommunityNickname", 40, label="Nickname", nillable=False),
        flag("IsActive", label="Active"),
        picklist(
            "TimeZoneSidKey",
            "GMT",
            "America/Los_Angeles",
            "America/New_York",
            "Europe/Berlin",
            "Asia/Tokyo",
            label="Time Zone",
            nillable=False,
        ),
        reference("UserRoleId", "UserRole"),
        picklist("LocaleSidKey", "en_US", "en_GB", "de_DE", label="Locale", nillable=False),
        picklist("EmailEncodingKey", "UTF-8", "ISO-8859-1", label="Email Encoding", nillable=False),
        reference("ProfileId", "Profile", nillable=False),
        read_only(picklist("UserType", "Standard", defaulted=True, default="Standard")),
        picklist("LanguageLocaleKey", "en_US", "de", label="Language", nillable=False),
        reference("ManagerId", "User"),
        read_only(moment("LastLoginDate")),
        flag("UserPermissionsMarketingUser", label="Marketing User"),
    ]
    return sobject("User", "005", fields, deletable=False, undeletable=False, without=("IsDeleted",))


def user_role() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 80, nillable=False, name_field=True),
        reference("ParentRoleId", "UserRole", relationship=""),
        text("DeveloperName", 80),
        text("RollupDescription", 80),
    ]
    return sobject("UserRole", "00E", fields, label="Role", **_SETUP)


def profile() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 255, nillable=False, name_field=True),
        text("Description", 255),
        picklist("UserType", "Standard"),
    ]
    return sobject("Profile", "00e", fields, **_SETUP)


def group() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 40, nillable=False, name_field=True),
        text("DeveloperName", 80),
        picklist("Type", "Regular", "Queue", "Role", nillable=False, length=40),
        text("Email", 80, type="email"),
    ]
    return sobject("Group", "00G", fields, **_SETUP)


def record_type() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 80, nillable=False, name_field=True),
        text("DeveloperName", 80, nillable=False),
        text("SobjectType", 40, nillable=False),
        text("Description", 255),
        flag("IsActive", label="Active"),
    ]
    return sobject("RecordType", "012", fields, label="Record Type", **_SETUP)


def organization() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 80, nillable=False, name_field=True),
        text("Division", 80),
        text("PrimaryContact", 80),
        picklist("DefaultLocaleSidKey", "en_US", label="Locale"),
        picklist("TimeZoneSidKey", "GMT", label="Time Zone"),
        picklist("LanguageLocaleKey", "en_US", label="Language"),
        picklist("OrganizationType", "Enterprise Edition", "Developer Edition", label="Edition"),
        text("NamespacePrefix", 15),
        text("InstanceName", 5),
        flag("IsSandbox", label="Is Sandbox"),
    ]
    return sobject("Organization", "00D", fields, createable=False, updateable=False, **_SETUP)


SYSTEM = (user, user_role, profile, group, record_type, organization)
