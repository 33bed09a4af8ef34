"""pyeloqua's older class `Eloqua`, unmodified, and what `Bulk` does with custom objects: each call that still works."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyeloqua import Bulk, Eloqua

from scc.sandbox.eloqua.store import EloquaStore

pytestmark = [
    pytest.mark.usefixtures("sandbox"),
    # It calls nearly all of itself deprecated.
    pytest.mark.filterwarnings("ignore:DEPRECATED"),
]
LOGIN = {"company": "Acme", "username": "api.user", "password": "sandbox"}


@pytest.fixture
def store(sandbox):
    made = sandbox.state.store(EloquaStore)
    made.load_contacts(
        pa.table(
            {
                "C_EmailAddress": ["ana@people.example", "bo@people.example", "cy@people.example"],
                "C_FirstName": ["Ana", "Bo", "Cy"],
                "createdAt": ["2020-01-01 00:00:00", "2021-01-01 00:00:00", "2022-01-01 00:00:00"],
            }
        )
    )
    return made


@pytest.fixture
def elq(store):
    return Eloqua(**LOGIN)


@pytest.fixture
def bulk(store):
    return Bulk(**LOGIN)


@pytest.fixture
def orders(store):
    fields = [("Email Address", "Email_Address1", "string"), ("Amount", "Amount1", "number")]
    return store.create_custom_object("Orders", fields, email_field="Email_Address1")


def export(elq, filters):
    fields = elq.CreateFieldStatement("contacts", ["C_EmailAddress", "C_FirstName"])
    definition = elq.CreateDef("exports", "contacts", fields, filters=filters, defName="mine")
    assert elq.CheckSyncStatus(elq.CreateSync(definition), interval=0) == "success"
    return definition


def test_fields_of_every_kind_are_listed(elq, orders):
    assert [field["name"] for field in elq.GetFields("contacts", fields=["C_EmailAddress", "Country"])] == [
        "Email Address",
        "Country",
    ]
    assert "M_CompanyName" in {field["internalName"] for field in elq.GetFields("accounts")}
    assert {"Email_Address1", "Amount1"} <= {
        field["internalName"] for field in elq.GetFields("customObjects", cdoID=orders)
    }


def test_an_export_is_filtered_by_dates(elq):
    # Its way with createdAt is broken in itself; a field that holds the date does.
    span = {"start": "2020-06-01 00:00:00", "end": "2021-06-01 00:00:00"}
    definition = export(elq, elq.FilterDateRange("contacts", "C_DateCreated", **span))
    assert elq.GetSyncedRecordCount(definition) == 1
    assert [row["C_FirstName"] for row in elq.GetSyncedData(definition)] == ["Bo"]


def test_data_comes_in_pages(elq):
    definition = export(elq, "")
    assert sorted(row["C_FirstName"] for row in elq.GetSyncedData(definition, limit=2)) == ["Ana", "Bo", "Cy"]


def test_definitions_are_found_again(elq):
    definition = export(elq, "")
    assert elq.GetDef(defURI=definition["uri"])[0]["name"] == "mine"
    assert [each["uri"] for each in elq.GetDef(defType="exports")] == [definition["uri"]]


def test_an_import_is_synced_and_counted_with_its_rejects(elq, store):
    store.create_list("Newcomers")
    action = elq.CreateSyncAction("add", listName="Newcomers", listType="contacts")
    fields = elq.CreateFieldStatement("contacts", ["C_EmailAddress", "C_FirstName"])
    definition = elq.CreateDef(
        "imports",
        "contacts",
        fields,
        defName="mine",
        identifierFieldName="C_EmailAddress",
        syncActions=[action],
    )
    rows = [{"C_EmailAddress": f"new{number}@people.example", "C_FirstName": "Ñ"} for number in range(5)]
    [sync] = elq.PostSyncData(
        [*rows, {"C_EmailAddress": "none", "C_FirstName": "x"}], definition, maxPost=4, interval=0
    )
    assert (sync["status"], sync["count"], sync["rejectCount"]) == ("warning", 6, 1)
    assert elq.GetSyncRejectedRecords(syncURI=sync["uri"])["messages"] == {"Invalid email address.": 1}
    assert elq.GetAssetSize("sharedList", "Newcomers") == 5


def test_a_custom_object_is_imported_and_exported(bulk, orders):
    bulk.imports("customobjects", obj_id=orders)
    bulk.add_fields(["Email_Address1", "Amount1"])
    bulk.add_options(identifierFieldName="Email_Address1", isSyncTriggeredOnImport=False)
    bulk.create_def("orders in")
    bulk.post_data(
        [
            {"Email_Address1": "ana@people.example", "Amount1": "12.5"},
            {"Email_Address1": "x@people.example", "Amount1": "2"},
        ]
    )
    assert bulk.sync(sleeptime=0) == "success"

    bulk.reset()
    bulk.exports("customobjects", obj_id=orders)
    bulk.add_fields(["Amount1"])
    bulk.filter_equal("Email_Address1", "ana@people.example")
    bulk.create_def("orders out")
    bulk.sync(sleeptime=0)
    assert bulk.get_export_data() == [{"Amount1": "12.5"}]


def test_a_job_is_written_down_and_taken_up_again(bulk, tmp_path):
    bulk.exports("contacts")
    bulk.add_fields(["C_FirstName"])
    bulk.filter_equal("C_FirstName", "Cy")
    bulk.write_job(str(tmp_path / "job.json"))
    again = Bulk(**LOGIN)
    again.read_job(str(tmp_path / "job.json"))
    again.create_def("mine")
    again.sync(sleeptime=0)
    assert again.get_export_data() == [{"C_FirstName": "Cy"}]


def test_records_are_deleted_one_by_one(elq, store, orders):
    store.load_custom_object(orders, pa.table({"Email_Address1": ["ana@people.example"]}))
    store.load_accounts(pa.table({"M_CompanyName": ["Acme"]}))
    assert elq.DeleteRecord("customObject", 1, cdoID=orders) in (200, 204)
    assert elq.DeleteRecord("account", 1) in (200, 204)
    assert elq.DeleteRecord("contact", 1) in (200, 204)
    assert elq.DeleteRecord("contact", 1) == 404
    counts = store.counts()
    assert (counts["contacts"], counts["accounts"], counts["Orders"]) == (2, 0, 0)


def test_assets_are_looked_up(elq, store):
    shared = store.create_list("Some", [1, 2])
    segment = store.create_segment("All", "")
    store.create_asset("scoring/models", name="Model One")
    assert elq.GetAsset("list", shared)["name"] == "Some"
    assert elq.GetAsset("segment", segment)["name"] == "All"
    assert elq.GetAsset("list", 999) is None
    assert elq.getLeadScoreModelId("Model One") == 1


def test_a_form_is_read_and_posted_to(elq, store):
    elements = [{"type": "FormField", "id": "1", "htmlName": "email", "name": "Email"}]
    form = store.create_asset("forms", name="Contact Us", htmlName="contact-us", elements=elements)
    assert elq.GetForm(formId=form)["htmlName"] == "contact-us"
    people = [{"email": "ana@people.example"}, {"email": "bo@people.example"}]
    assert elq.PostToForm(people, formId=form) == {"success": 2, "failure": 0}
    assert store.counts()["formData"] == 2
