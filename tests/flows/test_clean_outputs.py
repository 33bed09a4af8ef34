"""The clean-up of SCC's own outputs: real folders, the real flow."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from tests import killing

from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.engines.duckdb import DuckDBEngine
from scc.errors import ConfigError
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.pipelines import registry
from scc.pipelines.clean_outputs import Config, pipeline
from scc.settings import Settings
from scc.store.dataset import write_dataset
from scc.store.runs import RunRecord, RunState, Store

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def clean(store):
    def run(at=NOW, **config):
        runner = Runner(store=store, systems=Systems(Settings()), engine=DuckDBEngine(), now=lambda: at)
        result = runner.run(pipeline(Config(**config)), at)
        assert result.error is None
        return result

    return run


def past(store, days, state=RunState.DONE, *, applied=0, name="enrich"):
    """A run of so many days ago, with an export, a plan and a receipt on disk."""
    run = RunId(name, NOW - timedelta(days=days))
    record = RunRecord.start(run, run.moment, full=False, config_digest="c")
    store.write(replace(record, state=state, outcomes={"applied": applied} if applied else {}))
    data = pa.RecordBatch.from_pydict({"id": list(range(1000))})
    for folder in (store.export(run, "records"), store.plan(run), store.receipt(run)):
        write_dataset(folder.folder, data.schema, [data])
    return run


def left(store, run):
    return [
        kind
        for kind, one in (
            ("export", store.export(run, "records")),
            ("plan", store.plan(run)),
            ("receipt", store.receipt(run)),
        )
        if one.exists()
    ]


def test_each_kind_goes_after_its_own_time_and_the_record_stays(store, clean):
    past(store, 1)
    month, year, older = past(store, 30), past(store, 200), past(store, 500)

    result = clean()

    assert left(store, month) == ["plan", "receipt"]
    assert left(store, year) == ["receipt"]
    assert left(store, older) == []
    assert all(store.read(run) for run in (month, year, older))
    assert result.receipt.by_outcome()[Outcome.APPLIED] == 1 + 2 + 3


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.STOPPED, RunState.RUNNING, RunState.PLANNED])
def test_an_unfinished_run_keeps_everything_until_a_later_one_ends_well(store, clean, state):
    good, unfinished = past(store, 700), past(store, 600, state)

    clean()
    assert len(left(store, unfinished)) == len(left(store, good)) == 3

    past(store, 1)
    clean(at=NOW + timedelta(minutes=1))
    assert left(store, unfinished) == left(store, good) == []


def test_the_last_good_run_keeps_everything_however_old(store, clean):
    last = past(store, 900)

    result = clean()

    assert left(store, last) == ["export", "plan", "receipt"]
    assert result.state is RunState.NOTHING_TO_DO


def test_what_an_undo_may_need_stays(store, clean):
    past(store, 1)
    undoable, nothing_written = past(store, 50, applied=7), past(store, 51)

    clean(plans_days=10, receipts_days=10, undo_days=60)

    assert left(store, undoable) == ["plan", "receipt"]
    assert left(store, nothing_written) == []


def test_a_pipeline_may_have_days_of_its_own(store, clean):
    for name in ("purge-contacts", "enrich"):
        past(store, 1, name=name)
    kept, gone = past(store, 500, name="purge-contacts"), past(store, 500)
    sooner = past(store, 30, name="purge-contacts")

    clean(days_of={"purge-contacts": {"receipts": 600, "plans": 20}})

    assert left(store, kept) == ["receipt"]
    assert left(store, gone) == []
    assert left(store, sooner) == ["receipt"]


@pytest.mark.parametrize(
    ("days_of", "message"),
    [
        ({"purge-contact": {"plans": 3}}, r"days_of.*tables named after pipelines"),
        ({"purge-contacts": {"plan": 3}}, r"days_of.*plan"),
        ({"purge-contacts": {"plans": 0}}, r"days_of.*plans"),
    ],
)
def test_days_that_make_no_sense_are_named(days_of, message):
    with pytest.raises(ConfigError, match=message):
        registry.build("clean-outputs", {"clean-outputs": {"days_of": days_of}})


def test_a_run_that_is_under_way_keeps_everything_whatever_has_ended_well_since(store, clean):
    """One of an old moment that was taken up again, and takes long."""
    resumed = past(store, 600, RunState.RUNNING)
    past(store, 1)

    with store.lock("enrich"):
        clean()

    assert len(left(store, resumed)) == 3


def test_a_run_that_was_stopped_while_it_wrote_keeps_its_plan_as_long_as_an_undo_may_need_it(store, clean):
    past(store, 1)
    stopped = past(store, 50, RunState.FAILED)
    before_it_wrote = past(store, 51, RunState.FAILED)
    (store.folder(stopped) / "apply" / "00000").mkdir(parents=True)

    clean(plans_days=10, receipts_days=10, undo_days=60)

    assert left(store, stopped) == ["plan", "receipt"]
    assert left(store, before_it_wrote) == []


@pytest.mark.parametrize("part", range(4))
def test_killed_before_any_write_the_next_try_ends_the_same(tmp_path, part):
    """It is killed once before each rename, removal, new folder and opening of a file for writing."""
    data = Store(tmp_path / "data")
    past(data, 1)
    past(data, 500)

    last = killing.run("tests.flows.killing_clean", str(tmp_path), NOW.isoformat(), str(part), "4")

    assert last > 15, "it was killed at too few places"


def test_too_many_deletions_wait_for_an_approval(store):
    past(store, 1)
    old = past(store, 800)
    runner = Runner(store=store, systems=Systems(Settings()), engine=DuckDBEngine(), now=lambda: NOW)

    result = runner.run(pipeline(Config(max_changes=2)), NOW)

    assert result.state is RunState.STOPPED
    assert len(left(store, old)) == 3


def test_a_second_run_finds_nothing_to_do(store, clean):
    past(store, 1)
    past(store, 500)
    clean()

    assert clean(at=NOW + timedelta(minutes=1)).state is RunState.NOTHING_TO_DO


def test_a_run_that_works_meanwhile_is_in_nobodys_way(store, clean):
    old, _, busy = past(store, 500), past(store, 1), past(store, 0, RunState.RUNNING, name="busy")
    folder, ended = store.export(busy, "records").folder, threading.Event()

    def work():
        while not ended.is_set():
            for name in ("a", "b", "c"):
                (folder / name).mkdir(exist_ok=True)
                (folder / name / "part").write_bytes(b"x")
            for name in ("a", "b", "c"):
                shutil.rmtree(folder / name)

    other = threading.Thread(target=work)
    other.start()
    try:
        for minute in range(10):
            clean(at=NOW + timedelta(minutes=minute))
    finally:
        ended.set()
        other.join()

    assert left(store, old) == []
    assert left(store, busy) == ["export", "plan", "receipt"]
