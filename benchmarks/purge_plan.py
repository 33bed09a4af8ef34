"""Plan a purge of 5,000,000 contacts with 20,000,000 activities, in a process of its own, within a memory limit.

    python -m benchmarks.purge_plan [CONTACTS ...]

The datasets are as the pipeline's sources write them, made by DuckDB beforehand: four activities a contact,
a bounce for every fiftieth, every fifth in Salesforce. What is timed: finding each contact's latest activity, and
making the change set of the tenth of all contacts that must go.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.measure import measure, table
from scc.store.dataset import Dataset, DatasetWriter

MEMORY = "384MB"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 1_095
KINDS = ("EmailOpen", "EmailClickthrough", "WebVisit", "FormSubmit")
# Over `n`, a row's number from 1; {contacts} is the number of contacts.
DATASETS = {
    "contacts": """
        CAST(n AS VARCHAR) AS "Id",
        CASE WHEN n % 97 = 0 THEN 'info' WHEN n % 89 = 0 THEN 'bad..' || n ELSE 'First.Last' || n END
            || '@company' || n % 100000 || '.example' AS "C_EmailAddress",
        days_ago(random() * 3000) AS "CreatedAt",
        CASE WHEN n % 61 = 0 THEN 'True' ELSE 'False' END AS "Email.IsBounced",
        CASE WHEN n % 31 = 0 THEN 'False' ELSE 'True' END AS "Email.IsSubscribed",
        CASE WHEN n % 5 = 0 THEN sf_id('003', n // 5) ELSE '' END AS "C_SFDCContactID",
        '' AS "C_SFDCLeadID",
        '' AS "C_SFDCAccountID" """,
    # Few do most, and many nothing.
    **dict.fromkeys(
        [f"pieces/{kind}" for kind in KINDS],
        """CAST(1 + floor(pow(random(), 2) * {contacts}) AS BIGINT)::VARCHAR AS "ContactId",
        days_ago(random() * 1095) AS "ActivityDate" """,
    ),
    "pieces/Bounceback": """
        CAST(n * 50 AS VARCHAR) AS "ContactId",
        'First.Last' || n * 50 || '@company' || n * 50 % 100000 || '.example' AS "EmailAddress",
        CASE WHEN n % 2 = 0 THEN '550' ELSE '452' END AS "SmtpErrorCode",
        CASE WHEN n % 2 = 0 THEN '5.1.1' ELSE '4.2.2' END AS "SmtpStatusCode",
        'message ' || n AS "SmtpMessage",
        days_ago(random() * 1095) AS "ActivityDate" """,
    "members": "'5' AS list, CAST(n * 1000 - 1 AS VARCHAR) AS contact_id",
    "opportunities": """sf_id('006', n) AS "Id", sf_id('001', n * 7 % 100000) AS "AccountId" """,
    "opportunity-roles": """sf_id('003', n * 41) AS "ContactId", sf_id('006', n) AS "OpportunityId" """,
    "customer-accounts": """sf_id('001', n * 20) AS "Id" """,
    "sf-contacts": """
        sf_id('003', n) AS "Id",
        sf_id('001', n % 100000) AS "AccountId",
        'first.last' || n * 5 || '@company' || n * 5 % 100000 || '.example' AS "Email",
        CASE WHEN n % 3 = 0 THEN left(days_ago(random() * 2000), 10) END AS "LastActivityDate" """,
    "sf-leads": """
        sf_id('00Q', n) AS "Id",
        'lead' || n || '@company' || n % 100000 || '.example' AS "Email",
        left(days_ago(random() * 900), 10) AS "LastActivityDate" """,
}
ONE_IN = {"pieces/Bounceback": 50, "members": 1_000, "opportunities": 500, "opportunity-roles": 250}
ONE_IN |= {"customer-accounts": 1_000, "sf-contacts": 5, "sf-leads": 10}
"""How many contacts there are for one row; one, where nothing is said."""
MACROS = """
    CREATE MACRO days_ago(days) AS
        strftime(TIMESTAMP '2026-11-22' - to_seconds(CAST(days * 86400 AS BIGINT)), '%Y-%m-%d %H:%M:%S.000');
    CREATE MACRO sf_id(prefix, number) AS prefix || lpad(CAST(number AS VARCHAR), 12, '0') || 'AAA';
    SELECT setseed(0.5)
"""


def generate(folder: Path, contacts: int) -> None:
    for name, columns in DATASETS.items():
        with duckdb.connect() as connection:
            connection.execute(MACROS).fetchall()
            rows = contacts // ONE_IN.get(name, 1)
            chosen = columns.replace("{contacts}", str(contacts))
            sql = f"SELECT {chosen} FROM (SELECT range AS n FROM range(1, {rows} + 1))"
            reader: pa.RecordBatchReader = connection.sql(sql).to_arrow_reader(131_072)
            with DatasetWriter(folder / name, reader.schema) as writer:
                writer.write_all(reader)
                writer.meta.update(start=(NOW - timedelta(days=DAYS)).isoformat(), lists={})


def plan(folder: Path, contacts: int) -> None:
    """What is measured. Prints the seconds of each step and the number of rows of the plan."""
    from scc.engines.duckdb import DuckDBEngine
    from scc.flow.activities_source import latest
    from scc.flow.plan import write_plan
    from scc.flow.progress import NO_PROGRESS
    from scc.pipelines.purge_contacts import CODES, Config, pipeline

    engine = DuckDBEngine(memory_limit=MEMORY, spill=folder)
    start = NOW - timedelta(days=DAYS)
    began = time.perf_counter()
    for name, kinds, columns in (
        ("activity", KINDS, ()),
        ("bounces", ("Bounceback",), ("EmailAddress", *CODES)),
    ):
        pieces = [Dataset(folder / "pieces" / kind) for kind in kinds]
        batches = engine.run(latest(pieces, [], columns, start))
        schema = pa.schema(
            [
                ("contact_id", pa.int64()),
                *((one, pa.string()) for one in columns),
                ("happened_at", pa.timestamp("us")),
            ]
        )
        with DatasetWriter(folder / name, schema) as writer:
            writer.write_all(batches)
            writer.meta["start"] = start.isoformat()
    latest_s = time.perf_counter() - began
    began = time.perf_counter()
    chosen = pipeline(Config(target_contacts=contacts * 9 // 10, margin=0.0))
    read = {source.name: Dataset(folder / source.name) for source in chosen.sources}
    target = Dataset(folder / "plan")
    write_plan(engine, chosen.plan(read).query, read.values(), target, NO_PROGRESS)
    print(latest_s, time.perf_counter() - began, target.manifest.rows)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--one"]:
        plan(Path(arguments[1]), int(arguments[2]))
        return
    rows = []
    for contacts in map(int, arguments or ["1000000", "5000000"]):
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), contacts)
            done = measure([sys.executable, "-m", "benchmarks.purge_plan", "--one", folder, str(contacts)])
        latest_s, plan_s, changes = done.output.split()[-3:]
        seconds = float(latest_s) + float(plan_s)
        rows.append(
            [
                f"{contacts:,} contacts, {contacts * len(KINDS):,} activities",
                f"{float(latest_s):.1f}",
                f"{float(plan_s):.1f}",
                f"{seconds / contacts * 1e6:.1f}",
                f"{done.cpu_s:.0f}",
                f"{done.peak_mb:,.0f}",
                f"{int(changes):,}",
            ]
        )
    print(f"engine.memory_limit = {MEMORY!r}")
    print(
        table(
            [
                "",
                "latest activity s",
                "plan s",
                "s per million contacts",
                "CPU s",
                "peak MiB",
                "rows of the plan",
            ],
            rows,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
