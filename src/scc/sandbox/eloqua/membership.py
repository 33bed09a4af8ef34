"""Who is in a list, segment or filter, and how many."""

from __future__ import annotations

from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["count_members"]


def count_members(store: EloquaStore, kind: str, number: int) -> int:
    """Count the records that are in it now; a list may hold ids of records that are gone."""
    table = store.catalogue.standard(kind.partition("/")[0]).table
    members = store.filters.members_sql(kind, number)
    with store.state.cursor() as cursor:
        return int(cursor.value(f"SELECT count(*) FROM {table} WHERE id IN ({members})"))
