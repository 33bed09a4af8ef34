"""Loading records that nobody here made up: a CSV file and a mapping of its columns, all or nothing.

What is wrong is said with the column and the line; values, which may be personal, are never repeated.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scc.sandbox.csv_text import CsvText
from scc.sandbox.database import Cursor, identifier
from scc.sandbox.load_targets import Target, TargetField, find_target, near
from scc.sandbox.problems import UnreadableError
from scc.sandbox.state import State

__all__ = ["Loaded", "load_csv", "routes"]

_TYPED = {
    "number": "TRY_CAST(trim({v}) AS DOUBLE)",
    "boolean": "CASE WHEN lower(trim({v})) IN ('true', 'yes', 'y', '1') THEN TRUE "
    "WHEN lower(trim({v})) IN ('false', 'no', 'n', '0') THEN FALSE END",
    "date": "coalesce(TRY_CAST(trim({v}) AS DATE), try_strptime(trim({v}), ['%Y%m%d', '%m/%d/%Y'])::DATE)",
    "datetime": "coalesce(TRY_CAST(trim({v}) AS TIMESTAMPTZ) AT TIME ZONE 'UTC', "
    "try_strptime(trim({v}), ['%Y%m%d', '%m/%d/%Y', '%m/%d/%Y %H:%M:%S']))",
}
_EXAMPLES = {"number": "12.5", "boolean": "true", "date": "2026-01-31", "datetime": "2026-01-31 12:00:00"}


@dataclass(frozen=True)
class Loaded:
    """`fields` says for each column (or template) that was used the field it went to."""

    title: str
    rows: int
    fields: Mapping[str, str]
    ignored: list[str]


def load_csv(
    state: State,
    what: str,
    data: bytes,
    *,
    columns: Mapping[str, str] | None = None,
    templates: Mapping[str, str] | None = None,
    delimiter: str = ",",
) -> Loaded:
    """Load a file into `what` (see `load_targets.KNOWN`).

    `columns` maps a column to a field; a column that is called like a field needs no mapping, any other is left
    out. `templates` maps a field to a text with columns in braces: {"C_EmailAddress": "{rec_id}@people.example"}.
    Raises UnreadableError, with nothing loaded.
    """
    target = find_target(state, what)
    text = CsvText(data, delimiter)
    sources = _sources(target, text, columns or {}, templates or {})
    read = pa.table({field: sources[field].values for field in sources})
    with state.write_lock, state.cursor() as cursor, cursor.table("records_to_load", read):
        _check_required(cursor, target, text, sources)
        _check_unique(cursor, target, text, sources)
        table = pa.table({name: _typed(cursor, target.fields[name], text, sources) for name in sources})
        target.load(table)
    used = {source.label: field for field, source in sources.items()}
    ignored = [
        name for name in text.columns if not any(name in source.columns for source in sources.values())
    ]
    return Loaded(target.title, table.num_rows, used, ignored)


@dataclass(frozen=True)
class _Source:
    label: str
    columns: tuple[str, ...]
    values: pa.ChunkedArray


def _sources(
    target: Target, text: CsvText, columns: Mapping[str, str], templates: Mapping[str, str]
) -> dict[str, _Source]:
    """Say for each field where its values come from. The same field twice is refused."""
    sources: dict[str, _Source] = {}

    def add(name: str, source: _Source) -> None:
        field = target.field(name)
        if field is None:
            raise UnreadableError(
                f"{source.label}: {target.title} have no field {name!r}; {near(name, target.fields)}"
            )
        if field.name in sources:
            raise UnreadableError(
                f"{field.name} is filled twice: by {sources[field.name].label} and by {source.label}"
            )
        sources[field.name] = source

    for column, name in columns.items():
        add(name, _column(text, column))
    for name, template in templates.items():
        add(name, _filled(text, template))
    for column in text.columns:
        field = target.field(column)
        if field is not None and column not in columns and field.name not in sources:
            add(field.name, _column(text, column))
    if not sources:
        raise UnreadableError(
            f"no column goes to a field of {target.title}; the file has {', '.join(text.columns)}"
        )
    return sources


def _column(text: CsvText, name: str) -> _Source:
    if name not in text.columns:
        raise UnreadableError(f"the file has no column {name!r}; {near(name, text.columns)}")
    return _Source(f"column {name!r}", (name,), text.table[name])


def _filled(text: CsvText, template: str) -> _Source:
    parts: list[object] = []
    names: list[str] = []
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise UnreadableError(f"template {template!r}: {error}") from None
    for literal, name, _, _ in pieces:
        parts.append(literal)
        if name is not None:
            names.append(name)
            parts.append(pc.fill_null(_column(text, name).values, ""))
    if not names:
        parts.append(pa.chunked_array([pa.array([""] * text.table.num_rows, pa.string())]))
    return _Source(f"template {template!r}", tuple(names), pc.binary_join_element_wise(*parts, ""))


def _check_required(cursor: Cursor, target: Target, text: CsvText, sources: Mapping[str, _Source]) -> None:
    for field in target.fields.values():
        if not field.required:
            continue
        if field.name not in sources:
            raise UnreadableError(f"{target.title} need {field.name}, and no column goes there")
        _refuse_first(
            cursor,
            text,
            f"trim({identifier(field.name)}) = ''",
            f"{sources[field.name].label}: {field.name} must not be blank",
        )


def _check_unique(cursor: Cursor, target: Target, text: CsvText, sources: Mapping[str, _Source]) -> None:
    if target.unique not in sources:
        return
    value = f"lower(trim({identifier(target.unique)}))"
    label = sources[target.unique].label
    twice = cursor.row(
        f"SELECT min(n), max(n) FROM (SELECT {value} AS v, row_number() OVER () - 1 AS n FROM records_to_load) "
        "WHERE v <> '' GROUP BY v HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )
    if twice:
        raise UnreadableError(
            f"line {text.line_of(twice[1])}, {label}: the same {target.unique} as on line {text.line_of(twice[0])}"
        )
    _refuse_first(
        cursor,
        text,
        f"{value} <> '' AND {value} IN ({target.taken})",
        f"{label}: a record with this {target.unique} is there already",
    )


def _typed(
    cursor: Cursor, field: TargetField, text: CsvText, sources: Mapping[str, _Source]
) -> pa.ChunkedArray:
    """Return a field's values in its type; blank ones are null."""
    column, label = identifier(field.name), sources[field.name].label
    if field.kind == "text":
        if field.length:
            reason = f"{label}: more than the {field.length} characters of {field.name}"
            _refuse_first(cursor, text, f"length({column}) > {field.length}", reason)
        return cursor.arrow(f"SELECT nullif({column}, '') AS v FROM records_to_load")["v"]
    typed = _TYPED[field.kind].format(v=column)
    reason = f"{label}: {field.name} takes a {field.kind}, such as {_EXAMPLES[field.kind]}"
    _refuse_first(cursor, text, f"trim({column}) <> '' AND ({typed}) IS NULL", reason)
    return cursor.arrow(f"SELECT {typed} AS v FROM records_to_load")["v"]


def _refuse_first(cursor: Cursor, text: CsvText, condition: str, reason: str) -> None:
    number = cursor.value(
        f"SELECT min(n) FROM (SELECT *, row_number() OVER () - 1 AS n FROM records_to_load) WHERE {condition}"
    )
    if number is not None:
        raise UnreadableError(f"line {text.line_of(number)}, {reason}")


def routes(state: State) -> list[Route]:
    """`POST /_sandbox/load/WHAT?column.NAME=FIELD&template.FIELD=TEXT`, with the file as the body."""

    async def endpoint(request: Request) -> Response:
        query = request.query_params
        data = await request.body()
        try:
            loaded = await run_in_threadpool(
                load_csv,
                state,
                request.path_params["what"],
                data,
                columns=_prefixed(query, "column."),
                templates=_prefixed(query, "template."),
                delimiter=query.get("delimiter", ","),
            )
        except UnreadableError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(
            {"title": loaded.title, "rows": loaded.rows, "fields": loaded.fields, "ignored": loaded.ignored}
        )

    return [Route("/_sandbox/load/{what:path}", endpoint, methods=["POST"])]


def _prefixed(query: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in query.items() if name.startswith(prefix)}
