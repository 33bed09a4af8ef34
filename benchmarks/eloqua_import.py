"""An import of records with 6 fields into Eloqua: ours over CSV and JSON, and pyeloqua.

    python -m benchmarks.eloqua_import [RECORDS]

The server counts what it is sent and keeps nothing. pyeloqua sends JSON, 20,000 records at a time as its own
documentation wants it, and waits zero seconds for the sync instead of five.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from benchmarks.contest import LARGE, Contestant, contest, run_as_contestant
from benchmarks.eloqua_export import pyeloqua
from benchmarks.rows import batches, make_batches, make_dicts
from benchmarks.static_eloqua import FIELDS

SENT = {name: FIELDS[name] for name in list(FIELDS)[1:7]}


class Rows:
    """Batches that can be read twice, so that an upload can be sent again after a cut connection."""

    def __init__(self, records: int) -> None:
        self._records = records

    def __iter__(self) -> Iterator[Any]:
        return batches(list(SENT), self._records)


def ours(url: str, _file: Path, records: int, *, send: Literal["csv", "json"]) -> None:
    from scc.eloqua import BasicAuth, EloquaClient, contacts

    bulk = EloquaClient(auth=BasicAuth("c", "u", "p"), login_url=url).bulk
    definition = bulk.create_import(contacts(), SENT, identifier="EmailAddress")
    bulk.upload(definition, Rows(records), format=send)
    sync = bulk.wait(bulk.start_sync(definition.uri))
    assert not list(bulk.rejects(sync.uri))
    bulk.delete(definition.uri)
    _check(url, records)


def theirs(url: str, _file: Path, records: int) -> None:
    bulk = pyeloqua(url)
    bulk.imports("contacts")
    bulk.job["fields"] = [{"name": name, "internalName": name, "statement": SENT[name]} for name in SENT]
    bulk.add_options(identifierFieldName="EmailAddress")
    bulk.create_def("n")
    for batch in batches(list(SENT), records):
        for start in range(0, batch.num_rows, 20_000):
            bulk.post_data(batch.slice(start, 20_000).to_pylist())
    bulk.sync(sleeptime=0)
    assert not bulk.get_sync_rejects()
    _check(url, records)


def _check(url: str, records: int) -> None:
    """The server counts over all contestants: what came last must have come whole."""
    import urllib3

    staged = int(urllib3.request("GET", f"{url}/staged").data)
    assert staged % records == 0, f"{staged:,} records were staged"


OURS = "scc.eloqua.bulk scc.eloqua.encoding"
CONTESTANTS = {
    "scc, CSV": Contestant(partial(ours, send="csv"), OURS),
    "scc, JSON": Contestant(partial(ours, send="json"), OURS),
    "pyeloqua, `Bulk` class": Contestant(theirs, "pyeloqua pyarrow.compute", is_peer=True),
    "making the rows only": Contestant(
        lambda _url, _file, records: make_batches(list(SENT), records), "pyarrow.compute"
    ),
    "making the rows as dicts only": Contestant(
        lambda _url, _file, records: make_dicts(list(SENT), records), "pyarrow.compute", is_peer=True
    ),
}


def main() -> None:
    if run_as_contestant(CONTESTANTS):
        return
    for records in [int(sys.argv[1])] if len(sys.argv) > 1 else [1_000_000, LARGE]:
        print(f"\nInto Eloqua, {records:,} records of {len(SENT)} fields")
        print(
            contest(
                "benchmarks.eloqua_import", CONTESTANTS, server="benchmarks.static_eloqua", records=records
            )
        )


if __name__ == "__main__":
    main()
