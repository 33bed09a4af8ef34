"""Rows of a plan -> the records of a JSON answer (sandbox-salesforce.md 2). Knows no HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scc.sandbox.salesforce.catalogue import NAME, Catalogue
from scc.sandbox.salesforce.soql.plan import Parent, Plan

Row = Sequence[Any]
Record = dict[str, Any]


class Shaper:
    """Makes records of one plan's rows; `root` is the path of the API version, such as /services/data/v59.0.

    `write` turns a value of a vendor's type into what stands in JSON.
    """

    def __init__(
        self,
        plan: Plan,
        catalogue: Catalogue,
        root: str,
        write: Callable[[object, str], object] | None = None,
    ) -> None:
        self._write = write or json_value
        self._plan = plan
        self._catalogue = catalogue
        self._root = root
        self._parents = {parent.path: parent for parent in plan.parents}

    def record(self, row: Row, children: Mapping[str, object] | None = None) -> Record:
        """Return one record; `children` holds what its child queries gave, by relationship."""
        if self._plan.aggregate:
            return self._aggregate(row)
        record: Record = {
            "attributes": self._attributes(self._plan.sobject.name, row[len(self._plan.outputs)])
        }
        for item in self._plan.order:
            if isinstance(item, str):
                record[item] = (children or {}).get(item)
            else:
                self._place(record, item, row)
        return record

    def _aggregate(self, row: Row) -> Record:
        record: Record = {"attributes": {"type": "AggregateResult"}}
        for output, value in zip(self._plan.outputs, row, strict=True):
            record[output.path[-1]] = self._write(value, output.type)
        return record

    def _place(self, record: Record, place: int, row: Row) -> None:
        output = self._plan.outputs[place]
        node = record
        for depth in range(1, len(output.path)):
            path = output.path[:depth]
            parent = self._parents[path]
            parent_id = row[parent.column]
            if parent_id is None:
                node[path[-1]] = None
                return
            if (
                output.of is not None
                and depth == len(output.path) - 1
                and self._type_of(parent_id) != output.of
            ):
                node.setdefault(path[-1], {"attributes": self._parent_attributes(parent, parent_id)})
                return
            node = node.setdefault(path[-1], {"attributes": self._parent_attributes(parent, parent_id)})
        node[output.path[-1]] = self._write(row[place], output.type)

    def _parent_attributes(self, parent: Parent, parent_id: str) -> Record:
        actual = parent.sobject or self._type_of(parent_id)
        return {"type": NAME if parent.named else actual, "url": self._url(actual, parent_id)}

    def _attributes(self, sobject: str, record_id: str) -> Record:
        return {"type": sobject, "url": self._url(sobject, record_id)}

    def _url(self, sobject: str, record_id: str) -> str:
        return f"{self._root}/sobjects/{sobject}/{record_id}"

    def _type_of(self, record_id: str) -> str:
        found = self._catalogue.by_prefix(record_id)
        return NAME if found is None else found.name


def json_value(value: object, kind: str) -> object:
    """Return a value as it stands in JSON answers."""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S.000Z")
    if kind in {"double", "currency", "percent"} and value is not None:
        return float(str(value))
    return value
