"""Who watches a run is told of each try, and can't stop it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scc.core.runs import RunId
from scc.engines.duckdb import DuckDBEngine
from scc.errors import ConfigError
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.pipelines.clean_outputs import Config, pipeline
from scc.settings import Settings
from scc.store.runs import RunRecord, RunState, Store

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Watcher:
    def __init__(self):
        self.seen = []

    def lost(self, record):
        self.seen.append(("lost", record.tries, record.state))

    def started(self, record):
        self.seen.append(("started", record.tries, record.state))

    def ended(self, record):
        self.seen.append(("ended", record.tries, record.state))


class Broken:
    def lost(self, record):
        raise AssertionError("nothing was lost")

    def started(self, record):
        raise RuntimeError("postgresql://scc:hunter2@db/scc")

    def ended(self, record):
        raise ConfigError("hunter2")


@pytest.fixture
def run(tmp_path):
    def run(*observers, until="receipt"):
        runner = Runner(
            store=Store(tmp_path), systems=Systems(Settings()), engine=DuckDBEngine(), observers=observers
        )
        return runner.run(pipeline(Config()), AT, until=until)

    return run


def test_each_try_is_told_when_it_begins_and_when_it_ends(run):
    watcher = Watcher()

    run(watcher, until="guard")
    run(watcher)

    assert watcher.seen == [
        ("started", 1, RunState.RUNNING),
        ("ended", 1, RunState.PLANNED),
        ("started", 2, RunState.RUNNING),
        ("ended", 2, RunState.NOTHING_TO_DO),
    ]


def test_a_try_that_was_killed_is_told_as_lost_when_the_next_begins(run, tmp_path, caplog):
    store = Store(tmp_path)
    killed, other = (
        RunRecord.start(RunId("clean-outputs", at), at, full=False, config_digest="")
        for at in (AT, AT - timedelta(days=3))
    )
    store.write(replace(killed, config_digest=pipeline(Config()).config_digest))
    store.write(other)
    watcher = Watcher()

    run(watcher)

    assert watcher.seen == [
        ("lost", 1, RunState.LOST),
        ("lost", 1, RunState.LOST),
        ("started", 2, RunState.RUNNING),
        ("ended", 2, RunState.NOTHING_TO_DO),
    ]
    assert store.require(other.run).state is RunState.LOST
    assert f"try 1 of {killed.run} was killed" in caplog.text


def test_a_run_that_had_ended_well_is_not_told_again(run):
    run()
    watcher = Watcher()

    assert run(watcher).already
    assert watcher.seen == []


def test_what_goes_wrong_in_an_observer_stops_neither_the_run_nor_the_others(run, caplog):
    watcher = Watcher()

    result = run(Broken(), watcher)

    assert result.state is RunState.NOTHING_TO_DO
    assert [what for what, _, _ in watcher.seen] == ["started", "ended"]
    told = [line.getMessage() for line in caplog.records if "could not be told" in line.getMessage()]
    assert len(told) == 2
    assert told[0].startswith("Broken could not be told of clean-outputs@2026-11-22T03:00Z: RuntimeError at ")
    assert "hunter2" not in caplog.text
