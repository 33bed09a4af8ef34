"""Writing what an import's rules let through: updates and creates, set by set, and what hangs on them.

Reads `import_rows`, `import_values` and `import_rejects`; makes `import_matches` (n, id, is_new).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scc.sandbox.database import Cursor, identifier, literal
from scc.sandbox.eloqua import loading
from scc.sandbox.eloqua.entities import CONTACTS, EMAILS
from scc.sandbox.eloqua.import_plan import Plan
from scc.sandbox.eloqua.statements import parse_statement
from scc.sandbox.eloqua.sync_logs import log_line

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Writes"]


class Writes:
    def __init__(self, store: EloquaStore, cursor: Cursor, plan: Plan) -> None:
        self._store = store
        self._cursor = cursor
        self._plan = plan
        self._now = f"TIMESTAMP '{store.state.clock.naive().isoformat(sep=' ')}'"
        self._user = literal(store.state.credentials.eloqua.user)
        self._linked = 0

    def run(self) -> None:
        self._assign()
        if self._plan.is_action:
            return
        if self._plan.entity.kind == "emailAddresses":
            self._create_addresses()
            return
        self._update()
        self._create()
        match self._plan.entity.kind:
            case "contacts":
                loading.remember_addresses(self._cursor, self._now)
                self._write_email_state()
            case "customObjects":
                self._follow_unique_field()
                self._map_cards()

    def logs(self) -> list[dict[str, Any]]:
        if self._plan.is_action:
            return []
        target = self._plan.target
        created, updated = (
            int(self._cursor.value(f"SELECT count(*) FROM import_matches WHERE {is_new} is_new"))
            for is_new in ("", "NOT")
        )
        lines = [log_line(target.created_code, count=created)]
        if target.updated_code != target.created_code:
            lines.append(log_line(target.updated_code, count=updated))
        if self._linked:
            lines.append(log_line("ELQ-00025", count=self._linked))
        return lines

    def _assign(self) -> None:
        """Give ids to what will be created."""
        live = "SELECT n, id FROM import_rows WHERE n NOT IN (SELECT n FROM import_rejects WHERE NOT is_kept)"
        if self._plan.entity.kind == "emailAddresses":
            self._cursor.run(
                f"CREATE TEMP TABLE import_matches AS SELECT n, coalesce(id, v.k) AS id, id IS NULL AS is_new "
                f"FROM ({live}) JOIN import_values v USING (n)"
            )
            return
        new = int(self._cursor.value(f"SELECT count(*) FROM ({live}) WHERE id IS NULL"))
        first = self._store.state.counters.take(f"eloqua.{self._plan.entity.table}", new) if new else 0
        self._cursor.run(
            f"CREATE TEMP TABLE import_matches AS SELECT n, id, FALSE AS is_new FROM ({live}) WHERE id IS NOT NULL "
            f"UNION ALL SELECT n, {first} + row_number() OVER (ORDER BY n) - 1, TRUE FROM ({live}) WHERE id IS NULL"
        )

    def _written(self) -> list[tuple[int, str]]:
        """Return the columns that an import writes, with their places in the definition."""
        return [
            (index, column.stored)
            for index, column in enumerate(self._plan.columns)
            if column.stored is not None and self._plan.given[index]
        ]

    def _update(self) -> None:
        changes = [f'"updatedAt" = {self._now}', f'"updatedBy" = {self._user}']
        written = [(index, name) for index, name in self._written() if name != "externalId"]
        changes += [f"{identifier(name)} = {self._updated(index, name)}" for index, name in written]
        self._cursor.run(
            f"UPDATE {self._plan.entity.table} AS r SET {', '.join(changes)} "
            f"FROM (SELECT m.id AS matched, v.* FROM import_matches m JOIN import_values v USING (n) "
            f"WHERE NOT m.is_new) AS p WHERE r.id = p.matched"
        )

    def _updated(self, index: int, name: str) -> str:
        """Return the new value: kept where the file lacks the column, the value is none, or the rule says so."""
        old, new = f"r.{identifier(name)}", f"p.v{index}"
        if name in (self._plan.target.required, self._plan.target.unique):
            return f"coalesce({new}, {old})"
        match self._plan.rule(index):
            case "ifNewIsNotNull":
                return f"coalesce({new}, {old})"
            case "ifExistingIsNull":
                return f"coalesce({old}, {new})"
            case _:
                return f"CASE WHEN {new} IS NULL AND p.b{index} IS NOT TRUE THEN {old} ELSE {new} END"

    def _create(self) -> None:
        entity = self._plan.entity
        values = {"id": "m.id", **{name: f"v.v{index}" for index, name in self._written()}}
        if entity.kind == "activities":
            values = {"createdAt": self._now, **values}
        else:
            values |= {
                "createdAt": self._now,
                "updatedAt": self._now,
                "createdBy": self._user,
                "updatedBy": self._user,
            }
        names = ", ".join(identifier(name) for name in values)
        self._cursor.run(
            f"INSERT INTO {entity.table} ({names}) SELECT {', '.join(values.values())} "
            f"FROM import_matches m JOIN import_values v USING (n) WHERE m.is_new ORDER BY m.id"
        )

    def _create_addresses(self) -> None:
        self._cursor.run(
            f"""INSERT INTO {EMAILS} BY NAME
            SELECT DISTINCT id AS address, TRUE AS "isSubscribed", FALSE AS "isBounced", {self._now} AS "subscriptionDate"
            FROM import_matches WHERE is_new"""
        )

    def _write_email_state(self) -> None:
        """Bounce and subscription, which belong to the address (sources.md E3.4)."""
        dates = {
            "isBounced": ("bouncebackDate", "bouncebackDate"),
            "isSubscribed": ("subscriptionDate", "unsubscriptionDate"),
        }
        for index, column in enumerate(self._plan.columns):
            if column.email_state is None or not self._plan.given[index]:
                continue
            state = identifier(column.email_state)
            changes = f"{state} = p.v"
            if column.email_state in dates:
                yes, no = dates[column.email_state]
                changes += f', "{yes}" = CASE WHEN p.v THEN {self._now} ELSE e."{yes}" END'
                changes += "" if yes == no else f', "{no}" = CASE WHEN p.v THEN e."{no}" ELSE {self._now} END'
            self._cursor.run(
                f"""UPDATE {EMAILS} AS e SET {changes} FROM (
                SELECT DISTINCT ON (c.id) lower(c."C_EmailAddress") AS address, v.v{index} AS v
                FROM import_matches m JOIN import_values v USING (n) JOIN {CONTACTS} c ON c.id = m.id
                WHERE v.v{index} IS NOT NULL) AS p
                WHERE e.address = p.address AND e.{state} IS DISTINCT FROM p.v"""
            )

    def _follow_unique_field(self) -> None:
        """A record's ExternalId is its unique field's value, or made of its id."""
        document = self._store.custom_object(self._plan.entity.id)[1]
        made = self._store.external_id_sql(document)
        whose = "SELECT id FROM import_matches" + (
            " WHERE is_new" if self._plan.target.unique is None else ""
        )
        self._cursor.run(f'UPDATE {self._plan.entity.table} SET "externalId" = {made} WHERE id IN ({whose})')

    def _map_cards(self) -> None:
        """Link records to contacts or accounts by a field of theirs, where the definition asks for it."""
        body = self._plan.body
        if body.get("mapDataCards") is not True:
            return
        is_contact = str(body.get("mapDataCardsEntityType", "Contact")).lower() == "contact"
        other = self._store.catalogue.standard("contacts" if is_contact else "accounts")
        column = self._store.resolve(other, parse_statement(body["mapDataCardsEntityField"]))
        source = self._plan.aliases.index(body["mapDataCardsSourceField"])
        link = '"contactId"' if is_contact else '"accountId"'
        fold = "trim({})" if body.get("mapDataCardsCaseSensitiveMatch") is True else "lower(trim({}))"
        theirs, ours = (
            fold.format(f"CAST({column.sql} AS VARCHAR)"),
            fold.format(f"CAST(v.v{source} AS VARCHAR)"),
        )
        pairs = (
            f"SELECT m.id, min(other.id) AS other FROM import_matches m JOIN import_values v USING (n) JOIN ("
            f"SELECT r.id, {theirs} AS k FROM {other.table} r {' '.join(column.joins)}) other ON other.k = {ours} "
            f"GROUP BY m.id"
        )
        self._linked = int(self._cursor.value(f"SELECT count(*) FROM ({pairs})"))
        self._cursor.run(
            f"UPDATE {self._plan.entity.table} AS t SET {link} = p.other FROM ({pairs}) AS p WHERE t.id = p.id"
        )
