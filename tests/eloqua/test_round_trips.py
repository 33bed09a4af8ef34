"""What goes in comes out: filters through the sandbox's parser, records through its store."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.eloqua.instance import Instance

from scc.eloqua import And, Comparison, Exists, Filter, Not, Or, Status, exists, field, status
from scc.eloqua.filters import literal
from scc.sandbox.eloqua import filters as parsed
from scc.sandbox.eloqua.statements import parse_statement

STATEMENTS = st.sampled_from(
    [
        "{{Contact.Id}}",
        "{{Contact.Field(C_EmailAddress)}}",
        "{{CustomObject[12].Field[7]}}",
        "{{Activity.Type}}",
    ]
)
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["'", "''", "' OR '1'='1", ") AND (", "{{Contact.Id}}", "NOT"]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()),  # noqa: DTZ001  # given zones here
)


@st.composite
def comparisons(draw: st.DrawFn) -> Filter:
    one = field(draw(STATEMENTS))
    value: Any = draw(VALUES)
    made: list[Filter] = [
        one == value,
        one != value,
        one < value,
        one <= value,
        one > value,
        one >= value,
        one.is_blank(),
    ]
    made += [one.like(draw(st.text(max_size=5))), one.in_([value, "x"])]
    return made[draw(st.integers(0, len(made) - 1))]


TREES = st.recursive(
    comparisons(),
    lambda inner: (
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1])
        | st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1])
        | inner.map(lambda one: ~one)
    ),
    max_leaves=12,
)


def expected(tree: Filter) -> parsed.Node:
    match tree:
        case Comparison(statement, operator, value):
            return parsed.Compare(parse_statement(statement), operator, value)
        case Exists(statement):
            return parsed.Exists(parse_statement(statement))
        case Status(statement, value):
            return parsed.Status(statement, value)
        case And(parts):
            return parsed.And(tuple(map(expected, parts)))
        case Or(parts):
            return parsed.Or(tuple(map(expected, parts)))
        case Not(part):
            return parsed.Not(expected(part))
    raise AssertionError(tree)


@given(TREES)
def test_any_filter_comes_back_as_the_same_tree(tree: Filter) -> None:
    assert parsed.parse_filter(str(tree)) == expected(tree)


@given(TREES, TREES)
def test_membership_and_status_come_back_among_others(one: Filter, other: Filter) -> None:
    member = exists("{{ContactList[12]}}")
    pending = status("{{ActionInstance(0123456789abcdef0123456789abcdef)}}", "it's pending")
    tree = (one | member) & ~(other & pending)

    assert parsed.parse_filter(str(tree)) == expected(tree)


NAMES = {"Text": "string", "Other": "string", "Number": "number", "Day": "date"}
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
) | st.sampled_from(
    [
        '"',
        '""',
        "'",
        ",",
        ";",
        "\n",
        "\r\n",
        "a\rb",
        "},{",
        "中文",
        "Ærøskøbing",
        "🎈",
        " x ",
        "\ufeff",
        "null",
        "NaN",
        "\\",
    ]
)
NUMBERS = st.none() | st.integers(-(10**9), 10**9).map(float) | st.floats(-1e12, 1e12)
MOMENTS = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001  # Eloqua's have no zone


@pytest.mark.parametrize("format_", ["csv", "json"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, NUMBERS, MOMENTS), min_size=1, max_size=8))
def test_any_table_comes_back(
    instance: Instance, format_: Any, rows: list[tuple[str, str, float | None, datetime | None]]
) -> None:
    instance.sandbox.state.reset()
    obj, fields = instance.members(Key="string", **NAMES)
    wanted = {name: fields[name] for name in ("Key", *NAMES)}
    text, other, number, day = zip(*rows, strict=True)
    sent = pa.table(
        {
            "Key": [str(n) for n in range(len(rows))],
            "Text": pa.array(text, pa.string()),
            "Other": pa.array(other, pa.string()),
            "Number": pa.array(number, pa.float64()),
            "Day": pa.array(day, pa.timestamp("us")),
        }
    )

    sync = instance.write(obj, wanted, sent, "Key", format=format_)
    back = instance.read(obj, wanted, format=format_).sort_by("Key").to_pylist()

    assert sync.status == "success"
    assert len(back) == len(rows)
    for one, (text_, other_, number_, day_) in zip(
        sorted(back, key=lambda row: int(row["Key"])), rows, strict=True
    ):
        assert (one["Text"], one["Other"]) == (text_, other_)
        assert one["Number"] == "" if number_ is None else math.isclose(float(one["Number"]), number_)
        assert one["Day"] == ("" if day_ is None else literal(day_.replace(tzinfo=UTC)))


def test_kinds_of_numbers_and_days_come_back_as_text(instance: Instance) -> None:
    obj, fields = instance.members(Key="string", Whole="number", Money="number", Day="date")
    sent = pa.table(
        {
            "Key": ["1", "2"],
            "Whole": pa.array([7, None], pa.int32()),
            "Money": pa.array([Decimal("12.50"), None]),
            "Day": pa.array([date(2026, 11, 2), None]),
        }
    )
    wanted = {name: fields[name] for name in sent.column_names}

    instance.write(obj, wanted, sent, "Key")

    assert instance.read(obj, wanted).sort_by("Key").to_pylist() == [
        {"Key": "1", "Whole": "7", "Money": "12.5", "Day": "2026-11-02 00:00:00.000"},
        {"Key": "2", "Whole": "", "Money": "", "Day": ""},
    ]
