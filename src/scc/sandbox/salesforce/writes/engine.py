"""Carry out a write: find the records, check the rows, change the tables, say what became of each row.

Works on the temporary table `staged` and leaves `outcome`: n, id, created, code, message, fields; `code` is NULL
for rows that went well. The caller holds the write lock and the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from scc.sandbox.database import Cursor, literal
from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.catalogue import Catalogue, SObject
from scc.sandbox.salesforce.catalogue.kinds import Field
from scc.sandbox.salesforce.defaults import default_sql, derived_sql
from scc.sandbox.salesforce.loading import add_member_statuses
from scc.sandbox.salesforce.writes.cells import Cell, folded, typed
from scc.sandbox.salesforce.writes.checks import forced_checks, target_checks, unique_checks, value_checks
from scc.sandbox.salesforce.writes.request import CHUNK, Write
from scc.sandbox.salesforce.writes.rules import object_checks, pair_checks
from scc.sandbox.state import State

ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone header"
)


class Engine:
    """Writes one set of staged rows."""

    def __init__(self, state: State, catalogue: Catalogue, cursor: Cursor, write: Write) -> None:
        self._state = state
        self._catalogue = catalogue
        self._cursor = cursor
        self._write = write
        self._now = f"TIMESTAMP {literal(write.now.isoformat(sep=' '))}"

    def run(self) -> None:
        """Do it all. Rows that name the same record in different chunks are written one after the other."""
        cursor = self._cursor
        cursor.run(
            "CREATE OR REPLACE TEMP TABLE outcome "
            "(n BIGINT, id VARCHAR, created BOOLEAN, code VARCHAR, message VARCHAR, fields VARCHAR[])"
        )
        self._prepare()
        waves: int = cursor.value("SELECT coalesce(max(wave), 0) FROM prepared")
        for wave in range(1, waves + 1):
            self._find_records(wave)
            self._check()
            if not self._stopped():
                self._apply()

    def _prepare(self) -> None:
        """Add to the staged rows the ids of parents, and how often their key came before."""
        write = self._write
        lookups = [cell for cell in write.cells if cell.lookup is not None]
        own = [cell for cell in write.cells if cell.is_id and cell.lookup is None]
        columns = [
            "s.*",
            *(f"l{cell.column}.id AS {cell.column}_id" for cell in lookups),
            *(f"{typed(f'nullif(s.{cell.column}, chr(1))', cell.field)} AS {cell.column}_id" for cell in own),
        ]
        joins = "".join(self._lookup_join(cell) for cell in lookups)
        key = "NULL::VARCHAR" if write.key is None else self._key_sql(write.key)
        columns.append(f"{key} AS key")
        occurrence, wave = "1", "1"
        source = f"(SELECT {', '.join(columns)} FROM staged s{joins})"
        if write.key is not None and self._cursor.value(
            f"SELECT count(key) > count(DISTINCT key) FROM {source}"
        ):
            occurrence = f"CASE WHEN key IS NULL THEN 1 ELSE row_number() OVER (PARTITION BY key, n // {CHUNK} ORDER BY n) END"
            wave = f"CASE WHEN key IS NULL THEN 1 ELSE dense_rank() OVER (PARTITION BY key ORDER BY n // {CHUNK}) END"
            if write.deletes:
                occurrence, wave = "1", occurrence.replace(f", n // {CHUNK}", "")
        self._cursor.run(
            f"CREATE OR REPLACE TEMP TABLE prepared AS SELECT *, {occurrence} AS occurrence, {wave} AS wave "
            f"FROM {source}"
        )

    def _key_sql(self, cell: Cell) -> str:
        if cell.is_id:
            return f"{cell.column}_id"
        column = f"nullif(s.{cell.column}, chr(1))"
        return f"CAST({folded(typed(column, cell.field), cell.field)} AS VARCHAR)"

    def _lookup_join(self, cell: Cell) -> str:
        assert cell.parent is not None
        assert cell.lookup is not None
        held = f'CAST({folded(f"""p."{cell.lookup.name}" """, cell.lookup)} AS VARCHAR)'
        sent = f"CAST({folded(typed(f's.{cell.column}', cell.lookup), cell.lookup)} AS VARCHAR)"
        return (
            f' LEFT JOIN (SELECT {held} AS key, min(p."Id") AS id FROM {cell.parent.table} p '
            f'WHERE NOT p."IsDeleted" GROUP BY 1) l{cell.column} ON l{cell.column}.key = {sent}'
        )

    def _find_records(self, wave: int) -> None:
        """Make `cur`: the rows of one wave and the records that they name."""
        write = self._write
        rows = "prepared p" if wave == 1 else f"(SELECT * FROM prepared WHERE wave = {wave}) p"
        only = " WHERE p.wave = 1" if wave == 1 else ""
        if write.key is None:
            found, join = "NULL::VARCHAR AS id, false AS gone, 0 AS found", ""
        elif write.key.field.name == "Id":
            found = 't."Id" AS id, coalesce(t."IsDeleted", false) AS gone, 1 AS found'
            join = f' LEFT JOIN {write.sobject.table} t ON t."Id" = p.key'
        else:
            held = folded(f't."{write.key.field.name}"', write.key.field)
            found = "x.id, false AS gone, coalesce(x.found, 0) AS found"
            join = (
                f' LEFT JOIN (SELECT CAST({held} AS VARCHAR) AS key, min("Id") AS id, count(*) AS found '
                f'FROM {write.sobject.table} t WHERE NOT "IsDeleted" AND CAST({held} AS VARCHAR) IN '
                "(SELECT key FROM prepared) GROUP BY 1) x ON x.key = p.key"
            )
        op = {"insert": "'c'", "update": "'u'", "upsert": "CASE WHEN id IS NULL THEN 'c' ELSE 'u' END"}.get(
            write.operation, "'d'"
        )
        self._cursor.run(
            f"CREATE OR REPLACE TEMP TABLE cur AS SELECT *, {op} AS op FROM (SELECT p.*, {found} FROM {rows}{join}{only})"
        )

    def _check(self) -> None:
        """Move the rows that must not be written from `cur` to `outcome`; in two steps, so that of two rows alike
        the first good one stays.
        """
        write = self._write
        first = [*forced_checks(write), *target_checks(write), *object_checks(write)]
        if not write.deletes:
            first += value_checks(write, self._catalogue)
        self._move_out(first)
        if not write.deletes:
            self._move_out([*unique_checks(write), *pair_checks(write)])

    def _move_out(self, problems: list[str]) -> None:
        if not problems:
            return
        union = " UNION ALL ".join(f"({each})" for each in problems)
        self._cursor.run(
            "CREATE OR REPLACE TEMP TABLE bad AS SELECT n, arg_min(code, seq) AS code, arg_min(message, seq) AS message, "
            f"arg_min(coalesce(fields, ['-']), seq) AS fields FROM ({union}) GROUP BY n"
        )
        if not self._cursor.value("SELECT count(*) FROM bad"):
            return
        self._cursor.run(
            "INSERT INTO outcome SELECT n, id, false, code, message, CASE WHEN fields = ['-'] THEN NULL ELSE fields END "
            "FROM bad JOIN cur USING (n)"
        )
        self._cursor.run("DELETE FROM cur WHERE n IN (SELECT n FROM bad)")

    def _stopped(self) -> bool:
        """Whether all is off because one row was bad; every other row is told so."""
        if not self._write.all_or_none or not self._cursor.value(
            "SELECT count(*) FROM outcome WHERE code IS NOT NULL"
        ):
            return False
        self._cursor.run(
            "INSERT INTO outcome SELECT n, id, false, 'ALL_OR_NONE_OPERATION_ROLLED_BACK', ?, [] FROM cur",
            [ROLLED_BACK],
        )
        return True

    def _apply(self) -> None:
        write = self._write
        if write.deletes:
            self._delete()
            return
        if write.operation != "insert":
            self._update()
        if write.operation != "update":
            self._insert()
        if write.sobject.name == "CampaignMember":
            self._note_responses()

    def _insert(self) -> None:
        write, cursor = self._write, self._cursor
        count = cursor.value("SELECT count(*) FROM cur WHERE op = 'c'")
        if not count:
            return
        first = self._state.counters.take(f"salesforce.{write.sobject.name}", count)
        made = ids.sql(write.sobject.prefix, f"{first} + place")
        cursor.run(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT * REPLACE ({made} AS id) FROM "
            "(SELECT *, row_number() OVER () - 1 AS place FROM cur WHERE op = 'c')"
        )
        columns = list(self._new_values())
        names = ", ".join(f'"{name}"' for name, _ in columns)
        values = ", ".join(value for _, value in columns)
        cursor.run(f"INSERT INTO {write.sobject.table} ({names}) SELECT {values} FROM fresh")
        cursor.run("INSERT INTO outcome SELECT n, id, true, NULL, NULL, NULL FROM fresh")
        if write.sobject.name == "Campaign":
            campaigns = cursor.arrow("SELECT id FROM fresh ORDER BY n").column("id")
            add_member_statuses(cursor, self._state, campaigns, user_id=write.user_id)

    def _new_values(self) -> Iterator[tuple[str, str]]:
        write = self._write
        sobject = write.sobject
        sent = {cell.field.name: cell.typed for cell in write.cells}
        stored = [
            *sobject.stored,
            *([] if "IsDeleted" in sobject.fields else [Field("IsDeleted", "boolean")]),
        ]
        for field in stored:
            if field.name == "Id":
                yield "Id", "id"
                continue
            cells = [cell.typed for cell in write.cells if cell.field is field]
            derived = derived_sql(sobject, field, sent)
            chain = [
                *cells,
                *([derived] if derived else []),
                default_sql(sobject, field, write.user_id, self._now),
            ]
            yield field.name, f"CAST(coalesce({', '.join(chain)}) AS {field.column_type})"

    def _update(self) -> None:
        write = self._write
        changes: dict[str, str] = {}
        for cell in write.written:
            field = cell.field
            if not field.stored or not field.updateable:
                continue
            before = changes.get(field.name, f't."{field.name}"')
            value = f"coalesce({cell.typed}, {default_sql(write.sobject, field, write.user_id, self._now)})"
            empties = value if field.type == "boolean" else cell.typed
            changes[field.name] = f"CASE WHEN c.{cell.sent} THEN {empties} ELSE {before} END"
        stamps = {
            "LastModifiedDate": self._now,
            "SystemModstamp": self._now,
            "LastModifiedById": literal(write.user_id),
        }
        sets = ", ".join(f'"{name}" = {value}' for name, value in {**changes, **stamps}.items())
        self._cursor.run(
            f"UPDATE {write.sobject.table} t SET {sets} FROM (SELECT * FROM cur WHERE op = 'u') c WHERE t.\"Id\" = c.id"
        )
        self._cursor.run("INSERT INTO outcome SELECT n, id, false, NULL, NULL, NULL FROM cur WHERE op = 'u'")

    def _delete(self) -> None:
        self._cursor.run("CREATE OR REPLACE TEMP TABLE doomed AS SELECT DISTINCT id FROM cur")
        self._remove(self._write.sobject, "doomed", {self._write.sobject.name})
        self._cursor.run("INSERT INTO outcome SELECT n, id, false, NULL, NULL, NULL FROM cur")

    def _remove(self, sobject: SObject, doomed: str, above: set[str]) -> None:
        """Remove the records whose ids are in a table, and the children that go with them."""
        named = f'"Id" IN (SELECT id FROM {doomed})'
        if self._write.operation == "hardDelete":
            self._cursor.run(f"DELETE FROM {sobject.table} WHERE {named}")
        else:
            self._cursor.run(
                f'UPDATE {sobject.table} SET "IsDeleted" = true, "SystemModstamp" = {self._now} WHERE {named}'
            )
        for child, field in self._catalogue.children(sobject):
            if not field.cascade_delete or child.name in above:
                continue
            deeper = f"doomed_{child.name}"
            self._cursor.run(
                f'CREATE OR REPLACE TEMP TABLE "{deeper}" AS SELECT "Id" AS id FROM {child.table} '
                f'WHERE "{field.name}" IN (SELECT id FROM {doomed}) AND NOT "IsDeleted"'
            )
            if self._cursor.value(f'SELECT count(*) FROM "{deeper}"'):
                self._remove(child, f'"{deeper}"', above | {child.name})

    def _note_responses(self) -> None:
        """Keep the day on which a member's status first counted as a response."""
        self._cursor.run(
            f'UPDATE sf."CampaignMember" SET "FirstRespondedDate" = CAST({self._now} AS DATE) FROM outcome o, '
            'sf."CampaignMemberStatus" s WHERE "CampaignMember"."Id" = o.id AND o.code IS NULL '
            'AND "FirstRespondedDate" IS NULL AND s."CampaignId" = "CampaignMember"."CampaignId" '
            'AND lower(s."Label") = lower("CampaignMember"."Status") AND s."HasResponded" AND NOT s."IsDeleted"'
        )
