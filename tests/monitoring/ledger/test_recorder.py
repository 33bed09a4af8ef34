"""A run is recorded whatever the database does, and is never held up by it."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from tests.monitoring.ledger.entries import ended, started

from scc.engines.duckdb import DuckDBEngine
from scc.errors import CredentialsError, NotFoundError, UnavailableError
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.monitoring.ledger import recorder
from scc.monitoring.ledger.catch_up import catch_up, send_all
from scc.monitoring.ledger.ledger import Ledger
from scc.monitoring.ledger.recorder import Recorder
from scc.monitoring.ledger.spool import Spool
from scc.pipelines.clean_outputs import Config, pipeline
from scc.settings import Ledger as LedgerSettings
from scc.settings import Settings
from scc.store.runs import RunState, Store

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NOWHERE = "postgresql://scc:hunter2@127.0.0.1:1/scc"
"""Nothing listens on port 1."""

SEND = """
import sys
from pathlib import Path
from scc.monitoring.ledger.catch_up import catch_up
from scc.monitoring.ledger.ledger import Ledger
from scc.settings import load
from scc.store.runs import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
catch_up(store, Ledger.of(load(environ=dict([sys.argv[2:4]])).ledger, store.root))
"""


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def spool(store):
    return Spool(store.root)


@pytest.fixture
def run(store):
    """A real run, with a recorder of its own; gives its record."""

    def run(settings, hours=0, patience_s=60.0):
        at = AT.replace(hour=3 + hours)
        observer = Recorder(settings, store, patience_s=patience_s)
        runner = Runner(store=store, systems=Systems(Settings()), engine=DuckDBEngine(), observers=[observer])
        assert runner.run(pipeline(Config()), at).state is RunState.NOTHING_TO_DO
        return next(store.runs("clean-outputs"))

    return run


@pytest.fixture
def database(postgres):
    return LedgerSettings(url=SecretStr(postgres))


@pytest.mark.e2e
def test_a_run_is_in_the_database_when_it_ends(run, store, spool, database):
    record = run(database)

    assert Ledger.of(database, store.root).runs() == [record]
    assert spool.entries() == []


def test_without_a_database_a_run_leaves_its_entries_for_whoever_reads_the_ledger(run, store, spool):
    record = run(LedgerSettings())
    assert len(spool.entries()) == 2
    assert not (store.root / "ledger.sqlite").exists()

    ledger = Ledger.of(LedgerSettings(), store.root)
    assert catch_up(store, ledger).sent == 2

    assert ledger.runs() == [record]
    assert spool.entries() == []


def test_without_a_database_a_run_does_not_pay_for_one(tmp_path):
    code = """if True:
        import sys
        from datetime import UTC, datetime
        from pathlib import Path
        from scc.cli.app import App
        from scc.pipelines.clean_outputs import Config, pipeline
        result = App(config=Path(sys.argv[1])).runner().run(pipeline(Config()), datetime.now(UTC))
        print(result.state, "sqlalchemy" in sys.modules)
    """
    (tmp_path / "scc.toml").write_text("")

    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scc.toml")], capture_output=True, text=True, check=True
    )

    assert said.stdout == "nothing-to-do False\n"
    assert len(Spool(tmp_path / "scc-data").entries()) == 2


def test_files_do_not_pile_up_where_nobody_reads_the_ledger(run, store, spool, monkeypatch):
    monkeypatch.setattr(recorder, "ENOUGH", 4)
    run(LedgerSettings())
    assert len(spool.entries()) == 2

    run(LedgerSettings(), hours=1)

    assert spool.entries() == []
    assert Ledger.of(LedgerSettings(), store.root).count() == 2


def test_a_database_that_is_down_stops_no_run_and_its_entries_wait(run, spool, caplog):
    run(LedgerSettings(url=SecretStr(NOWHERE)))

    assert len(spool.entries()) == 2
    (told,) = [line for line in caplog.records if "run ledger wait" in line.getMessage()]
    assert told.levelno == logging.WARNING
    assert told.getMessage() == (
        "Entries for the run ledger wait, 2 by now: the ledger 127.0.0.1:1/scc is out of reach: "
        "it can't be reached"
    )
    assert "hunter2" not in caplog.text


@pytest.mark.e2e
def test_what_waited_is_sent_by_the_next_run(run, store, spool, database):
    missed = run(LedgerSettings(url=SecretStr(NOWHERE)))

    record = run(database, hours=1)

    assert Ledger.of(database, store.root).runs() == [record, missed]
    assert spool.entries() == []


@pytest.mark.e2e
def test_a_database_that_answers_nothing_is_not_waited_for(
    run, store, spool, database, postgres_server, caplog
):
    ledger = Ledger.of(database, store.root)
    ledger.prepare()
    postgres_server.freeze()
    try:
        missed = run(database, patience_s=0.0)
        assert len(spool.entries()) == 2
        assert "it does not answer" in caplog.text
    finally:
        postgres_server.thaw()

    record = run(database, hours=1)

    assert ledger.runs() == [record, missed]


@pytest.mark.e2e
def test_a_database_that_restarts_in_the_middle_of_a_run_loses_nothing(
    store, spool, database, postgres_server
):
    ledger = Ledger.of(database, store.root)
    observer = Recorder(database, store, patience_s=60.0)
    observer.started(started())
    postgres_server.stop("immediate")
    observer.ended(ended(started()))
    assert spool.entries() != []
    postgres_server.start()

    observer.started(started(tries=2))
    observer.ended(ended(started(tries=2)))

    assert ledger.tries(started().run) == [ended(started()), ended(started(tries=2))]
    assert spool.entries() == []


def test_several_processes_send_the_same_entries_and_each_is_kept_once(
    settings, store, spool, tmp_path, tmp_path_factory
):
    entries = [started(hours) for hours in range(60)] + [ended(started(hours)) for hours in range(60)]
    for entry in entries:
        spool.put(entry)
    address = settings.url.get_secret_value() if settings.url else ""
    variable = ["SCC_LEDGER__URL", address] if address else ["SCC_LOG__LEVEL", "info"]
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SEND, str(tmp_path), *variable],
            cwd=tmp_path_factory.mktemp("elsewhere"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for sender in senders:
        assert sender.stdout
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        assert sender.stdin
        sender.stdin.write("go\n")
        sender.stdin.flush()
    said = [(sender.communicate()[1], sender.returncode) for sender in senders]

    assert said == [("", 0)] * 3
    assert Ledger.of(settings, store.root).runs() == entries[60:][::-1]
    assert spool.entries() == []


def test_a_new_ledger_gets_what_the_store_holds(settings, store):
    for hours in range(3):
        store.write(ended(started(hours)))
    broken = store.folder(started(3).run)
    broken.mkdir()
    (broken / "run.json").write_text("{")

    ledger = Ledger.of(settings, store.root)
    catch_up(store, ledger)

    assert ledger.runs() == [ended(started(hours)) for hours in (2, 1, 0)]


def test_a_ledger_that_lost_some_runs_gets_them_from_the_store(ledger, store):
    for hours in range(250):
        store.write(ended(started(hours)))

    assert send_all(store, ledger) == 250

    assert ledger.runs() == list(store.runs())


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("postgresql://scc:hunter2@127.0.0.1:{port}/postgres", CredentialsError),
        ("postgresql://nobody:hunter2@127.0.0.1:{port}/postgres", CredentialsError),
        ("postgresql://scc:{password}@127.0.0.1:{port}/elsewhere", NotFoundError),
        (NOWHERE, UnavailableError),
        ("postgresql://scc:hunter2@no.such.host.example:5432/scc", UnavailableError),
    ],
)
def test_an_error_tells_where_and_never_a_credential(address, error, postgres_server, tmp_path):
    password = postgres_server.password
    address = address.format(port=postgres_server.port, password=password)
    settings = LedgerSettings(url=SecretStr(address))
    ledger = Ledger.of(settings, tmp_path)

    with pytest.raises(error) as caught:
        ledger.prepare()

    assert ledger.database.name in caught.value.message
    shown = "".join(traceback.format_exception(caught.value)) + repr(ledger.database) + repr(settings)
    for secret in ("hunter2", password):
        assert secret not in f"{shown} {caught.value.hint}"


@pytest.mark.e2e
def test_a_password_may_come_by_itself(postgres_server, postgres, tmp_path):
    bare = postgres.replace(f":{postgres_server.password}@", "@")
    ledger = Ledger.of(
        LedgerSettings(url=SecretStr(bare), password=SecretStr(postgres_server.password)), tmp_path
    )

    ledger.prepare()

    assert ledger.count() == 0
