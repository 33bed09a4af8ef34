"""What a write is asked to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import Problem
from scc.sandbox.salesforce.writes.cells import Cell

Operation = Literal["insert", "update", "upsert", "delete", "hardDelete"]

CHUNK = 200
"""Rows that the vendor handles together; a key twice in one chunk is an error, in two it is two writes."""


@dataclass(frozen=True, slots=True)
class Forced:
    """Rows that fail because a fault says so: the first `rows` of them."""

    rows: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Write:
    """One write of staged rows.

    `key` is the cell that names the record: Id for update and delete, Id or an external id field for upsert.
    `as_json` picks the words for a value of the wrong type. With `all_or_none` one bad row stops all.
    """

    sobject: SObject
    operation: Operation
    cells: tuple[Cell, ...]
    key: Cell | None
    user_id: str
    now: dt.datetime
    as_json: bool = False
    all_or_none: bool = False
    update_only: bool = False
    strict_statuses: bool = False
    forced: Forced | None = None

    @property
    def deletes(self) -> bool:
        return self.operation in {"delete", "hardDelete"}

    @property
    def written(self) -> tuple[Cell, ...]:
        """The cells that give values: not the Id that names the record."""
        return tuple(cell for cell in self.cells if not (cell is self.key and cell.field.name == "Id"))

    def cell(self, name: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.field.name == name), None)

    @property
    def joined(self) -> str:
        """FROM clause: the rows at hand as c, the records they name as t."""
        return f'cur c LEFT JOIN {self.sobject.table} t ON t."Id" = c.id'

    def after(self, name: str) -> str:
        """Return SQL (over `joined`) for what a field will be after the write."""
        cell = self.cell(name)
        before = f't."{name}"'
        return before if cell is None else f"CASE WHEN {cell.sent} THEN {cell.typed} ELSE {before} END"
