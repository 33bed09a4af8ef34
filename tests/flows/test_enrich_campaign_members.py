"""The main job, end to end: Salesforce campaign data into Eloqua custom object records, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scc.core.receipts import Outcome
from scc.store.runs import RunState

PIPELINE = "enrich-campaign-members"
AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
LATER = AT + timedelta(minutes=15)
IMPORTS = "/customObjects/\\d+/imports"


def rows(dataset):
    return [row for batch in dataset.batches() for row in batch.to_pylist()]


def changes(world, result, operation="update"):
    return {row["key"]: row for row in rows(world.store.plan(result.run)) if row["operation"] == operation}


def rejected(world, result):
    return {row["key"]: row for row in rows(world.store.receipt(result.run)) if row["outcome"] == "rejected"}


def test_records_are_filled_and_a_second_run_finds_nothing_to_do(world):
    before = world.records()
    first = world.run(PIPELINE, AT)

    assert first.state is RunState.DONE, first.error
    planned = changes(world, first)
    assert len(planned) > 50
    after = world.records()
    assert after.keys() == before.keys()
    for key, record in after.items():
        written = dict(planned[key]["after"]) if key in planned else {}
        assert record == {
            **before[key],
            **{name: world.stored(name, value) for name, value in written.items()},
        }

    second = world.run(PIPELINE, LATER)
    assert second.state is RunState.NOTHING_TO_DO
    assert second.plan.changes == 0
    assert world.records() == after


def test_records_without_a_campaign_are_reported_with_the_reason(world):
    result = world.run(PIPELINE, AT)

    reasons = {row["reason"] for row in changes(world, result, "skip").values()}
    assert {"Salesforce has no such campaign", "the campaign is deleted in Salesforce"} <= reasons
    skipped = [row for row in rows(world.store.receipt(result.run)) if row["outcome"] == "skipped"]
    assert len(skipped) == result.plan.skipped > 0


def test_the_receipt_has_a_row_for_every_row_of_the_plan(world):
    result = world.run(PIPELINE, AT)

    plan, receipt = rows(world.store.plan(result.run)), rows(world.store.receipt(result.run))
    assert [(row["change"], row["key"]) for row in receipt] == [(row["change"], row["key"]) for row in plan]
    assert all(row["job"].startswith("/syncs/") for row in receipt if row["outcome"] == "applied")


def test_a_plan_writes_to_no_system_and_a_run_applies_that_very_plan(world):
    before = world.dump()
    planned = world.run(PIPELINE, AT, until="guard")
    assert planned.state is RunState.PLANNED
    assert world.dump() == before
    digest = world.store.plan(planned.run).manifest.digest

    world.control("DELETE", "requests")
    done = world.run(PIPELINE, AT)

    assert done.state is RunState.DONE
    assert world.store.plan(done.run).manifest.digest == digest
    assert not world.requests(system="salesforce"), "what was read for the plan is not read again"


def test_a_run_that_ended_well_is_left_alone(world):
    world.run(PIPELINE, AT)
    world.control("DELETE", "requests")

    again = world.run(PIPELINE, AT)

    assert again.already
    assert world.requests() == []


def test_a_run_reads_what_changed_and_not_the_rest(world):
    first = world.run(PIPELINE, AT)
    world.control("POST", "clock", {"advance_s": 3600})
    settled = world.run(PIPELINE, LATER)
    world.control("POST", "clock", {"advance_s": 3600})
    key = next(iter(changes(world, first)))
    world.edit(key, Campaign_Name="Something else")

    result = world.run(PIPELINE, LATER + timedelta(minutes=15))

    assert list(changes(world, result)) == [key]
    read = world.store.export(result.run, "records").manifest.rows
    lacking = settled.plan.skipped
    assert read <= 1 + lacking < world.store.export(first.run, "records").manifest.rows


def test_a_full_run_reads_everything_again(world):
    first = world.run(PIPELINE, AT)
    world.control("POST", "clock", {"advance_s": 3600})

    result = world.run(PIPELINE, LATER, full=True)

    everything = world.store.export(first.run, "records").manifest.rows
    assert world.store.export(result.run, "records").manifest.rows == everything


def test_rejected_records_are_on_the_receipt_and_offered_again(world):
    fault = {"system": "eloqua", "path": IMPORTS, "times": 1, "action": "sync-warning", "rejects": 3}
    world.control("POST", "faults", [{**fault, "status_code": "ELQ-00040", "message": "Invalid data."}])
    first = world.run(PIPELINE, AT)
    left_over = rejected(world, first)
    assert len(left_over) == 3
    assert {(row["code"], row["message"]) for row in left_over.values()} == {("ELQ-00040", "Invalid data.")}

    second = world.run(PIPELINE, LATER)

    assert changes(world, second).keys() == left_over.keys()
    assert second.receipt.by_outcome()[Outcome.APPLIED] == 3


def test_a_rejected_record_that_has_data_already_is_carried_over(world):
    first = world.run(PIPELINE, AT)
    world.control("POST", "clock", {"advance_s": 3600})
    key = next(key for key, row in changes(world, first).items() if dict(row["after"]).get("Campaign_Type"))
    world.edit(key, Campaign_Type="Wrong")
    world.control("POST", "clock", {"advance_s": 3600})
    world.control(
        "POST",
        "faults",
        [{"system": "eloqua", "path": IMPORTS, "times": 1, "action": "sync-warning", "rejects": 1}],
    )
    second = world.run(PIPELINE, LATER)
    assert list(rejected(world, second)) == [key]
    world.control("POST", "clock", {"advance_s": 3600})

    third = world.run(PIPELINE, LATER + timedelta(hours=1))

    assert [row["Id"] for row in rows(world.store.export(third.run, "carried"))] == [key]
    assert third.receipt.by_outcome()[Outcome.APPLIED] == 1
    assert world.records()[key]["Campaign_Type"] != "Wrong"


def test_a_sync_that_ends_in_error_is_sent_once_more(world):
    world.control(
        "POST", "faults", [{"system": "eloqua", "path": IMPORTS, "times": 1, "action": "sync-error"}]
    )

    result = world.run(PIPELINE, AT)

    assert result.state is RunState.DONE, result.error
    assert world.run(PIPELINE, LATER).state is RunState.NOTHING_TO_DO


@pytest.mark.parametrize(
    ("action", "code", "kind"),
    [("sync-warning", "ELQ-00105", None), ("sync-error", "ELQ-00136", "QuotaError")],
)
def test_what_a_syncs_end_means_decides_what_comes_of_the_batch(world, action, code, kind):
    """A warning may leave all of it unprocessed; an error may be one that no other try will mend."""
    fault = {"system": "eloqua", "path": IMPORTS, "times": 1, "action": action, "status_code": code}
    world.control("POST", "faults", [fault])

    result = world.run(PIPELINE, AT)

    if kind is None:
        assert result.state is RunState.DONE, result.error
        assert world.run(PIPELINE, LATER).state is RunState.NOTHING_TO_DO
    else:
        assert (type(result.error).__name__, result.error.code) == (kind, code)
        assert world.run(PIPELINE, AT).state is RunState.DONE


def test_syncs_that_never_end_well_fail_the_run_and_the_next_try_goes_on(world):
    world.control(
        "POST",
        "faults",
        [{"system": "eloqua", "path": IMPORTS, "after": 1, "times": None, "action": "sync-error"}],
    )
    failed = world.run(PIPELINE, AT)
    assert failed.state is RunState.FAILED
    assert "ended 3 syncs of the same batch in error" in failed.error.message
    world.control("DELETE", "faults")

    done = world.run(PIPELINE, AT)

    assert done.state is RunState.DONE
    assert world.run(PIPELINE, LATER).state is RunState.NOTHING_TO_DO


def test_conditions_limit_both_sides_of_the_join(world):
    wanted = {
        "any": [
            {"field": "Type", "op": "=", "value": "Webinar"},
            {"field": "IsActive", "op": "=", "value": False},
        ]
    }
    result = world.run(
        PIPELINE,
        AT,
        records_where={
            "all": [
                {"field": "Member_Status", "op": "!=", "value": "Sent"},
                {"field": "Email_Address", "op": "like", "value": "%@%"},
            ]
        },
        campaigns_where=wanted,
    )

    read = {row["Id"] for row in rows(world.store.export(result.run, "records"))}
    records = world.records()
    assert 0 < len(read) < len(records)
    assert all(records[key]["Member_Status"] != "Sent" for key in read)
    outside = [
        row
        for row in changes(world, result, "skip").values()
        if row["reason"] == "the campaign is outside campaigns_where"
    ]
    assert outside
    assert changes(world, result)


def test_a_plan_over_its_limit_waits_for_an_approval_of_that_very_plan(world):
    before = world.dump()
    world.configure("\n[pipelines.enrich-campaign-members]\nmax_changes = 10\n")
    at = "2026-11-22T10:15Z"
    stopped = world.scc("run", PIPELINE, "--at", at)
    assert stopped.returncode == 5, stopped.stderr
    assert "at most 10 go unasked" in stopped.stderr
    assert world.dump() == before

    wrong = world.scc("approve", f"{PIPELINE}@{at}", "--digest", "0123456789ab")
    assert wrong.returncode == 2
    assert world.scc("run", PIPELINE, "--at", at).returncode == 5

    digest = str(world.as_json("show", f"{PIPELINE}@{at}")["plan_digest"])
    assert world.scc("approve", f"{PIPELINE}@{at}", "--digest", digest[:12], "--by", "Ann").returncode == 0
    done = world.scc("run", PIPELINE, "--at", at)
    assert done.returncode == 0, done.stderr
    assert "stops here" not in done.stdout
    assert world.dump() != before


def test_an_undo_brings_back_the_exact_state(world):
    before = world.dump()
    result = world.run(PIPELINE, AT)
    assert world.dump() != before

    undone = world.scc("undo", str(result.run))

    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert world.dump() == before


def test_an_undo_leaves_alone_what_has_changed_since(world):
    result = world.run(PIPELINE, AT)
    key = next(iter(changes(world, result)))
    world.edit(key, Campaign_Name="By hand")

    assert world.scc("undo", str(result.run)).returncode == 0

    assert world.records()[key]["Campaign_Name"] == "By hand"


def test_no_more_syncs_run_at_once_than_allowed_and_nothing_is_left_behind(world):
    world.run(PIPELINE, AT)

    assert world.control("GET", "state")["eloqua"]["under_way"]["max_concurrent"] <= 2
    made = [
        row
        for row in world.requests(system="eloqua")
        if row["method"] == "POST" and str(row["path"]).endswith(("exports", "imports"))
    ]
    deleted = [row for row in world.requests(system="eloqua") if row["method"] == "DELETE"]
    assert len(made) == len(deleted) > 0


def test_a_damaged_plan_is_named_and_nothing_is_written(world):
    planned = world.run(PIPELINE, AT, until="guard")
    before = world.dump()
    (part,) = world.store.plan(planned.run).paths()
    content = bytearray(part.read_bytes())
    content[100] ^= 0xFF
    part.write_bytes(content)

    done = world.scc("run", PIPELINE, "--at", "2026-11-22T10:15Z")

    assert done.returncode == 4, done.stderr
    assert str(part) in done.stderr.replace("\n", "")
    assert world.dump() == before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"custom_object": "Campain Members"}, "no custom object 'Campain Members'"),
        ({"campaign_id_field": "CRM_Campaing_Id"}, "has no field 'CRM_Campaing_Id'"),
        ({"fields": {"Campaign_Nam": "Name"}}, "has no field 'Campaign_Nam'"),
        ({"fields": {"Campaign_Name": "Nmae"}}, "INVALID_FIELD"),
        ({"records_where": {"field": "Staus", "op": "=", "value": "x"}}, "names 'Staus'"),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_written(world, config, message):
    before = world.dump()

    result = world.run(PIPELINE, AT, **config)

    assert result.state is RunState.FAILED
    assert message in result.error.message
    assert world.dump() == before
