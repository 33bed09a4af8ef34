"""Match the names that came with rows to fields."""

from __future__ import annotations

from collections.abc import Sequence

from scc.sandbox.salesforce.catalogue import Catalogue, SObject
from scc.sandbox.salesforce.writes.cells import Cell


class UnknownFieldError(Exception):
    """A name that is no field of the object; the text is the name."""

    def __init__(self, name: str, sobject: SObject) -> None:
        super().__init__(name)
        self.name = name
        self.sobject = sobject


def match(catalogue: Catalogue, sobject: SObject, names: Sequence[str]) -> list[Cell]:
    """Return a cell for each name: `Email`, or `Account.Ext__c` for a parent by its external id.

    Raises UnknownFieldError.
    """
    return [_cell(catalogue, sobject, name, f"v{place}") for place, name in enumerate(names)]


def _cell(catalogue: Catalogue, sobject: SObject, name: str, column: str) -> Cell:
    relationship, dot, last = name.partition(".")
    if not dot:
        field = sobject.field(name)
        if field is None:
            raise UnknownFieldError(name, sobject)
        return Cell(column, field, name)
    # The target of a polymorphic relationship may be named in front: `Lead:Who.Email`.
    kind, colon, rest = relationship.partition(":")
    reference = sobject.parent(rest if colon else relationship)
    if reference is None:
        raise UnknownFieldError(name, sobject)
    parent = catalogue.find(kind if colon else reference.refers_to[0])
    lookup = parent.field(last) if parent is not None else None
    if (
        parent is None
        or lookup is None
        or not (lookup.external_id or lookup.id_lookup or lookup.name == "Id")
    ):
        raise UnknownFieldError(name, sobject)
    return Cell(column, reference, name, parent, lookup)
