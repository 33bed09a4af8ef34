"""What commands print on standard output: tables, headings, JSON. Data is never read as markup."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "ARROW",
    "Cell",
    "Styled",
    "count",
    "facts",
    "heading",
    "line",
    "mask",
    "print_json",
    "size",
    "state",
    "table",
]


class Styled(NamedTuple):
    text: str
    style: str


Cell: TypeAlias = str | Styled

_STATES = {
    "done": "green",
    "nothing-to-do": "green",
    "planned": "cyan",
    "running": "cyan",
    "stopped": "yellow",
    "failed": "red",
    "interrupted": "yellow",
    "lost": "red",
    "applied": "green",
    "rejected": "red",
    "skipped": "dim",
    "ok": "green",
}
ARROW = "→" if (sys.stdout.encoding or "").lower().startswith("utf") else "->"
_EMAIL = re.compile(r"([^\s@<>\"',;:]+)@([^\s@<>\"',;:]+)")


def state(text: str) -> Styled:
    """A run's state, an outcome or a verdict, in its colour."""
    return Styled(text, _STATES.get(text, ""))


def mask(text: str) -> str:
    """Hide the addresses in a text: `jane@example.com` becomes `j***@example.com`."""
    return _EMAIL.sub(lambda found: f"{found[1][0]}***@{found[2]}", text)


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 change", "20,000 changes"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(bytes_: int) -> str:
    """An amount of data as people say it: "0.3 MB", "1,204.0 MB"."""
    return f"{bytes_ / 1e6:,.1f} MB"


def print_json(data: object) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def line(*cells: Cell) -> None:
    """Print cells one after the other, each in its own style."""
    if sys.stdout.isatty():
        from rich.text import Text

        # Left to the terminal to break: a command that is printed here must stay one line to copy.
        _console().print(Text.assemble(*(_styled(cell) for cell in cells)), soft_wrap=True)
    else:
        click.echo("".join(_plain(cell) for cell in cells).rstrip())


def heading(text: str) -> None:
    line()
    line(Styled(text, "bold"))


def facts(pairs: Mapping[str, Cell]) -> None:
    """Names and values in two columns, without a header."""
    table((), [[Styled(name, "dim"), value] for name, value in pairs.items()])


def table(headers: Sequence[str], cells: Iterable[Sequence[Cell]], *, right: Iterable[str] = ()) -> None:
    """Print rows below headers; the columns named in `right` are numbers.

    A column that is empty in every row is left out.
    """
    rows = [list(row) for row in cells]
    if headers:
        used = [at for at, _ in enumerate(headers) if any(_plain(row[at]) for row in rows)]
        headers, rows = [headers[at] for at in used], [[row[at] for at in used] for row in rows]
    numeric = [name in set(right) for name in headers]
    if sys.stdout.isatty():
        _rich_table(headers, rows, numeric)
    else:
        _plain_table(headers, rows, numeric)


def _plain_table(headers: Sequence[str], rows: list[list[Cell]], numeric: list[bool]) -> None:
    texts = [[_plain(cell) for cell in row] for row in rows]
    everything = [list(headers), *texts] if headers else texts
    if not everything:
        return
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    for row in everything:
        cells = [
            text.rjust(width) if at < len(numeric) and numeric[at] else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def _rich_table(headers: Sequence[str], rows: list[list[Cell]], numeric: list[bool]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=None, show_header=bool(headers), header_style="dim", pad_edge=False, padding=(0, 2, 0, 0)
    )
    for at in range(len(headers) or len(rows[0] if rows else ())):
        is_number = at < len(numeric) and numeric[at]
        grid.add_column(
            headers[at] if headers else "",
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*(Text(*_styled(cell)) for cell in row))
    _console().print(grid)


def _plain(cell: Cell) -> str:
    """The text of a cell on one line, free of anything that a terminal would obey."""
    text = cell.text if isinstance(cell, Styled) else cell
    return "".join(one if one.isprintable() else " " for one in text)


def _styled(cell: Cell) -> tuple[str, str]:
    return _plain(cell), cell.style if isinstance(cell, Styled) else ""


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)
