"""The SELECT list of one query: which columns, under which keys, and the parents they come from."""

from __future__ import annotations

from scc.sandbox.salesforce.catalogue.kinds import COMPOUND_TYPES
from scc.sandbox.salesforce.soql.errors import at, no_such_column, no_such_object
from scc.sandbox.salesforce.soql.functions import AGGREGATES, Functions
from scc.sandbox.salesforce.soql.plan import Output, Parent
from scc.sandbox.salesforce.soql.scope import Column, Path, Scope
from scc.sandbox.salesforce.soql.tree import Call, ChildQuery, Name, Query, Selected, TypeOf

MAX_FIELDS_LIMIT = 200
_COMPOUND = ("API_ERROR", "Selecting compound data not supported in Bulk Query")
_RELATIONSHIPS = ("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
_OFFSET = ("API_ERROR", "OFFSET not supported in Bulk Query")


class Selection:
    """Reads the list once, from left to right; raises SoqlError."""

    def __init__(self, scope: Scope, functions: Functions, query: Query, *, aggregate: bool) -> None:
        self.outputs: list[Output] = []
        self.parents: list[Parent] = []
        self.parent_sql: list[str] = []
        self.order: list[int | str] = []
        # that these two are refused is documented, with which words is not
        self.bulk_refusal: tuple[str, str] | None = (
            _RELATIONSHIPS if query.groups else _OFFSET if query.offset else None
        )
        self._scope = scope
        self._functions = functions
        self._query = query
        self._aggregate = aggregate
        self._unnamed = 0
        only = query.selected[0] if len(query.selected) == 1 else None
        self.count_only = isinstance(only, Selected) and only.expression == Call("count", (), _place(only))
        if self.count_only:
            self.bulk_refusal = _RELATIONSHIPS
        for each in query.selected:
            self._add(each)
        self._place_parents()

    def _add(self, selected: Selected | TypeOf | ChildQuery) -> None:
        if isinstance(selected, ChildQuery):
            self.bulk_refusal = _RELATIONSHIPS
            self.order.append(_child_name(self._scope, selected))
        elif isinstance(selected, TypeOf):
            self._add_typeof(selected)
        elif isinstance(selected.expression, Call):
            self._add_call(selected.expression, selected.alias)
        else:
            self._add_name(selected.expression, selected.alias)

    def _output(self, output: Output) -> None:
        self.order.append(len(self.outputs))
        self.outputs.append(output)

    def _add_name(self, name: Name, alias: str | None) -> None:
        column = self._scope.column(name)
        text = self._query.text
        if self._aggregate:
            self._functions.of_groups(name, "Field")
            self._output(Output((alias or column.field.name,), column.field.type, column.sql))
            return
        if alias is not None:
            raise at(text, name.at, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        path = (*column.path, column.field.name)
        if any(each.path == path for each in self.outputs):
            raise at(text, name.at, "INVALID_FIELD", f"duplicate field selected: {name.text}")
        if column.field.type in COMPOUND_TYPES:
            self.bulk_refusal = _COMPOUND
        self._remember_parents(column)
        self._output(Output(path, column.field.type, column.sql))

    def _add_call(self, call: Call, alias: str | None) -> None:
        if call.function == "fields":
            self._add_fields(call)
            return
        if self.count_only:
            return
        if call.function in AGGREGATES and not call.args:
            raise at(
                self._query.text,
                call.at,
                "MALFORMED_QUERY",
                "Grouped query cannot select COUNT() without a field",
            )
        if self._aggregate:
            sql, kind, column = self._functions.of_groups(call, "Field")
        else:
            sql, kind, column = self._functions.expression(call)
        if self._aggregate or column is None:
            self.bulk_refusal = _RELATIONSHIPS
        key = alias
        if key is None and column is not None and not self._aggregate:
            key = column.field.name
        if key is None:
            key = f"expr{self._unnamed}"
            self._unnamed += 1
        self._output(Output((key,), kind, sql))

    def _add_fields(self, call: Call) -> None:
        chosen = call.args[0] if len(call.args) == 1 else None
        which = chosen.text.lower() if isinstance(chosen, Name) else ""
        if self._aggregate or which not in {"all", "standard", "custom"}:
            raise at(
                self._query.text,
                call.at,
                "MALFORMED_QUERY",
                "FIELDS takes ALL, STANDARD or CUSTOM, and no groups",
            )
        if which != "standard" and (self._query.limit is None or self._query.limit > MAX_FIELDS_LIMIT):
            words = f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}"
            raise at(self._query.text, call.at, "MALFORMED_QUERY", words)
        for field in self._scope.sobject.fields.values():
            if which == "all" or field.custom == (which == "custom"):
                self._add_name(Name((field.name,), call.at), None)

    def _add_typeof(self, typeof: TypeOf) -> None:
        self.bulk_refusal = _RELATIONSHIPS
        path = self._scope.path(typeof.relationship, typeof.relationship.parts[:-1])
        field = self._scope.object_at(path).parent(typeof.relationship.parts[-1])
        text = self._query.text
        if field is None or len(field.refers_to) < 2:
            raise no_such_column(
                text, typeof.relationship.at, typeof.relationship.text, self._scope.sobject.name
            )
        covered = set()
        for target, names in typeof.whens:
            self._add_branch(path, field.name, target, names)
            covered.add(target.text.lower())
        for other in field.refers_to:
            if typeof.otherwise and other.lower() not in covered:
                self._add_branch(path, field.name, Name((other,), typeof.relationship.at), typeof.otherwise)

    def _add_branch(self, path: Path, key: str, target: Name, names: tuple[Name, ...]) -> None:
        field = self._scope.object_at(path).field(key)
        sobject = self._scope.catalogue.find(target.text)
        assert field is not None
        if sobject is None or sobject.name not in field.refers_to:
            raise no_such_object(self._query.text, target.at, target.text)
        joined = self._scope.join_type(path, field, sobject)
        shown = (*path, field.relationship or "")
        self._remember_parent(shown, self._scope.sql(path, field), None, named=False)
        for name in names:
            chosen = sobject.field(name.text)
            if chosen is None:
                raise no_such_column(self._query.text, name.at, name.text, sobject.name)
            sql = self._scope.sql(joined, chosen)
            self._output(Output((*shown, chosen.name), chosen.type, sql, sobject.name))

    def _remember_parents(self, column: Column) -> None:
        for depth in range(1, len(column.path) + 1):
            path = column.path[:depth]
            field = self._scope.object_at(path[:-1]).parent(path[-1])
            assert field is not None
            only = field.refers_to[0] if len(field.refers_to) == 1 else None
            self._remember_parent(path, self._scope.sql(path[:-1], field), only, named=only is None)

    def _remember_parent(self, path: Path, sql: str, sobject: str | None, *, named: bool) -> None:
        if any(each.path == path for each in self.parents):
            return
        self.parents.append(Parent(path, len(self.parents), sobject, named))
        self.parent_sql.append(sql)

    def _place_parents(self) -> None:
        first = len(self.outputs) + 1
        self.parents = [
            Parent(each.path, first + each.column, each.sobject, each.named) for each in self.parents
        ]


def _place(selected: Selected) -> int:
    return selected.expression.at


def _child_name(scope: Scope, selected: ChildQuery) -> str:
    found = scope.catalogue.child(scope.sobject, selected.query.source.text)
    return selected.query.source.text if found is None else found[1].child_relationship or ""
