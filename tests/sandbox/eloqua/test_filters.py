"""Eloqua's filter language: what is read, what it chooses, what is refused (sources.md E2.7)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.eloqua.conftest import CONTACT_FIELDS

from scc.sandbox.eloqua.filters import FilterError, parse_filter

FIRST = "'{{Contact.Field(C_FirstName)}}'"
EMAIL = {"email": "{{Contact.Field(C_EmailAddress)}}"}
PIECES = [
    "'{{Contact.Field(C_FirstName)}}'",
    "'{{Contact.Id}}'",
    "'x'",
    "'it''s'",
    "''",
    "=",
    "!=",
    ">=",
    "~",
    "<",
]
PIECES += [
    "AND",
    "or",
    "NOT",
    "(",
    ")",
    "EXISTS",
    "STATUS",
    "'{{ContactList[1]}}'",
    " ",
    "'",
    "{{",
    "}}",
    "[a-",
    "%",
]


@pytest.fixture
def people(api):
    api.contacts(
        "ann@example.com",
        "bob@example.com",
        "o'neil@example.org",
        "zoe@example.com",
        C_FirstName=["Ann", "Bob", "O'Neil", None],
        C_Employees1=["5", "50", None, "7.5"],
        C_LastModifiedByExtIntegrateSystem=["2026-01-01 00:00:00", "2026-02-01", "03/01/2026", None],
    )
    return api


@pytest.mark.parametrize(
    ("filter_", "chosen"),
    [
        ("", "abzo"),
        ("   ", "abzo"),
        (f"{FIRST} = 'ann'", "a"),
        (f"{FIRST}='ANN'", "a"),
        (f" {FIRST} != 'Ann' ", "boz"),
        (f"{FIRST} = ''", "z"),
        (f"{FIRST} != ''", "abo"),
        (f"{FIRST} = 'O''Neil'", "o"),
        (f"{FIRST} > 'B'", "bo"),
        (f"{FIRST} ~ '%n%'", "ao"),
        (f"{FIRST} ~ 'b_b'", "b"),
        (f"{FIRST} ~ '[a-b]%'", "ab"),
        (f"{FIRST} ~ '[^a]%'", "bo"),
        (f"{FIRST} ~ 'a.*'", ""),
        (f"NOT {FIRST} = 'Ann'", "boz"),
        (f"NOT NOT {FIRST} = 'Ann'", "a"),
        (f"{FIRST} = 'Ann' OR {FIRST} = 'Bob' AND {FIRST} = 'x'", "a"),
        (f"({FIRST} = 'Ann' or {FIRST} = 'Bob') and {FIRST} != 'Ann'", "b"),
        ("'{{Contact.Id}}' >= '3'", "oz"),
        ("'{{Contact.Field(C_Employees1)}}' > '6'", "bz"),
        ("'{{Contact.Field(C_Employees1)}}' = ''", "o"),
        ("'{{Contact.Field(C_Employees1)}}' != '5'", "boz"),
        ("'{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}' >= '2026-02-01'", "bo"),
        ("'{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}' < '2026-02-01T00:00:00Z'", "a"),
        ("'{{Contact.Field(C_LastModifiedByExtIntegrateSystem)}}' = ''", "z"),
        ("'{{Contact.Email.IsSubscribed}}' = 'True'", "abzo"),
        ("'{{Contact.Field(C_EmailAddressDomain)}}' = 'example.org'", "o"),
    ],
)
def test_a_filter_chooses(people, filter_, chosen):
    rows = people.export("/contacts", EMAIL, filter=filter_)

    assert sorted(row["email"][0] for row in rows) == sorted(chosen)


def test_exists_chooses_members_of_lists_segments_and_filters(people):
    people.store.create_list("L", [1, 3])
    people.store.create_segment("S", "'{{Contact.Field(C_FirstName)}}' ~ '%o%'")
    people.store.create_segment("F", "EXISTS('{{ContactList[1]}}')", kind="filters")

    def chosen(filter_):
        return {row["email"][0] for row in people.export("/contacts", EMAIL, filter=filter_)}

    assert chosen("EXISTS('{{ContactList[1]}}')") == {"a", "o"}
    assert chosen("EXISTS('{{ContactSegment[1]}}')") == {"b", "o"}
    assert chosen("exists ( '{{ContactFilter[1]}}' ) AND '{{Contact.Id}}' = '1'") == {"a"}
    assert chosen("NOT EXISTS('{{ContactList[1]}}')") == {"b", "z"}


@pytest.mark.parametrize(
    "filter_",
    [
        "nonsense",
        FIRST,
        f"{FIRST} =",
        f"{FIRST} = Ann",
        f"{FIRST} == 'Ann'",
        f"{FIRST} = 'Ann' {FIRST} = 'Bob'",
        f"{FIRST} = 'Ann' AND",
        f"({FIRST} = 'Ann'",
        "'{{Contact.Field(C_Nothing)}}' = 'x'",
        "'{{Contact.Field(100001)}}' = 'x'",
        "'{{Contact.Field[C_FirstName]}}' = 'x'",
        "'{{Account.Field(M_City)}}' = 'x'",
        "'{{Contact.Id}}' = 'abc'",
        "'{{Contact.Id}}' ~ '1%'",
        "'{{Contact.Id}}' > ''",
        "'{{Contact.CreatedAt}}' > '31/12/2026'",
        "EXISTS('{{ContactList[77]}}')",
        "EXISTS('{{AccountList[1]}}')",
        "EXISTS('{{ContactList[1]}}') AND EXISTS('{{ContactList[1]}}')",
        "STATUS('{{ActionInstance(0123456789abcdef0123456789abcdef)}}') = 'pending'",
        "(" * 200 + FIRST + " = 'x'" + ")" * 200,
        f"{FIRST} = '{'x' * 1000}'",
    ],
)
def test_what_is_no_filter_is_refused_with_the_field(api, filter_):
    api.store.create_list("L")
    answer = api.post("/contacts/exports", {"name": "x", "fields": CONTACT_FIELDS, "filter": filter_})

    assert answer.status == 400
    assert [failure["field"] for failure in answer.json()["failures"]] == ["filter"]
    assert answer.json()["failures"][0]["constraint"]


def test_the_length_limit_is_an_option(api):
    long = " OR ".join(f"'{{{{Contact.Id}}}}' = '{number}'" for number in range(500))
    body = {"name": "x", "fields": CONTACT_FIELDS, "filter": long}

    assert api.post("/contacts/exports", body).status == 400
    api.options(filter_max_characters=30_000)
    assert api.post("/contacts/exports", body).status == 201


def test_text_compares_with_case_where_the_option_says_so(people):
    people.options(string_compare_ignores_case=False)

    assert people.export("/contacts", EMAIL, filter=f"{FIRST} = 'ann'") == []
    assert len(people.export("/contacts", EMAIL, filter=f"{FIRST} ~ 'A%'")) == 1


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)))
@settings(max_examples=600)
def test_no_text_breaks_the_parser(text):
    try:
        said = str(parse_filter(text))
    except FilterError as error:
        said = str(error)

    assert said


@given(pattern=st.text(alphabet="ab[]^-%_\\.*'", max_size=12))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_pattern_breaks_the_database(people, pattern):
    quoted = pattern.replace("'", "''")
    answer = people.post(
        "/contacts/exports", {"name": "x", "fields": EMAIL, "filter": f"{FIRST} ~ '{quoted}'"}
    )
    assert answer.status == 201

    assert people.sync(answer.json()["uri"])["status"] == "success"
