"""A million leads out of Salesforce to one Parquet file, and a million into it: ours and simple-salesforce.

    python -m benchmarks.salesforce_query [RECORDS] [LATENCY_MS]

Each contestant meets the same pages, made beforehand, from a server in a process of its own, and runs in
a fresh process itself. Seconds are taken inside it from the first request to the closed file, so that
starting Python does not count; CPU and memory are the whole process's. "download only" throws the pages
away: nobody can be faster.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measure import measure, table
from benchmarks.static_salesforce import FIELDS

SOQL = f"SELECT {', '.join(FIELDS)} FROM Lead"  # our own names
SENT = FIELDS[1:7]


def ours(url: str, file: Path, _records: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from scc.salesforce import ClientCredentials, SalesforceClient

    client = SalesforceClient(auth=ClientCredentials(url, "key", "secret"))
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in client.bulk.query(SOQL):
            writer.write_batch(batch)


def simple_salesforce(url: str) -> Any:
    import requests
    from requests.adapters import HTTPAdapter

    class ToServer(HTTPAdapter):
        """simple-salesforce speaks https only: send it to where the server is."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            parts = urlsplit(request.url)
            request.url = url + parts.path + (f"?{parts.query}" if parts.query else "")
            return super().send(request, *args, **kwargs)

    from simple_salesforce.api import Salesforce

    session = requests.Session()
    session.mount("https://", ToServer())
    return Salesforce(session_id="x", instance="acme.my.salesforce.com", session=session)


def theirs(url: str, file: Path, _records: int) -> None:
    """Read their CSV pages into rows, which is what a caller wants of them, and those into Parquet."""
    import csv
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for page in simple_salesforce(url).bulk2.Lead.query(SOQL, max_records=50_000):
            writer.write_table(pa.Table.from_pylist(list(csv.DictReader(io.StringIO(page))), schema=schema))


def download(url: str, _file: Path, _records: int) -> None:
    import urllib3

    http = urllib3.PoolManager()
    locator, received = "0", 0
    while locator != "null":
        answer = http.request(
            "GET",
            f"{url}/services/data/v62.0/jobs/query/7/results?maxRecords=250000&locator={locator}",
            preload_content=False,
        )
        for chunk in answer.stream(1 << 18):
            received += len(chunk)
        locator = answer.headers["Sforce-Locator"]


def leads(records: int) -> Iterator[Any]:
    import pyarrow as pa

    for start in range(0, records, 50_000):
        rows = range(start, min(start + 50_000, records))
        yield pa.RecordBatch.from_pydict(
            {name: [f"{name.lower()}{row}@x.example" for row in rows] for name in SENT}
        )


def ours_in(url: str, _file: Path, records: int) -> None:
    from scc.salesforce import ClientCredentials, Outcome, SalesforceClient

    client = SalesforceClient(auth=ClientCredentials(url, "key", "secret"))
    results = client.bulk.ingest("Lead", "insert", leads(records))
    written = sum(result.counts()[Outcome.SUCCESSFUL] for result in results)
    assert written == records, written


def theirs_in(url: str, _file: Path, records: int) -> None:
    """They give counts only; the results are fetched as text, unmatched."""
    jobs = simple_salesforce(url).bulk2.Lead.insert(
        records=[row for batch in leads(records) for row in batch.to_pylist()], wait=0
    )
    assert sum(job["numberRecordsProcessed"] for job in jobs) == records


def make_only(_url: str, _file: Path, records: int) -> None:
    for _ in leads(records):
        pass


Contestant = Callable[[str, Path, int], None]
OUT: dict[str, Contestant] = {
    "scc": ours,
    "simple-salesforce, bulk2 rows": theirs,
    "download only": download,
}
IN: dict[str, Contestant] = {
    "scc, each row's result": ours_in,
    "simple-salesforce, bulk2, counts": theirs_in,
    "making the rows only": make_only,
}


@contextmanager
def server(records: int, latency_ms: float) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.static_salesforce", str(records), str(latency_ms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


def contest(contestants: dict[str, Contestant], records: int, latency_ms: float) -> str:
    results = []
    with server(records, latency_ms) as url, tempfile.TemporaryDirectory() as folder:
        for name in contestants:
            command = [sys.executable, "-m", "benchmarks.salesforce_query", "--one", name, url, f"{folder}/leads.parquet", str(records)]  # fmt: skip
            runs = []
            for _ in range(1 if name.startswith("simple") else 3):
                done = measure(command)
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


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        _, _, name, url, file, records = sys.argv
        started = time.perf_counter()
        (OUT | IN)[name](url, Path(file), int(records))
        print(time.perf_counter() - started)
        return
    records_wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    latency_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    print(
        f"\nSalesforce to Parquet, {records_wanted:,} records of {len(FIELDS)} fields, {latency_ms:g} ms before each page"
    )
    print(contest(OUT, records_wanted, latency_ms))
    print(
        f"\nInto Salesforce, {records_wanted:,} records of {len(SENT)} fields, every row's result read back"
    )
    print(contest(IN, records_wanted, latency_ms))


if __name__ == "__main__":
    main()
