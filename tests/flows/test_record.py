"""What is put on record of a run: how much it read, asked and wrote, and what stopped it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from scc.store.runs import RunState

PIPELINE = "enrich-campaign-members"
AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


def kept(world):
    return next(world.store.runs(PIPELINE))


def test_a_record_adds_up_with_what_the_systems_saw(world):
    world.control("DELETE", "requests")
    result = world.run(PIPELINE, AT)
    record = kept(world)

    seen = Counter((one["system"], str(one["status"])) for one in world.requests())
    told = {(system, status): n for system, by in record.requests.items() for status, n in by.items()}
    assert told == {key: n for key, n in seen.items() if key[0] in {"eloqua", "salesforce"}}
    assert record.exported["records"] == len(world.records())
    assert sum(one["records"] for one in record.counts) == sum(result.receipt.by_outcome().values())
    assert record.tries == 1
    assert record.retries == {}
    quota = record.quota["salesforce_api_requests"]
    assert 0 < quota["used"] < quota["limit"]
    assert record.error is None


def test_requests_that_were_repeated_are_counted_by_what_was_answered(world):
    fault = {"system": "eloqua", "path": "/exports$", "times": 2, "action": "status", "status": 429}
    world.control("POST", "faults", [fault | {"headers": {"Retry-After": "0"}}])

    world.run(PIPELINE, AT)

    record = kept(world)
    assert record.requests["eloqua"]["429"] == 2
    assert record.retries == {"eloqua": 2}


def test_a_failure_is_told_by_step_and_place_and_the_next_try_is_counted(world):
    path = "/API/Bulk/2.0/customObjects/.*/exports"
    world.control("POST", "faults", [{"system": "eloqua", "path": path, "action": "status", "status": 400}])
    world.run(PIPELINE, AT)
    record = kept(world)
    assert record.state is RunState.FAILED
    assert record.error["step"] == "export records"
    assert record.error["exit_code"] == 3
    assert any(place.startswith("eloqua_source.py:") for place in record.error["trace"])
    world.control("DELETE", "faults")

    world.run(PIPELINE, AT)

    again = kept(world)
    assert (again.state, again.tries, again.error) == (RunState.DONE, 2, None)


def test_who_approved_a_plan_is_on_record(world):
    world.configure("\n[pipelines.enrich-campaign-members]\nmax_changes = 10\n")
    at = "2026-11-22T10:15Z"
    assert world.scc("run", PIPELINE, "--at", at).returncode == 5
    assert kept(world).approved_by is None
    assert world.approve(f"{PIPELINE}@{at}").returncode == 0
    assert world.scc("run", PIPELINE, "--at", at).returncode == 0
    assert kept(world).approved_by == "Ann"
