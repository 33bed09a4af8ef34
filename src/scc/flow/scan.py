"""Which rows of a store's datasets erasing a person changes, found a row group at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scc.core.runs import RunId
from scc.flow.erasure import ID_COLUMNS, Kind, Person, Row, judge, texts
from scc.store.dataset import Dataset
from scc.store.rewriting import rewrite_parts

__all__ = ["Found", "Scan", "by_run", "place_of", "run_of"]

Changed: TypeAlias = dict[int, Row | None]
"""By row number within a row group: the row as it will be, None where it goes."""


@dataclass(slots=True)
class Found:
    """What is to change in one dataset: by part and by row group."""

    dataset: Dataset
    kind: Kind
    parts: dict[str, dict[int, Changed]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(len(rows) for groups in self.parts.values() for rows in groups.values())

    def apply(self) -> None:
        """Write the parts that change anew."""
        rewrite_parts(self.dataset, {part: self._groups(part) for part in self.parts})

    def _groups(self, part: str) -> Iterator[pa.Table]:
        with pq.ParquetFile(self.dataset.folder / part) as file:
            for group in range(file.num_row_groups):
                yield _changed(file.read_row_group(group), self.parts[part].get(group, {}))


class Scan:
    """Looks through all datasets below a folder; row groups whose texts tell nothing are read for ids only
    when they are looked through again."""

    def __init__(self, root: Path, person: Person) -> None:
        self._root = root
        self._person = person
        self._silent: set[tuple[Path, int]] = set()

    def run(self) -> list[Found]:
        """All that is to change, as far as the person's ids are known; what it learns is added to them."""
        folders = sorted(path.parent for path in self._root.rglob("manifest.json"))
        found = [self._look(Dataset(folder)) for folder in folders]
        return [one for one in found if one.parts]

    def _look(self, dataset: Dataset) -> Found:
        found = Found(dataset, kind_of(dataset.folder.relative_to(self._root)))
        meta = dataset.manifest.meta
        for path in dataset.paths():
            groups: dict[int, Changed] = {}
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    rows = self._rows(file, path, group, found.kind)
                    changed = self._judged(rows, found.kind, meta)
                    if changed:
                        groups[group] = changed
            if groups:
                found.parts[path.name] = groups
        return found

    def _judged(self, rows: dict[int, Row], kind: Kind, meta: object) -> Changed:
        changed: Changed = {}
        self._person.mailbox.learn(texts(list(rows.values())))
        for at, row in rows.items():
            verdict = judge(kind, row, self._person, meta if isinstance(meta, dict) else {})
            if verdict is not None:
                changed[at] = verdict.row
                self._person.ids |= verdict.ids
        return changed

    def _rows(self, file: pq.ParquetFile, path: Path, group: int, kind: Kind) -> dict[int, Row]:
        """The rows of a group that may be the person's, by number."""
        ids = [name for name in file.schema_arrow.names if name in ID_COLUMNS]
        silent = (path, group) in self._silent
        table = file.read_row_group(group, columns=ids if silent else None)
        numbers = _rows_with_ids(table.select(ids), self._person.ids, everything=kind is Kind.MARKS)
        if not silent:
            telling = _rows_with_text(table, self._person.mailbox.pattern)
            if not telling:
                self._silent.add((path, group))
            numbers |= telling
        if not numbers:
            return {}
        whole = file.read_row_group(group) if silent else table
        ordered = sorted(numbers)
        return dict(zip(ordered, whole.take(ordered).to_pylist(), strict=True))


def kind_of(folder: Path) -> Kind:
    """The kind of a dataset by its place, relative to the store."""
    match folder.parts:
        case ("archive", "contacts", *_):
            return Kind.ARCHIVE
        case ("archive", "restored"):
            return Kind.MARKS
        case (_, _, "plan"):
            return Kind.PLAN
        case (_, _, "receipt") | (_, _, "apply", _):
            return Kind.RECEIPT
    return Kind.ROWS


def run_of(path: Path) -> str:
    """The run that a file or folder belongs to, relative to the store; "" for what is no run's."""
    parts = path.parts[2:] if path.parts[0] == "archive" else path.parts
    run = RunId.from_folder(parts[0], parts[1]) if len(parts) > 1 else None
    return str(run) if run else ""


def _changed(table: pa.Table, rows: Changed) -> pa.Table:
    pieces, start = [], 0
    for at, row in sorted(rows.items()):
        pieces.append(table.slice(start, at - start))
        if row is not None:
            pieces.append(pa.Table.from_pylist([row], schema=table.schema))
        start = at + 1
    return pa.concat_tables([*pieces, table.slice(start)])


def _rows_with_ids(table: pa.Table, ids: set[str], *, everything: bool) -> set[int]:
    """Rows in which some column is an id, whatever of: which kind it is of is judged later."""
    if everything:
        return set(range(table.num_rows))
    values = pa.array(sorted({one.rpartition("/")[2] for one in ids}), pa.string())
    found: set[int] = set()
    for column in table.columns if len(values) else ():
        text = column.cast(pa.string())
        # Of an id in Salesforce the first 15 characters are the id.
        for form in (text, pc.utf8_slice_codeunits(text, 0, 15)):
            found.update(pc.indices_nonzero(pc.is_in(form, value_set=values)).to_pylist())
    return found


def _rows_with_text(table: pa.Table, pattern: str) -> set[int]:
    found: set[int] = set()
    for column in table.columns:
        start = 0
        for chunk in column.chunks:
            found.update(start + at for at in _telling(chunk, pattern))
            start += len(chunk)
    return found


def _telling(array: pa.Array, pattern: str) -> set[int]:
    """The places in an array, however deeply nested its values, at which a text matches."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return set(pc.indices_nonzero(pc.match_substring_regex(array, pattern)).to_pylist())
    if pa.types.is_map(kind):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return _telling(array.cast(pa.list_(pair)), pattern)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _telling(array.flatten(), pattern)
        parents = pc.list_parent_indices(array).to_pylist() if inner else []
        return {parents[at] for at in inner}
    if pa.types.is_struct(kind):
        return set().union(*(_telling(one, pattern) for one in array.flatten()))
    return set()


def by_run(found: list[Found], root: Path) -> dict[tuple[str, str], int]:
    """How many rows, by run and by place in it."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for one in found:
        place = one.dataset.folder.relative_to(root)
        counts[run_of(place), place_of(place)] += one.rows
    return counts


def place_of(path: Path) -> str:
    """What a person calls a file or dataset: the run's own part of its path, or "the archive"."""
    match path.parts:
        case ("archive", "contacts", *_):
            return "the archive"
        case ("archive", "restored", *_):
            return "the archive: who came back"
        case (_, _, *rest) if rest:
            return "/".join(rest)
    return str(path)
