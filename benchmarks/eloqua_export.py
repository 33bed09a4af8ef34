"""An export of contacts with 12 fields from Eloqua to one Parquet file: ours over CSV and JSON, and pyeloqua.

    python -m benchmarks.eloqua_export [RECORDS] [LATENCY_MS]

Each contestant reads the same pages, made beforehand, from a server in a process of its own, and runs in
a fresh process itself. Seconds are taken inside it from the first request to the closed file, so that
starting Python does not count; CPU and memory are the whole process's.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from benchmarks.measure import measure, table
from benchmarks.static_server import FIELDS

PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": ["Title", "State", "Country", "LeadStatus", "UpdatedAt"],  # few values, often repeated
}


def ours(url: str, file: Path, *, pages: Literal["csv", "json"]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from scc.eloqua import BasicAuth, EloquaClient, contacts

    client = EloquaClient(auth=BasicAuth("c", "u", "p"), login_url=url, pages=pages)
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    with (
        client.bulk.export(contacts(), FIELDS) as export,
        pq.ParquetWriter(file, schema, **PARQUET) as writer,
    ):
        for batch in export.batches():
            writer.write_batch(batch)


def theirs(url: str, file: Path, *, read: Callable[[Any], list[dict[str, str]]]) -> None:
    import warnings

    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyeloqua import Bulk

    warnings.simplefilter("ignore")
    bulk = Bulk(test=True)  # any other way goes to login.eloqua.com
    bulk.bulk_base = bulk.bulkBase = f"{url}/API/Bulk/2.0/"
    bulk.exports("contacts")
    bulk.job["fields"] = [{"name": name, "internalName": name, "statement": FIELDS[name]} for name in FIELDS]
    bulk.create_def("n")
    bulk.sync()
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    pq.write_table(pa.Table.from_pylist(read(bulk), schema=schema), file, **PARQUET)


CONTESTANTS: dict[str, Callable[[str, Path], None]] = {
    "scc, CSV pages": lambda url, file: ours(url, file, pages="csv"),
    "scc, JSON pages": lambda url, file: ours(url, file, pages="json"),
    "pyeloqua, pages of 50,000": lambda url, file: theirs(
        url, file, read=lambda bulk: bulk.GetSyncedData(defURI=bulk.job_def["uri"], retrieveLimit=10**9)
    ),
    "pyeloqua, Bulk class": lambda url, file: theirs(url, file, read=lambda bulk: bulk.get_export_data()),
}


@contextmanager
def server(records: int, latency_ms: float) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.static_server", str(records), str(latency_ms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


def contest(records: int, latency_ms: float) -> str:
    import pyarrow.parquet as pq

    results = []
    with server(records, latency_ms) as url, tempfile.TemporaryDirectory() as folder:
        for name in CONTESTANTS:
            file = Path(folder) / "contacts.parquet"
            runs = []
            for _ in range(3 if name.startswith("scc") else 1):
                done = measure(
                    [sys.executable, "-m", "benchmarks.eloqua_export", "--one", name, url, str(file)]
                )
                assert pq.read_metadata(file).num_rows == records
                runs.append((float(done.output.split()[-1]), done))
            results.append((name, *sorted(runs, key=lambda run: run[0])[len(runs) // 2]))
    best = results[0][1]
    rows = [
        [
            name,
            f"{s:.2f}",
            f"{records / s:,.0f}",
            f"{done.cpu_s:.1f}",
            f"{done.peak_mb:,.0f}",
            f"{s / best:.1f}",
        ]
        for name, s, done in results
    ]
    return table(["", "seconds", "records/s", "CPU s", "peak MiB", "times ours"], rows)


def _import(modules: str) -> None:
    """Load what a contestant imports while it runs, so that it does not count."""
    for module in modules.split():
        importlib.import_module(module)


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        _, _, name, url, file = sys.argv
        _import("pyarrow.parquet pyarrow.csv pyarrow.json")
        _import("scc.eloqua.bulk scc.eloqua.pages" if name.startswith("scc") else "pyeloqua")
        started = time.perf_counter()
        CONTESTANTS[name](url, Path(file))
        print(time.perf_counter() - started)
        return
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    latency_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    print(
        f"\nEloqua to Parquet, {records:,} records of {len(FIELDS)} fields, {latency_ms:g} ms before each page"
    )
    print(contest(records, latency_ms))


if __name__ == "__main__":
    main()
