"""An export of contacts with 12 fields from Eloqua to one Parquet file: ours over CSV and JSON, and pyeloqua.

    python -m benchmarks.eloqua_export [RECORDS] [LATENCY_MS]

All read the same pages, made beforehand. "download only" throws the pages away: nobody can be faster.
pyeloqua waits for a sync before it looks whether it has ended; here it waits zero seconds instead of five.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from benchmarks.contest import LARGE, Contestant, contest, run_as_contestant
from benchmarks.static_eloqua import FIELDS, PAGE

REPEATED = ["Title", "State", "Country", "LeadStatus", "UpdatedAt"]
PARQUET: dict[
    str, Any
] = {  # what text that hardly repeats is written by, and nobody asks for its least and most
    "compression": "zstd",
    "use_dictionary": REPEATED,
    "column_encoding": {name: "DELTA_LENGTH_BYTE_ARRAY" for name in FIELDS if name not in REPEATED},
    "write_statistics": ["Id"],
}


def ours(url: str, file: Path, records: int, *, pages: Literal["csv", "json"]) -> None:
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
    assert pq.read_metadata(file).num_rows == records


def pyeloqua(url: str) -> Any:
    import warnings

    from pyeloqua import Bulk

    warnings.simplefilter("ignore")
    bulk = Bulk(test=True)  # any other way goes to login.eloqua.com
    bulk.bulk_base = bulk.bulkBase = f"{url}/API/Bulk/2.0/"
    return bulk


def theirs(url: str, file: Path, records: int, *, read: Callable[[Any], list[dict[str, str]]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bulk = pyeloqua(url)
    bulk.exports("contacts")
    bulk.job["fields"] = [{"name": name, "internalName": name, "statement": FIELDS[name]} for name in FIELDS]
    bulk.create_def("n")
    bulk.sync(sleeptime=0)
    schema = pa.schema([(name, pa.string()) for name in FIELDS])
    pq.write_table(pa.Table.from_pylist(read(bulk), schema=schema), file, **PARQUET)
    assert pq.read_metadata(file).num_rows == records


def download(url: str, _file: Path, records: int, *, kind: str) -> None:
    import urllib3

    http = urllib3.PoolManager()
    for offset in range(0, records, PAGE):
        answer = http.request(
            "GET",
            f"{url}/API/Bulk/2.0/syncs/1/data?limit={PAGE}&offset={offset}",
            headers={"Accept": kind},
            preload_content=False,
        )
        assert sum(len(chunk) for chunk in answer.stream(1 << 18)) == int(answer.headers["Content-Length"])
        answer.release_conn()


OURS = "scc.eloqua.bulk scc.eloqua.pages pyarrow.parquet"
THEIRS = "pyeloqua pyarrow.parquet"
CONTESTANTS = {
    "scc, CSV pages": Contestant(partial(ours, pages="csv"), OURS),
    "scc, JSON pages": Contestant(partial(ours, pages="json"), OURS),
    "pyeloqua, pages of 50,000": Contestant(
        partial(
            theirs, read=lambda bulk: bulk.GetSyncedData(defURI=bulk.job_def["uri"], retrieveLimit=10**9)
        ),
        THEIRS,
        is_peer=True,
    ),
    "pyeloqua, `Bulk` class": Contestant(
        partial(theirs, read=lambda bulk: bulk.get_export_data()), THEIRS, is_peer=True
    ),
    "download only, CSV": Contestant(partial(download, kind="text/csv"), "urllib3"),
    "download only, JSON": Contestant(partial(download, kind="application/json"), "urllib3"),
}


def main() -> None:
    if run_as_contestant(CONTESTANTS):
        return
    sizes = [int(sys.argv[1])] if len(sys.argv) > 1 else [1_000_000, LARGE]
    latency_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    for records in sizes:
        print(
            f"\nEloqua to Parquet, {records:,} records of {len(FIELDS)} fields, {latency_ms:g} ms before each page"
        )
        print(
            contest(
                "benchmarks.eloqua_export",
                CONTESTANTS,
                server="benchmarks.static_eloqua",
                records=records,
                latency_ms=latency_ms,
            )
        )


if __name__ == "__main__":
    main()
