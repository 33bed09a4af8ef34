"""The tables behind the objects: one a sObject in schema `sf`, typed, with the columns of its stored fields.

Scratch tables (query cursors, staged rows, job results) are in schema `sf_work` and do not outlive the process.
Knows the catalogue and DuckDB, not HTTP. No table has a key or an index: DuckDB rewrites rows for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from scc.sandbox.database import Cursor
from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.catalogue import Catalogue
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject, sobject

_CUSTOM = "sf.custom_definition"


def empty(cursor: Cursor, catalogue: Catalogue) -> Catalogue:
    """Leave no record and no custom definition behind; returns the catalogue without those.

    Only tables that hold rows are made anew: most hold none, and a reset comes before every test.
    """
    cursor.run("DROP SCHEMA IF EXISTS sf_work CASCADE; CREATE SCHEMA sf_work")
    if cursor.value(f"SELECT count(*) FROM {_CUSTOM}"):
        cursor.run("DROP SCHEMA sf CASCADE")
        catalogue = Catalogue()
        create(cursor, catalogue)
        return catalogue
    filled = cursor.rows(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'sf' AND estimated_size > 0"
    )
    made = [catalogue.objects[name] for (name,) in filled if name in catalogue.objects]
    if made:
        cursor.run(";".join(f"DROP TABLE {each.table};{_create(each)}" for each in made))
    return catalogue


def create(cursor: Cursor, catalogue: Catalogue) -> bool:
    """Make what is missing, and read custom fields back into the catalogue; true when the database was empty."""
    cursor.run("DROP SCHEMA IF EXISTS sf_work CASCADE")
    cursor.run("CREATE SCHEMA sf_work")
    fresh = not cursor.rows("SELECT 1 FROM duckdb_schemas() WHERE schema_name = 'sf'")
    if fresh:
        cursor.run("CREATE SCHEMA sf")
        cursor.run(f"CREATE TABLE {_CUSTOM} (sobject VARCHAR, definition VARCHAR)")
    for macro in ids.MACROS:
        cursor.run(macro)
    _read_custom(cursor, catalogue)
    cursor.run(";".join(_create(each) for each in catalogue))
    return fresh


def _create(made: SObject) -> str:
    columns = [f'"{field.name}" {field.column_type}' for field in made.stored]
    if "IsDeleted" not in made.fields:
        columns.append('"IsDeleted" BOOLEAN')
    return f"CREATE TABLE IF NOT EXISTS {made.table} ({', '.join(columns)})"


def insert_row(cursor: Cursor, owner: SObject, row: Mapping[str, object]) -> None:
    """Insert one record as it is; quicker than loading a table of one."""
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    cursor.run(f"INSERT INTO {owner.table} ({names}) VALUES ({marks})", list(row.values()))


def add_custom_object(cursor: Cursor, made: SObject, fields: list[Field]) -> None:
    head = {"name": made.name, "prefix": made.prefix, "label": made.label, "plural": made.plural}
    definition = json.dumps(head | {"fields": [asdict(field) for field in fields]})
    cursor.run(f"INSERT INTO {_CUSTOM} VALUES (?, ?)", [made.name, definition])
    cursor.run(_create(made))


def add_custom_field(cursor: Cursor, owner: SObject, field: Field) -> None:
    cursor.run(f"INSERT INTO {_CUSTOM} VALUES (?, ?)", [owner.name, json.dumps({"field": asdict(field)})])
    cursor.run(f'ALTER TABLE {owner.table} ADD COLUMN "{field.name}" {field.column_type}')
    if field.type == "boolean":
        cursor.run(f'UPDATE {owner.table} SET "{field.name}" = {field.default == "true"}')


def _read_custom(cursor: Cursor, catalogue: Catalogue) -> None:
    for name, definition in cursor.rows(f"SELECT sobject, definition FROM {_CUSTOM} ORDER BY rowid"):
        raw = json.loads(definition)
        if "field" in raw:
            owner = catalogue.find(name)
            assert owner is not None
            owner.add(_field(raw["field"]))
        else:
            fields = [_field(each) for each in raw.pop("fields")]
            catalogue.add(sobject(raw.pop("name"), raw.pop("prefix"), fields, custom=True, **raw))


def _field(raw: dict[str, object]) -> Field:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    return Field(**values)  # type: ignore[arg-type]  # written by asdict above, so the types are the field's own


def highest_number(cursor: Cursor, made: SObject) -> int:
    """Return the largest counter in the ids of this sandbox's making, 0 without any."""
    highest = cursor.value(
        f'SELECT max("Id") FROM {made.table} WHERE substr("Id", 4, {len(ids.POD)}) = ?', [ids.POD]
    )
    return 0 if highest is None else ids.number_of(highest)
