"""What a hard bounce changes, decided from datasets alone."""

from __future__ import annotations

import pyarrow as pa
import pytest

from scc.core.changes import PlanSummary, number_changes
from scc.engines.duckdb import DuckDBEngine
from scc.errors import ConfigError
from scc.pipelines import registry
from scc.pipelines.hard_bounces import Config, pipeline
from scc.store.dataset import write_dataset

BOUNCE = {
    "Id": "1",
    "ContactId": "7",
    "EmailAddress": "ann@example.com",
    "ActivityDate": "2026-11-20 10:00:00.000",
    "SmtpErrorCode": "550",
    "SmtpStatusCode": "5.1.1",
    "SmtpMessage": "",
    "Contact.C_EmailAddress": "Ann@Example.com",
    "Contact.C_Status": "",
}
LEAD = {"Id": "00Q1", "Email": "Ann@Example.com", "EmailBouncedDate": None, "EmailBouncedReason": None}


def dataset(folder, columns, rows, **meta):
    schema = pa.schema([(name, pa.string()) for name in columns])
    return write_dataset(folder, schema, [pa.RecordBatch.from_pylist(rows, schema=schema)], meta)


@pytest.fixture
def plan(tmp_path):
    def make(*bounces, carried=(), clicks=(), forms=(), members=(), leads=(), contacts=(), **config):
        config = {
            "marks": {"C_Status": "Invalid"},
            "invalid_list": "Invalid",
            "nurture_lists": ["News"],
            **config,
        }
        events = ["Id", "ContactId", "ActivityDate"]
        read = {
            "bounces": dataset(tmp_path / "b", BOUNCE, list(bounces), types=dict.fromkeys(BOUNCE, "string")),
            "carried": dataset(tmp_path / "carried", [*BOUNCE, "left_over"], list(carried)),
            "clicks": dataset(tmp_path / "c", events, list(clicks)),
            "forms": dataset(tmp_path / "f", events, list(forms)),
            "members": dataset(
                tmp_path / "m", ["list", "contact_id"], list(members), lists={"Invalid": "5", "News": "6"}
            ),
            "leads": dataset(tmp_path / "l", [*LEAD, *config.get("lead_fields", ())], list(leads)),
            "sf-contacts": dataset(
                tmp_path / "s", [*LEAD, *config.get("contact_fields", ())], list(contacts)
            ),
        }
        step = pipeline(Config(**config)).plan(read)
        batches = number_changes(DuckDBEngine().run(step.query), PlanSummary())
        return [row for batch in batches for row in batch.to_pylist()]

    return make


def short(changes):
    return [(row["object"], row["operation"], row["key"]) for row in changes]


def test_a_hard_bounce_marks_the_contact_moves_it_and_tells_salesforce(plan):
    changes = plan(
        BOUNCE, members=[{"list": "6", "contact_id": "7"}], leads=[LEAD], contacts=[{**LEAD, "Id": "0031"}]
    )

    assert short(changes) == [
        ("contact", "update", "7"),
        ("contactList/5", "list-add", "7"),
        ("contactList/6", "list-remove", "7"),
        ("Contact", "update", "0031"),
        ("Lead", "update", "00Q1"),
    ]
    assert dict(changes[0]["after"]) == {"C_Status": "Invalid"}
    assert dict(changes[4]["after"]) == {
        "EmailBouncedDate": "2026-11-20T10:00:00.000Z",
        "EmailBouncedReason": "550 5.1.1 no such mailbox or domain",
    }
    assert {row["evidence"] for row in changes} == {"Bounceback 1"}
    assert {row["reason"] for row in changes} == {"hard bounce: no such mailbox or domain"}


def test_what_is_done_already_is_not_planned_again(plan):
    done = {**BOUNCE, "Contact.C_Status": "Invalid"}
    told = {
        **LEAD,
        "EmailBouncedDate": "2026-11-20T10:00:00.000Z",
        "EmailBouncedReason": "550 5.1.1 no such mailbox or domain",
    }

    assert plan(done, members=[{"list": "5", "contact_id": "7"}], leads=[told]) == []


@pytest.mark.parametrize(
    ("error", "status", "message", "is_hard"),
    [
        ("550", "5.1.1", "", True),
        ("550", "5.1.2", "spam", True),
        ("550", "5.2.1", "", True),
        ("552", "5.2.2", "mailbox full", False),
        ("421", "4.7.0", "try again", False),
        ("550", "5.7.1", "blocked by policy", False),
        ("550", "", "", True),
        ("550", "", "rejected: listed as spam source", False),
        ("", "", "550 No such user here", True),
        ("", "", "User ann is unknown", True),
        ("554", "", "", False),
        ("", "", "", False),
    ],
)
def test_rules_tell_hard_from_soft(plan, error, status, message, is_hard):
    bounce = {**BOUNCE, "SmtpErrorCode": error, "SmtpStatusCode": status, "SmtpMessage": message}

    assert bool(plan(bounce)) == is_hard


@pytest.mark.parametrize("kind", ["clicks", "forms"])
def test_who_was_there_after_the_bounce_is_left_alone_with_the_reason(plan, kind):
    later = {"Id": "9", "ContactId": "7", "ActivityDate": "2026-11-20 10:00:01.000"}

    (change,) = plan(BOUNCE, leads=[LEAD], **{kind: [later]})

    assert change["operation"] == "skip"
    assert change["reason"] == "the contact clicked or submitted a form after the bounce"


def test_what_was_before_the_bounce_spares_nobody(plan):
    earlier = {"Id": "9", "ContactId": "7", "ActivityDate": "2026-11-20 09:59:59.000"}

    assert ("contact", "update", "7") in short(plan(BOUNCE, clicks=[earlier]))


def test_the_same_contact_bouncing_again_is_changed_once(plan):
    again = {**BOUNCE, "Id": "2", "ActivityDate": "2026-11-21 10:00:00.000"}

    changes = plan(BOUNCE, again, leads=[LEAD])

    assert short(changes) == [
        ("contact", "update", "7"),
        ("contactList/5", "list-add", "7"),
        ("Lead", "update", "00Q1"),
    ]
    assert {row["evidence"] for row in changes} == {"Bounceback 2"}


def test_a_bounce_that_is_carried_over_is_judged_like_a_fresh_one(plan):
    carried = {**BOUNCE, "left_over": "7,00Q1"}

    assert short(plan(carried=[carried], leads=[LEAD])) == short(plan(BOUNCE, leads=[LEAD]))


def test_of_a_carried_bounce_only_the_rejected_half_is_offered_again(plan):
    carried = {**BOUNCE, "left_over": "00Q1"}

    changes = plan(carried=[carried], members=[{"list": "5", "contact_id": "7"}], leads=[LEAD])

    assert short(changes) == [("Lead", "update", "00Q1")]


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        ("ann.new@example.com", "the contact has another address than the one that bounced"),
        ("", "the contact is gone, or has no address any more"),
    ],
)
def test_a_contact_that_has_another_address_by_now_is_left_alone_and_salesforce_told(plan, present, reason):
    elsewhere = {**BOUNCE, "Contact.C_EmailAddress": present}

    changes = plan(elsewhere, members=[{"list": "6", "contact_id": "7"}], leads=[LEAD])

    assert short(changes) == [("contact", "skip", "7"), ("Lead", "update", "00Q1")]
    assert changes[0]["reason"] == reason


def test_of_two_addresses_that_bounced_the_present_one_counts(plan):
    old = {**BOUNCE, "Id": "2", "EmailAddress": "old@example.com", "ActivityDate": "2026-11-21 10:00:00.000"}

    changes = plan(BOUNCE, old)

    assert [(row["operation"], row["evidence"]) for row in changes] == [
        ("update", "Bounceback 1"),
        ("list-add", "Bounceback 1"),
    ]


def test_who_clicked_before_the_present_address_bounced_is_spared_for_the_old_one_only(plan):
    old = {**BOUNCE, "Id": "2", "EmailAddress": "old@example.com", "ActivityDate": "2026-11-01 10:00:00.000"}
    between = {"Id": "9", "ContactId": "7", "ActivityDate": "2026-11-10 10:00:00.000"}

    assert ("contact", "update", "7") in short(plan(BOUNCE, old, clicks=[between]))


def test_fields_of_the_teams_own_are_set_in_salesforce(plan):
    lead = {**LEAD, "Email_Status__c": "Valid", "Bounced_On__c": None, "Why__c": "said so"}
    contact = {**LEAD, "Id": "0031", "Mail__c": None}

    changes = plan(
        BOUNCE,
        leads=[lead],
        contacts=[contact],
        lead_fields={"Email_Status__c": "Invalid", "Bounced_On__c": "{day}", "Why__c": "{reason}"},
        contact_fields={"Mail__c": "{reason}"},
    )

    written = {row["key"]: (dict(row["before"]), dict(row["after"])) for row in changes[-2:]}
    assert written == {
        "0031": ({"Mail__c": ""}, {"Mail__c": "550 5.1.1 no such mailbox or domain"}),
        "00Q1": (
            {"Bounced_On__c": "", "Email_Status__c": "Valid"},
            {"Bounced_On__c": "2026-11-20", "Email_Status__c": "Invalid"},
        ),
    }


def test_an_sobject_without_fields_is_left_alone():
    read = {source.name for source in pipeline(Config(lead_fields={})).sources}

    assert "sf-contacts" in read
    assert "leads" not in read
    assert not read & {
        source.name for source in pipeline(Config(salesforce=False)).sources if source.system == "salesforce"
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"lead_fields": {"Why__c": "{why}"}}, r"lead_fields.*plain texts, or one of \{moment\}"),
        ({"marks": {f"C_{n}": "" for n in range(10)}}, "marks"),
        ({"look_back_hours": 0}, "look_back_hours"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_named(table, message):
    with pytest.raises(ConfigError, match=message):
        registry.build("hard-bounces", {"hard-bounces": table})


def test_an_address_is_told_once_to_each_lead_that_has_it(plan):
    changes = plan(BOUNCE, {**BOUNCE, "Id": "2", "ContactId": "8"}, leads=[LEAD, {**LEAD, "Id": "00Q2"}])

    assert [row["key"] for row in changes if row["system"] == "salesforce"] == ["00Q1", "00Q2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no rules"),
        ("[[rule]]\nname = 'a'\nverdict = 'firm'", "verdict is 'firm'"),
        ("[[rule]]\nname = 'a'\nverdict = 'hard'\nerror = '('", "error is no regular expression"),
        ("[[rule]]\nname = 'a'\nverdict = 'hard'\nstatus = '(?!5)'", "status is no regular expression"),
        ("[[rule]]\nname = 'a'\nverdict = 'hard'\nerror = 550", "error is no regular expression"),
        ("[[rule]]\nname = 'a'\nverdict = 'hard'\ncode = '550'", "and nothing else"),
        ("[[rules]]\nname = 'a'", "holds no rules"),
        ("rule = 3", "holds no rules"),
        ("[[rule]]\nverdict = 'hard'", "must have a name"),
        ("[[rule", "can't be read"),
    ],
)
def test_rules_that_make_no_sense_are_named_with_their_file(tmp_path, text, message):
    (tmp_path / "rules.toml").write_text(text)

    with pytest.raises(ConfigError, match=r"rules\.toml") as caught:
        pipeline(Config(rules=tmp_path / "rules.toml"))

    assert message in caught.value.message
