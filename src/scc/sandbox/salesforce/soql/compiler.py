"""Tree -> plan: the whole of one query as DuckDB SQL.

What the vendor refuses raises SoqlError. What only the bulk API refuses is noted in `Plan.bulk_refusal`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scc.sandbox.salesforce.catalogue import Catalogue, SObject
from scc.sandbox.salesforce.soql.errors import SoqlError, at, no_such_object, no_such_relationship
from scc.sandbox.salesforce.soql.functions import AGGREGATES, Functions, Typed
from scc.sandbox.salesforce.soql.plan import Child, Plan
from scc.sandbox.salesforce.soql.scope import Scope
from scc.sandbox.salesforce.soql.selection import Selection
from scc.sandbox.salesforce.soql.tree import (
    Call,
    ChildQuery,
    Expression,
    Order,
    Query,
    Selected,
    TypeOf,
)
from scc.sandbox.salesforce.soql.where import Clock, Conditions

MAX_OFFSET = 2000
MAX_SUBQUERIES = 20
MAX_SEMI_JOINS = 2


@dataclass(slots=True)
class Context:
    """What a query means beyond its text; `params` grow as literals are met.

    `by_id` orders by Id what the query leaves in any order.
    """

    catalogue: Catalogue
    clock: Clock
    include_deleted: bool = False
    by_id: bool = False
    params: list[object] = field(default_factory=list)
    scopes: int = 0
    semi_joins: int = 0

    def bind(self, value: object) -> str:
        self.params.append(value)
        return f"${len(self.params)}"

    def prefix(self) -> str:
        self.scopes += 1
        return f"q{self.scopes}_"


def compile_query(query: Query, context: Context) -> Plan:
    """Return the plan of a query. Raises SoqlError."""
    if len(query.source.parts) != 1:
        raise no_such_object(query.text, query.source.at, query.source.text)
    sobject = context.catalogue.find(query.source.parts[0])
    if sobject is None or not sobject.queryable:
        raise no_such_object(query.text, query.source.at, query.source.text)
    return _Compiler(query, sobject, context).plan()


class _Compiler:
    def __init__(self, query: Query, sobject: SObject, context: Context) -> None:
        self._query = query
        self._sobject = sobject
        self._context = context
        self._scope = Scope(context.catalogue, sobject, query.text, context.prefix(), query.alias)
        self._functions = Functions(self._scope, query.text, context.clock.offset_minutes)

    def plan(self, parent_key: str | None = None) -> Plan:
        """Return the plan; with `parent_key`, of a child query, whose rows are cut per parent."""
        query = self._query
        self._check_window()
        aggregate = bool(query.groups) or any(_is_aggregate(each) for each in query.selected)
        if aggregate:
            self._functions.grouped = {self._functions.expression(each)[0] for each in query.groups}
        selection = Selection(self._scope, self._functions, query, aggregate=aggregate)
        clauses = self._clauses(parent_key)
        order_sql = self._order_sql(aggregate=aggregate, count_only=selection.count_only)
        if parent_key is not None:
            return self._child_plan(selection, clauses, order_sql, parent_key)
        hidden = [] if aggregate else [f'{self._scope.root}."Id"', *selection.parent_sql]
        if selection.count_only:
            counted = f"SELECT 1 FROM {self._scope.source_sql()}{clauses}{self._window_sql()}"
            plan = Plan(self._sobject, f"SELECT count(*) FROM ({counted})", self._context.params, [])
            plan.count_only, plan.bulk_refusal = True, selection.bulk_refusal
            return plan
        outputs = [*(each.sql for each in selection.outputs), *hidden]
        columns = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(outputs))
        sql = f"SELECT {columns} FROM {self._scope.source_sql()}{clauses}{order_sql}{self._window_sql()}"
        plan = Plan(self._sobject, sql, self._context.params, selection.outputs, aggregate=aggregate)
        plan.parents, plan.order, plan.bulk_refusal = (
            selection.parents,
            selection.order,
            selection.bulk_refusal,
        )
        plan.children = [self._child(each) for each in query.selected if isinstance(each, ChildQuery)]
        return plan

    def _clauses(self, parent_key: str | None) -> str:
        query = self._query
        terms = [] if self._context.include_deleted else [f'NOT {self._scope.root}."IsDeleted"']
        if query.where is not None:
            terms.append(self._conditions().sql(query.where))
        if parent_key is not None:
            terms.append(f"{parent_key} IN (SELECT unnest({self._context.bind([])}))")
        groups = [self._functions.expression(each)[0] for each in query.groups]
        grouped = ", ".join(groups)
        if query.grouping != "plain":
            grouped = f"{query.grouping.upper()}({grouped})"
        having = ""
        if query.having is not None:
            if not groups:
                raise at(query.text, query.at, "MALFORMED_QUERY", "HAVING needs a GROUP BY")
            having = " HAVING " + self._conditions(aggregates=True).sql(query.having)
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        return where + (f" GROUP BY {grouped}" if groups else "") + having

    def _conditions(self, *, aggregates: bool = False) -> Conditions:
        context = self._context
        return Conditions(
            self._functions,
            self._query.text,
            context.bind,
            context.clock,
            self._sub_select,
            aggregates=aggregates,
        )

    def _order_sql(self, *, aggregate: bool, count_only: bool) -> str:
        terms = [self._order(order, aggregate=aggregate) for order in self._query.orders]
        if not aggregate and not count_only and (terms or self._context.by_id):
            terms.append(f'{self._scope.root}."Id"')
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    def _order(self, order: Order, *, aggregate: bool) -> str:
        if aggregate:
            sql, _, column = self._functions.of_groups(order.expression, "Ordered field")
        else:
            sql, _, column = self._functions.expression(order.expression)
        if column is not None and not column.field.sortable:
            words = f"field '{column.field.name}' can not be sorted in a query call"
            raise at(self._query.text, order.expression.at, "INVALID_FIELD", words)
        if column is not None and column.field.is_text and not aggregate:
            sql = f"lower({sql})"
        return (
            f"{sql} {'DESC' if order.descending else 'ASC'} NULLS {'LAST' if order.nulls_last else 'FIRST'}"
        )

    def _check_window(self) -> None:
        if (self._query.offset or 0) > MAX_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")

    def _window_sql(self) -> str:
        limit, offset = self._query.limit, self._query.offset
        return (f" LIMIT {limit}" if limit is not None else "") + (f" OFFSET {offset}" if offset else "")

    def _child(self, selected: ChildQuery) -> Child:
        query = selected.query
        outer = self._query
        if sum(isinstance(each, ChildQuery) for each in outer.selected) > MAX_SUBQUERIES:
            raise SoqlError("MALFORMED_QUERY", f"The number of subqueries is limited to {MAX_SUBQUERIES}")
        found = None
        if len(query.source.parts) == 1:
            found = self._context.catalogue.child(self._sobject, query.source.parts[0])
        if found is None:
            raise no_such_relationship(outer.text, query.source.at, query.source.text)
        child, key = found
        context = Context(self._context.catalogue, self._context.clock, self._context.include_deleted)
        context.scopes = self._context.scopes + 10
        compiler = _Compiler(query, child, context)
        compiler._refuse_in_child()
        return Child(key.child_relationship or "", compiler.plan(f'{compiler._scope.root}."{key.name}"'))

    def _refuse_in_child(self) -> None:
        query = self._query
        if query.groups or any(
            _is_aggregate(each) or isinstance(each, ChildQuery) for each in query.selected
        ):
            raise at(
                query.text,
                query.at,
                "MALFORMED_QUERY",
                "Subqueries may hold neither aggregates nor subqueries",
            )

    def _child_plan(self, selection: Selection, clauses: str, order_sql: str, parent_key: str) -> Plan:
        hidden = [f'{self._scope.root}."Id"', *selection.parent_sql, parent_key]
        columns = ", ".join(
            f"{sql} AS c{place}"
            for place, sql in enumerate([*(each.sql for each in selection.outputs), *hidden])
        )
        ranking = order_sql.strip() or f'ORDER BY {self._scope.root}."Id"'
        low = self._query.offset or 0
        high = f" AND place <= {low + self._query.limit}" if self._query.limit is not None else ""
        sql = (
            f"SELECT * EXCLUDE (place) FROM (SELECT {columns}, row_number() OVER "
            f"(PARTITION BY {parent_key} {ranking}) AS place FROM {self._scope.source_sql()}{clauses})"
            f" WHERE place > {low}{high} ORDER BY place"
        )
        plan = Plan(self._sobject, sql, self._context.params, selection.outputs)
        plan.parents, plan.order = selection.parents, selection.order
        return plan

    def _sub_select(self, query: Query, left: Typed, place: int) -> str:
        """Return the SELECT of a semi-join: one id or reference field that refers to the same objects."""
        self._context.semi_joins += 1
        outer = self._query
        if self._context.semi_joins > MAX_SEMI_JOINS:
            raise at(outer.text, place, "MALFORMED_QUERY", "Only two semi joins are allowed per query")
        sobject = self._context.catalogue.find(query.source.text)
        if sobject is None:
            raise no_such_object(outer.text, query.source.at, query.source.text)
        inner = _Compiler(query, sobject, self._context)
        return inner._one_column(left, outer, place)

    def _one_column(self, left: Typed, outer: Query, place: int) -> str:
        selected = self._query.selected[0]
        if (
            len(self._query.selected) != 1
            or not isinstance(selected, Selected)
            or isinstance(selected.expression, Call)
        ):
            raise at(outer.text, place, "MALFORMED_QUERY", "semi join sub-selects can only query one field")
        column = self._scope.column(selected.expression)
        targets = set(column.field.refers_to or (column.sobject.name,))
        wanted = set() if left[2] is None else set(left[2].field.refers_to or (left[2].sobject.name,))
        if not column.field.is_id or left[1] not in {"id", "reference"} or not targets & wanted:
            words = (
                f"The selected field '{column.field.name}' in the subquery and the left operand field in the where "
                f"expression in the outer query '{'' if left[2] is None else left[2].field.name}' should point to "
                "the same object type"
            )
            raise at(outer.text, place, "MALFORMED_QUERY", words)
        clauses = self._clauses(None)
        order_sql = self._order_sql(aggregate=False, count_only=False)
        return f"SELECT {column.sql} FROM {self._scope.source_sql()}{clauses}{order_sql}{self._window_sql()}"


def _is_aggregate(selected: Selected | TypeOf | ChildQuery) -> bool:
    return isinstance(selected, Selected) and _calls_aggregate(selected.expression)


def _calls_aggregate(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function in AGGREGATES
