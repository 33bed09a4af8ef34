"""What the builder writes, and that Salesforce's grammar (the sandbox's parser) reads back what was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote as percent_encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.errors import ConfigError
from scc.salesforce import soql
from scc.salesforce.soql import DateLiteral, chunks, field, like, quote, select
from scc.sandbox.salesforce.soql.parser import parse
from scc.sandbox.salesforce.soql.tree import Among, Both, Comparison, Either, Not

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def read_back(condition: soql.Condition):
    return parse(select("Lead", ["Id"], where=condition)).where


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("it's", r"'it\'s'"),
        ("back\\slash", r"'back\\slash'"),
        ("two\nlines\r\tx", r"'two\nlines\r\tx'"),
        ("\0", r"'\u0000'"),
        ("Ünïcode 漢字", "'Ünïcode 漢字'"),
        ("", "''"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (7, "7"),
        (-1.5, "-1.5"),
        (1e22, "10000000000000000000000"),
        (Decimal("12.50"), "12.50"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
        (
            datetime(2026, 1, 31, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-31T08:00:00.001Z",
        ),
        (DateLiteral("LAST_N_DAYS:30"), "LAST_N_DAYS:30"),
        (["a", 'b"'], "('a', 'b\"')"),
        ((1, None), "(1, null)"),
    ],
)
def test_a_value_is_written_as_soql(value, expected):
    assert quote(value) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 1, 31), "without a time zone"),  # noqa: DTZ001  # the very case
        (float("nan"), "no number"),
        (Decimal("Infinity"), "no number"),
        ([], "no values"),
        ("x" * 4001, "4,000"),
        ("\ud800", "surrogate"),
        (object(), "type object"),
    ],
)
def test_a_value_that_soql_lacks_is_refused(value, words):
    with pytest.raises(ConfigError, match=words):
        quote(value)


@given(TEXT)
def test_any_text_is_read_back_as_it_was(text):
    read = read_back(field("Name") == text)
    assert isinstance(read, Comparison)
    assert read.right.value == text


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_any_list_is_read_back_as_it_was(values):
    read = read_back(field("Name").in_(values))
    assert isinstance(read, Among)
    assert [one.value for one in read.values] == values


@given(TEXT)
def test_text_escaped_for_like_holds_no_wildcard(text):
    read = read_back(field("Name").like(like(text) + "%"))
    assert isinstance(read, Comparison)
    pattern = read.right.pattern
    assert pattern.endswith("%")
    assert pattern[:-1] == text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def test_wildcards_of_a_pattern_stay_wildcards():
    assert str(field("Name").like("O'Neil_%\\% \\x")) == r"Name LIKE 'O\'Neil_%\% \\x'"


@given(
    st.floats(-1e9, 1e9).map(lambda value: round(value, 6)) | st.integers(-(10**15), 10**15) | st.booleans()
)
def test_any_number_is_read_back_as_it_was(value):
    read = read_back(field("Amount") == value)
    assert isinstance(read, Comparison)
    assert read.right.value == value


def test_conditions_that_mix_and_with_or_are_bracketed():
    a, b, c = field("A") == 1, field("B") == 2, field("C") == 3
    assert str(a & b & c) == "A = 1 AND B = 2 AND C = 3"
    assert str(a & (b | c)) == "A = 1 AND (B = 2 OR C = 3)"
    assert str((a & b) | c) == "(A = 1 AND B = 2) OR C = 3"
    assert str(~(a | b) & c) == "(NOT (A = 1 OR B = 2)) AND C = 3"


def test_brackets_mean_what_the_operators_meant():
    a, b, c = field("A") == 1, field("B") == 2, field("C") == 3
    read = read_back((a | b) & ~c)
    assert isinstance(read, Both)
    either, negated = read.terms
    assert isinstance(either, Either)
    assert isinstance(negated, Not)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (field("A") != None, "A != null"),  # noqa: E711  # SOQL's null
        (field("A") < 1, "A < 1"),
        (field("A") <= 1, "A <= 1"),
        (field("A") > 1, "A > 1"),
        (field("A") >= DateLiteral("TODAY"), "A >= TODAY"),
        (field("A").not_in(["x"]), "A NOT IN ('x')"),
        (field("A").includes("x;y", "z"), "A INCLUDES ('x;y', 'z')"),
        (field("A").excludes("x"), "A EXCLUDES ('x')"),
        (field("CALENDAR_YEAR(CreatedDate)") == 2026, "CALENDAR_YEAR(CreatedDate) = 2026"),
        (
            field("Id").in_query(select("CampaignMember", ["LeadId"])),
            "Id IN (SELECT LeadId FROM CampaignMember)",
        ),
    ],
)
def test_every_operator_is_written_and_read(condition, expected):
    assert str(condition) == expected
    assert read_back(condition) is not None


def test_python_can_not_ask_a_condition_whether_it_is_true():
    with pytest.raises(TypeError, match="join with"):
        bool(field("A") == 1)


def test_a_query_has_its_clauses_in_order():
    query = select(
        "Lead",
        ["Id", "Owner.Name"],
        where=field("IsDeleted") == False,  # noqa: E712  # a condition, not a comparison
        order_by=["CreatedDate DESC NULLS LAST", "Id"],
        limit=5,
    )
    assert query == (
        "SELECT Id, Owner.Name FROM Lead WHERE IsDeleted = false"
        " ORDER BY CreatedDate DESC NULLS LAST, Id LIMIT 5"
    )
    assert parse(query).limit == 5


@pytest.mark.parametrize(
    "name", ["", "a b", "Id FROM Lead --", "1st", "Name'", "Owner.", "Ünï", "(SELECT Id)"]
)
def test_what_is_no_name_never_reaches_a_query(name):
    for attempt in (
        lambda: field(name),
        lambda: select("Lead", [name]),
        lambda: select(name, ["Id"]),
        lambda: select("Lead", ["Id"], order_by=[name]),
    ):
        with pytest.raises(ConfigError, match="can't"):
            attempt()


def test_a_date_literal_must_look_like_one():
    with pytest.raises(ConfigError, match="no date literal"):
        DateLiteral("TODAY OR Id != null")


def test_a_query_without_fields_is_refused():
    with pytest.raises(ConfigError, match="no field"):
        select("Lead", [])


@given(st.lists(TEXT, max_size=40), st.integers(600, 1500), st.booleans())
def test_chunks_ask_for_every_value_once_within_the_limit(values, limit, rest):
    values = [value[:20] for value in values]
    queries = list(chunks("Lead", ["Id"], "Name", values, limit=limit, rest=rest))
    asked = []
    for query in queries:
        assert len(percent_encode(query, safe="") if rest else query) <= limit
        where = parse(query).where
        assert isinstance(where, Among)
        asked += [one.value for one in where.values]
    assert asked == list(dict.fromkeys(values))


def test_chunks_keep_the_other_condition_whole():
    where = (field("A") == 1) | (field("B") == 2)
    (query,) = chunks("Lead", ["Id"], "Id", ["00Q"], where=where)
    assert query == "SELECT Id FROM Lead WHERE Id IN ('00Q') AND (A = 1 OR B = 2)"


def test_chunks_hold_thousands_of_ids_each():
    ids = [f"7015f000{at:07d}" for at in range(10_000)]
    bulk = list(chunks("Campaign", ["Id", "Name"], "Id", ids))
    rest = list(chunks("Campaign", ["Id", "Name"], "Id", ids, rest=True))
    assert (len(bulk), len(rest)) == (2, 23)


def test_a_value_that_fits_no_query_is_refused():
    with pytest.raises(ConfigError, match="longer than 100 characters"):
        list(chunks("Lead", ["Id"], "Name", ["x" * 200], limit=100))
