"""The plan is a pure function: datasets in, change set out. No system is needed to test what it decides."""

from __future__ import annotations

import pyarrow as pa
import pytest

from scc.core.changes import PlanSummary, number_changes
from scc.engines.duckdb import DuckDBEngine
from scc.errors import ConfigError
from scc.pipelines.enrich_campaign_members import Config, pipeline
from scc.store.dataset import write_dataset

FIELDS = {"Campaign_Name": "Name", "Campaign_Start_Date": "StartDate", "Campaign_Owner": "Owner.Name"}
TYPES = {"Campaign_Name": "string", "Campaign_Start_Date": "date", "Campaign_Owner": "string"}
ONE = "701000000000001AAA"
BLANK = dict.fromkeys(FIELDS, "")


def dataset(folder, columns, rows, **meta):
    schema = pa.schema([(name, pa.string()) for name in columns])
    return write_dataset(folder, schema, [pa.RecordBatch.from_pylist(rows, schema=schema)], meta)


@pytest.fixture
def plan(tmp_path):
    """Give a function that plans for records and campaigns, and returns the change set's rows."""

    def make(records, campaigns, *, carried=(), chosen=None, **config):
        columns = ["Id", "CRM_Campaign_Id", *FIELDS]
        read = {
            "records": dataset(tmp_path / "records", columns, records, object="customObject/7", types=TYPES),
            "carried": dataset(tmp_path / "carried", columns, list(carried)),
            "campaigns": dataset(tmp_path / "campaigns", ["Id", "IsDeleted", *FIELDS.values()], campaigns),
        }
        if chosen is not None:
            read["chosen"] = dataset(tmp_path / "chosen", ["Id"], [{"Id": one} for one in chosen])
        query = pipeline(Config(fields=FIELDS, **config)).plan(read).query
        batches = number_changes(DuckDBEngine().run(query), PlanSummary())
        return [row for batch in batches for row in batch.to_pylist()]

    return make


def record(number, campaign=ONE, **fields):
    return {"Id": str(number), "CRM_Campaign_Id": campaign, **BLANK, **fields}


def campaign(one=ONE, *, deleted="false", name="Spring", start="2026-03-01", owner="Ann Lee"):
    return {"Id": one, "IsDeleted": deleted, "Name": name, "StartDate": start, "Owner.Name": owner}


def test_a_record_without_campaign_data_is_filled(plan):
    (change,) = plan([record(1)], [campaign()])

    assert change["change"] == 0
    assert (change["system"], change["object"], change["operation"], change["key"]) == (
        "eloqua",
        "customObject/7",
        "update",
        "1",
    )
    assert dict(change["before"]) == BLANK
    assert dict(change["after"]) == {
        "Campaign_Name": "Spring",
        "Campaign_Start_Date": "2026-03-01 00:00:00",
        "Campaign_Owner": "Ann Lee",
    }
    assert change["reason"] == "the record lacks campaign data"
    assert change["evidence"] == f"Campaign {ONE}"


def test_only_what_differs_is_changed(plan):
    filled = record(
        1, Campaign_Name="Old", Campaign_Start_Date="2026-03-01 00:00:00.000", Campaign_Owner=" Ann Lee "
    )

    (change,) = plan([filled], [campaign()])

    assert dict(change["before"]) == {"Campaign_Name": "Old"}
    assert dict(change["after"]) == {"Campaign_Name": "Spring"}
    assert change["reason"] == "the record differs from its campaign"


def test_a_record_that_agrees_is_not_in_the_plan(plan):
    agreeing = record(
        1, Campaign_Name="Spring", Campaign_Start_Date="2026-03-01 00:00:00", Campaign_Owner="Ann Lee"
    )

    assert plan([agreeing], [campaign()]) == []


@pytest.mark.parametrize(
    ("held", "found", "reason", "evidence"),
    [
        ("", [], "the record has no campaign id", ""),
        ("ann@example.com", [], "the record's campaign id is none of Salesforce's", ""),
        ("003000000000001AAA", [], "the record's campaign id is none of Salesforce's", ""),
        (ONE, [], "Salesforce has no such campaign", f"Campaign {ONE}"),
        (ONE, [campaign(deleted="true")], "the campaign is deleted in Salesforce", f"Campaign {ONE}"),
    ],
)
def test_a_record_without_a_campaign_is_reported_and_left_alone(plan, held, found, reason, evidence):
    (change,) = plan([record(1, held)], found)

    assert (change["operation"], change["reason"], change["evidence"]) == ("skip", reason, evidence)
    assert change["after"] is None


def test_a_campaign_is_found_by_the_short_form_of_its_id(plan):
    (change,) = plan([record(1, ONE[:15])], [campaign()])

    assert change["operation"] == "update"


def test_ids_that_differ_in_case_are_different_campaigns(plan):
    (change,) = plan([record(1, "70100000000000aAAA")], [campaign("70100000000000AAAA")])

    assert change["reason"] == "Salesforce has no such campaign"


def test_a_record_whose_campaign_is_not_chosen_is_left_alone(plan):
    changes = plan(
        [record(1), record(2, "701000000000002AAA")],
        [campaign(), campaign("701000000000002AAA")],
        chosen=["701000000000002AAA"],
        campaigns_where={"field": "IsActive", "op": "=", "value": True},
    )

    assert {row["key"]: row["operation"] for row in changes} == {"1": "skip", "2": "update"}


@pytest.mark.parametrize(("when_blank", "expected"), [("clear", {"Campaign_Owner": ""}), ("keep", None)])
def test_what_the_campaign_lost_is_cleared_or_kept_as_configured(plan, when_blank, expected):
    filled = record(
        1, Campaign_Name="Spring", Campaign_Start_Date="2026-03-01 00:00:00", Campaign_Owner="Ann Lee"
    )

    changes = plan([filled], [campaign(owner=None)], when_blank=when_blank)

    assert [dict(row["after"]) for row in changes] == ([expected] if expected else [])


def test_a_carried_record_is_planned_like_a_fresh_one(plan):
    changes = plan([record(1)], [campaign()], carried=[record(2)])

    assert [row["key"] for row in changes] == ["1", "2"]


def test_text_that_is_no_date_is_left_for_eloqua_to_judge(plan):
    (change,) = plan([record(1)], [campaign(start="soon")])

    assert dict(change["after"])["Campaign_Start_Date"] == "soon"


def test_no_record_makes_an_empty_plan(plan):
    assert plan([], []) == []


def test_the_same_datasets_give_the_same_bytes(tmp_path, plan):
    records = [record(n) for n in range(500)]
    one = plan(records, [campaign()])

    assert plan(list(reversed(records)), [campaign()]) == one


def test_a_condition_that_is_none_is_named_by_its_key():
    with pytest.raises(ConfigError, match=r"pipelines\.enrich-campaign-members\.records_where\.any\[0\]"):
        pipeline(Config(records_where={"any": [{"field": "A"}]}))


def test_a_new_configuration_reads_everything_again_and_a_new_limit_does_not():
    digest = pipeline(Config()).config_digest

    assert pipeline(Config(max_changes=5)).config_digest == digest
    assert pipeline(Config(fields={"Campaign_Name": "Name"})).config_digest != digest
