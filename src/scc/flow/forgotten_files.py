"""The small files of a store, without a person: notes, records, verdicts, journals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scc.core.runs import RunId
from scc.engines.base import Engine
from scc.errors import CorruptError
from scc.flow.apply import batch_object
from scc.flow.erasure import Person, hide, texts
from scc.store.files import publish
from scc.store.runs import Store

__all__ = ["Files"]

_DATA = {".parquet", ".idx"}
"""Files that their datasets answer for."""
_JSON_LINES = {".jsonl", ".ndjson"}


class Files:
    """`changed` tell of the person, `left` hold the address in a form that is no text; relative to the store."""

    def __init__(self, store: Store, engine: Engine, person: Person) -> None:
        self._store, self._engine, self._person = store, engine, person
        self.changed: list[Path] = []
        self.left: list[Path] = []
        for path in sorted(_small_files(store.root)):
            if self._rewritten(path) is not None:
                self.changed.append(path.relative_to(store.root))
            elif path.suffix != ".json" and _holds(path, person.mailbox.address):
                self.left.append(path.relative_to(store.root))

    def write(self) -> None:
        for path in self.changed:
            # A manifest may have been written anew since.
            text = self._rewritten(self._store.root / path)
            if text is not None:
                with publish(self._store.root / path) as temporary:
                    temporary.write_text(text, encoding="utf-8")

    def _rewritten(self, path: Path) -> str | None:
        """The file without the person; None where it does not tell of it, or is no text."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None
        lines = [text] if path.suffix == ".json" else text.splitlines(keepends=True)
        keys = self._journalled(path)
        hidden = [self._line(line, path, keys) for line in lines]
        return None if hidden == lines else "".join(hidden)

    def _journalled(self, path: Path) -> set[str]:
        """The person's ids, as the journal of a batch that is not finished may hold them."""
        place = path.relative_to(self._store.root).parts
        if path.name != "journal.jsonl" or len(place) != 5:
            return set()
        run = RunId.from_folder(place[0], place[1])
        name = batch_object(self._engine, self._store, run, int(place[3])) if run else ""
        return {one.rpartition("/")[2] for one in self._person.ids if name and one.startswith(f"{name}/")}

    def _line(self, line: str, path: Path, keys: set[str]) -> str:
        """A line, or a file, of JSON with its texts looked through one by one; any other as it stands."""
        mailbox = self._person.mailbox
        if path.suffix != ".json" and path.suffix not in _JSON_LINES:
            return mailbox.without(line)
        try:
            data: Any = json.loads(line)
        except ValueError:
            if path.suffix in _JSON_LINES:
                return ""  # torn by a kill: as if it was never written
            raise CorruptError(
                f"{path} can't be read", hint="Restore it from a backup, or remove it."
            ) from None
        mailbox.learn(texts(data))
        hidden = _without_keys(hide(data, mailbox), keys)
        if hidden == data:
            return line
        return json.dumps(hidden, indent=1 if path.suffix == ".json" else None, ensure_ascii=False) + "\n"


def _without_keys(data: Any, keys: set[str]) -> Any:
    """A journal's line without some records: they stand in lists, or as names."""
    if isinstance(data, dict):
        return {name: _without_keys(one, keys) for name, one in data.items() if name not in keys}
    if isinstance(data, list):
        return [_without_keys(one, keys) for one in data if not (isinstance(one, str) and one in keys)]
    return data


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
