"""Task and Event (sandbox-salesforce.md 6)."""

from __future__ import annotations

from scc.sandbox.salesforce.catalogue.kinds import (
    Field,
    SObject,
    day,
    flag,
    long_text,
    moment,
    picklist,
    read_only,
    reference,
    sobject,
    text,
    whole,
)

_ACCOUNT = (
    'coalesce((SELECT c.AccountId FROM sf."Contact" c WHERE c.Id = {WhoId}), '
    "CASE WHEN {WhatId} LIKE '001%' THEN {WhatId} END)"
)


def _people_and_things(relationship: str) -> list[Field]:
    return [
        reference("WhoId", "Contact", "Lead", label="Name ID", child_relationship=relationship),
        reference(
            "WhatId",
            "Account",
            "Campaign",
            "Opportunity",
            label="Related To ID",
            child_relationship=relationship,
        ),
        text("Subject", 255, type="combobox"),
    ]


def task() -> SObject:
    fields: list[Field | list[Field]] = [
        _people_and_things("Tasks"),
        day("ActivityDate", label="Due Date Only"),
        picklist(
            "Status",
            "Not Started",
            "In Progress",
            "Completed",
            "Waiting on someone else",
            "Deferred",
            nillable=False,
            defaulted=True,
            default="Not Started",
        ),
        picklist("Priority", "High", "Normal", "Low", nillable=False, defaulted=True, default="Normal"),
        read_only(flag("IsHighPriority", label="High Priority", formula="({Priority} = 'High')")),
        reference("OwnerId", "Group", "User", nillable=False, defaulted=True),
        long_text("Description"),
        read_only(reference("AccountId", "Account", formula=_ACCOUNT)),
        read_only(flag("IsClosed", label="Closed", formula="({Status} = 'Completed')")),
        whole("CallDurationInSeconds", label="Call Duration"),
        picklist("CallType", "Internal", "Inbound", "Outbound", length=40),
        text("CallDisposition", 255, label="Call Result"),
        moment("ReminderDateTime"),
        flag("IsReminderSet", label="Reminder Set"),
        picklist(
            "TaskSubtype",
            "Task",
            "Email",
            "ListEmail",
            "Call",
            "Cadence",
            restricted=True,
            updateable=False,
            defaulted=True,
            default="Task",
            length=40,
        ),
        read_only(flag("IsArchived", label="Archived")),
    ]
    return sobject("Task", "00T", fields)


def event() -> SObject:
    fields: list[Field | list[Field]] = [
        _people_and_things("Events"),
        text("Location", 255),
        flag("IsAllDayEvent", label="All-Day Event"),
        moment("ActivityDateTime", label="Due Date Time"),
        day("ActivityDate", label="Due Date Only"),
        moment("StartDateTime"),
        moment("EndDateTime"),
        whole("DurationInMinutes", label="Duration"),
        long_text("Description"),
        read_only(reference("AccountId", "Account", formula=_ACCOUNT)),
        reference("OwnerId", "User", nillable=False, defaulted=True),
        picklist("ShowAs", "Busy", "OutOfOffice", "Free", length=40, defaulted=True, default="Busy"),
        flag("IsPrivate", label="Private"),
        read_only(flag("IsArchived", label="Archived")),
    ]
    return sobject("Event", "00U", fields)


ACTIVITIES = (task, event)
