"""Leads with 6 fields into Salesforce: ours, every row's result read back and matched, and simple-salesforce.

python -m benchmarks.salesforce_ingest [RECORDS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contest import LARGE, Contestant, contest, run_as_contestant
from benchmarks.rows import batches, make_batches, make_dicts
from benchmarks.salesforce_query import simple_salesforce
from benchmarks.static_salesforce import FIELDS

SENT = FIELDS[1:7]


def ours(url: str, _file: Path, records: int) -> None:
    from scc.salesforce import ClientCredentials, Outcome, SalesforceClient

    client = SalesforceClient(auth=ClientCredentials(url, "key", "secret"))
    results = client.bulk.ingest("Lead", "insert", batches(SENT, records))
    written = sum(result.counts()[Outcome.SUCCESSFUL] for result in results)
    assert written == records, written


def theirs(url: str, _file: Path, records: int) -> None:
    """They give counts only; the results could be fetched as text, unmatched."""
    jobs = simple_salesforce(url).bulk2.Lead.insert(
        records=[row for batch in batches(SENT, records) for row in batch.to_pylist()], wait=0
    )
    assert sum(job["numberRecordsProcessed"] for job in jobs) == records


CONTESTANTS = {
    "scc, each row's result": Contestant(ours, "scc.salesforce.bulk pyarrow.compute"),
    "simple-salesforce, bulk2, counts": Contestant(theirs, "simple_salesforce pyarrow.compute", is_peer=True),
    "making the rows only": Contestant(
        lambda _url, _file, records: make_batches(SENT, records), "pyarrow.compute"
    ),
    "making the rows as dicts only": Contestant(
        lambda _url, _file, records: make_dicts(SENT, records), "pyarrow.compute", is_peer=True
    ),
}


def main() -> None:
    if run_as_contestant(CONTESTANTS):
        return
    for records in [int(sys.argv[1])] if len(sys.argv) > 1 else [1_000_000, LARGE]:
        print(f"\nInto Salesforce, {records:,} records of {len(SENT)} fields, every row's result read back")
        print(
            contest(
                "benchmarks.salesforce_ingest",
                CONTESTANTS,
                server="benchmarks.static_salesforce",
                records=records,
            )
        )


if __name__ == "__main__":
    main()
