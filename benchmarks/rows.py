"""Records to send, made fast enough not to count: batches of 50,000, every value of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["batches", "make_batches", "make_dicts"]


def batches(fields: Sequence[str], records: int) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for start in range(0, records, 50_000):
        rows = pa.array(range(start, min(start + 50_000, records))).cast(pa.string())
        yield pa.RecordBatch.from_arrays(
            [pc.binary_join_element_wise(name.lower(), rows, "@x.example", "") for name in fields],
            names=list(fields),
        )


def make_batches(fields: Sequence[str], records: int) -> None:
    for _ in batches(fields, records):
        pass


def make_dicts(fields: Sequence[str], records: int) -> None:
    """Make what other clients take."""
    for batch in batches(fields, records):
        batch.to_pylist()
