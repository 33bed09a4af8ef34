"""The ledger's page names what is there, and its queries run."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from tests.monitoring.ledger.entries import ended, started

from scc.core.runs import format_moment
from scc.monitoring.ledger.ledger import Ledger
from scc.monitoring.ledger.recorder import ENOUGH, PATIENCE_S
from scc.monitoring.ledger.tables import metadata
from scc.settings import Ledger as LedgerSettings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "ledger.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_each_column_stands_on_the_page(table):
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]

    if table.name == "scc_runs":
        below = rows[rows.index("| `scc_runs` | |") + 1 :]
        told = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in below))
    else:
        (row,) = [row for row in rows if row.startswith(f"| `{table.name}` ")]
        told = re.findall(r"`(\w+)`", row.split("|")[3])
    assert [column.name for column in table.columns if column.name not in told] == []


def test_the_pages_figures_are_the_codes():
    adr = (DOCS / "adr/0009-the-run-ledger-is-fed-from-files.md").read_text(encoding="utf-8")

    assert (PATIENCE_S, ENOUGH) == (3.0, 500)
    assert "that three seconds at most" in PAGE
    assert f"once {ENOUGH}\n  entries wait" in adr


@pytest.mark.e2e
def test_the_pages_queries_run(postgres, tmp_path):
    ledger = Ledger.of(LedgerSettings(url=SecretStr(postgres)), tmp_path)
    ledger.prepare()
    record = replace(started(pipeline="purge-contacts"), moment=format_moment(datetime.now(UTC)))
    ledger.write([ended(record)])
    (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, flags=re.DOTALL)

    with psycopg.connect(postgres) as connection:
        found = [connection.execute(one.encode()).fetchall() for one in sql.split(";") if one.strip()]

    rejected, durations = found
    assert rejected == [("purge-contacts", "contact", "ELQ-00040", 2)]
    assert [seconds for _, seconds in durations] == [1.25]
