"""Forget: erase a person from everything that a store holds.

What the store knows a mailbox by is collected first (contact ids, record ids, leads), until nothing new is
learnt, and noted; then each dataset and file that tells of the person is written anew, one at a time, each at
once or not at all. Killed anywhere and called again, it goes on from the note and ends as if never interrupted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scc.core.addresses import AddressRules
from scc.engines.base import Engine
from scc.engines.duckdb import sweep_spills
from scc.flow.erasure import Kind, Person
from scc.flow.forgotten_files import Files
from scc.flow.mailbox import Mailbox
from scc.flow.scan import Found, Scan, by_run, place_of, run_of
from scc.store.archive_index import PATTERN as INDEXES
from scc.store.files import read_json, write_json
from scc.store.manifest import NAME as MANIFEST
from scc.store.rewriting import sweep
from scc.store.runs import Store

__all__ = ["Erasure", "Place", "forget"]

_NOTE = ".forget-{}.json"


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
        files = Files(store, engine, person)
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
    ended = [path for path in root.glob("*/*/apply/*/journal.jsonl") if (path.parent / MANIFEST).exists()]
    for path in ended:
        path.unlink()
    return sum(map(sweep, folders)) + len(ended) + sweep_spills()


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
