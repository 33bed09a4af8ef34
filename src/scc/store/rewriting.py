"""Datasets written anew in their place: readers see the old one or the new one, never a mixture.

New parts get new names, one rename of the manifest makes them the dataset, and the old parts go. What a
killed writer leaves is a part that no manifest names; `sweep` removes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scc.store.dataset import Dataset
from scc.store.files import file_digest
from scc.store.manifest import Manifest, Part

__all__ = ["replace_rows", "rewrite_parts", "sweep"]


def rewrite_parts(dataset: Dataset, groups: Mapping[str, Iterable[pa.Table]]) -> None:
    """Write some parts anew, by their names: each table becomes a row group. The others stay as they are.

    The manifest keeps the digest that the dataset was made with.
    """
    manifest, schema = dataset.manifest, dataset.schema()
    sweep(dataset.folder)
    parts = tuple(
        _write(dataset.folder / _next_name(part.name), schema, groups[part.name])
        if part.name in groups
        else part
        for part in manifest.parts
    )
    replace(manifest, parts=parts, made_as=manifest.digest).write(dataset.folder)
    sweep(dataset.folder)


def replace_rows(dataset: Dataset, schema: pa.Schema, rows: Sequence[Mapping[str, object]]) -> None:
    """Give a dataset other rows, or make it."""
    dataset.folder.mkdir(parents=True, exist_ok=True)
    sweep(dataset.folder)
    before = Manifest.read(dataset.folder)
    name = _next_name(before.parts[0].name) if before else "part-00000.parquet"
    table = pa.Table.from_pylist([dict(row) for row in rows], schema)
    part = _write(dataset.folder / name, schema, [table])
    Manifest((part,), before.meta if before else {}).write(dataset.folder)
    sweep(dataset.folder)


def sweep(folder: Path) -> int:
    """Remove what killed writers left: parts that the manifest does not name, files that were never renamed.

    Only for who knows that nobody writes there now. Gives the number of files.
    """
    manifest = Manifest.read(folder)
    named = {part.name for part in manifest.parts} if manifest else set()
    left = [path for path in folder.glob("part-*") if path.name not in named]
    left += folder.glob(".*.tmp")
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _next_name(name: str) -> str:
    """`part-00000.parquet`, then `part-00000-1.parquet`, and so on."""
    stem, generation = re.fullmatch(r"(.+?-\d+)(?:-(\d+))?\.parquet", name).groups()  # type: ignore[union-attr]  # names are our own
    return f"{stem}-{int(generation or 0) + 1}.parquet"


def _write(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> Part:
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", version="2.6") as file:
        for group in groups:
            if group.num_rows:
                file.write_table(group, row_group_size=group.num_rows)
                rows += group.num_rows
    path.chmod(0o664)
    return Part(path.name, rows, path.stat().st_size, file_digest(path))
