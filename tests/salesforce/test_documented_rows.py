"""Records that Salesforce refuses, by every call that writes some: told by row, or as the error of a single record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from tests.salesforce.calls import RECORD
from tests.salesforce.documented import DOCUMENTED, SECRET, Said
from tests.salesforce.world import LEE, World

from scc.errors import ConflictError, CredentialsError, NotFoundError, RefusedError, RemoteError
from scc.salesforce import Outcome, RowResult, Subrequest
from scc.sandbox.app import Sandbox

NOBODY = "0055e0000000000AAA"
FORCED = [said for said in DOCUMENTED if said.about == RECORD and said.status == 400]


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


@pytest.fixture(scope="module")
def one_world() -> Iterator[World]:
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox)
        world.store.add_field("Account", "Code__c", "string", external_id=True)
        world.store.add_field("Lead", "Shared__c", "string", external_id=True)
        yield world
        world.close()


@pytest.fixture
def world(one_world: World) -> Iterator[World]:
    one_world.sandbox.state.faults.clear()
    yield one_world
    one_world.switch()


def check_row(row: RowResult, code: str) -> None:
    assert (row.row, row.outcome, row.code) == (0, Outcome.FAILED, code)
    assert row.is_retryable == (code == "UNABLE_TO_LOCK_ROW")
    assert row.message
    assert SECRET not in repr(row).lower()


def check_single(world: World, write: Write, kind: type[RemoteError], code: str) -> None:
    """A single record's refusal is an error, and asked for once."""
    world.sandbox.state.requests.clear()
    with pytest.raises(RemoteError) as caught:
        write.single(world)
    error = caught.value
    assert (type(error), error.code) == (kind, code)
    assert SECRET not in f"{error} {error.hint}".lower()
    assert len(world.requests()) == 1


@pytest.mark.parametrize(("code", "kind", "make"), NATURAL.values(), ids=NATURAL)
def test_a_record_that_salesforce_refuses_is_told_alike_by_every_call(world: World, code, kind, make):
    write = make(world)
    check_single(world, write, kind, code)
    status, said = write.composite(world)
    assert (status >= 400, said["errorCode"]) == (True, code)
    check_row(write.collection(world), code)
    check_row(write.job(world), IN_A_JOB.get(code, code))


@pytest.mark.parametrize("said", FORCED, ids=str)
@pytest.mark.parametrize("operation", ["insert", "update", "upsert", "delete"])
def test_every_documented_refusal_of_a_record_is_told_by_row(world: World, said: Said, operation):
    def refuse() -> None:
        world.wait_for(action="row-error", status_code=said.code, message=said.message)

    values: dict[str, Any] = {} if operation == "insert" else {"Id": world.lead}
    external_id = None
    if operation == "upsert":
        values, external_id = {"Ext__c": world.number()}, "Ext__c"
    write = Write(operation, "Lead", values if operation == "delete" else {**LEE, **values}, external_id)
    assert said.code
    refuse()
    if (operation, said.code) == ("delete", "INVALID_CROSS_REFERENCE_KEY"):
        assert write.single(world) is False
    else:
        check_single(world, write, said.kind, said.code)
    refuse()
    assert write.composite(world)[1]["errorCode"] == said.code
    refuse()
    check_row(write.collection(world), said.code)
    if operation == "insert":  # a job's rows are told of in the same way, whatever the operation
        refuse()
        check_row(write.job(world), said.code)


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_an_id_of_no_record_is_refused(world: World, operation):
    rows = [{"Id": "Smithson"} | ({} if operation == "delete" else {"City": "Oslo"})]
    result = Write(operation, "Lead", rows[0]).job(world)
    check_row(result, "MALFORMED_ID")
    if operation == "update":
        check_row(Write(operation, "Lead", rows[0]).collection(world), "MALFORMED_ID")
    else:
        with pytest.raises(RefusedError) as caught:
            list(world.client.rest.save("delete", "Lead", rows))
        assert caught.value.code == "MALFORMED_ID"


def test_an_external_id_that_several_carry_is_a_conflict(world: World):
    write = several(world)
    with pytest.raises(ConflictError) as caught:
        write.single(world)
    assert caught.value.status == 300
    assert SECRET not in str(caught.value).lower()
    check_row(write.collection(world), "DUPLICATE_EXTERNAL_ID")
    check_row(write.job(world), "DUPLICATE_EXTERNAL_ID")


def test_the_same_record_twice_in_a_call_is_refused_once(world: World):
    twice = [{"Id": world.lead, "City": city} for city in ("Oslo", "Rome")]
    first, second = world.client.rest.save("update", "Lead", twice)
    assert (first.outcome, second.code) == (Outcome.SUCCESSFUL, "DUPLICATE_VALUE")
    value = world.number()
    twice = [{**LEE, "Ext__c": value} for _ in range(2)]
    first, second = world.client.rest.save("upsert", "Lead", twice, external_id="Ext__c")
    assert (first.outcome, second.code) == (Outcome.SUCCESSFUL, "DUPLICATE_VALUE")


def test_a_row_that_names_no_record_is_refused(world: World):
    (row,) = world.client.rest.save("upsert", "Lead", [{**LEE, "Ext__c": None}], external_id="Ext__c")
    check_row(row, "MISSING_ARGUMENT")


def test_rows_taken_back_with_others_may_be_sent_again(world: World):
    good, bad = world.client.rest.save("insert", "Lead", [LEE, {"LastName": "Ray"}], all_or_none=True)
    assert (good.code, good.is_retryable) == ("ALL_OR_NONE_OPERATION_ROLLED_BACK", True)
    assert (bad.code, bad.is_retryable) == ("REQUIRED_FIELD_MISSING", False)


def test_requests_taken_back_with_others_say_so(world: World):
    parts = [
        Subrequest("POST", "sobjects/Lead", "good", LEE),
        Subrequest("POST", "sobjects/Lead", "bad", {}),
        Subrequest("GET", "sobjects/Lead/@{bad.id}", "lost"),
    ]
    for all_or_none, first in ((True, (400, "PROCESSING_HALTED")), (False, (201, None))):
        answers = world.client.rest.composite(parts, all_or_none=all_or_none)
        bodies = [one.body for one in answers]
        codes = [body[0]["errorCode"] if isinstance(body, list) else None for body in bodies]
        assert (answers[0].status, codes[0]) == first
        assert codes[1:] == ["REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert SECRET not in repr(answers)


@pytest.mark.parametrize("status", [400, 404])
def test_a_delete_of_what_never_was_is_done_or_told(world: World, status):
    world.switch(unknown_delete_status=status)
    nothing = unknown("delete")(world)
    assert nothing.single(world) is False
    check_row(nothing.collection(world), "INVALID_CROSS_REFERENCE_KEY")
    check_row(nothing.job(world), "INVALID_CROSS_REFERENCE_KEY")


def test_an_access_that_a_row_lacks_is_the_users(world: World):
    world.wait_for(
        action="row-error", status_code="INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message="no"
    )
    check_single(world, lead()(world), CredentialsError, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
