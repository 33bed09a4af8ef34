"""Forget: erase a person from everything that a store holds.

What the store knows a mailbox by is collected first (contact ids, record ids, leads), until nothing new is
learnt, and noted; then each dataset and file that tells of the person is written anew, one at a time, each at
once or not at all. Killed anywhere and called again, it goes on from the note and ends as if never interrupted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scc.core.addresses import AddressRules
from scc.engines.base import Engine
from scc.engines.duckdb import sweep_spills
from scc.errors import CorruptError
from scc.flow.erasure import Kind, Person, hide, texts
from scc.flow.mailbox import Mailbox
from scc.flow.scan import Found, Scan, by_run, place_of, run_of
from scc.store.archive_index import PATTERN as INDEXES
from scc.store.files import publish, read_json, write_json
from scc.store.rewriting import sweep
from scc.store.runs import Store

__all__ = ["Erasure", "Place", "forget"]

_NOTE = ".forget-{}.json"
_DATA = {".parquet", ".idx"}
"""Files that their datasets answer for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person stood: the run ("" for none), what of it, and in how many rows (files: 1)."""

    run: str
    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """`swept`: files and folders that killed processes had left, which nobody reads, and which went as a whole.
    `left`: files that hold the address in a form that can't be rewritten here, relative to the store.
    `unfinished`: erasures of others that were begun and did not end."""

    places: list[Place]
    swept: int
    left: list[str]
    unfinished: int


def forget(
    store: Store, engine: Engine, rules: AddressRules, address: str, *, dry_run: bool = False
) -> Erasure:
    """Erase the person with the address from the store; `dry_run` only says where it stands.

    BusyError while a run is under way. CorruptError, before anything is erased, where a dataset can't be read.
    """
    root = store.root
    person = Person(Mailbox(engine, rules, address))
    with store.alone():
        swept = 0 if dry_run else _sweep(root)
        note = root / _NOTE.format(_digest(person.mailbox))
        noted: Any = read_json(note) or {"ids": ()}
        person.ids |= set(noted["ids"])
        found = _collect(root, person)
        files = _Files(root, person)
        erasure = Erasure(
            [
                *(Place(run, what, rows) for (run, what), rows in sorted(by_run(found, root).items())),
                *(Place(run_of(path), place_of(path), 1) for path in files.changed),
            ],
            swept,
            [str(path) for path in files.left],
            sum(one != note for one in root.glob(_NOTE.format("*"))),
        )
        if not dry_run:
            if erasure.places:
                write_json(note, {"ids": sorted(person.ids)})
            _erase(found)
            files.write()
            note.unlink(missing_ok=True)
    return erasure


def _digest(mailbox: Mailbox) -> str:
    return hashlib.sha256((mailbox.key or mailbox.address).encode()).hexdigest()[:16]


def _sweep(root: Path) -> int:
    """Remove what killed processes left, which may hold anybody's data."""
    folders = [path for path in (root, *root.rglob("*")) if path.is_dir()]
    return sum(map(sweep, folders)) + sweep_spills()


def _collect(root: Path, person: Person) -> list[Found]:
    """All that is to change, once nothing new is learnt."""
    scan, known = Scan(root, person), -1
    found: list[Found] = []
    while known < len(person.ids):
        known = len(person.ids)
        found = scan.run()
    return found


def _erase(found: list[Found]) -> None:
    for one in found:
        if one.kind is Kind.ARCHIVE:
            # It holds the start of the key, and is made again by the next search.
            for index in one.dataset.folder.glob(INDEXES):
                index.unlink()
        one.apply()


class _Files:
    """The small files of a store: notes, records, verdicts, journals. `changed` tell of the person."""

    def __init__(self, root: Path, person: Person) -> None:
        self._root, self._mailbox = root, person.mailbox
        self.changed: list[Path] = []
        self.left: list[Path] = []
        for path in sorted(_small_files(root)):
            if self._rewritten(path) is not None:
                self.changed.append(path.relative_to(root))
            elif path.suffix != ".json" and _holds(path, self._mailbox.address):
                self.left.append(path.relative_to(root))

    def write(self) -> None:
        for path in self.changed:
            # A manifest may have been written anew since.
            text = self._rewritten(self._root / path)
            if text is not None:
                with publish(self._root / path) as temporary:
                    temporary.write_text(text, encoding="utf-8")

    def _rewritten(self, path: Path) -> str | None:
        """The file without the person; None where it does not tell of it, or is no text."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None
        lines = [text] if path.suffix == ".json" else text.splitlines(keepends=True)
        hidden = [self._line(line, path) for line in lines]
        return None if hidden == lines else "".join(hidden)

    def _line(self, line: str, path: Path) -> str:
        """A line, or a file, of JSON with its texts looked through one by one; any other as it stands."""
        if path.suffix not in {".json", ".jsonl", ".ndjson"}:
            return self._mailbox.without(line)
        try:
            data: Any = json.loads(line)
        except ValueError:
            raise CorruptError(
                f"{path} can't be read", hint="Restore it from a backup, or remove it."
            ) from None
        self._mailbox.learn(texts(data))
        hidden = hide(data, self._mailbox)
        if hidden == data:
            return line
        indent = 1 if path.suffix == ".json" else None
        return json.dumps(hidden, indent=indent, ensure_ascii=False) + "\n"


def _small_files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and path.suffix not in _DATA and path.name != ".lock":
            yield path


def _holds(path: Path, address: str) -> bool:
    """Whether the bytes of a file hold the address in any case."""
    wanted, tail = address.encode(), b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if wanted in (tail + piece).lower():
                return True
            tail = piece[-len(wanted) :]
    return False
