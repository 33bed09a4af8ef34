"""How a ledger gets its tables: from nothing, from an earlier version, and with others at the same time."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from tests.monitoring.ledger.entries import ended, started

from scc.errors import ConfigError
from scc.monitoring.ledger import schema
from scc.monitoring.ledger.tables import metadata

FIRST = """
INSERT INTO scc_runs (pipeline, moment, try, state, started_at, ended_at, read_all, config_digest, changes,
  worker, outcomes, versions)
VALUES ('enrich', '2026-11-22 10:15:00.000000', 1, 'done', '2026-11-22 10:16:00.000000',
  '2026-11-22 10:17:00.000000', false,
  'c0ffee', 3, '', '{"applied": 3}', '{"scc": "0.1"}')
"""
"""What the SCC of the first revision wrote of a run."""


def differences(ledger):
    with ledger.database.reading() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def test_the_newest_migration_is_the_one_that_the_code_asks_for():
    config = Config()
    config.set_main_option("script_location", "scc.monitoring.ledger:migrations")
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_an_empty_database_gets_the_tables_that_the_code_reads(empty):
    assert schema.upgrade(empty.database) == (None, schema.HEAD)

    assert differences(empty) == []


def test_an_upgrade_again_changes_nothing(ledger):
    ledger.write([ended(started())])

    assert schema.upgrade(ledger.database) == (schema.HEAD, schema.HEAD)
    assert ledger.runs() == [ended(started())]


def test_a_ledger_of_an_earlier_version_keeps_what_it_holds(empty):
    schema.upgrade(empty.database, to="0001")
    with empty.database.writing() as connection:
        zone = "" if empty.database.is_sqlite else "+00"
        connection.exec_driver_sql(FIRST.replace(".000000", f".000000{zone}"))

    assert schema.upgrade(empty.database) == ("0001", schema.HEAD)

    assert differences(empty) == []
    (kept,) = empty.runs()
    assert (str(kept.run), kept.state, kept.outcomes) == ("enrich@2026-11-22T10:15Z", "done", {"applied": 3})
    assert (kept.requests, kept.retries, kept.quota, kept.exported) == ({}, {}, {}, {})
    empty.write([ended(started(tries=2))])
    assert empty.runs() == [ended(started(tries=2))]


def test_a_file_is_brought_to_todays_tables_by_whoever_uses_it_and_a_shared_database_is_not(empty):
    schema.upgrade(empty.database, to="0001")

    empty.prepare()

    if empty.database.is_sqlite:
        empty.write([started()])
        assert empty.count() == 1
    else:
        with pytest.raises(ConfigError, match="has the tables of an older SCC") as caught:
            empty.write([started()])
        assert str(caught.value.hint).startswith("Run `scc ledger upgrade`")


def test_a_ledger_of_a_newer_version_is_left_alone(ledger):
    ledger.write([started()])
    with ledger.database.writing() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))

    assert ledger.upgrade() == ("9999", "9999")
    for use in (lambda: ledger.write([started(1)]), ledger.runs, ledger.count):
        with pytest.raises(ConfigError, match=r"has the tables of a newer SCC \(revision 9999\)"):
            use()


def test_a_ledger_without_tables_is_told(empty):
    with pytest.raises(ConfigError, match="is empty"):
        empty.runs()


def test_a_migration_that_fails_leaves_nothing_behind(empty):
    def interrupt(_connection):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(empty.database, fill=interrupt)

    with empty.database.reading() as connection:
        assert schema.state(connection) is schema.SchemaState.EMPTY
