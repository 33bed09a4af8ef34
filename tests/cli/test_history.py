"""What is on record, read from the ledger: `scc history`, `scc ledger`, and `scc runs` and `show` on a database."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.cli.runs import PIPELINE, RUN, make_run

from scc.cli.history import since
from scc.core.runs import RunId, format_moment
from scc.errors import ConfigError
from scc.monitoring.ledger.spool import Spool
from scc.store.runs import RunState

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
SINCE = ("--since", "2026-11-01")
NOWHERE = "postgresql://scc:hunter2@127.0.0.1:1/scc"
FAILURE: dict[str, object] = {
    "type": "RefusedError",
    "message": "no",
    "hint": None,
    "step": "apply",
    "exit_code": 3,
    "trace": [],
}
COUNT = {
    "system": "eloqua",
    "object": "contact",
    "operation": "update",
    "outcome": "applied",
    "code": "",
    "records": 5,
}


@pytest.fixture
def store(folder):
    """Three runs of one pipeline and one of another."""
    root = folder / "scc-data"
    make_run(root, seconds={"plan": 1.0, "all": 4.0})
    earlier = RunId(PIPELINE, RUN.moment - timedelta(days=1))
    make_run(root, earlier, RunState.FAILED, error=FAILURE, outcomes={}, tries=3, seconds={"all": 60.0})
    make_run(root, RunId(PIPELINE, RUN.moment - timedelta(days=2)), seconds={"all": 9.0}, counts=[COUNT])
    return make_run(
        root, RunId("hard-bounces", RUN.moment), RunState.STOPPED, outcomes={}, seconds={"all": 2.0}
    )


@pytest.fixture
def on_postgres(folder, postgres):
    """A configuration with a database; gives a function that changes the address."""

    def configure(address=postgres):
        (folder / "scc.toml").write_text(f'[ledger]\nurl = "{address}"\n')

    configure()
    return configure


def as_json(said):
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_history_lists_the_runs_and_sums_them_up_by_pipeline(scc, store):
    said = scc("history", *SINCE)

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "Run                                        State    Tries    Took  Changes  Rejected  Error",
        "enrich-campaign-members@2026-11-22T10:15Z  done             4.0 s        1         1",
        "hard-bounces@2026-11-22T10:15Z             stopped          2.0 s",
        "enrich-campaign-members@2026-11-21T10:15Z  failed       3  60.0 s                     RefusedError in apply",
        "enrich-campaign-members@2026-11-20T10:15Z  done             9.0 s        1         1",
        "",
        "Pipeline                 Runs  Failed  Stopped  Changes  Rejected  Median",
        "enrich-campaign-members     3       1        0        2         2   6.5 s",
        "hard-bounces                1       0        1        0         0",
    ]


def test_history_is_the_same_from_the_ledger_and_from_the_store(scc, store, folder):
    ledger = as_json(scc("history", *SINCE, "--json"))
    (folder / "scc.toml").write_text(f'[ledger]\nurl = "{NOWHERE}"\n')

    said = scc("history", *SINCE, "--json")

    kept = as_json(said)
    assert (ledger.pop("source"), kept.pop("source")) == ("ledger", "store")
    assert kept == ledger
    assert len(kept["runs"]) == 4
    assert "Read from the store: the ledger 127.0.0.1:1/scc is out of reach: it can't be reached" in said.err
    assert "hunter2" not in said.err


def test_history_keeps_runs_whose_folders_are_gone(scc, store, folder):
    scc("history", *SINCE)
    for path in store.folder(RUN).rglob("run.json"):
        path.unlink()

    assert str(RUN) in scc("history", *SINCE).out


def test_history_is_narrowed_by_pipeline_state_and_time(scc, store):
    def runs(*options):
        return [one["run"] for one in as_json(scc("history", *options, "--json"))["runs"]]

    assert runs(*SINCE, "--state", "failed") == [f"{PIPELINE}@2026-11-21T10:15Z"]
    assert runs(*SINCE, "--pipeline", "hard-bounces") == ["hard-bounces@2026-11-22T10:15Z"]
    assert runs("--since", "2026-11-21T10:15Z", "--pipeline", PIPELINE) == [
        f"{PIPELINE}@2026-11-22T10:15Z",
        f"{PIPELINE}@2026-11-21T10:15Z",
    ]


def test_a_run_that_was_killed_counts_as_failed(scc, store):
    make_run(store.root, RunId("hard-bounces", RUN.moment - timedelta(days=1)), RunState.RUNNING)

    said = scc("history", *SINCE, "--pipeline", "hard-bounces", "--json")

    assert [one["state"] for one in as_json(said)["runs"]] == ["stopped", "lost"]
    assert as_json(said)["pipelines"][0]["failed"] == 1


def test_a_limit_shortens_the_list_and_not_the_sums(scc, store):
    lines = scc("history", *SINCE, "--limit", "1").out.splitlines()

    assert lines[2] == "3 more; --limit lists them."
    assert lines[5].split() == [PIPELINE, "3", "1", "0", "2", "2", "6.5", "s"]


def test_a_history_without_runs_makes_nothing(scc, folder):
    said = scc("history", *SINCE)

    assert said.out == "No runs since 2026-11-01 00:00 UTC.\n"
    assert list(folder.iterdir()) == []


def test_the_history_of_an_unknown_pipeline_is_refused(scc, store):
    assert scc("history", "--pipeline", "enrich-members").code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12h", datetime(2026, 11, 22, 16, 5, 6, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 16, 4, 5, 6, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 9, 4, 5, 6, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:15+01:00", datetime(2026, 11, 20, 9, 15, tzinfo=UTC)),
    ],
)
def test_since_takes_a_span_a_day_or_a_moment(text, expected):
    assert since(text, NOW) == expected


@pytest.mark.parametrize("text", ["yesterday", "7", "7m", "2026-11-20T10:15", "-3d", ""])
def test_since_takes_nothing_else(text):
    with pytest.raises(ConfigError, match="is no time"):
        since(text, NOW)


def test_runs_and_show_read_the_store_and_say_so_when_the_database_is_down(scc, store, folder):
    (folder / "scc.toml").write_text(f'[ledger]\nurl = "{NOWHERE}"\n')

    for said in (scc("runs"), scc("show", str(RUN))):
        assert said.code == 0
        assert str(RUN) in said.out
        assert "Read from the store: " in said.err
        assert "hunter2" not in said.err


def test_runs_read_the_store_where_no_database_is_configured(scc, store, folder):
    said = scc("runs", "-v")

    assert said.err.endswith("Read from the store: no ledger.url is set\n")
    assert not (folder / "scc-data/ledger.sqlite").exists()


def test_the_ledger_of_a_laptop_is_checked_without_making_it(scc, folder):
    said = scc("ledger", "check")

    assert said == (
        0,
        f"Ledger   SQLite, {folder}/scc-data/ledger.sqlite\nTables   empty\nTries\nWaiting  0\n",
        "",
    )
    assert list(folder.iterdir()) == []


def test_what_waits_is_counted_and_sent(scc, store, folder):
    Spool(store.root).put(store.require(RUN))
    assert as_json(scc("ledger", "check", "--json"))["waiting"] == 1

    said = scc("ledger", "catch-up")

    assert said == (0, f"Sent 1 entry to the ledger {folder}/scc-data/ledger.sqlite.\n", "")
    found = as_json(scc("ledger", "check", "--json"))
    assert (found["tables"], found["tries"], found["waiting"]) == ("current", 4, 0)


def test_an_entry_that_can_not_be_sent_is_named_and_checked(scc, store):
    path = Spool(store.root).put(store.require(RUN))
    path.write_text("{")

    checked, sent = scc("ledger", "check"), scc("ledger", "catch-up")

    assert checked.code == sent.code == 4
    assert "1 file in the spool can't be sent" in checked.err
    assert str(path) in sent.err


def test_the_store_is_sent_again_when_asked_for(scc, store, folder):
    scc("ledger", "upgrade")
    store.write(replace(store.require(RUN), started_at=format_moment(RUN.moment + timedelta(hours=1))))

    said = scc("ledger", "catch-up", "--all")

    assert said.out.splitlines()[1] == "Sent the records of 4 runs in the store."
    (found,) = as_json(scc("history", "--since", "2026-11-22T11:00Z", "--json"))["runs"]
    assert found["started_at"] == "2026-11-22T11:15Z"


def test_an_upgrade_makes_the_tables_and_the_next_one_nothing(scc, folder):
    place = f"{folder}/scc-data/ledger.sqlite"

    assert scc("ledger", "upgrade").out == f"The ledger {place} went from nothing to revision 0002.\n"
    assert scc("ledger", "upgrade").out == f"The ledger {place} is at revision 0002 already.\n"


def test_a_damaged_file_is_told_and_the_store_is_read(scc, store, folder):
    (folder / "scc-data/ledger.sqlite").write_bytes(b"no database at all" * 100)

    said = scc("history", *SINCE)

    assert said.code == 0
    assert str(RUN) in said.out
    assert "ledger.sqlite is damaged" in said.err
    checked = scc("ledger", "check")
    assert checked.code == 4
    assert "Hint: Move the file away; `scc ledger catch-up --all`" in checked.err


@pytest.mark.e2e
def test_a_database_is_read_where_the_store_is_not(scc, store, folder, on_postgres):
    plain = [scc("runs").out, scc("history", *SINCE).out]
    store.root.rename(folder / "elsewhere")

    assert [scc("runs").out, scc("history", *SINCE).out] == plain
    shown = scc("show", f"{PIPELINE}@2026-11-20T10:15Z")
    assert shown.code == 0
    assert "      5  applied  update     eloqua contact" in shown.out


@pytest.mark.e2e
def test_a_command_leaves_a_run_with_its_approval_and_its_tries_in_the_database(scc, on_postgres):
    assert scc("plan", "clean-outputs", "--at", "2026-11-22T03:00Z").code == 0
    assert scc("run", "clean-outputs", "--at", "2026-11-22T03:00Z").code == 0

    (run,) = as_json(scc("history", "--json"))["runs"]
    assert (run["state"], run["tries"]) == ("nothing-to-do", 2)
    shown = scc("show", "clean-outputs").out
    assert "Tries     2" in shown
    assert re.search(r"Earlier tries\n.*\n  1  planned ", shown)
    found = as_json(scc("ledger", "check", "--json"))
    assert (found["kind"], found["tries"], found["waiting"]) == ("PostgreSQL", 2, 0)


@pytest.mark.e2e
def test_who_may_only_read_the_database_reads_it(scc, store, folder, on_postgres, postgres, postgres_server):
    wanted = scc("runs").out
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'hunter2'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    on_postgres(postgres.replace(f"scc:{postgres_server.password}@", "reader:hunter2@"))
    Spool(store.root).put(store.require(RUN))

    said = scc("runs")

    assert said.out == wanted
    assert "Not all that waits could be sent: the ledger " in said.err
    assert "hunter2" not in said.err
    assert len(Spool(store.root).entries()) == 1


@pytest.mark.e2e
def test_doctor_tells_of_a_database_that_refuses_without_its_password(
    scc, folder, on_postgres, postgres_server
):
    on_postgres(postgres_server.url(password="hunter2"))

    said = scc("doctor", "--json")

    (ledger,) = [check for check in json.loads(said.out)["checks"] if check["name"] == "ledger"]
    assert (ledger["state"], ledger["exit_code"]) == ("failed", 3)
    assert ledger["detail"].endswith("refuses the user or the password")
    assert "hunter2" not in said.out + said.err


def test_debug_shows_no_password(scc, folder):
    (folder / "scc.toml").write_text(f'[ledger]\nurl = "{NOWHERE}"\n')

    said = scc("ledger", "upgrade", "--debug", "-v")

    assert said.code == 75
    assert "hunter2" not in said.out + said.err
    assert logging.getLogger("scc").level == logging.DEBUG
