"""Filters with everything they refer to: fields, lists, segments. From a text to a condition in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scc.sandbox.database import literal
from scc.sandbox.eloqua.activity_fields import ACTIVITY_TYPES
from scc.sandbox.eloqua.entities import CONTACTS, Entity
from scc.sandbox.eloqua.filter_sql import FilterSql, Predicate
from scc.sandbox.eloqua.filters import And, Compare, FilterError, Node, parse_filter
from scc.sandbox.eloqua.statements import Segment
from scc.sandbox.eloqua.tables import MEMBERS

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Criteria"]

_KINDS = {
    "contactlist": ("contacts", "contacts/lists"),
    "accountlist": ("accounts", "accounts/lists"),
    "contactsegment": ("contacts", "contacts/segments"),
    "contactfilter": ("contacts", "contacts/filters"),
}


class Criteria:
    def __init__(self, store: EloquaStore) -> None:
        self._store = store

    def translate(self, entity: Entity, text: str, *, in_utc: bool, is_nested: bool = False) -> Predicate:
        """A blank text is everybody. Raises FilterError for what Eloqua would refuse.

        A nested text (a segment's own criterion) may name lists, but no other segment: so none can hold itself.
        """
        if not text.strip():
            return Predicate("TRUE")
        with self._store.state.cursor() as cursor:
            translator = FilterSql(
                self._store.catalogue.resolver,
                self._list_membership if is_nested else self.membership,
                lambda sql: cursor.value(f"SELECT {sql}"),
                in_utc=in_utc,
                ignores_case=self._store.options.string_compare_ignores_case,
            )
            return translator.translate(entity, parse_filter(text))

    def membership(self, entity: Entity, segment: Segment) -> str:
        """Return the condition on `r.id` of being in a list, segment or filter. Raises FilterError."""
        known = _KINDS.get(segment.name.lower())
        if known is None or segment.number is None or known[0] != entity.kind:
            raise FilterError("EXISTS takes a list, segment or filter of the exported entity.")
        documents = known[1]
        if self._store.documents.get(documents, segment.number) is None:
            raise FilterError("Must reference an existing list, segment or filter.")
        return f"r.id IN ({self.members_sql(documents, segment.number)})"

    def _list_membership(self, entity: Entity, segment: Segment) -> str:
        if not segment.name.lower().endswith("list"):
            raise FilterError("A segment's own criterion may only name lists.")
        return self.membership(entity, segment)

    def members_sql(self, documents: str, number: int) -> str:
        """Return a query of the ids in a list (kept) or in a segment or filter (by its criterion, as of now)."""
        if documents.endswith("/lists"):
            kind = literal(documents.removesuffix("/lists"))
            return f"SELECT member FROM {MEMBERS} WHERE kind = {kind} AND list = {number}"
        document = self._store.documents.get(documents, number) or {}
        contacts = self._store.catalogue.standard("contacts")
        predicate = self.translate(contacts, document.get("criterion", ""), in_utc=True, is_nested=True)
        return f"SELECT r.id FROM {CONTACTS} r {' '.join(predicate.joins)} WHERE {predicate.sql}"

    def activity_type(self, text: str) -> str | None:
        """Return the one activity type that a filter demands, None when it demands none or several."""
        node: Node = parse_filter(text) if text.strip() else And(())
        parts = node.parts if isinstance(node, And) else (node,)
        types = {
            part.value
            for part in parts
            if isinstance(part, Compare) and part.operator == "=" and _is_activity_type(part.statement)
        }
        return types.pop() if len(types) == 1 and types <= set(ACTIVITY_TYPES) else None


def _is_activity_type(statement: tuple[Segment, ...]) -> bool:
    return len(statement) == 2 and statement[0].is_named("Activity") and statement[1].is_named("Type")
