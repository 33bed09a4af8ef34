from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from scc.eloqua import And, Comparison, Exists, Not, Or, exists, field, status
from scc.eloqua.filters import check_filter
from scc.errors import ConfigError

COUNTRY = "{{Contact.Field(C_Country)}}"
A, B, C = (
    field("{{Contact.Field(A)}}") == "a",
    field("{{Contact.Field(B)}}") == "b",
    field("{{Contact.Id}}") == 3,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Sweden", "Sweden"),
        ("Côte d'Ivoire", "Côte d''Ivoire"),
        ("a' OR '1'='1", "a'' OR ''1''=''1"),
        (5, "5"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (date(2026, 11, 2), "2026-11-02"),
        (datetime(2026, 11, 2, 13, 5, 6, 789_999, UTC), "2026-11-02 13:05:06.789"),
        (datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2025-12-31 23:00:00.000"),
    ],
)
def test_values_are_written_and_quoted(value: Any, written: str) -> None:
    assert str(field(COUNTRY) == value) == f"'{COUNTRY}' = '{written}'"


def test_every_operator_has_its_sign() -> None:
    f = field(COUNTRY)

    found = [
        str(one).split("'")[2].strip() for one in (f == 1, f != 1, f < 1, f <= 1, f > 1, f >= 1, f.like("a%"))
    ]

    assert found == ["=", "!=", "<", "<=", ">", ">=", "~"]


def test_blank_is_compared_with_the_empty_text() -> None:
    assert str(field(COUNTRY).is_blank()) == f"'{COUNTRY}' = ''"


def test_any_of_several_values() -> None:
    assert field(COUNTRY).in_(["x", "y"]) == Or((field(COUNTRY) == "x", field(COUNTRY) == "y"))
    assert field(COUNTRY).in_(["x"]) == (field(COUNTRY) == "x")


def test_any_of_no_values_is_refused() -> None:
    with pytest.raises(ConfigError, match="no values"):
        field(COUNTRY).in_([])


def test_combinations_keep_their_meaning_when_written() -> None:
    assert str(A & (B | C) & ~A) == f"{A} AND ({B} OR {C}) AND NOT {A}"
    assert str(A | B & C) == f"{A} OR ({B} AND {C})"
    assert str(~(A & B)) == f"NOT ({A} AND {B})"
    assert str(~~A) == f"NOT (NOT {A})"


def test_chains_make_one_level() -> None:
    assert And((A, B, C)) == A & B & C
    assert Or((A, B, C)) == A | (B | C)
    assert Not(A) == ~A


def test_membership_and_status() -> None:
    instance = "{{ActionInstance(0123456789abcdef0123456789abcdef)}}"

    assert str(exists("{{ContactList[12]}}")) == "EXISTS('{{ContactList[12]}}')"
    assert exists("{{ContactList[12]}}") == Exists("{{ContactList[12]}}")
    assert str(status(instance, "pending")) == f"STATUS('{instance}') = 'pending'"


@pytest.mark.parametrize("statement", ["Contact.Id", "{{Contact.Id}}' OR '1", "", "{{it's}}"])
def test_what_is_no_statement_is_refused(statement: str) -> None:
    with pytest.raises(ConfigError, match="no statement"):
        field(statement)


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="no zone"):
        _ = field(COUNTRY) >= datetime(2026, 1, 1)  # noqa: DTZ001  # the fault under test


@pytest.mark.parametrize("value", [None, ["x"], b"x", float("nan"), float("inf"), Decimal("NaN")])
def test_value_of_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="can't compare"):
        _ = field(COUNTRY) == value


def test_filter_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="&"):
        _ = A and B


def test_limit_is_named_when_exceeded() -> None:
    with pytest.raises(ConfigError, match=r"1,0\d\d characters .* 1,000"):
        check_filter(field(COUNTRY) == "x" * 1000)
    assert check_filter(field(COUNTRY) == "x" * 1000, limit=2000).endswith("x'")


def test_second_membership_in_a_filter_is_refused() -> None:
    one = exists("{{ContactList[1]}}")

    assert check_filter(~(A & one))
    with pytest.raises(ConfigError, match="one EXISTS"):
        check_filter(one & ~(A | one))


def test_comparisons_are_plain_values() -> None:
    assert Comparison(COUNTRY, "=", "x") == (field(COUNTRY) == "x")
    assert repr(field(COUNTRY)) == f"field('{COUNTRY}')"
