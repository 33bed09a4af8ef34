"""Definitions of exports, imports and sync actions: checked, kept, changed, expired (sources.md E2.6, 2.9, 2.10)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from scc.sandbox.eloqua.definition_checks import Checks
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import BulkValidationError, gone, not_found
from scc.sandbox.eloqua.wire_times import bulk_time, duration, parse_bulk_time

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["KINDS", "Definitions"]

KINDS = ("exports", "imports", "syncActions")


class Definitions:
    """A definition is a document: `body` as the caller sees it, `prefix` of its entity, and what is staged."""

    def __init__(self, store: EloquaStore) -> None:
        self._store = store

    def create(self, entity: Entity, kind: str, raw: object) -> Document:
        """Raises BulkValidationError naming every field that is wrong."""
        body = self.check(entity, kind, raw)
        now = self._store.state.clock.now()
        user = self._store.state.credentials.eloqua.user
        stamp = bulk_time(now, precise=True)
        document: Document = {
            "prefix": entity.prefix,
            "kind": kind,
            "body": body,
            "createdBy": user,
            "createdAt": stamp,
            "updatedBy": user,
            "updatedAt": stamp,
            "files": [],
        }
        self._store.documents.add(_documents(kind), document)
        return document

    def change(self, document: Document, entity: Entity, raw: object) -> Document:
        """Put a new body in place of the old one: what is left out is gone. Raises BulkValidationError."""
        document["body"] = self.check(entity, document["kind"], raw)
        document["updatedAt"] = bulk_time(self._store.state.clock.now(), precise=True)
        document["updatedBy"] = self._store.state.credentials.eloqua.user
        self.keep(document)
        return document

    def check(self, entity: Entity, kind: str, raw: object) -> dict[str, Any]:
        """Return the body with defaults. Raises BulkValidationError."""
        checks = Checks(self._store, entity, kind)
        body = checks.run(raw)
        if checks.failures:
            raise BulkValidationError(checks.failures)
        return body

    def keep(self, document: Document) -> None:
        self._store.documents.put(_documents(document["kind"]), document["id"], document)

    def find(self, prefix: str, kind: str, number: int) -> Document:
        """Raises 404 for a definition that never was, and what `expired_status` says for one that had its time."""
        document = self._store.documents.get(_documents(kind), number)
        if document is None or document["prefix"].lower() != prefix.lower():
            raise not_found()
        if self._is_expired(document):
            raise gone(self._store.options.expired_status)
        return document

    def at(self, uri: str) -> Document:
        """Return the definition at an address such as /contacts/exports/12. Raises as `find`."""
        prefix, _, rest = uri.strip().strip("/").rpartition("/")
        prefix, _, kind = prefix.rpartition("/")
        known = next((name for name in KINDS if name.lower() == kind.lower()), None)
        if known is None or not (rest.isascii() and rest.isdigit() and len(rest) < 19):
            raise not_found()
        return self.find(f"/{prefix}", known, int(rest))

    def all(self, kind: str, prefix: str | None = None) -> list[Document]:
        """Return the live definitions of a kind, of one entity or of all."""
        return [
            document
            for document in self._store.documents.all(_documents(kind))
            if (prefix is None or document["prefix"].lower() == prefix.lower())
            and not self._is_expired(document)
        ]

    def delete(self, document: Document) -> None:
        """Remove a definition and what is staged for it."""
        self._store.staging.delete(document)
        self._store.documents.delete(_documents(document["kind"]), document["id"])

    def entity(self, document: Document) -> Entity:
        """Raises 404 when the custom object is gone."""
        entity = self._store.catalogue.at(document["prefix"])
        if entity is None:
            raise not_found()
        return entity

    def _is_expired(self, document: Document) -> bool:
        life = duration(document["body"].get("autoDeleteDuration", ""))
        return life is not None and self._age_start(document) + life <= self._store.state.clock.now()

    @staticmethod
    def _age_start(document: Document) -> datetime:
        return parse_bulk_time(document["createdAt"])


def uri_of(document: Document) -> str:
    """Return a definition's address, relative to the Bulk base."""
    return f"{document['prefix']}/{document['kind']}/{document['id']}"


def _documents(kind: str) -> str:
    return f"definitions/{kind}"
