"""One mailbox among 10,000,000 archived contacts, written by 400 runs.

Beside SCC's own search, in process and as a command: DuckDB's scan of the same Parquet files by the same
key, in process. Each search is for another mailbox, and for one that is not there every other time. The archive
is made before the clock starts; the first search of all, which makes the indexes, is told by itself.

    python -m benchmarks.archive_search [ENTRIES [RUNS]]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.measure import measure, table
from scc.core.runs import RunId
from scc.store.archive import ROW_GROUP, SCHEMA, Archive
from scc.store.dataset import DatasetWriter

SEARCHES, COMMANDS = 60, 9
START = datetime(2025, 11, 22, 3, 0, tzinfo=UTC)

# 30 fields that are not blank, two lists, and a custom object's record for every other contact.
PROFILES = """
CREATE TABLE profiles AS
SELECT profile, list_transform(range(28), lambda field: {
    'key': 'C_Field_' || field || '1', 'value': md5(profile || '-' || field)[:4 + field % 16]
}) AS entries
FROM range(2000) AS made(profile)
"""
ROWS = """
WITH numbered AS (
    SELECT range AS n, 'person.' || range || '@company' || range % 5000 || '.example' AS address
    FROM range($first, $last)
)
SELECT
    sha256(address) AS mailbox_key,
    address,
    n::VARCHAR AS contact_id,
    $run AS run,
    $at::TIMESTAMPTZ AS archived_at,
    CASE WHEN n % 3 = 0 THEN 'invalid: hard bounce' ELSE 'inactive for 730 days' END AS reason,
    [{'key': 'C_EmailAddress', 'value': address}, {'key': 'C_FirstName', 'value': 'First' || n % 4000}] || entries AS fields,
    [{'id': '5', 'name': 'Newsletter'}, {'id': (n % 40)::VARCHAR, 'name': 'List ' || n % 40}] AS lists,
    CASE WHEN n % 2 = 0 THEN [{
        'object': 'customObject/12', 'id': (n + 7)::VARCHAR,
        'fields': map(['Email_Address', 'Campaign'], [address, 'Campaign ' || n % 900])
    }] ELSE [] END AS records
FROM numbered JOIN profiles ON profile = n % 2000
ORDER BY mailbox_key
"""


def fill(archive: Archive, entries: int, runs: int) -> None:
    with duckdb.connect() as connection:
        connection.execute(PROFILES)
        for at in range(runs):
            run = RunId("purge-contacts", START + timedelta(days=at))
            first, last = at * entries // runs, (at + 1) * entries // runs
            rows = connection.sql(
                ROWS, params={"first": first, "last": last, "run": str(run), "at": run.moment.isoformat()}
            )
            with DatasetWriter(archive.entries(run).folder, SCHEMA, row_group=ROW_GROUP) as writer:
                writer.write_all(map(as_map, rows.to_arrow_reader(ROW_GROUP)))


def as_map(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`fields` as a map; DuckDB's own maps take three times as long to make."""
    pairs = batch["fields"]
    entries = pairs.flatten()
    fields = pa.MapArray.from_arrays(pairs.offsets, entries.field("key"), entries.field("value"))
    return batch.set_column(batch.schema.get_field_index("fields"), "fields", fields)


def mailboxes(entries: int) -> list[str]:
    """Every other one is not in the archive."""
    step = entries // SEARCHES
    numbers = [at * step + (entries if at % 2 else 0) for at in range(SEARCHES)]
    return [f"person.{n}@company{n % 5000}.example" for n in numbers]


def keys(addresses: Sequence[str]) -> list[str]:
    return [row[0] for row in duckdb.execute("SELECT sha256(unnest($1))", [list(addresses)]).fetchall()]


def timed(search: Callable[[str], int], wanted: Sequence[str]) -> list[float]:
    seconds = []
    for at, one in enumerate(wanted):
        started = time.perf_counter()
        found = search(one)
        seconds.append(time.perf_counter() - started)
        assert found == (at + 1) % 2, f"search {at} found {found}"
    return seconds


def main(arguments: list[str]) -> None:
    entries, runs = (int(one) for one in (*arguments, *("10000000", "400")[len(arguments) :]))
    with tempfile.TemporaryDirectory(dir=".") as name:
        root = Path(name) / "scc-data" / "archive"
        archive = Archive(root)
        started = time.monotonic()
        fill(archive, entries, runs)
        stats = archive.stats()
        print(
            f"{stats.entries:,} entries of {stats.runs} runs, {stats.bytes / 1e9:.1f} GB, "
            f"made in {time.monotonic() - started:.0f} s"
        )
        addresses = mailboxes(entries)
        wanted = keys(addresses)
        started = time.perf_counter()
        archive.find(wanted[0])
        print(f"the first search, which makes the indexes: {time.perf_counter() - started:.1f} s")
        rows = [figures("scc, in process", timed(lambda key: len(archive.find(key)), wanted))]
        rows.append(figures("scc archive find", commands(Path(name), addresses)))
        rows.append(figures("DuckDB over the same files", timed(scan(root), wanted[: SEARCHES // 3])))
        print(table(["one mailbox", "median s", "least s", "most s"], rows))


def commands(folder: Path, addresses: Sequence[str]) -> list[float]:
    (folder / "scc.toml").write_text("")
    seconds = []
    for at, address in enumerate(addresses[:COMMANDS]):
        done = measure([sys.executable, "-m", "scc", "archive", "find", address, "--json"], cwd=folder)
        assert len(json.loads(done.output)) == (at + 1) % 2, done.output
        seconds.append(done.wall_s)
    return seconds


def scan(root: Path) -> Callable[[str], int]:
    connection = duckdb.connect()
    connection.execute("SET enable_object_cache = true")
    sql = f"SELECT * FROM '{root}/contacts/*/*/*.parquet' WHERE mailbox_key = $1"
    return lambda key: len(connection.execute(sql, [key]).fetchall())


def figures(name: str, seconds: list[float]) -> list[object]:
    return [name, f"{statistics.median(seconds):.3f}", f"{min(seconds):.3f}", f"{max(seconds):.3f}"]


if __name__ == "__main__":
    main(sys.argv[1:])
