"""What comes back from the archive, decided from datasets alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from scc.core.changes import PlanSummary, number_changes
from scc.engines.duckdb import DuckDBEngine
from scc.flow.archive_source import PROFILES, CreatedContacts
from scc.pipelines.restore_contacts import Config, pipeline
from scc.store.dataset import write_dataset

COLUMNS = ("Id", "C_EmailAddress", "C_FirstName", "C_City")
AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def plan(tmp_path):
    def make(contacts, entries, carried=()):
        schema = pa.schema([(name, pa.string()) for name in COLUMNS])
        meta = {"object": "contact", "types": dict.fromkeys(COLUMNS, "string")}

        def dataset(name, schema, rows):
            data = pa.RecordBatch.from_pylist(list(rows), schema=schema)
            return write_dataset(tmp_path / name, schema, [data], meta)

        read = {
            "created": dataset("created", schema, contacts),
            "carried": dataset("carried", schema.append(pa.field("left_over", pa.string())), carried),
            "archived": dataset("archived", PROFILES, entries),
        }
        batches = number_changes(DuckDBEngine().run(pipeline(Config()).plan(read).query), PlanSummary())
        return [row for batch in batches for row in batch.to_pylist()]

    return make


def contact(key, **values):
    return {**dict.fromkeys(COLUMNS, ""), "Id": key, **values}


def entry(key, archived, days=0, **fields):
    moment = AT + timedelta(days=days)
    run = f"purge-contacts@{moment:%Y-%m-%dT%H:%MZ}"
    return {
        "Id": key,
        "contact_id": archived,
        "run": run,
        "archived_at": moment,
        "fields": list(fields.items()),
    }


def test_the_newest_entry_wins_and_older_ones_fill_what_it_lacks(plan):
    fill, newer, older = plan(
        [contact("77")],
        [
            entry("77", "5", C_FirstName="Old", C_City="Rome"),
            entry("77", "9", days=3, C_FirstName="New", C_City=" "),
        ],
    )

    assert (fill["operation"], fill["key"]) == ("fill", "77")
    assert dict(fill["before"]) == {"C_FirstName": "", "C_City": ""}
    assert dict(fill["after"]) == {"C_FirstName": "New", "C_City": "Rome"}
    assert fill["evidence"] == "archived contact 5, 9"
    assert [(row["system"], row["object"], row["key"]) for row in (newer, older)] == [
        ("store", "archive", "5"),
        ("store", "archive", "9"),
    ]
    assert {dict(row["after"])["restored_to"] for row in (newer, older)} == {"77"}


def test_what_is_there_now_stays_and_what_may_not_come_back_does_not(plan):
    fill, _ = plan(
        [contact("77", C_City="Oslo")],
        [
            entry(
                "77",
                "5",
                C_FirstName="Ann",
                C_City="Rome",
                C_Email_Opt_In1="Yes",
                C_EmailAddress="a@b.example",
            )
        ],
    )

    assert dict(fill["after"]) == {"C_FirstName": "Ann"}


def test_who_lacks_nothing_is_left_alone_and_not_marked(plan):
    (row,) = plan([contact("77", C_FirstName="Ann", C_City="Oslo")], [entry("77", "5", C_City="Rome")])

    assert row["operation"] == "skip"
    assert row["reason"] == "came back, and nothing is blank that the archive could fill"


def test_two_contacts_of_one_mailbox_share_one_mark(plan):
    *fills, mark = plan(
        [contact("77"), contact("78")], [entry(key, "5", C_City="Rome") for key in ("77", "78")]
    )

    assert [row["key"] for row in fills] == ["77", "78"]
    assert dict(mark["after"]) == {"restored_to": "77,78"}


def test_a_contact_that_is_carried_over_is_offered_like_a_fresh_one(plan):
    carried = {**contact("77"), "left_over": "77"}

    assert plan([], [entry("77", "5", C_City="Rome")], carried=[carried]) == plan(
        [contact("77")], [entry("77", "5", C_City="Rome")]
    )


@pytest.mark.parametrize(
    ("name", "label", "is_barred"),
    [
        ("C_Email_Opt_In1", "Email Opt In", True),
        ("C_X1", "GDPR consent given", True),
        ("C_Lead_Score1", "Lead Score", True),
        ("C_SFDCLeadID", "SFDC Lead ID", True),
        ("C_Unsubscribe_Reason1", "Unsubscribe Reason", True),
        ("C_DoNotCall1", "Do not call", True),
        ("C_Lead_Rating1", "Lead Rating", True),
        ("C_Operating_System1", "Operating System", False),
        ("C_Domain_Notes1", "Domain Notes", False),
        ("C_Optional_Training1", "Optional Training", False),
        ("C_FirstName", "First Name", False),
        ("C_Country", "Country", False),
        ("C_Industry1", "Industry", False),
        ("C_Title", "Title", False),
    ],
)
def test_consent_scores_and_states_are_barred_from_the_start(name, label, is_barred):
    created = pipeline(Config()).source("created")

    assert isinstance(created, CreatedContacts)
    assert created.is_barred(name, label) is is_barred
