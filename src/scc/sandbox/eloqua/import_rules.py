"""Which rows of an import are refused, and which records the others mean.

Makes `import_values` (n, k: what it is matched by, v0 ... typed, b0 ... blank or, null, not given at all),
`import_rejects` (n, code, message, invalid, is_kept: the record is taken all the same) and `import_rows`
(n, id: null for a record to be created; a row may mean several records).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scc.sandbox.database import Cursor, identifier, literal
from scc.sandbox.eloqua.import_plan import Plan
from scc.sandbox.eloqua.values import typed_of
from scc.sandbox.faults import Fault

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["RejectRules"]


class RejectRules:
    def __init__(self, store: EloquaStore, cursor: Cursor, plan: Plan, staged: str) -> None:
        self._store = store
        self._cursor = cursor
        self._plan = plan
        self._staged = staged

    def run(self, fault: Fault | None) -> None:
        self._read_values()
        self._cursor.run(
            "CREATE TEMP TABLE import_rejects (n BIGINT, code VARCHAR, message VARCHAR, "
            "invalid VARCHAR, is_kept BOOLEAN)"
        )
        if fault is not None:
            self._reject_ordered(fault)
        self._reject_bad_identifiers()
        self._reject_bad_addresses()
        self._reject_duplicates()
        self._match()
        self._reject_unmatched()
        self._reject_taken()
        self._reject_incomplete()
        self._note_invalid_values()

    def _read_values(self) -> None:
        plan = self._plan
        values = [
            f"{typed_of(f's.f{index}', column.data_type)} AS v{index}, trim(s.f{index}) = '' AS b{index}"
            for index, column in enumerate(plan.columns)
        ]
        self._cursor.run(
            f"CREATE TEMP TABLE import_values AS SELECT n, {self._key(f's.f{plan.identifier}')} AS k, "
            f"{', '.join(values)} FROM {self._staged} s"
        )

    def _key(self, sql: str, *, is_stored: bool = False) -> str:
        """Return what rows and records are matched by: text without case and outer spaces, or the typed value."""
        if self._plan.key.data_type in ("id", "number"):
            return sql if is_stored else typed_of(sql, self._plan.key.data_type)
        trimmed = f"nullif(trim({sql}), '')"
        return f"lower({trimmed})" if self._store.options.string_compare_ignores_case else trimmed

    def _reject(self, code: str, rows: str, invalid: str = "[]", message: str | None = None) -> None:
        """Refuse the rows that the query `rows` names and that are not refused yet."""
        quoted = "NULL" if message is None else literal(message)
        self._cursor.run(
            f"INSERT INTO import_rejects SELECT n, {literal(code)}, {quoted}, {literal(invalid)}, FALSE FROM ({rows}) "
            f"WHERE n NOT IN (SELECT n FROM import_rejects)"
        )

    def _invalid(self, index: int) -> str:
        return json.dumps([self._plan.aliases[index]])

    def _reject_ordered(self, fault: Fault) -> None:
        """The first rows, as a fault on order says."""
        code = fault.details.get("status_code", "ELQ-00040")
        rows = f"SELECT n FROM import_values ORDER BY n LIMIT {fault.details.get('rejects', 0)}"
        self._reject(code, rows, message=fault.details.get("message"))

    def _reject_bad_identifiers(self) -> None:
        plan, index = self._plan, self._plan.identifier
        if plan.entity.kind == "activities":
            return
        unreadable = f"SELECT n FROM import_values WHERE k IS NULL AND NOT b{index}"
        self._reject("ELQ-00034" if plan.key.is_id else "ELQ-00061", unreadable, self._invalid(index))
        blank_is_new = plan.matches_id and not plan.is_action and plan.entity.kind == "customObjects"
        if blank_is_new or plan.body.get("nullIdentifierFieldName") is True:
            return
        code = "ELQ-00002" if plan.key.data_type == "emailAddress" else "ELQ-00061"
        self._reject(code, "SELECT n FROM import_values WHERE k IS NULL", self._invalid(index))

    def _reject_bad_addresses(self) -> None:
        for index, column in enumerate(self._plan.columns):
            if column.data_type == "emailAddress" and column.stored:
                rows = f"SELECT n FROM import_values WHERE v{index} IS NULL AND NOT b{index}"
                self._reject("ELQ-00002", rows, self._invalid(index))

    def _reject_duplicates(self) -> None:
        """Of equal identifiers none or only the first is taken, as the options say."""
        plan = self._plan
        if plan.entity.kind == "activities":
            return
        options = self._store.options
        rule = (
            options.custom_object_duplicates
            if plan.entity.kind == "customObjects"
            else options.contact_duplicates
        )
        first = "" if rule == "none" else "AND n NOT IN (SELECT min(n) FROM live GROUP BY k)"
        self._reject(
            "ELQ-00026",
            "WITH live AS (SELECT n, k FROM import_values WHERE k IS NOT NULL AND n NOT IN (SELECT n FROM import_rejects)), "
            "several AS (SELECT k FROM live GROUP BY k HAVING count(*) > 1) "
            f"SELECT n FROM live WHERE k IN (SELECT k FROM several) {first}",
            self._invalid(plan.identifier),
        )

    def _match(self) -> None:
        plan = self._plan
        if plan.entity.kind == "activities":
            self._cursor.run(
                "CREATE TEMP TABLE import_rows AS SELECT n, CAST(NULL AS BIGINT) AS id FROM import_values"
            )
            return
        found = (
            f"SELECT {self._key(plan.key.sql, is_stored=True)} AS k, r.{self._id} AS id "
            f"FROM {plan.entity.table} r {' '.join(plan.key.joins)}"
        )
        self._cursor.run(
            f"CREATE TEMP TABLE import_rows AS SELECT v.n, found.id FROM import_values v "
            f"LEFT JOIN ({found}) found ON v.k = found.k WHERE v.n NOT IN (SELECT n FROM import_rejects)"
        )
        if plan.body.get("isUpdatingMultipleMatchedRecords") is not True:
            rows = "SELECT n FROM import_rows GROUP BY n HAVING count(*) > 1"
            self._reject("ELQ-00026", rows, self._invalid(plan.identifier), "Multiple matches.")

    @property
    def _id(self) -> str:
        return "address" if self._plan.entity.kind == "emailAddresses" else "id"

    def _reject_unmatched(self) -> None:
        plan = self._plan
        names_existing = plan.matches_id or not plan.may_create
        if names_existing:
            blank_too = "" if not plan.may_create else "AND v.k IS NOT NULL"
            rows = f"SELECT n FROM import_rows JOIN import_values v USING (n) WHERE id IS NULL {blank_too}"
            self._reject("ELQ-00034", rows, self._invalid(plan.identifier))
        if not plan.may_update:
            self._reject("ELQ-00048", "SELECT n FROM import_rows WHERE id IS NOT NULL")

    def _reject_taken(self) -> None:
        """A unique value that another record has, or that two rows bring along."""
        plan, index = self._plan, self._plan.index_of(self._plan.target.unique)
        if index is None or index == plan.identifier or plan.is_action:
            return
        column = identifier(str(plan.target.unique))
        wanted = (
            f"SELECT w.n, w.id, lower(CAST(v.v{index} AS VARCHAR)) AS u FROM import_rows w JOIN import_values v USING (n) "
            f"WHERE v.v{index} IS NOT NULL AND n NOT IN (SELECT n FROM import_rejects)"
        )
        code = plan.target.unique_code
        taken = (
            f"SELECT w.n FROM ({wanted}) w JOIN {plan.entity.table} r ON lower(CAST(r.{column} AS VARCHAR)) = w.u "
            f"WHERE r.id IS DISTINCT FROM w.id"
        )
        self._reject(code, taken, self._invalid(index))
        twice = (
            f"SELECT n FROM ({wanted}) w WHERE u IN (SELECT u FROM ({wanted}) GROUP BY u HAVING count(*) > 1)"
        )
        self._reject(code, twice, self._invalid(index))

    def _reject_incomplete(self) -> None:
        """A new record without the field that it must have, and new contacts past the instance's limit."""
        plan = self._plan
        index = plan.index_of(plan.target.required)
        new = "SELECT n FROM import_rows JOIN import_values v USING (n) WHERE id IS NULL"
        if plan.target.required is not None:
            self._reject("ELQ-00061", new if index is None else f"{new} AND v.v{index} IS NULL")
        limit = self._store.options.max_contacts
        if limit and plan.entity.kind == "contacts":
            room = max(0, limit - int(self._cursor.value(f"SELECT count(*) FROM {plan.entity.table}")))
            rows = f"{new} AND n NOT IN (SELECT n FROM import_rejects) ORDER BY n OFFSET {room}"
            self._reject("ELQ-00060", rows)

    def _note_invalid_values(self) -> None:
        """Values of the wrong type: the record is taken without them, and the row is in the rejects (sources.md E2.9)."""
        bad = [
            f"CASE WHEN v{index} IS NULL AND NOT b{index} THEN {literal(self._plan.aliases[index])} END"
            for index, column in enumerate(self._plan.columns)
            if column.data_type not in ("string", "emailAddress") and index != self._plan.identifier
        ]
        if bad:
            self._cursor.run(
                f"INSERT INTO import_rejects SELECT n, 'ELQ-00040', NULL, CAST(to_json(bad) AS VARCHAR), TRUE FROM ("
                f"SELECT n, list_filter([{', '.join(bad)}], lambda one: one IS NOT NULL) AS bad "
                f"FROM import_values) "
                f"WHERE len(bad) > 0 AND n NOT IN (SELECT n FROM import_rejects)"
            )
