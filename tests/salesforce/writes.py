"""Writes that an organisation refuses by itself, each for one of the reasons that Salesforce documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from tests.salesforce.world import LEE, World

from scc.errors import ConflictError, NotFoundError, RefusedError, RemoteError
from scc.salesforce import RowResult, Subrequest

__all__ = ["IN_A_JOB", "NATURAL", "Write", "lead", "several", "unknown"]

NOBODY = "0055e0000000000AAA"


@dataclass(frozen=True)
class Write:
    """What is to be written, and would be refused."""

    operation: Any
    sobject: str
    values: Mapping[str, Any]
    external_id: str | None = None

    @property
    def key(self) -> str:
        return self.external_id or "Id"

    @property
    def others(self) -> dict[str, Any]:
        return {name: value for name, value in self.values.items() if name != self.key}

    def single(self, world: World) -> object:
        rest, key = world.client.rest, str(self.values.get(self.key))
        match self.operation:
            case "insert":
                return rest.create(self.sobject, self.values)
            case "update":
                rest.update(self.sobject, key, self.others)
                return None
            case "upsert":
                return rest.upsert(self.sobject, self.key, key, self.others)
            case _:
                return rest.delete(self.sobject, key)

    def composite(self, world: World) -> tuple[int, Mapping[str, Any]]:
        method = {"insert": "POST", "delete": "DELETE"}.get(self.operation, "PATCH")
        path = f"sobjects/{self.sobject}"
        if self.operation != "insert":
            path += f"/{self.key}/{self.values[self.key]}" if self.external_id else f"/{self.values['Id']}"
        body = None if self.operation == "delete" else self.others
        (answer,) = world.client.rest.composite([Subrequest(method, path, "one", body)])
        assert isinstance(answer.body, list)
        return answer.status, answer.body[0]

    def collection(self, world: World) -> RowResult:
        rows = world.client.rest.save(
            self.operation, self.sobject, [self.values], external_id=self.external_id
        )
        (row,) = rows
        return row

    def job(self, world: World) -> RowResult:
        rows = pa.table({name: [value] for name, value in self.values.items()})
        results = world.client.bulk.ingest(
            self.sobject, self.operation, rows, external_id=self.external_id, nulls="unchanged"
        )
        (row,) = next(iter(results))
        return row


Make = Callable[[World], Write]


def lead(**values: object) -> Make:
    return lambda world: Write("insert", "Lead", {**LEE, **values})


def create(world: World, sobject: str, **values: object) -> str:
    return world.other.rest.create(sobject, values)


def deleted(world: World) -> Write:
    gone = world.made_lead()
    world.other.rest.delete("Lead", gone)
    return Write("update", "Lead", {"Id": gone, "City": "Oslo"})


def converted(world: World) -> Write:
    made = world.made_lead()
    wish = {"inputs": [{"leadId": made, "convertedStatus": "Closed - Converted"}]}
    (answer,) = world.other.rest.composite([Subrequest("POST", "actions/standard/convertLead", "c", wish)])
    assert answer.status == 200
    return Write("update", "Lead", {"Id": made, "City": "Oslo"})


def member(world: World) -> Write:
    person = {"CampaignId": create(world, "Campaign", Name="Spring"), "LeadId": world.made_lead()}
    create(world, "CampaignMember", **person)
    return Write("insert", "CampaignMember", person)


def unknown_status(world: World) -> Write:
    world.switch(member_status_strict=True)
    person = {"CampaignId": create(world, "Campaign", Name="Spring"), "LeadId": world.made_lead()}
    return Write("insert", "CampaignMember", {**person, "Status": "Smithson"})


def nobody(world: World) -> Write:
    return Write("insert", "CampaignMember", {"CampaignId": create(world, "Campaign", Name="Spring")})


def task(world: World) -> Write:
    about = {"WhoId": world.made_lead(), "WhatId": create(world, "Account", Name="Acme")}
    return Write("insert", "Task", {**about, "Subject": "Call"})


def status_in_use(world: World) -> Write:
    campaign = create(world, "Campaign", Name="Spring")
    query = f"SELECT Id FROM CampaignMemberStatus WHERE CampaignId = '{campaign}' AND IsDefault = true"
    ((status,),) = [batch["Id"].to_pylist() for batch in world.other.query(query)]
    return Write("delete", "CampaignMemberStatus", {"Id": status})


def taken(world: World) -> Write:
    return Write("insert", "Lead", {**LEE, "Ext__c": world.external_id()})


def several(world: World) -> Write:
    for _ in range(2):
        create(world, "Lead", **LEE, Shared__c="Smithson")
    return Write("upsert", "Lead", {**LEE, "Shared__c": "Smithson"}, "Shared__c")


def unknown(operation: str) -> Make:
    """Name a record that there never was."""
    return lambda world: Write(
        operation, "Lead", {"Id": "00Q5e000000zzzzEAA", **({} if operation == "delete" else {"City": "Oslo"})}
    )


BAD = RefusedError
NATURAL: dict[str, tuple[str, type[RemoteError], Make]] = {
    "a field that must be given": ("REQUIRED_FIELD_MISSING", BAD, lead(Company=None)),
    "a field that must stay": (
        "REQUIRED_FIELD_MISSING", BAD, lambda w: Write("upsert", "Lead", {"Ext__c": w.number(), "City": "Oslo"}, "Ext__c"),
    ),
    "a parent whose external id is unknown": (
        "INVALID_FIELD", BAD, lambda _: Write("insert", "Contact", {"LastName": "Lee", "Account.Code__c": "Smithson"}),
    ),
    "a field that nobody may set": ("INVALID_FIELD_FOR_INSERT_UPDATE", BAD, lead(IsDeleted=True)),
    "no address": ("INVALID_EMAIL_ADDRESS", BAD, lead(Email="smithson at home")),
    "too long a text": ("STRING_TOO_LONG", BAD, lead(LastName="Smithson" * 20)),
    "a value that is not on the list": ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", BAD, lead(CleanStatus="Smithson")),
    "a status that the campaign lacks": ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", BAD, unknown_status),
    "a text for a number": ("JSON_PARSER_ERROR", BAD, lead(NumberOfEmployees="Smithson")),
    "a reference that is no id": ("MALFORMED_ID", BAD, lead(OwnerId="Smithson")),
    "a reference to another kind": ("MALFORMED_ID", BAD, lambda w: Write("insert", "Lead", {**LEE, "OwnerId": w.lead})),
    "a reference to nobody": ("INVALID_CROSS_REFERENCE_KEY", BAD, lead(OwnerId=NOBODY)),
    "a record that never was": ("INVALID_CROSS_REFERENCE_KEY", BAD, unknown("update")),
    "a record that was deleted": ("ENTITY_IS_DELETED", NotFoundError, deleted),
    "a lead that was converted": ("CANNOT_UPDATE_CONVERTED_LEAD", BAD, converted),
    "a value that must be unique": ("DUPLICATE_VALUE", ConflictError, taken),
    "a member of the campaign already": ("DUPLICATE_VALUE", ConflictError, member),
    "a member who is nobody": ("FIELD_INTEGRITY_EXCEPTION", BAD, nobody),
    "a task of a lead and an account": ("FIELD_INTEGRITY_EXCEPTION", BAD, task),
    "a status that is in use": ("DELETE_FAILED", BAD, status_in_use),
}  # fmt: skip
IN_A_JOB = {"JSON_PARSER_ERROR": "INVALID_TYPE_ON_FIELD_IN_RECORD"}
"""CSV knows no types, and has its own word for a value of the wrong one."""
