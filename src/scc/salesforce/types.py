"""From Salesforce's text to Arrow types, as `describe` has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import ConfigError, DataError
from scc.salesforce.models import FieldInfo, SObjectInfo

__all__ = ["arrow_type", "convert", "types_of"]

_TYPES = {
    "boolean": pa.bool_(),
    "currency": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("ms", "UTC"),
    "double": pa.float64(),
    "int": pa.int64(),
    "long": pa.int64(),
    "percent": pa.float64(),
    "time": pa.time32("ms"),
}


def arrow_type(field: FieldInfo) -> pa.DataType:
    """Give the type for a field; text for all that is no number, date or boolean."""
    return _TYPES.get(field.type, pa.string())


def convert(batch: pa.RecordBatch, types: Mapping[str, pa.DataType]) -> pa.RecordBatch:
    """Turn text columns into those of `types`, by name; DataError names the column that can't be."""
    arrays = [
        _convert(name, column, types[name]) if name in types else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _convert(name: str, column: pa.Array, target: pa.DataType) -> pa.Array:
    try:
        if pa.types.is_time(target):  # Arrow reads no times, but instants
            instants = pc.binary_join_element_wise("1970-01-01T", pc.utf8_rtrim(column, "Z"), "")
            return instants.cast(pa.timestamp("ms")).cast(target)
        return column.cast(target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # its own words quote the value
        raise DataError(f"salesforce: the column {name!r} holds text that can't become {target}") from None


def types_of(
    sobject: str, columns: tuple[str, ...], describe: Callable[[str], SObjectInfo]
) -> dict[str, pa.DataType]:
    """Find the type of every column of a query, through parents too."""
    return {column: arrow_type(_find([sobject], column.split("."), describe, column)) for column in columns}


def _find(
    sobjects: list[str], path: list[str], describe: Callable[[str], SObjectInfo], column: str
) -> FieldInfo:
    """Follow a path; where a parent may be of several sObjects, the first that has the field counts."""
    name, *rest = path
    for sobject in sobjects:
        described = describe(sobject)
        if not rest:
            found = described.field(name)
            if found is not None:
                return found
            continue
        for one in described.fields:
            if (one.relationship_name or "").lower() == name.lower():
                return _find(list(one.reference_to), rest, describe, column)
        if name.lower() == sobject.lower():  # Lead.Id FROM Lead
            return _find([sobject], rest, describe, column)
    raise ConfigError(f"{column!r} is no field of {' or '.join(sobjects)} that this user may see")
