"""Run queries: compile, fetch, keep what does not fit on one page under a locator.

Knows the store and SOQL, not HTTP. A query that fills more than one page is kept as a table of its values, so
that its pages belong together whatever is written meanwhile; locators live two days (sandbox-salesforce.md 2).
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from scc.sandbox.database import Cursor
from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.soql.compiler import Context, compile_query
from scc.sandbox.salesforce.soql.errors import SoqlError
from scc.sandbox.salesforce.soql.parser import parse
from scc.sandbox.salesforce.soql.plan import Child, Plan
from scc.sandbox.salesforce.soql.shape import Record, Row, Shaper
from scc.sandbox.salesforce.soql.tree import Both, Comparison, Condition, Name, Query, Value
from scc.sandbox.salesforce.soql.where import Clock
from scc.sandbox.salesforce.store import SalesforceStore

PAGE = 2000
MAX_GROUPED = 2000
MAX_CURSORS = 500
_LIVES = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one page; `locator` names the next one, None on the last."""

    total: int
    records: list[Record]
    locator: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    plan: Plan
    table: str
    total: int
    size: int
    made: dt.datetime


class Queries:
    """Compiles and runs queries of one store, and keeps the cursors of those under way."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def plan(
        self,
        soql: str,
        *,
        include_deleted: bool = False,
        by_id: bool = False,
        within: tuple[str, str | None] | None = None,
    ) -> Plan:
        """Return the plan of a query. Raises SoqlError.

        `by_id` orders what is in no order; `within` keeps to the ids from one to before another.
        """
        store = self._store
        clock = Clock(store.state.clock.naive(), store.zone())
        query = parse(soql) if within is None else _within(parse(soql), *within)
        return compile_query(query, Context(store.catalogue, clock, include_deleted, by_id))

    def run(self, soql: str, root: str, *, include_deleted: bool = False, size: int = PAGE) -> Page:
        """Run a query and return its first page; `root` begins the records' addresses. Raises SoqlError."""
        plan = self.plan(soql, include_deleted=include_deleted, by_id=True)
        with self._store.reading() as cursor:
            if plan.count_only:
                return Page(cursor.value(plan.sql, plan.params), [], None)
            rows = cursor.rows(f"SELECT * FROM ({plan.sql}) LIMIT {size + 1}", plan.params)
            if plan.aggregate and len(rows) > MAX_GROUPED:
                raise SoqlError("EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")  # fmt: skip
            if len(rows) <= size:
                return Page(len(rows), self._records(cursor, plan, rows, root), None)
        return self.more(f"{self._keep(plan, size)}-0", root)

    def more(self, locator: str, root: str) -> Page:
        """Return the page that a locator names. Raises SoqlError (INVALID_QUERY_LOCATOR)."""
        key, _, offset = locator.rpartition("-")
        now = self._store.state.clock.naive()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or not offset.isdecimal() or int(offset) >= kept.total or now - kept.made > _LIVES:
            raise SoqlError("INVALID_QUERY_LOCATOR", "invalid query locator")
        start = int(offset)
        end = min(start + kept.size, kept.total)
        with self._store.reading() as cursor:
            rows = cursor.rows(
                f"SELECT * EXCLUDE (place) FROM {kept.table} WHERE place > {start} AND place <= {end} ORDER BY place"
            )
            records = self._records(cursor, kept.plan, rows, root)
        return Page(kept.total, records, f"{key}-{end}" if end < kept.total else None)

    def _keep(self, plan: Plan, size: int) -> str:
        state = self._store.state
        key = ids.make("01g", state.counters.take("salesforce.cursor"))
        table = f'sf_work."{key}"'
        with self._store.writing() as cursor:
            cursor.run(
                f"CREATE TABLE {table} AS SELECT *, row_number() OVER () AS place FROM ({plan.sql})",
                plan.params,
            )
            total = cursor.value(f"SELECT count(*) FROM {table}")
            with self._lock:
                self._kept[key] = _Kept(plan, table, total, size, state.clock.naive())
                stale = [self._kept.popitem(last=False)[1]] if len(self._kept) > MAX_CURSORS else []
            for each in stale:
                cursor.run(f"DROP TABLE {each.table}")
        return key

    def _records(self, cursor: Cursor, plan: Plan, rows: Sequence[Row], root: str) -> list[Record]:
        shaper = Shaper(plan, self._store.catalogue, root)
        if not plan.children:
            return [shaper.record(row) for row in rows]
        key = len(plan.outputs)
        parents = [row[key] for row in rows]
        found = {child.name: self._children(cursor, child, parents, root) for child in plan.children}
        return [
            shaper.record(row, {name: by_parent.get(row[key]) for name, by_parent in found.items()})
            for row in rows
        ]

    def _children(self, cursor: Cursor, child: Child, parents: list[str], root: str) -> dict[str, Record]:
        shaper = Shaper(child.plan, self._store.catalogue, root)
        grouped: dict[str, list[Record]] = {}
        for row in cursor.rows(child.plan.sql, [*child.plan.params[:-1], parents]):
            grouped.setdefault(row[-1], []).append(shaper.record(row))
        return {
            parent: {"totalSize": len(records), "done": True, "records": records}
            for parent, records in grouped.items()
        }


def _within(query: Query, start: str, end: str | None) -> Query:
    """Return the query for a range of ids. Raises SoqlError for one that can't be cut so (sandbox-salesforce.md 4)."""
    if query.orders or query.limit is not None or query.groups:
        raise SoqlError("MALFORMED_QUERY", "PK chunking takes a WHERE clause and nothing after it")
    key = Name(("Id",), query.at)
    edges: list[Condition] = [Comparison(key, ">=", Value(start, query.at), query.at)]
    if end is not None:
        edges.append(Comparison(key, "<", Value(end, query.at), query.at))
    return replace(query, where=Both((*edges, *([] if query.where is None else [query.where]))))
