"""What a compiled query is: SQL with parameters, and what each of its columns means."""

from __future__ import annotations

from dataclasses import dataclass, field

from scc.sandbox.salesforce.catalogue.kinds import SObject


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the result: where it goes in a record, and the vendor's type that decides how it is written.

    `of` names the object a TYPEOF branch is for; the value counts only for records that refer to such an object.
    """

    path: tuple[str, ...]
    type: str
    sql: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """A related record in the result: the column that holds its id, and its type unless it may be of several."""

    path: tuple[str, ...]
    column: int
    sobject: str | None
    named: bool


@dataclass(frozen=True, slots=True)
class Child:
    """A query for the children of each record; its last column is the parent's id, its last parameter the parents'."""

    name: str
    plan: Plan


@dataclass(slots=True)
class Plan:
    """A query ready to run: `sql` yields `outputs`, then the id of the record, then those of `parents`.

    `order` lists outputs and children as they were selected.
    """

    sobject: SObject
    sql: str
    params: list[object]
    outputs: list[Output]
    aggregate: bool = False
    count_only: bool = False
    parents: list[Parent] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    order: list[int | str] = field(default_factory=list)
    bulk_refusal: tuple[str, str] | None = None
