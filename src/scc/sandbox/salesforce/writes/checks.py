"""What the vendor checks of every record, whatever its object: as SELECTs of problems over the rows at hand.

A SELECT yields n (the row), seq (the order of checks: the first problem of a row is told), code, message, fields.
Words and codes: sandbox-salesforce.md 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scc.sandbox.database import literal
from scc.sandbox.salesforce.catalogue import Catalogue
from scc.sandbox.salesforce.catalogue.kinds import Field
from scc.sandbox.salesforce.writes.cells import Cell, folded
from scc.sandbox.salesforce.writes.request import Write

_EMAIL = r"[^@\s,;<>()\[\]]+@[^@\s,;<>()\[\]]+\.[^@\s.,;<>()\[\]]{2,}"
_JSON_WORDS = "or request may be missing a required field at [line:1, column:1]"


def problem(
    seq: int, where: str, code: str, message: str, fields: Iterable[str] | None, source: str = "cur"
) -> str:
    """Return a SELECT of problems; `message` is SQL, `where` says which rows have it."""
    listed = "NULL::VARCHAR[]" if fields is None else f"[{', '.join(map(literal, fields))}]::VARCHAR[]"
    return (
        f"SELECT n, {seq} AS seq, {literal(code)} AS code, {message} AS message, {listed} AS fields "
        f"FROM {source} WHERE {where}"
    )


def target_checks(write: Write) -> Iterator[str]:
    """Is there the record that a row names?"""
    key = write.key
    if key is None:
        return
    name = key.field.name
    if write.operation == "upsert":
        yield from _upsert_checks(write, key)
        return
    verb = "delete" if write.deletes else "update"
    wrong = f"{key.text} IS NOT NULL AND id IS NULL AND NOT {_is_id_of(key.text, [write.sobject.prefix])}"
    malformed = f"'Record ID: id value of incorrect type: ' || {key.text}"
    yield problem(
        0, f"{key.text} IS NULL", "MISSING_ARGUMENT", literal(f"Id not specified in an {verb} call"), ()
    )
    yield problem(1, wrong, "MALFORMED_ID", malformed, (name,))
    unknown = f"{key.typed} IS NOT NULL AND id IS NULL"
    yield problem(2, unknown, "INVALID_CROSS_REFERENCE_KEY", "'invalid cross reference id'", ())
    yield problem(3, "gone", "ENTITY_IS_DELETED", "'entity is deleted'", ())
    if not write.deletes:
        message = f"'duplicate id in list: ' || {key.typed}"
        yield problem(4, "occurrence > 1", "DUPLICATE_VALUE", message, ("Id",))


def _upsert_checks(write: Write, key: Cell) -> Iterator[str]:
    name = key.field.name
    if name == "Id":
        malformed = f"'Record ID: id value of incorrect type: ' || {key.text}"
        wrong = f"{key.text} IS NOT NULL AND id IS NULL AND NOT {_is_id_of(key.text, [write.sobject.prefix])}"
        yield problem(1, wrong, "MALFORMED_ID", malformed, ("Id",))
        unknown = f"{key.typed} IS NOT NULL AND id IS NULL"
        yield problem(2, unknown, "INVALID_CROSS_REFERENCE_KEY", "'invalid cross reference id'", ())
        yield problem(3, "gone", "ENTITY_IS_DELETED", "'entity is deleted'", ())
    else:
        yield problem(0, f"{key.text} IS NULL", "MISSING_ARGUMENT", literal(f"{name} not specified"), ())
        held = folded(f'h."{name}"', key.field)
        listed = (
            f'(SELECT string_agg(h."Id", \', \' ORDER BY h."Id") FROM {write.sobject.table} h '
            f'WHERE NOT h."IsDeleted" AND CAST({held} AS VARCHAR) = cur.key)'
        )
        several = f"'{name}: more than one record found for external id field: [' || {listed} || ']'"
        yield problem(2, "found > 1", "DUPLICATE_EXTERNAL_ID", several, (name,))
        doubled = f"'Duplicate external id specified: ' || {key.text}"
        yield problem(3, "occurrence > 1", "DUPLICATE_VALUE", doubled, (name,))
    if write.update_only:
        yield problem(4, "id IS NULL", "NOT_FOUND", "'The requested resource does not exist'", None)


def value_checks(write: Write, catalogue: Catalogue) -> Iterator[str]:
    """Are the values such that the fields can take them?"""
    yield from _access(write)
    for cell in write.written:
        field = cell.field
        if cell.lookup is not None and cell.parent is not None:
            words = f"'Foreign key external ID: ' || lower({cell.text}) || ' not found for field {cell.lookup.name} in entity {cell.parent.name}'"
            yield problem(
                20, f"{cell.text} IS NOT NULL AND {cell.column}_id IS NULL", "INVALID_FIELD", words, ()
            )
        elif field.type == "reference":
            yield from _reference(cell, catalogue)
        elif not field.is_text and field.type != "id":
            yield _senseless(cell, as_json=write.as_json)
        else:
            yield from _text(cell)
    yield from _required(write)


def _access(write: Write) -> Iterator[str]:
    def refused(cell: Cell) -> str:
        ops = [
            op for op, allowed in (("c", cell.field.createable), ("u", cell.field.updateable)) if not allowed
        ]
        return f"{cell.sent} AND op IN ({', '.join(map(literal, ops))})" if ops else ""

    found = [
        (cell.field.name, refused(cell)) for cell in write.written if cell is not write.key and refused(cell)
    ]
    if not found:
        return
    names = ", ".join(f"CASE WHEN {where} THEN {literal(name)} END" for name, where in found)
    listed = f"list_filter([{names}], lambda name: name IS NOT NULL)"
    message = (
        f"'Unable to create/update fields: ' || array_to_string({listed}, ', ') || '. Please check the security "
        "settings of this field and verify that it is read/write for your profile or permission set.'"
    )
    yield (
        f"SELECT n, 10 AS seq, 'INVALID_FIELD_FOR_INSERT_UPDATE' AS code, {message} AS message, {listed} AS fields "
        f"FROM cur WHERE {' OR '.join(f'({where})' for _, where in found)}"
    )


def _senseless(cell: Cell, *, as_json: bool) -> str:
    field = cell.field
    if as_json:
        kind = {"datetime": "datetime", "int": "int"}.get(field.type, field.type)
        words = f"'Cannot deserialize instance of {kind} from VALUE_STRING value ' || {cell.text} || ' {_JSON_WORDS}'"
        return problem(5, cell.senseless, "JSON_PARSER_ERROR", words, None)
    words = f"{literal(field.label + ': value not of required type: ')} || {cell.text}"
    return problem(5, cell.senseless, "INVALID_TYPE_ON_FIELD_IN_RECORD", words, (field.name,))


def _text(cell: Cell) -> Iterator[str]:
    field, text = cell.field, cell.text
    label = literal(f"{field.label}: ")
    if field.length and field.type != "id":
        words = f"{label} || 'data value too large: ' || {text} || ' (max length={field.length})'"
        yield problem(22, f"length({text}) > {field.length}", "STRING_TOO_LONG", words, (field.name,))
    if field.type == "email":
        words = f"{label} || 'invalid email address: ' || {text}"
        where = f"NOT regexp_full_match({text}, '{_EMAIL}')"
        yield problem(21, where, "INVALID_EMAIL_ADDRESS", words, (field.name,))
    if field.restricted and field.values:
        words = f"{label} || 'bad value for restricted picklist field: ' || {text}"
        where = f"lower({text}) NOT IN ({', '.join(literal(value.lower()) for value in field.values)})"
        yield problem(23, where, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, (field.name,))


def _reference(cell: Cell, catalogue: Catalogue) -> Iterator[str]:
    targets = [found for found in map(catalogue.find, cell.field.refers_to) if found is not None]
    live = " UNION ALL ".join(f'SELECT "Id" FROM {target.table} WHERE NOT "IsDeleted"' for target in targets)
    unknown = f"{cell.text} IS NOT NULL AND coalesce({cell.typed}, '') NOT IN (SELECT \"Id\" FROM ({live}))"
    known = _is_id_of(cell.text, [target.prefix for target in targets])
    words = f"{literal(cell.field.label + ': id value of incorrect type: ')} || {cell.text}"
    yield (
        f"SELECT n, 24 AS seq, CASE WHEN fits THEN 'INVALID_CROSS_REFERENCE_KEY' ELSE 'MALFORMED_ID' END AS code, "
        f"CASE WHEN fits THEN 'invalid cross reference id' ELSE {words} END AS message, "
        f"CASE WHEN fits THEN []::VARCHAR[] ELSE [{literal(cell.field.name)}] END AS fields "
        f"FROM (SELECT *, {known} AS fits FROM cur WHERE {unknown})"
    )


def _is_id_of(text: str, prefixes: Iterable[str]) -> str:
    """Return SQL for whether a text is an id of objects with these prefixes, check characters and all."""
    listed = ", ".join(map(literal, prefixes))
    return f"(sf.id18({text}) IS NOT NULL AND substr({text}, 1, 3) IN ({listed}))"


def _required(write: Write) -> Iterator[str]:
    missing: list[tuple[str, str]] = []
    for field in write.sobject.fields.values():
        cells = [cell for cell in write.cells if cell.field is field]
        if field.required and (write.operation != "update"):
            sent = " AND ".join(f"{cell.text} IS NULL" for cell in cells)
            missing.append((field.name, f"op = 'c'{' AND ' + sent if sent else ''}"))
        if not field.nillable and field.type != "boolean" and cells:
            emptied = " OR ".join(cell.emptied for cell in cells if cell is not write.key)
            if emptied:
                missing.append((field.name, f"op = 'u' AND ({emptied})"))
    if not missing:
        return
    names = ", ".join(f"CASE WHEN {where} THEN {literal(name)} END" for name, where in missing)
    listed = f"list_filter([{names}], lambda name: name IS NOT NULL)"
    message = f"'Required fields are missing: [' || array_to_string({listed}, ', ') || ']'"
    yield (
        f"SELECT n, 15 AS seq, 'REQUIRED_FIELD_MISSING' AS code, {message} AS message, {listed} AS fields "
        f"FROM cur WHERE {' OR '.join(f'({where})' for _, where in missing)}"
    )


def unique_checks(write: Write) -> Iterator[str]:
    """Does another record, or an earlier row, hold a value that must be unique?"""
    for cell in write.written:
        if cell.field.unique and not (cell is write.key and write.operation == "upsert"):
            yield from _unique(write, cell.field, cell)


def _unique(write: Write, field: Field, cell: Cell) -> Iterator[str]:
    value = folded(cell.typed, field)
    held = folded(f'h."{field.name}"', field)
    source = (
        f'(SELECT c.n, h."Id" AS holder FROM cur c JOIN {write.sobject.table} h ON {held} = {value} '
        'WHERE NOT h."IsDeleted" AND h."Id" IS DISTINCT FROM c.id)'
    )
    words = (
        f"'duplicate value found: {field.name} duplicates value on record with id: ' || substr(holder, 1, 15)"
    )
    yield problem(40, "true", "DUPLICATE_VALUE", words, (), source)
    doubled = f"(SELECT n, row_number() OVER (PARTITION BY {value} ORDER BY n) AS place FROM cur WHERE {cell.text} IS NOT NULL)"
    words = literal(f"duplicate value found: {field.name} duplicates value on record with id: <unknown>")
    yield problem(41, "place > 1", "DUPLICATE_VALUE", words, (), doubled)


def forced_checks(write: Write) -> Iterator[str]:
    """The rows that a fault has fail."""
    if write.forced is not None:
        found = write.forced.problem
        rows = f"(SELECT n FROM cur ORDER BY n LIMIT {write.forced.rows})"
        yield problem(-1, "true", found.code, literal(found.message), found.fields or (), rows)
