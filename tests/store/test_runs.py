from __future__ import annotations

import fcntl
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scc.core.runs import RunId
from scc.errors import BusyError, ConfigError, CorruptError
from scc.store.runs import RunRecord, RunState, Store

AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)

HOLD = """
import sys, pathlib
from scc.store.runs import Store
with Store(pathlib.Path(sys.argv[1])).lock("enrich"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def record(store, hours, state, pipeline="enrich"):
    run = RunId(pipeline, AT + timedelta(hours=hours))
    kept = replace(RunRecord.start(run, AT, full=False, config_digest="c"), state=state)
    store.write(kept)
    return kept


def test_a_record_comes_back_as_it_was_written(store):
    kept = record(store, 0, RunState.DONE)

    assert store.read(kept.run) == kept
    assert store.read(RunId("enrich", AT + timedelta(days=1))) is None


def test_runs_are_listed_newest_first(store):
    old, new = record(store, 0, RunState.DONE), record(store, 2, RunState.FAILED)
    other = record(store, 1, RunState.DONE, "purge")

    assert list(store.runs()) == [new, old, other]
    assert list(store.runs("purge")) == [other]


def test_the_last_good_run_ended_well_and_came_before(store):
    good = record(store, 0, RunState.NOTHING_TO_DO)
    for hours, state in enumerate((RunState.FAILED, RunState.PLANNED, RunState.STOPPED, RunState.RUNNING), 1):
        record(store, hours, state)
    record(store, 9, RunState.DONE)

    assert store.last_good("enrich", AT + timedelta(hours=8)) == good
    assert store.last_good("enrich", AT) is None


def test_a_damaged_record_is_named(store):
    kept = record(store, 0, RunState.DONE)
    (store.folder(kept.run) / "run.json").write_text('{"state": "dreaming"}')

    with pytest.raises(CorruptError, match=r"run\.json is not the record of a run"):
        store.read(kept.run)


def test_an_unknown_run_is_refused(store):
    with pytest.raises(ConfigError, match="there is no run enrich@2026-11-22T10:15Z"):
        store.require(RunId("enrich", AT))


def test_a_pipeline_is_held_by_one_process_and_freed_when_it_dies(store, tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD,
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="another run of enrich is under way"), store.lock("enrich"):
            pass
        with store.lock("purge"):
            pass
        holder.kill()
        holder.wait()
        with store.lock("enrich"):
            pass


def test_what_nobody_works_on_any_more_is_read_as_lost(store):
    running, good = record(store, 0, RunState.RUNNING), record(store, 1, RunState.DONE)

    with store.lock("enrich"):
        assert store.judged(running) == running
    assert store.judged(running) == replace(running, state=RunState.LOST)
    assert store.judged(good) == good
    assert store.read(running.run) == running  # to look changes nothing


def test_a_run_that_this_store_does_not_know_is_left_as_it_is(store):
    elsewhere = replace(record(store, 0, RunState.RUNNING, "purge"), pipeline="enrich")
    other_try = replace(elsewhere, pipeline="purge", started_at="2026-11-22T11:00Z")

    assert store.judged(elsewhere) == elsewhere
    assert store.judged(other_try) == other_try


def test_who_only_looks_whether_a_pipeline_is_held_turns_nobody_away(store, monkeypatch):
    with store.lock("enrich"):
        pass
    with (store.root / "enrich" / ".lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        monkeypatch.setattr("time.sleep", lambda _: fcntl.flock(file, fcntl.LOCK_UN))
        with store.lock("enrich"):
            pass


def test_where_nobody_can_tell_whether_it_is_held_a_run_stays_as_it_is(store):
    running = record(store, 0, RunState.RUNNING)
    (store.root / "enrich" / ".lock").mkdir()  # as little to be opened as a file of somebody else's

    assert store.judged(running) == running
