"""Any table that goes in by a job comes out the same by a query, through the sandbox's own reading of CSV."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.salesforce.org import Org

from scc.salesforce import Outcome

FIELDS = {
    "Text__c": ("string", {"length": 255}),
    "Long__c": ("textarea", {"length": 32_000}),
    "Number__c": ("double", {"precision": 18, "scale": 4}),
    "Whole__c": ("int", {}),
    "Day__c": ("date", {}),
    "Moment__c": ("datetime", {}),
    "Flag__c": ("boolean", {}),
}
SCHEMA = pa.schema(
    [
        ("Name", pa.string()),
        ("Text__c", pa.string()),
        ("Long__c", pa.large_string()),
        ("Number__c", pa.float64()),
        ("Whole__c", pa.int32()),
        ("Day__c", pa.date32()),
        ("Moment__c", pa.timestamp("us", "UTC")),
        ("Flag__c", pa.bool_()),
    ]
)

# Salesforce trims blanks around a value, keeps no empty text, and takes #N/A for null. Control characters
# are no part of what people type into it.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(list("\"',;\n|#/\\\u2028\u00e9漢😀")), max_size=60
).map(str.strip).filter(lambda text: text != "#N/A")  # fmt: skip
NUMBERS = st.decimals(-(10**9), 10**9, places=4).map(
    lambda one: float(one) if isinstance(one, Decimal) else one
)
MOMENTS = st.datetimes(datetime(1701, 1, 1), datetime(3999, 1, 1)).map(  # noqa: DTZ001  # given a zone here
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Text__c": st.none() | TEXT,
            "Long__c": st.none() | TEXT,
            "Number__c": st.none() | NUMBERS,
            "Whole__c": st.none() | st.integers(-(2**31), 2**31 - 1),
            "Day__c": st.none() | st.dates(date(1701, 1, 1), date(3999, 12, 31)),
            "Moment__c": st.none() | MOMENTS,
            "Flag__c": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def things(org: Org) -> Org:
    org.store.add_sobject("Thing__c")
    for name, (kind, properties) in FIELDS.items():
        org.store.add_field("Thing__c", name, kind, **properties)
    return org


def stored(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value == "" else value for name, value in row.items()}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
@example(rows=[{"Text__c": 'a"b,c\nd\re', "Long__c": "\u2028x", "Number__c": -0.0001, "Whole__c": -(2**31), "Day__c": None, "Moment__c": None, "Flag__c": True}])  # fmt: skip
@example(rows=[{"Text__c": "NULL", "Long__c": "true", "Number__c": 1e9, "Whole__c": 0, "Day__c": None, "Moment__c": None, "Flag__c": False}])  # fmt: skip
def test_a_table_survives_the_way_in_and_out(things: Org, rows: list[dict[str, Any]]):
    named = [{"Name": f"row {at}", **row} for at, row in enumerate(rows)]
    table = pa.Table.from_pylist(named, schema=SCHEMA)
    (result,) = things.client.bulk.ingest("Thing__c", "insert", table)
    assert [(one.outcome, one.message) for one in result] == [(Outcome.SUCCESSFUL, None)] * len(rows)
    query = f"SELECT {', '.join(SCHEMA.names)} FROM Thing__c ORDER BY Name"
    types = things.client.types(query)
    for ask in (things.client.query, things.client.bulk.query):
        read = [row for batch in ask(query, types=types) for row in batch.to_pylist()]
        assert read == [stored(row) for row in named]
    ids = pa.table({"Id": result.table["id"]})
    (gone,) = things.client.bulk.ingest("Thing__c", "delete", ids)
    assert gone.counts()[Outcome.SUCCESSFUL] == len(rows)
