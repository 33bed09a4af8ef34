"""Uploaded data on its way to a sync: files parsed into one table of text per definition (sources.md E2.9).

Each POST is a file. A value is null where its file lacks the column; what a JSON null or a blank says is "".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.csv

from scc.sandbox.database import Cursor, identifier, literal
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import BulkValidationError, EloquaError, failure, not_found
from scc.sandbox.eloqua.wire_times import bulk_time, duration, parse_bulk_time

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["LARGEST_UPLOAD", "Staging"]

LARGEST_UPLOAD = 32 * 1024 * 1024
MOST_FILES = 500
_LARGEST_OBJECT = 64 * 1024 * 1024


class Staging:
    def __init__(self, store: EloquaStore) -> None:
        self._store = store

    def add(self, document: Document, body: bytes, *, is_csv: bool) -> None:
        """Stage one file. Raises 404 past 32 MB, 413 past the quota, 400 past 500 files or for unreadable data."""
        if len(body) > LARGEST_UPLOAD:
            raise not_found()
        self._check_room(document, len(body))
        aliases = list(document["body"]["fields"])
        with self._store.state.cursor() as cursor:
            info = _read_csv(cursor, body, aliases) if is_csv else _read_json(cursor, body, aliases)
            with self._store.state.write_lock:
                self._check_room(document, len(body))
                self._append(cursor, document, len(aliases))
                info |= {"bytes": len(body), "at": bulk_time(self._store.state.clock.now())}
                document["files"].append(info)
                self._store.definitions.keep(document)

    def _append(self, cursor: Cursor, document: Document, width: int) -> None:
        table = _table(document)
        columns = ", ".join(f"f{index} VARCHAR" for index in range(width))
        cursor.run(f"CREATE TABLE IF NOT EXISTS {table} (n BIGINT, {columns})")
        before = cursor.value(f"SELECT coalesce(max(n), 0) FROM {table}")
        values = ", ".join(f"f{index}" for index in range(width))
        cursor.run(f"INSERT INTO {table} SELECT {before} + n, {values} FROM file ORDER BY n")

    def _check_room(self, document: Document, size: int) -> None:
        if len(document["files"]) >= MOST_FILES:
            raise BulkValidationError(
                [failure("", f"At most {MOST_FILES} files may be staged before a sync.")]
            )
        quota = self._store.options.staging_quota_mb * 1_000_000
        if quota and self.used() + size > quota:
            raise EloquaError(413)

    def used(self) -> int:
        """Return the bytes staged for all definitions."""
        definitions = self._store.documents.of_kinds("definitions/")
        return sum(file["bytes"] for _, document in definitions for file in document["files"])

    def take(self, document: Document, number: int) -> tuple[str, list[Document]]:
        """Hand what is staged over to sync `number`: its table (to be dropped) and files. Nothing staged: "" and []."""
        with self._store.state.write_lock, self._store.state.cursor() as cursor:
            self._drop_expired(document)
            files = list(document["files"])
            if not files:
                return "", []
            table = f"eloqua_syncing_{number}"
            cursor.run(f"ALTER TABLE {_table(document)} RENAME TO {table}")
            document["files"] = []
            self._store.definitions.keep(document)
            return table, files

    def delete(self, document: Document) -> None:
        """Drop what is staged for a definition."""
        with self._store.state.write_lock, self._store.state.cursor() as cursor:
            cursor.run(f"DROP TABLE IF EXISTS {_table(document)}")
            if document["files"]:
                document["files"] = []
                self._store.definitions.keep(document)

    def _drop_expired(self, document: Document) -> None:
        life = duration(document["body"].get("dataRetentionDuration", "")) or timedelta(days=7)
        files = document["files"]
        if files and parse_bulk_time(files[-1]["at"]) + life <= self._store.state.clock.now():
            self.delete(document)


def _table(document: Document) -> str:
    return f"eloqua_staged_{document['kind']}_{document['id']}"


def _read_json(cursor: Cursor, body: bytes, aliases: Sequence[str]) -> dict[str, Any]:
    """Read an array of flat objects into the temporary table `file`. Raises 400."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise _unreadable("Must be a JSON array of objects.")
    with _on_disk(body) as path:
        source = (
            f"read_json_objects({literal(path)}, format = 'array', maximum_object_size = {_LARGEST_OBJECT})"
        )
        try:
            cursor.run(f"CREATE TEMP TABLE raw AS SELECT json FROM {source}")
        except duckdb.Error:
            raise _unreadable("Must be a JSON array of objects in UTF-8.") from None
    if cursor.value("SELECT count(*) FROM raw WHERE json_type(json) <> 'OBJECT'"):
        raise _unreadable("Must be a JSON array of objects.")
    keys = "SELECT unnest(json_keys(json)) AS key FROM raw"
    counts: dict[str, int] = dict(cursor.rows(f"SELECT key, count(*) FROM ({keys}) GROUP BY key"))
    rows = int(cursor.value("SELECT count(*) FROM raw"))
    paths = ", ".join(literal(f'$."{alias.replace(chr(34), chr(92) + chr(34))}"') for alias in aliases)
    values = ", ".join(
        f"coalesce(v[{index + 1}], '') AS f{index}"
        if alias in counts
        else f"CAST(NULL AS VARCHAR) AS f{index}"
        for index, alias in enumerate(aliases)
    )
    cursor.run(
        f"CREATE TEMP TABLE file AS SELECT row_number() OVER () AS n, {values} "
        f"FROM (SELECT json_extract_string(json, [{paths}]) AS v FROM raw)"
    )
    extra = sorted(key for key in counts if key not in set(aliases))
    missing = [alias for alias in aliases if counts.get(alias, 0) < rows]
    return {"rows": rows, "extra": extra, "missing": missing, "malformed": 0}


def _read_csv(cursor: Cursor, body: bytes, aliases: Sequence[str]) -> dict[str, Any]:
    """Read a table with a header line into the temporary table `file`. Raises 400."""
    try:
        header = next(csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline="")), [])
        body.decode()
    except (csv.Error, UnicodeDecodeError):
        raise _unreadable("Must be CSV in UTF-8 with a header line.") from None
    if not header or len(set(header)) < len(header):
        raise _unreadable("Must have a header line with each name once.")
    malformed: list[int | None] = []

    def skip(row: Any) -> str:
        malformed.append(row.number)
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(body if body.endswith(b"\n") else body + b"\n"),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException:
        raise _unreadable("Must be CSV in UTF-8 with a header line.") from None
    values = ", ".join(
        f"{identifier(alias) if alias in header else 'CAST(NULL AS VARCHAR)'} AS f{index}"
        for index, alias in enumerate(aliases)
    )
    with cursor.table("eloqua_upload", table):
        cursor.run(f"CREATE TEMP TABLE file AS SELECT row_number() OVER () AS n, {values} FROM eloqua_upload")
    extra = [name for name in header if name not in aliases]
    missing = [alias for alias in aliases if alias not in header]
    return {"rows": table.num_rows, "extra": extra, "missing": missing, "malformed": len(malformed)}


@contextmanager
def _on_disk(body: bytes) -> Iterator[str]:
    with NamedTemporaryFile(prefix="scc-sandbox-", suffix=".json", delete=False) as file:
        file.write(body)
    try:
        yield file.name
    finally:
        Path(file.name).unlink()


def _unreadable(constraint: str) -> BulkValidationError:
    return BulkValidationError([failure("data", constraint)])
