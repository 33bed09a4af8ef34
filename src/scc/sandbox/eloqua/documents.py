"""Small things that the store keeps whole: definitions, syncs, lists, campaigns ... In memory, written through to the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import RLock
from typing import Any

from scc.sandbox.state import State

__all__ = ["Document", "Documents"]

Document = dict[str, Any]

_TABLE = "eloqua_documents"


class Documents:
    """Documents by kind and number. What is handed out is the document itself: `put` it after a change."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = RLock()
        self._kinds: dict[str, dict[int, Document]] = {}
        self.load()

    def load(self) -> None:
        """Read what the database holds; its table is made where it is missing."""
        with self._lock, self._state.cursor() as cursor:
            cursor.run(f"CREATE TABLE IF NOT EXISTS {_TABLE} (kind VARCHAR, id BIGINT, body VARCHAR)")
            self._kinds.clear()
            for kind, number, body in cursor.rows(f"SELECT kind, id, body FROM {_TABLE} ORDER BY kind, id"):
                self._kinds.setdefault(kind, {})[number] = json.loads(body)
                self._state.counters.at_least(_counter(kind), number + 1)

    def add(self, kind: str, document: Document, *, start: int = 1) -> int:
        """Keep a new document and return its number, which is also in it as `id`."""
        number = self._state.counters.take(_counter(kind), start=start)
        document["id"] = number
        self.put(kind, number, document)
        return number

    def put(self, kind: str, number: int, document: Document) -> None:
        body = json.dumps(document)
        with self._lock, self._state.cursor() as cursor:
            with cursor.transaction():
                if number in self._kinds.get(kind, {}):
                    cursor.run(f"DELETE FROM {_TABLE} WHERE kind = ? AND id = ?", [kind, number])
                cursor.run(f"INSERT INTO {_TABLE} VALUES (?, ?, ?)", [kind, number, body])
            self._kinds.setdefault(kind, {})[number] = document

    def get(self, kind: str, number: int) -> Document | None:
        with self._lock:
            return self._kinds.get(kind, {}).get(number)

    def all(self, kind: str) -> list[Document]:
        """Return the documents of a kind, by number."""
        with self._lock:
            return [document for _, document in sorted(self._kinds.get(kind, {}).items())]

    def of_kinds(self, prefix: str) -> Iterator[tuple[str, Document]]:
        """Yield the documents of every kind that begins so."""
        with self._lock:
            kinds = [kind for kind in self._kinds if kind.startswith(prefix)]
        for kind in sorted(kinds):
            for document in self.all(kind):
                yield kind, document

    def delete(self, kind: str, number: int) -> bool:
        """Return whether there was one."""
        with self._lock, self._state.cursor() as cursor:
            if number not in self._kinds.get(kind, {}):
                return False
            cursor.run(f"DELETE FROM {_TABLE} WHERE kind = ? AND id = ?", [kind, number])
            del self._kinds[kind][number]
            return True


def _counter(kind: str) -> str:
    return f"eloqua.{kind}"
