"""Reading somebody else's CSV: everything as text, and where it is broken, the line.

Knows nothing of what the columns mean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from scc.sandbox.problems import UnreadableError

__all__ = ["CsvText"]


class CsvText:
    """A file's records as columns of text. Raises UnreadableError for what is no CSV, with its line.

    The file may begin with a byte order mark; cells may hold line breaks; blank lines count for nothing. Blanks
    around the columns' names are taken away, those in cells are not.
    """

    def __init__(self, data: bytes, delimiter: str = ",") -> None:
        if len(delimiter) != 1:
            raise UnreadableError(f"the delimiter {delimiter!r} is not one character")
        self._data = data.removeprefix(b"\xef\xbb\xbf")
        self._delimiter = delimiter
        self.columns = self._read_header()
        self._check_records()
        self.table = self._read_table().rename_columns(self.columns)

    def line_of(self, record: int) -> int:
        """Return the line, from 1, on which a record, from 0, begins."""
        return next(line for number, (line, _) in enumerate(self._records(), -1) if number == record)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record, the header too, with the line it begins on."""
        try:
            text = self._data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = self._data.count(b"\n", 0, error.start) + 1
            raise UnreadableError(f"line {line}: this is not UTF-8; save the file as UTF-8") from None
        # Strict, since a quote that is never closed would else swallow the rest of the file.
        reader = csv.reader(StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        begins = 1
        try:
            for cells in reader:
                if cells:
                    yield begins, cells
                begins = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableError(f"line {begins}: {error}") from None

    def _read_header(self) -> list[str]:
        line, written = next(self._records(), (1, []))
        names = [name.strip() for name in written]
        if not any(names):
            raise UnreadableError(f"line {line}: expected a header, the names of the columns")
        for place, name in enumerate(names, 1):
            if not name:
                raise UnreadableError(f"line {line}: column {place} has no name")
            if name in names[: place - 1]:
                raise UnreadableError(f"line {line}: two columns are called {name!r}")
        return names

    def _check_records(self) -> None:
        for line, cells in self._records():
            if len(cells) != len(self.columns):
                raise UnreadableError(
                    f"line {line}: {len(cells)} cells where the header has {len(self.columns)}"
                )

    def _read_table(self) -> pa.Table:
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(self._data if self._data.endswith(b"\n") else self._data + b"\n"),
                parse_options=arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(next(self._records())[1], pa.string()),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise UnreadableError(f"the file can't be read: {error}") from None
