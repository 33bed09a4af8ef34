"""Who goes and who stays, decided from datasets alone."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pipelines.purge_worlds import KINDS, NOW, judge, make, plan

from scc.core.changes import PlanSummary
from scc.core.limits import check
from scc.errors import ConfigError
from scc.pipelines import registry
from scc.pipelines.purge_contacts import Config, pipeline

LONG_AGO = "2020-01-01 00:00:00.000"


@pytest.mark.timeout(900)  # many runs, and the machine may be busy
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(dice=st.randoms(use_true_random=False))
def test_no_protected_contact_is_ever_deleted_and_who_is_stands_first_in_the_written_order(tmp_path, dice):
    """Held against the rules as judged once more, one by one, in plain Python."""
    config, read = make(dice)
    delete, skip, protected = judge(config, read)

    shutil.rmtree(tmp_path)
    _, changes = plan(tmp_path, config, read)

    planned = {row["key"] for row in changes if row["operation"] == "delete"}
    assert not planned & protected
    assert planned == delete
    assert {row["key"] for row in changes if row["operation"] == "skip"} == skip
    assert {row["operation"] for row in changes} <= {"delete", "skip"}


def contact(number, address="ann.bell@acme.example", **values):
    row = {
        "Id": str(number),
        "C_EmailAddress": address,
        "CreatedAt": LONG_AGO,
        "Email.IsBounced": "False",
        "Email.IsSubscribed": "True",
        "C_SFDCContactID": "",
        "C_SFDCLeadID": "",
        "C_SFDCAccountID": "",
    }
    return {**row, **values}


@pytest.fixture
def decide(tmp_path):
    """Plan over these contacts; everything else that is read is empty unless given."""

    def make_plan(*contacts, target=1, config=(), **read):
        empty = (
            "activity",
            "bounces",
            "members",
            "opportunities",
            "opportunity-roles",
            "customer-accounts",
            "sf-contacts",
            "sf-leads",
        )
        read = {name.replace("_", "-"): rows for name, rows in read.items()}
        datasets = {"contacts": list(contacts), **{name: [] for name in empty}, **read}
        chosen = Config(target_contacts=target, **{"margin": 0.0, **dict(config)})
        return plan(tmp_path, chosen, datasets)

    return make_plan


def days_ago(days):
    return (NOW - timedelta(days=days)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ann", "malformed: not a name, one @ and a domain"),
        ("ann@acme", "malformed: a domain without a dot"),
        ("ann..b@acme.example", "malformed: dots side by side, or at an end"),
        ("ann b@acme.example", "malformed: characters that no mail server takes"),
        ("ann@acme\n.example", "malformed: characters that no mail server takes"),
        ("Ann@Deep.Mailinator.com", "junk domain: disposable mailbox"),
        ("ann@gmial.com", "junk domain: mistyped domain"),
        (" INFO+eu@acme.example", "role account: an office, not a person"),
        ("noreply@acme.example", "role account: a mail server's own"),
        ("ann@acme.example", "inactive: no activity for 730 days"),
    ],
)
def test_the_reason_names_the_rule_and_holds_nothing_personal(decide, address, why):
    _, (change,) = decide(contact(7, address), contact(8, CreatedAt="2026-11-22 00:00:00.000"))

    assert (change["operation"], change["key"], change["reason"]) == ("delete", "7", why)
    assert dict(change["before"]) == {"C_EmailAddress": address}
    assert address.strip() not in change["reason"] + change["evidence"]


def test_the_plan_says_of_a_malformed_address_that_it_may_not_come_back(decide):
    _, (change,) = decide(contact(7, "ann@acme"), contact(8, CreatedAt=""))

    assert change["evidence"] == "for good: Eloqua may refuse to make such an address again"


def test_a_hard_bounce_tells_its_rule_and_codes(decide):
    bounce = {
        "contact_id": 7,
        "EmailAddress": "Ann.Bell@Acme.example",
        "SmtpErrorCode": "550",
        "SmtpStatusCode": "5.1.1",
        "SmtpMessage": "unknown user ann.bell@acme.example",
        "happened_at": datetime(2026, 11, 1, 10, 30),  # noqa: DTZ001  # as the dataset holds it
    }

    _, (change,) = decide(contact(7), contact(8, CreatedAt=""), bounces=[bounce])

    assert change["reason"] == "hard bounced: no such mailbox or domain"
    assert change["evidence"] == "Bounceback of 2026-11-01 10:30, 550 5.1.1"


@pytest.mark.parametrize(
    ("why", "changed", "read"),
    [
        ("open opportunity", {"C_SFDCAccountID": "001000000000001AAA"}, {}),
        ("open opportunity", {"C_SFDCContactID": "003000000000002"}, {}),
        ("open opportunity", {"C_EmailAddress": "Buyer@acme.example"}, {}),
        ("customer", {"C_SFDCAccountID": "001000000000009AAA"}, {}),
        ("on a protected list", {"Id": "55"}, {}),
        ("younger than 90 days", {"CreatedAt": "2026-11-01 00:00:00.000"}, {}),
        ("opted out and kept for suppression", {"Email.IsSubscribed": "False"}, {}),
        ("customer", {"Id": "66"}, {"customers": [{"Id": "66"}]}),
    ],
)
def test_each_protection_keeps_a_contact_and_says_so(decide, why, changed, read):
    about = {
        "opportunities": [{"Id": "006000000000001AAA", "AccountId": "001000000000001AAA"}],
        "opportunity_roles": [{"ContactId": "003000000000002AAA", "OpportunityId": "006000000000005AAA"}],
        "sf_contacts": [
            {"Id": "003000000000002AAA", "AccountId": None, "Email": None, "LastActivityDate": None},
            {
                "Id": "003000000000003AAA",
                "AccountId": "001000000000001AAA",
                "Email": "buyer@acme.example",
                "LastActivityDate": None,
            },
        ],
        "customer_accounts": [{"Id": "001000000000009AAA"}],
        "members": [{"list": "5", "contact_id": "55"}],
    }
    config = {"customers_where": {"field": "C_Company", "op": "=", "value": "Acme"}} if read else {}
    marked = contact(7, **{"Email.IsBounced": "True", **changed})

    _, (change,) = decide(marked, contact(8, CreatedAt=""), config=config, **about, **read)

    assert (change["operation"], change["key"]) == ("skip", marked["Id"])
    assert change["reason"] == f"protected, {why}; otherwise hard bounced: marked so in Eloqua"


def test_the_longest_inactive_go_first_and_only_as_many_as_it_takes(decide):
    seen = {3: 900, 4: 800, 5: 1000, 6: 100}
    activity = [{"contact_id": key, "happened_at": days_ago(days)} for key, days in seen.items()]
    contacts = [contact(n, f"a{n}.b@acme.example") for n in (3, 4, 5, 6)]

    _, changes = decide(*contacts, target=2, activity=activity)

    assert [row["key"] for row in changes] == ["3", "5"]
    assert {row["evidence"] for row in changes} == {"last activity 2024-06-05", "last activity 2024-02-26"}


def test_activity_in_salesforce_counts(decide):
    lead = {"Id": "00Q000000000001AAA", "Email": "Ann.Bell@acme.example", "LastActivityDate": "2026-10-01"}

    _, changes = decide(contact(7), contact(8, CreatedAt=""), sf_leads=[lead])

    assert changes == []


def test_up_to_the_target_nobody_goes_and_above_it_the_margin_is_made(decide):
    contacts = [contact(n, f"a{n}.b@acme.example") for n in range(1, 11)]

    assert decide(*contacts, target=10, config={"margin": 0.5})[1] == []
    assert len(decide(*contacts, target=9, config={"margin": 0.5})[1]) == 6


def test_kinds_out_of_the_priority_never_go(decide):
    contacts = [contact(7, "info@acme.example"), contact(8, "x", CreatedAt="2026-01-01 00:00:00")]

    _, changes = decide(*contacts, config={"priority": ["malformed"]})

    assert [row["key"] for row in changes] == ["8"]


def test_a_large_share_of_all_contacts_waits_for_an_approval(decide):
    step, changes = decide(*[contact(n, f"a{n}.b@acme.example") for n in range(1, 11)], target=9)
    summary = PlanSummary()
    summary.counts["eloqua", "contact", "delete", "inactive"] = len(changes)

    broken = check(summary, step.limits, population=step.population)

    assert {one.limit for one in broken} >= {"max_share"}
    assert all(one.approvable for one in broken)
    assert step.population == 10


def test_without_a_target_the_pipeline_says_what_to_set():
    with pytest.raises(ConfigError, match="target_contacts is not set") as caught:
        registry.build("purge-contacts", {})
    assert "target_contacts = 500_000" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"history_days": 100, "inactive_days": 200}, "history_days is less than inactive_days"),
        ({"priority": ["inactive", "inactive"]}, "each kind once"),
        ({"priority": ["dead"]}, "priority"),
        ({"customers_where": {"field": "C_Company"}}, "customers_where"),
        ({"rules": "nowhere.toml"}, r"nowhere\.toml can't be read"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_named(table, message):
    with pytest.raises(ConfigError, match=message):
        registry.build("purge-contacts", {"purge-contacts": {"target_contacts": 10, **table}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no rules"),
        ("[[rude]]\nname = 'a'", "only"),
        ("malformed = 3", "only"),
        ("[[malformed]]\nname = 'a'\naddress = '('", "malformed 1: address is no regular expression"),
        ("[[malformed]]\nname = 'a'\naddress = '(?=a).*'", "malformed 1: address is no regular expression"),
        ("[[malformed]]\nname = 'a'\naddress = 3", "malformed 1: address is no regular expression"),
        ("[[malformed]]\nname = 'a'", "malformed 1 must have name and address"),
        ("[[role]]\nname = 'a'\nnames = []", "role 1: names is no list"),
        ("[[junk]]\nname = 'a'\ndomains = 'x.com'", "junk 1: domains is no list"),
        ("[[junk", "can't be read"),
    ],
)
def test_address_rules_that_make_no_sense_are_named_with_their_file(tmp_path, text, message):
    (tmp_path / "rules.toml").write_text(text)

    with pytest.raises(ConfigError, match=message) as caught:
        pipeline(Config(target_contacts=1, rules=tmp_path / "rules.toml"))
    assert "rules.toml" in caught.value.message


def test_rules_of_ones_own_replace_those_of_scc(decide, tmp_path):
    (tmp_path / "own.toml").write_text(
        "[[junk]]\nname = 'rivals'\ndomains = ['rival.example']\n[[malformed]]\nname = 'digits'\naddress = '[0-9]+@.*'\n"
    )
    contacts = [contact(1, "a@rival.example"), contact(2, "12@acme.example"), contact(3, "info@acme.example")]

    _, changes = decide(*contacts, config={"rules": str(tmp_path / "own.toml"), "priority": KINDS[:3]})

    assert [(row["key"], row["reason"]) for row in changes] == [
        ("1", "junk domain: rivals"),
        ("2", "malformed: digits"),
    ]
