"""The demonstration data: always the same, dirty as in life, and true across both systems."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import datetime

import duckdb
import pyarrow as pa
import pytest
from pyarrow import csv

from scc.sandbox import demo
from scc.sandbox.demo.generator import Size, pieces
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.state import State

CONTACTS = 6000
RESERVED = re.compile(r"(^|\.)example(\.com|\.net|\.org)?$", re.IGNORECASE)


def tables(size, seed=1):
    found: dict[str, list[pa.Table]] = {}
    for system, entity, table in pieces(size, seed):
        found.setdefault(f"{system}/{entity}", []).append(table)
    return {name: pa.concat_tables(parts) for name, parts in found.items()}


def digest(data):
    """Sum up each table as it would stand in a file (Arrow's buffers hold anything below a null)."""
    sums = {}
    for name, table in data.items():
        sink = pa.BufferOutputStream()
        csv.write_csv(table, sink)
        sums[name] = hashlib.sha256(sink.getvalue()).hexdigest()
    return sums


@pytest.fixture(scope="module")
def data():
    return tables(Size(CONTACTS))


@pytest.fixture(scope="module")
def sql(data):
    """Run SQL over the data: each table under its name, such as "eloqua/contacts"."""
    with duckdb.connect() as connection:
        for name, table in data.items():
            connection.register(name, table)
        yield lambda query: connection.execute(query).fetchall()


def test_equal_seeds_and_sizes_give_equal_bytes(data):
    assert digest(tables(Size(CONTACTS))) == digest(data)


def test_another_seed_gives_other_people(data):
    other = tables(Size(CONTACTS), seed=2)
    assert other["eloqua/contacts"].num_rows == CONTACTS
    assert not set(digest(other).values()) & set(digest(data).values())


def test_pieces_add_up_to_the_same_people(data, monkeypatch):
    monkeypatch.setattr("scc.sandbox.demo.generator._PEOPLE_AT_A_TIME", 1700)
    assert digest(tables(Size(CONTACTS))) == digest(data)


@pytest.mark.parametrize(
    ("size", "contacts", "records"),
    [(Size(0), 0, 0), (Size(1), 1, 0), (Size(100), 100, 40), (Size(10, 70), 10, 70)],
)
def test_sizes_are_as_asked(size, contacts, records):
    data = tables(size)
    assert data["eloqua/contacts"].num_rows == contacts
    assert data["eloqua/campaign_members"].num_rows == records


def test_no_two_contacts_share_an_address(sql):
    assert sql('SELECT count(DISTINCT lower("C_EmailAddress")) FROM "eloqua/contacts"') == [(CONTACTS,)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("eloqua/contacts", "C_EmailAddress"),
        ("eloqua/campaign_members", "Email_Address"),
        ("eloqua/activities/Bounceback", "EmailAddress"),
        ("salesforce/Lead", "Email"),
        ("salesforce/Contact", "Email"),
        ("salesforce/User", "Username"),
    ],
)
def test_every_address_lies_under_a_reserved_domain(data, table, column):
    domains = {address.rsplit("@", 1)[-1] for address in data[table][column].to_pylist()}
    foreign = [domain for domain in domains if not RESERVED.search(domain.rsplit(",", 1)[-1])]
    assert domains
    assert foreign == []


def test_web_addresses_and_ip_addresses_are_reserved_ones(sql):
    sites = sql(
        'SELECT DISTINCT parse_url FROM (SELECT regexp_extract("Website", \'//([^/]+)\', 1) AS parse_url FROM "salesforce/Account")'
    )
    assert all(RESERVED.search(site) for (site,) in sites)
    nets = sql('SELECT DISTINCT regexp_extract("IpAddress", \'.*[.]\') FROM "eloqua/activities/WebVisit"')
    assert {net for (net,) in nets} == {"192.0.2.", "198.51.100.", "203.0.113."}


def test_six_in_ten_contacts_are_in_salesforce_and_some_people_are_only_there(sql):
    [(both, linked, only)] = sql("""
        SELECT
            count(*) FILTER (person.email IS NOT NULL AND contact.id IS NOT NULL) / count(contact.id),
            count(*) FILTER (contact.id IS NOT NULL AND contact.link <> '') / count(*) FILTER (person.email IS NOT NULL AND contact.id IS NOT NULL),
            count(*) FILTER (contact.id IS NULL) / count(contact.id)
        FROM (SELECT id, lower("C_EmailAddress") AS email, "C_SFDCLeadID" || "C_SFDCContactID" AS link FROM "eloqua/contacts") AS contact
        FULL JOIN (
            SELECT "Email" AS email FROM "salesforce/Lead" UNION SELECT "Email" FROM "salesforce/Contact"
        ) AS person USING (email)
    """)
    assert 0.55 < both < 0.65
    assert 0.90 < linked < 0.99
    assert 0.10 < only < 0.20


@pytest.mark.parametrize(
    ("from_table", "column", "to_table"),
    [
        ("eloqua/contacts", "C_SFDCLeadID", "salesforce/Lead"),
        ("eloqua/contacts", "C_SFDCContactID", "salesforce/Contact"),
        ("eloqua/contacts", "C_SFDCAccountID", "salesforce/Account"),
        ("eloqua/accounts", "M_SFDCAccountID", "salesforce/Account"),
        ("salesforce/Lead", "OwnerId", "salesforce/User"),
        ("salesforce/Lead", "ConvertedContactId", "salesforce/Contact"),
        ("salesforce/Lead", "ConvertedAccountId", "salesforce/Account"),
        ("salesforce/Contact", "AccountId", "salesforce/Account"),
        ("salesforce/Campaign", "ParentId", "salesforce/Campaign"),
        ("salesforce/Campaign", "OwnerId", "salesforce/User"),
        ("salesforce/CampaignMember", "CampaignId", "salesforce/Campaign"),
        ("salesforce/CampaignMember", "LeadId", "salesforce/Lead"),
        ("salesforce/CampaignMember", "ContactId", "salesforce/Contact"),
        ("salesforce/Opportunity", "AccountId", "salesforce/Account"),
        ("salesforce/Opportunity", "CampaignId", "salesforce/Campaign"),
    ],
)
def test_references_lead_somewhere(sql, from_table, column, to_table):
    [(count, lost)] = sql(f"""
        SELECT count(*), count(*) FILTER ("{column}" NOT IN (SELECT "Id" FROM "{to_table}"))
        FROM "{from_table}" WHERE "{column}" <> ''
    """)
    assert count > 0
    assert lost == 0


def test_names_show_the_dirt_of_forms(sql):
    names = [
        name
        for row in sql('SELECT "C_FirstName", "C_LastName" FROM "eloqua/contacts"')
        for name in row
        if name
    ]
    dirt = {
        "capitals": r"^[A-Z]{4,}$",
        "no capitals": r"^[a-z]{4,}$",
        "blank before": r"^ ",
        "blank behind": r" $",
        "no-break space": "\u00a0",
        "tab": "\t",
        "junk": r"^(asdf|test|xxx)$",
        "title in the name": r"^Dr\. ",
        "mangled": "&#39;|Ã|&eacute;",
    }
    assert {what for what, pattern in dirt.items() if any(re.search(pattern, name) for name in names)} == set(
        dirt
    )


def test_names_come_in_many_scripts(sql):
    names = " ".join(name for (name,) in sql('SELECT "C_LastName" FROM "eloqua/contacts"'))
    first_letters = {
        "Cyrillic": 0x0400, "Greek": 0x0370, "Arabic": 0x0600, "Hebrew": 0x0590, "Devanagari": 0x0900, "Thai": 0x0E00,
        "Latin with accents": 0x00C0,
    }  # fmt: skip
    found = {
        script for script, at in first_letters.items() if any(at <= ord(char) < at + 0x80 for char in names)
    }
    assert found == set(first_letters)
    assert re.search("[一-龥]", names)
    assert re.search("[가-힣]", names)


def test_a_country_is_spelt_in_many_ways(sql):
    spellings = {country for (country,) in sql('SELECT DISTINCT "C_Country" FROM "eloqua/contacts"')}
    assert {"United States", "USA", "us", "Deutschland", "Germany", "DE", ""} <= spellings


def test_some_people_have_two_addresses(sql):
    [(doubles,)] = sql("""
        SELECT count(*) FROM "eloqua/contacts" AS one JOIN "eloqua/contacts" AS two ON two.id = one.id + 1
        WHERE one.id % 25 = 24 AND one."C_BusPhone" = two."C_BusPhone" AND two."C_BusPhone" <> ''
    """)
    assert doubles > CONTACTS / 25 / 3


@pytest.mark.parametrize(
    ("kind", "pattern", "least", "most"),
    [
        ("role addresses", r"^(info|sales|admin|support|office|noreply|webmaster)@", 0.003, 0.02),
        ("disposable domains", r"@(tempmail|throwaway|ten-minutes|trashbox)\.example$", 0.008, 0.03),
        ("no valid address", r"@@|,|\.\.| |^[^@]*$|@example$", 0.004, 0.015),
        ("capitals", r"^[A-Z0-9._-]+@[A-Z0-9.-]+$", 0.02, 0.05),
    ],
)
def test_addresses_show_the_dirt_of_forms(data, kind, pattern, least, most):
    addresses = data["eloqua/contacts"]["C_EmailAddress"].to_pylist()
    assert least < sum(bool(re.search(pattern, address)) for address in addresses) / CONTACTS < most, kind


def test_campaigns_are_of_every_kind(sql):
    [row] = sql("""
        SELECT count(*), count("ParentId"), count(*) FILTER ("IsDeleted"), count(*) - count("StartDate"),
            count(*) - count("EndDate"), count(*) - count("Type"), count(DISTINCT "Status"), count(DISTINCT "Type")
        FROM "salesforce/Campaign"
    """)
    everything, parents, deleted, *rest = row
    assert (everything, deleted) == (20, 1)
    assert parents > 0
    assert all(count > 0 for count in rest[:2])
    assert rest[3] >= 3


def test_records_await_the_pipeline_in_every_state(sql):
    """Nearly all lack campaign data; the rest are right already, stale, or point at no campaign that is there."""
    rows = sql("""
        SELECT CASE
            WHEN trim(r."CRM_Campaign_Id") = '' THEN 'blank'
            WHEN c."Id" IS NULL THEN 'missing'
            WHEN c."IsDeleted" THEN 'deleted'
            WHEN r."Campaign_Name" = '' THEN 'lacking'
            WHEN r."Campaign_Name" = c."Name" AND r."Campaign_Type" = coalesce(c."Type", '')
                AND r."Campaign_Status" = coalesce(c."Status", '')
                AND r."Campaign_Start_Date" IS NOT DISTINCT FROM c."StartDate"
                AND r."Campaign_End_Date" IS NOT DISTINCT FROM c."EndDate"
                AND r."Campaign_Owner" = u."FirstName" || ' ' || u."LastName"
                AND r."Parent_Campaign" = coalesce(p."Name", '') THEN 'filled'
            ELSE 'stale'
        END
        FROM "eloqua/campaign_members" AS r
        LEFT JOIN "salesforce/Campaign" AS c ON left(trim(r."CRM_Campaign_Id"), 15) = left(c."Id", 15)
        LEFT JOIN "salesforce/Campaign" AS p ON p."Id" = c."ParentId"
        LEFT JOIN "salesforce/User" AS u ON u."Id" = c."OwnerId"
    """)
    share = {state: count / len(rows) for state, count in Counter(state for (state,) in rows).items()}
    assert share.pop("lacking") > 0.85
    assert set(share) == {"blank", "missing", "deleted", "filled", "stale"}
    assert all(0.005 < part < 0.06 for part in share.values())


def test_some_campaign_ids_have_lost_their_check_characters(sql):
    lengths = sql('SELECT DISTINCT length("CRM_Campaign_Id") FROM "eloqua/campaign_members"')
    assert {length for (length,) in lengths} == {0, 15, 18, 19}


def test_nobody_is_a_member_of_a_campaign_twice(sql):
    twice = sql("""
        SELECT "CampaignId" FROM "salesforce/CampaignMember"
        GROUP BY "CampaignId", coalesce("ContactId", "LeadId") HAVING count(*) > 1
    """)
    assert twice == []


def test_members_have_a_status_that_their_campaign_knows(sql):
    [(members, known)] = sql("""
        SELECT count(*), count(s."Label") FROM "salesforce/CampaignMember" AS m
        LEFT JOIN "salesforce/CampaignMemberStatus" AS s ON s."CampaignId" = m."CampaignId" AND s."Label" = m."Status"
    """)
    assert members == known > 0


def test_hard_bounces_are_those_of_contacts_that_eloqua_has_marked(sql):
    [(hard, soft, without_code)] = sql("""
        SELECT
            count(*) FILTER (c."IsBounced" AND b."SmtpMessage" LIKE '5%'),
            count(*) FILTER (NOT c."IsBounced" AND b."SmtpMessage" LIKE '4%'),
            count(*) FILTER (b."SmtpErrorCode" = '' OR b."SmtpStatusCode" = '')
        FROM "eloqua/activities/Bounceback" AS b JOIN "eloqua/contacts" AS c ON c.id = b."contactId"
    """)
    [(marked,)] = sql('SELECT count(*) FILTER ("IsBounced") FROM "eloqua/contacts"')
    assert hard == marked > 100
    assert soft > 100
    assert 0 < without_code < (hard + soft) / 10


@pytest.mark.parametrize(
    "kind",
    ["EmailSend", "EmailOpen", "EmailClickthrough", "Unsubscribe", "Bounceback", "FormSubmit", "WebVisit"],
)
def test_there_are_activities_of_each_type_none_of_them_in_the_future(sql, kind):
    [(count, latest)] = sql(f'SELECT count(*), max("createdAt") FROM "eloqua/activities/{kind}"')
    assert count > 20
    assert latest <= demo.AS_OF


def test_fill_loads_both_systems_and_equal_seeds_end_in_equal_dumps():
    dumps = []
    for _ in range(2):
        state = State(seed=5)
        demo.fill(state, contacts=200, campaign_members=120)
        counts = {store.system: store.counts() for store in state.stores()}
        assert counts["eloqua"]["contacts"] == 200
        assert counts["eloqua"]["Campaign Members"] == 120
        assert counts["salesforce"]["Lead"] > 50
        dumps.append(b"".join(chunk for store in state.stores() for chunk in store.dump()))
        state.close()
    assert dumps[0] == dumps[1]
    assert dumps[0].count(b"\n") > 700


def test_filled_records_are_linked_to_their_contacts():
    state = State()
    demo.fill(state, contacts=100)
    entity, _ = state.store(EloquaStore).custom_object(1)
    with state.cursor() as cursor:
        assert cursor.value(f'SELECT count(*) FILTER ("contactId" IS NULL) FROM {entity.table}') == 0
    state.close()


def test_the_data_can_stand_for_another_day():
    day = datetime(2031, 1, 1)  # noqa: DTZ001  # in UTC without a zone, as the tables hold it
    moments = [
        moment
        for system, entity, table in pieces(Size(300), as_of=day)
        if (system, entity) == ("eloqua", "contacts")
        for moment in table["updatedAt"].to_pylist()
    ]
    assert demo.AS_OF < max(moments) <= day
