"""Records that Salesforce refuses, by every call that writes some: told by row, or as the error of a single record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.salesforce.calls import RECORD
from tests.salesforce.documented import DOCUMENTED, SECRET, Said
from tests.salesforce.world import LEE, World
from tests.salesforce.writes import IN_A_JOB, NATURAL, Write, lead, several, unknown

from scc.errors import ConflictError, CredentialsError, RefusedError, RemoteError
from scc.salesforce import Outcome, RowResult, Subrequest
from scc.sandbox.app import Sandbox

FORCED = [said for said in DOCUMENTED if said.about == RECORD and said.status == 400]


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
