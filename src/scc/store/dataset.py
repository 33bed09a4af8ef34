"""A dataset: a folder of Parquet parts that becomes visible at once or not at all.

Parts are written first, the manifest last. What a killed writer left behind has no manifest, is
never read, and is swept by the next writer of the same dataset.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from scc.errors import CorruptError
from scc.store.files import file_digest
from scc.store.manifest import Manifest, Part

__all__ = ["Dataset", "DatasetWriter"]

ROW_GROUP = 131_072
ROWS_PER_PART = 2_097_152
"""Fixed, so that equal rows give equal bytes however they were cut into batches."""


class Dataset:
    """A dataset by its folder, whether or not it exists yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Dataset({str(self.folder)!r})"

    def exists(self) -> bool:
        return Manifest.read(self.folder) is not None

    @property
    def manifest(self) -> Manifest:
        """Raises CorruptError where the dataset is not there or not finished."""
        manifest = Manifest.read(self.folder)
        if manifest is None:
            raise CorruptError(
                f"{self.folder} holds no finished dataset", hint="Run that moment again to make it."
            )
        return manifest

    def paths(self) -> list[Path]:
        """The parts' files, checked to be there and whole in size; CorruptError names the one that is not."""
        found = []
        for part in self.manifest.parts:
            path = self.folder / part.name
            size = path.stat().st_size if path.is_file() else None
            if size != part.bytes:
                state = "is missing" if size is None else f"has {size:,} bytes instead of {part.bytes:,}"
                raise self._corrupt(path, state)
            found.append(path)
        return found

    def verify(self) -> None:
        """Read every byte and compare it with the manifest; CorruptError names the file that differs."""
        for part, path in zip(self.manifest.parts, self.paths(), strict=True):
            if file_digest(path) != part.sha256:
                raise self._corrupt(path, "does not hold what was written")

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in their order, a row group at a time."""
        for path in self.paths():
            try:
                with pq.ParquetFile(path) as file:
                    yield from file.iter_batches(batch_size=ROW_GROUP, columns=columns)
            except (pa.ArrowInvalid, OSError) as error:
                raise self._corrupt(path, f"can't be read ({type(error).__name__})") from error

    def schema(self) -> pa.Schema:
        return pq.read_schema(self.paths()[0])

    def remove(self) -> None:
        """Remove the dataset, the manifest first: nobody may read half of it."""
        (self.folder / "manifest.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _corrupt(self, path: Path, what: str) -> CorruptError:
        return CorruptError(
            f"{path} {what}", hint=f"Remove the folder {self.folder} and run that moment again."
        )


class DatasetWriter:
    """Writes a dataset; use as a context manager. A block that raises publishes nothing.

    `meta` may be filled until the block ends.
    """

    def __init__(self, folder: Path, schema: pa.Schema, *, row_group: int = ROW_GROUP) -> None:
        self.folder = folder
        self.row_group = row_group
        self.schema = schema
        self.meta: dict[str, object] = {}
        self.rows = 0
        self._parts: list[Part] = []
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._file: pq.ParquetWriter | None = None
        self._file_rows = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob("part-*"):
            leftover.unlink()
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; the columns must be the schema's, in any order."""
        self._pending.append(batch.select(self.schema.names).cast(self.schema))
        self._pending_rows += batch.num_rows
        self.rows += batch.num_rows
        if self._pending_rows >= self.row_group:
            self._flush(keep_rest=True)

    def write_all(self, batches: Iterable[pa.RecordBatch]) -> None:
        for batch in batches:
            self.write(batch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            if self._file is not None:
                self._file.close()
            return
        self._flush(keep_rest=False)
        self._close_part()
        Manifest(tuple(self._parts), self.meta).write(self.folder)

    def _flush(self, *, keep_rest: bool) -> None:
        """Write whole row groups; the rest waits for more rows, or for the end."""
        table = pa.Table.from_batches(self._pending, self.schema)
        at = 0
        while table.num_rows - at >= self.row_group or (at < table.num_rows and not keep_rest):
            self._write_group(table.slice(at, self.row_group))
            at += self.row_group
        rest = table.slice(at)
        self._pending = rest.to_batches()
        self._pending_rows = rest.num_rows

    def _write_group(self, group: pa.Table) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(self._part_path(), self.schema, compression="zstd", version="2.6")
        self._file.write_table(group.combine_chunks(), row_group_size=self.row_group)
        self._file_rows += group.num_rows
        if self._file_rows >= ROWS_PER_PART:
            self._close_part()

    def _part_path(self) -> Path:
        return self.folder / f"part-{len(self._parts):05}.parquet"

    def _close_part(self) -> None:
        if self._file is None:
            if not self._parts:  # an empty dataset still has a schema to read
                pq.write_table(
                    self.schema.empty_table(), self._part_path(), compression="zstd", version="2.6"
                )
            else:
                return
        else:
            self._file.close()
        path = self._part_path()
        path.chmod(0o664)
        self._parts.append(Part(path.name, self._file_rows, path.stat().st_size, file_digest(path)))
        self._file, self._file_rows = None, 0


def write_dataset(
    folder: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    meta: Mapping[str, object] | None = None,
    *,
    row_group: int = ROW_GROUP,
) -> Dataset:
    """Write a dataset in one go."""
    with DatasetWriter(folder, schema, row_group=row_group) as writer:
        writer.write_all(batches)
        writer.meta.update(meta or {})
    return Dataset(folder)
