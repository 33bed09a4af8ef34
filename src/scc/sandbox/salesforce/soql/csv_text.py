"""The rows of a plan as lines of CSV, made by DuckDB: no value passes through Python.

Every field in quotes, null as `""`, datetimes with a Z, as bulk results have them (sandbox-salesforce.md 3).
"""

from __future__ import annotations

from collections.abc import Sequence

from scc.sandbox.salesforce.soql.plan import Plan

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def header(plan: Plan, delimiter: str, ending: str) -> str:
    """Return the header line, its paths dotted (`"Owner.Name"`)."""
    return delimiter.join(f'"{".".join(output.path)}"' for output in plan.outputs) + ending


def lines_sql(plan: Plan, delimiter: str, ending: str) -> str:
    """Return SQL that yields one column, `line`, with the plan's parameters."""
    cells = [text_sql(f"c{place}", output.type) for place, output in enumerate(plan.outputs)]
    return f"SELECT {line_sql(cells, delimiter, ending)} AS line FROM ({plan.sql})"


def line_sql(cells: Sequence[str], delimiter: str, ending: str) -> str:
    """Return SQL for one line out of SQL for its cells (text, maybe null)."""
    quoted = f", '\"{delimiter}\"', ".join(_escaped(cell) for cell in cells)
    return f"""concat('"', {quoted}, '"', {_characters(ending)})"""


def text_sql(sql: str, kind: str) -> str:
    """Return SQL for a value as text."""
    if kind == "datetime":
        return f"strftime({sql}, '%Y-%m-%dT%H:%M:%S.000Z')"
    if kind == "time":
        return f"CAST({sql} AS VARCHAR) || '.000Z'"
    return f"CAST({sql} AS VARCHAR)"


def _escaped(cell: str) -> str:
    return f"""replace(coalesce({cell}, ''), '"', '""')"""


def _characters(text: str) -> str:
    return " || ".join(f"chr({ord(char)})" for char in text)
