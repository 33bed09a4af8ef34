"""Leads with 12 fields out of Salesforce to one Parquet file: ours and simple-salesforce.

    python -m benchmarks.salesforce_query [RECORDS] [LATENCY_MS]

All read the same pages, made beforehand. "download only" throws the pages away: nobody can be faster.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.contest import LARGE, Contestant, contest, run_as_contestant
from benchmarks.static_salesforce import FIELDS

SOQL = f"SELECT {', '.join(FIELDS)} FROM Lead"  # our own names
ROW_GROUP = 50_000
PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": ["Title", "Country", "Status", "IsConverted", "SystemModstamp"],  # few values, often repeated
}  # fmt: skip


def ours(url: str, file: Path, records: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from scc.salesforce import ClientCredentials, SalesforceClient

    client = SalesforceClient(auth=ClientCredentials(url, "key", "secret"))
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    with pq.ParquetWriter(file, schema, **PARQUET) as writer:
        waiting: list[Any] = []
        for batch in client.bulk.query(SOQL):
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting.clear()
        writer.write_table(pa.Table.from_batches(waiting, schema))
    assert pq.read_metadata(file).num_rows == records


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


def theirs(url: str, file: Path, records: int) -> None:
    """Read their CSV pages into rows, which is what a caller wants of them, and those into Parquet."""
    import csv
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    with pq.ParquetWriter(file, schema, **PARQUET) as writer:
        for page in simple_salesforce(url).bulk2.Lead.query(SOQL, max_records=ROW_GROUP):
            writer.write_table(pa.Table.from_pylist(list(csv.DictReader(io.StringIO(page))), schema=schema))
    assert pq.read_metadata(file).num_rows == records


def download(url: str, _file: Path, records: int) -> None:
    import urllib3

    http = urllib3.PoolManager()
    locator, announced = "0", 0
    while locator != "null":
        answer = http.request(
            "GET",
            f"{url}/services/data/v62.0/jobs/query/7/results?maxRecords=250000&locator={locator}",
            preload_content=False,
        )
        assert sum(len(chunk) for chunk in answer.stream(1 << 18)) == int(answer.headers["Content-Length"])
        answer.release_conn()
        locator = answer.headers["Sforce-Locator"]
        announced += int(answer.headers["Sforce-NumberOfRecords"])
    assert announced == records


CONTESTANTS = {
    "scc": Contestant(ours, "scc.salesforce.bulk pyarrow.parquet"),
    "simple-salesforce, bulk2 rows": Contestant(theirs, "simple_salesforce pyarrow.parquet", is_peer=True),
    "download only": Contestant(download, "urllib3"),
}


def main() -> None:
    if run_as_contestant(CONTESTANTS):
        return
    sizes = [int(sys.argv[1])] if len(sys.argv) > 1 else [1_000_000, LARGE]
    latency_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    for records in sizes:
        print(
            f"\nSalesforce to Parquet, {records:,} records of {len(FIELDS)} fields, {latency_ms:g} ms before each page"
        )
        print(
            contest(
                "benchmarks.salesforce_query",
                CONTESTANTS,
                server="benchmarks.static_salesforce",
                records=records,
                latency_ms=latency_ms,
            )
        )


if __name__ == "__main__":
    main()
