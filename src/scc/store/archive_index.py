"""The index of an archive dataset: the start of each row's key, so that a search touches a few pages of a file.

`keys-DIGEST.idx` lies in the dataset's folder and holds, row by row, the first 16 characters of
`mailbox_key`. DIGEST names what the dataset held when the index was made: an index that does not fit is
never read. It is a cache, made by the first search; what it says is always checked against the rows.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import CorruptError
from scc.store.dataset import Dataset
from scc.store.files import publish

__all__ = ["PATTERN", "rows_of"]

PATTERN = "keys-*.idx"
_WIDTH = 16
_FEW = 64
"""Up to so many keys, a search for each is sooner done than one pass over the index."""


def rows_of(dataset: Dataset, keys: Sequence[str]) -> list[int]:
    """The numbers of the rows that may have one of the keys, in order; other rows have none of them."""
    starts = sorted({key.encode()[:_WIDTH].ljust(_WIDTH, b"\0") for key in keys})
    with _index(dataset) as index:
        if len(starts) > _FEW:
            return _passed(index, starts)
        return [
            row for start in starts for row in range(bisect_left(index, start), bisect_right(index, start))
        ]


def _passed(index: _Starts, starts: list[bytes]) -> list[int]:
    kind = pa.binary(_WIDTH)
    column = pa.FixedSizeBinaryArray.from_buffers(kind, len(index), [None, pa.py_buffer(index.data)])
    found = pc.is_in(column, value_set=pa.array(starts, kind))
    rows: list[int] = pc.indices_nonzero(found).to_pylist()
    return rows


class _Starts(Sequence[bytes]):
    """The entries of an index, as bisect wants them."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data) // _WIDTH

    def __getitem__(self, at: int) -> bytes:  # type: ignore[override]  # slices are not asked for
        return self.data[at * _WIDTH : (at + 1) * _WIDTH]


@contextmanager
def _index(dataset: Dataset) -> Iterator[_Starts]:
    manifest = dataset.manifest
    path = dataset.folder / PATTERN.replace("*", manifest.content[:16])
    if not manifest.rows:
        yield _Starts(b"")
        return
    if not path.is_file():
        data = b"".join(_starts(batch["mailbox_key"]) for batch in dataset.batches(["mailbox_key"]))
        _keep(path, data)
        yield _Starts(data)
        return
    if path.stat().st_size != manifest.rows * _WIDTH:
        raise CorruptError(f"{path} does not fit its dataset", hint="Remove that file: it is made again.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield _Starts(mapped)


def _starts(keys: pa.Array) -> bytes:
    padded = pc.ascii_rpad(pc.utf8_slice_codeunits(keys, 0, _WIDTH), width=_WIDTH, padding="\0")
    return b"".join(padded.cast(pa.binary()).to_pylist())


def _keep(path: Path, data: bytes) -> None:
    # A folder that can't be written to is searched as well, only slower.
    with suppress(OSError), publish(path) as temporary:
        temporary.write_bytes(data)
        for other in path.parent.glob(PATTERN):
            other.unlink()
