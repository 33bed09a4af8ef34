"""The objects of the sandbox's organization: which there are, their fields, how they hang together.

Pure description, with the custom fields and objects that a user added on top; where rows are kept is the
store's affair. Source: sandbox-salesforce.md 6.
"""

from __future__ import annotations

from collections.abc import Iterator

from scc.sandbox.salesforce.catalogue.activities import ACTIVITIES
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject
from scc.sandbox.salesforce.catalogue.marketing import MARKETING
from scc.sandbox.salesforce.catalogue.people import PEOPLE
from scc.sandbox.salesforce.catalogue.sales import SALES
from scc.sandbox.salesforce.catalogue.system import SYSTEM

__all__ = ["NAME", "Catalogue", "Field", "SObject"]

NAME = "Name"
"""The pseudo-object that a path through a polymorphic reference (Owner of a Lead, Who of a Task) leads to."""


class Catalogue:
    """All objects, found by name whatever the case."""

    def __init__(self) -> None:
        made = [make() for group in (MARKETING, PEOPLE, SALES, ACTIVITIES, SYSTEM) for make in group]
        self.objects: dict[str, SObject] = {
            each.name: each for each in sorted(made, key=lambda each: each.name)
        }
        self._by_lower = {name.lower(): name for name in self.objects}

    def __iter__(self) -> Iterator[SObject]:
        return iter(self.objects.values())

    def find(self, name: str) -> SObject | None:
        canonical = self._by_lower.get(name.lower())
        return None if canonical is None else self.objects[canonical]

    def by_prefix(self, record_id: str) -> SObject | None:
        return next((each for each in self if each.prefix == record_id[:3]), None)

    def add(self, new: SObject) -> None:
        self.objects[new.name] = new
        self._by_lower[new.name.lower()] = new.name

    def children(self, parent: SObject) -> Iterator[tuple[SObject, Field]]:
        """Yield every (child object, reference field) that points at `parent`."""
        for child in self:
            for field in child.fields.values():
                if parent.name in field.refers_to:
                    yield child, field

    def child(self, parent: SObject, relationship: str) -> tuple[SObject, Field] | None:
        """Find a child object by the name of the relationship, such as `Contacts` of Account."""
        wanted = relationship.lower()
        for child, field in self.children(parent):
            if (field.child_relationship or "").lower() == wanted:
                return child, field
        return None
