"""What goes into the ledger comes out again, whatever the order and however often; on both databases."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.monitoring.ledger.entries import AT, COUNTS, ended, started

from scc.core.runs import RunId
from scc.errors import DataError
from scc.store.runs import RunState


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED, RunState.STOPPED])
def test_a_record_comes_back_as_it_went_in(ledger, state):
    record = ended(started(), state)

    ledger.write([record])

    assert ledger.find(record.run) == record
    assert list(ledger.find(record.run).seconds) == list(record.seconds)


def test_a_run_under_way_comes_back_as_it_went_in(ledger):
    ledger.write([started()])

    assert ledger.runs() == [started()]


def test_an_entry_that_comes_again_changes_nothing(ledger):
    for _ in range(3):
        ledger.write([ended(started())])

    assert ledger.count() == 1
    assert ledger.runs() == [ended(started())]


def test_the_order_of_entries_does_not_matter(ledger):
    for hours, order in enumerate(itertools.permutations(range(4))):
        first, second = started(hours), started(hours, tries=2)
        entries = [first, ended(first, RunState.FAILED), second, ended(second)]
        for at in order:
            ledger.write([entries[at]])

        assert ledger.tries(first.run) == [entries[1], entries[3]], order
        assert ledger.find(first.run) == entries[3], order


def test_a_try_of_a_store_that_was_made_anew_takes_the_place_of_the_old_one(ledger):
    old = ended(started())
    new = started(later_s=40)
    ledger.write([old, new])
    assert ledger.runs() == [new]

    ledger.write([old])

    assert ledger.runs() == [new]
    assert ledger.count() == 1


def test_counts_are_replaced_with_their_run(ledger):
    record = ended(started())
    ledger.write([record])
    fewer = replace(record, counts=COUNTS[:1], outcomes={"applied": 40}, seconds={"all": 1.0}, exported={})

    ledger.write([fewer])

    assert ledger.runs() == [fewer]


def test_runs_are_chosen_by_pipeline_start_and_number(ledger):
    records = [ended(started(hours, pipeline=name)) for hours in range(4) for name in ("enrich", "purge")]
    random.Random(1).shuffle(records)
    ledger.write(records)

    def chosen(*arguments, **more):
        return [(one.pipeline, one.run.moment - AT) for one in ledger.runs(*arguments, **more)]

    h = [timedelta(hours=hours) for hours in range(4)]
    assert chosen(limit=3) == [("enrich", h[3]), ("purge", h[3]), ("enrich", h[2])]
    assert chosen("purge") == [("purge", one) for one in reversed(h)]
    assert chosen("purge", since=AT + h[2]) == [("purge", h[3]), ("purge", h[2])]
    assert ledger.find(RunId("purge", AT - h[1])) is None


def test_many_runs_are_read_with_what_is_theirs(ledger):
    records = [ended(started(hours, pipeline="enrich"), exported={"records": hours}) for hours in range(1200)]
    ledger.write(records)

    assert ledger.runs() == records[::-1]


def test_what_a_database_can_not_hold_is_left_out(ledger):
    error = {"type": "RefusedError", "message": "odd\0 words", "hint": "h", "step": "apply", "exit_code": 3}
    ledger.write([ended(started(), RunState.FAILED, error={**error, "trace": []})])

    assert ledger.find(started().run).error["message"] == "odd words"


@pytest.mark.parametrize(
    "unfit",
    [
        {"changes": 2**70},
        {"changes": "many"},
        {"counts": [{"system": "eloqua"}]},
        {"counts": [{**COUNTS[0], "colour": "red"}]},
        {"seconds": 3},
        {"started_at": None},
        {"worker": None},
    ],
)
def test_an_entry_that_does_not_fit_is_refused_and_none_of_its_batch_is_kept(ledger, unfit):
    if unfit == {"changes": "many"} and ledger.database.is_sqlite:
        unfit = {"changes": []}  # SQLite itself takes any text for a number
    good, bad = ended(started(0)), ended(started(1), **unfit)

    with pytest.raises(DataError):
        ledger.write([good, bad])

    assert ledger.count() == 0
