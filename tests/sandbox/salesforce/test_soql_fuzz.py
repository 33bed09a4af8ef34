"""Whatever is asked, SOQL answers or refuses in its own words: no traceback, no hang, no value taken for syntax."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scc.sandbox.salesforce.queries import Queries
from scc.sandbox.salesforce.soql.errors import SoqlError
from scc.sandbox.salesforce.soql.parser import parse
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State

VOCABULARY = """SELECT FROM WHERE AND OR NOT IN LIKE INCLUDES EXCLUDES ORDER BY GROUP HAVING LIMIT OFFSET ASC DESC NULLS FIRST
LAST TYPEOF WHEN THEN ELSE END USING SCOPE WITH SECURITY_ENFORCED FOR VIEW UPDATE ALL ROWS COUNT() COUNT(Id) COUNT(Email)
SUM(AnnualRevenue) MAX(CreatedDate) MIN(Name) AVG(NumberOfEmployees) COUNT_DISTINCT(Company) CALENDAR_YEAR(CreatedDate)
DAY_ONLY(CreatedDate) FIELDS(ALL) FIELDS(STANDARD) toLabel(Status) FORMAT(CreatedDate) convertTimezone(CreatedDate)
GROUPING(Status) ROLLUP(Status) CUBE(Status) Lead Contact Account Campaign CampaignMember Task Id Name Email Owner.Name
Owner.Type Account.Owner.Name Campaign.Parent.Name What Who.Name CreatedDate StartDate IsConverted IsDeleted AnnualRevenue
Description Address HasResponded NumberOfLeads CampaignId LeadId WhatId Status Rating l l.Id (SELECT Id FROM Contacts)
(SELECT LeadId FROM CampaignMember) ( ) , . : = != <> < <= > >= 'x' 'O\\'Hara' '%a_' '' 1 -1 0 2001 1.5 1e400
99999999999999999999 TRUE FALSE NULL TODAY LAST_N_DAYS:3 LAST_N_YEARS:99999 N_DAYS_AGO:100000 THIS_FISCAL_QUARTER NEXT_WEEK
2024-01-31 2024-13-45 2024-01-31T10:00:00Z 9999-12-31T23:59:59-12:00 0001-01-01T00:00:00+14:00 10:00:00 USD5
'00Q5e0000000001EAA' '00Q5e0000000001' exprZ n"""
WORDS = VOCABULARY.split()

SENTENCES = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
QUERIES = st.tuples(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(", ".join),
    st.sampled_from(["Lead", "Contact l", "CampaignMember", "Task", "Campaign", "Account", "User"]),
    SENTENCES,
).map(lambda parts: f"SELECT {parts[0]} FROM {parts[1]} {parts[2]}")
CONDITIONS = st.recursive(
    st.tuples(
        st.sampled_from(["Name", "Email", "Id", "OwnerId", "CreatedDate", "IsConverted", "AnnualRevenue", "Owner.Name", "Rating"]),
        st.sampled_from(["=", "!=", "<", ">=", "LIKE", "IN", "NOT IN"]),
        st.sampled_from(["'x'", "null", "5", "1.5", "true", "TODAY", "LAST_N_MONTHS:2", "2024-01-31", "2024-01-31T10:00:00Z", "'00Q5e0000000001'"]),
    ).map(lambda part: f"{part[0]} {part[1]} " + (f"({part[2]}, {part[2]})" if "IN" in part[1] else part[2])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda p: f"(NOT {p})"),
    ),
    max_leaves=6,
)  # fmt: skip
EXPRESSIONS = st.sampled_from(
    """Id|Name|Status|Owner.Name|CreatedDate|COUNT(Id)|MAX(CreatedDate)|MIN(Name)|AVG(NumberOfEmployees)|SUM(AnnualRevenue)
|COUNT_DISTINCT(Company)|CALENDAR_YEAR(CreatedDate)|DAY_ONLY(CreatedDate)|FORMAT(CreatedDate)|GROUPING(Status)|Address
|HOUR_IN_DAY(convertTimezone(CreatedDate))|COUNT()|FIELDS(CUSTOM)|MAX(Address)|COUNT(Description)|MIN(Address)
|COUNT_DISTINCT(Address)|MAX(IsConverted)|SUM(CreatedDate)|toLabel(Address)|FORMAT(Address)|DAY_ONLY(Name)""".replace(
        "\n", ""
    ).split("|")
)
MANY = st.lists(EXPRESSIONS, min_size=1, max_size=4).map(", ".join)


@st.composite
def whole_queries(draw):
    """Queries that are mostly well-formed: every clause in its place, sense not looked after."""
    parts = [f"SELECT {draw(MANY)} FROM Lead"]
    if draw(st.booleans()):
        parts.append(f"WHERE {draw(CONDITIONS)}")
    if draw(st.booleans()):
        parts.append(f"GROUP BY {draw(st.sampled_from(['{}', 'ROLLUP({})', 'CUBE({})'])).format(draw(MANY))}")
        if draw(st.booleans()):
            parts.append(f"HAVING {draw(EXPRESSIONS)} > 1")
    if draw(st.booleans()):
        parts.append(f"ORDER BY {draw(EXPRESSIONS)} {draw(st.sampled_from(['', 'ASC', 'DESC NULLS LAST']))}")
    if draw(st.booleans()):
        parts.append(f"LIMIT {draw(st.integers(0, 300))}")
    return " ".join(parts)


PATIENT = settings(suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def store():
    state = State()
    store = state.store(SalesforceStore)
    store.load("Lead", pa.table({"LastName": ["a", "b"], "Company": ["x", "y"], "Rating": ["Hot", None]}))
    yield store
    state.close()


def refusal(act, *args):
    """Return the error of a refused query, None when it was answered."""
    try:
        act(*args)
    except SoqlError as error:
        return error
    return None


@PATIENT
@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text):
    error = refusal(parse, text)

    assert error is None or error.code in {"MALFORMED_QUERY", "QUERY_TOO_COMPLICATED"}


@PATIENT
@example("SELECT Id FROM Lead ORDER BY toLabel(Address)")
@given(st.one_of(SENTENCES, QUERIES, whole_queries()))
def test_any_words_are_answered_or_refused(store, soql):
    error = refusal(Queries(store).run, soql, "/services/data/v62.0")

    assert error is None or (error.code.isupper() and error.message)


@PATIENT
@given(CONDITIONS)
def test_any_condition_is_answered_or_refused_and_is_true_or_false_of_each_record(store, condition):
    """Two truth values: what is not found by a condition is found by its opposite."""
    queries = Queries(store)
    try:
        found = queries.run(f"SELECT COUNT() FROM Lead WHERE {condition}", "").total
        others = queries.run(f"SELECT COUNT() FROM Lead WHERE NOT {condition}", "").total
    except SoqlError:
        return
    assert found + others == 2


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40
).filter(lambda text: text.strip() == text)


def quoted(text):
    for char, escape in (
        ("\\", "\\\\"),
        ("'", "\\'"),
        ('"', '\\"'),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\t", "\\t"),
    ):
        text = text.replace(char, escape)
    return f"'{text}'"


@PATIENT
@given(name=NAMES, other=NAMES)
def test_an_escaped_text_finds_itself_and_nothing_else(store, name, other):
    queries = Queries(store)
    store.state.database.cursor().run('DELETE FROM sf."Account"')
    (made,) = store.load("Account", pa.table({"Name": [name]})).to_pylist()

    def found(where):
        return [record["Id"] for record in queries.run(f"SELECT Id FROM Account WHERE {where}", "").records]

    like = quoted(name)[1:-1].replace("_", "\\_").replace("%", "\\%")
    assert found(f"Name = {quoted(name)}") == [made]
    assert found(f"Name IN ({quoted(name)}, 'x')") == [made]
    assert found(f"Name LIKE '{like}%'") == [made]
    assert (found(f"Name = {quoted(other)}") == [made]) == (
        queries.run(f"SELECT COUNT() FROM Account WHERE Name != {quoted(other)}", "").total == 0
    )


@pytest.mark.parametrize(
    "soql",
    ["SELECT Id FROM Lead WHERE " + "(" * 50_000, "SELECT " + "a." * 40_000, "(" * 99_999, "'" * 99_999],
)
def test_deep_and_long_queries_end_soon(soql):
    with pytest.raises(SoqlError):
        parse(soql)


def test_a_query_over_the_limit_is_refused():
    with pytest.raises(SoqlError, match="longer than 100000 characters"):
        parse("SELECT Id FROM Lead WHERE Name = '" + "x" * 100_000 + "'")
