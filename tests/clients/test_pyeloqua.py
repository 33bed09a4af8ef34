"""pyeloqua 0.5, unmodified, against the sandbox: through the proxy door, since its address is fixed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.whole import WholeSandbox

pyeloqua = pytest.importorskip("pyeloqua")
LOGIN = {"company": "Acme", "username": "api.user", "password": "sandbox"}
pytestmark = pytest.mark.filterwarnings("ignore:DEPRECATED")


@pytest.fixture(scope="module")
def whole() -> Iterator[WholeSandbox]:
    with WholeSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def store(whole, monkeypatch, tmp_path):
    whole.state.reset()
    assert whole.certificates is not None
    authority = tmp_path / "authority.pem"
    authority.write_bytes(whole.certificates.authority_pem)
    monkeypatch.setenv("HTTPS_PROXY", whole.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return whole.state.store(EloquaStore)


@pytest.fixture
def bulk(store):
    return pyeloqua.Bulk(**LOGIN)


def people(store, count=2):
    store.load_contacts(
        pa.table(
            {
                "C_EmailAddress": [f"user{number}@example.com" for number in range(count)],
                "C_FirstName": [f"N{number}" for number in range(count)],
            }
        )
    )


def test_it_logs_in(bulk):
    assert bulk.site_id == 1234
    assert bulk.bulk_base.endswith("/API/Bulk/2.0/")


def test_it_refuses_a_wrong_password(store):
    with pytest.raises(Exception, match="Invalid login"):
        pyeloqua.Bulk(**{**LOGIN, "password": "no"})


def test_it_exports_contacts_of_a_list_page_by_page(store, bulk):
    people(store, 2500)
    store.create_list("My List", list(range(1, 2001)))
    bulk.exports("contacts")
    bulk.add_fields(["C_EmailAddress", "isSubscribed", "createdAt"])
    bulk.asset_exists("lists", name="My List")
    bulk.filter_date("createdAt", start="2020-01-01 00:00:00", end=datetime(2100, 1, 1, tzinfo=UTC))
    bulk.create_def("mine")
    bulk.handle_sync(sleeptime=0)

    assert bulk.get_export_count() == 2000
    rows = bulk.get_export_data()
    assert len({row["C_EmailAddress"] for row in rows}) == 2000
    assert {row["isSubscribed"] for row in rows} == {"True"}


def test_it_takes_an_empty_export(store, bulk):
    bulk.exports("contacts")
    bulk.add_fields(["C_EmailAddress"])
    bulk.create_def("mine")
    bulk.handle_sync(sleeptime=0)

    assert bulk.get_export_data() == []


def test_it_imports_contacts_and_reads_logs_and_rejects(store, bulk):
    store.create_list("Mine")
    bulk.imports("contacts")
    bulk.add_fields(["C_EmailAddress", "C_FirstName"])
    bulk.add_options(identifierFieldName="C_EmailAddress", isSyncTriggeredOnImport=False)
    bulk.add_syncaction_list("add", list_name="Mine")
    bulk.create_def("mine")
    bulk.post_data(
        [
            {"C_EmailAddress": "ü@example.com", "C_FirstName": "Ü"},
            {"C_EmailAddress": "bad", "C_FirstName": "x"},
        ]
    )

    assert bulk.sync(sleeptime=0) == "warning"
    assert "ELQ-00004" in [line["statusCode"] for line in bulk.get_sync_logs()]
    assert [reject["recordIndex"] for reject in bulk.get_sync_rejects()] == [2]
    assert store.counts()["contacts"] == 1


def test_it_exports_a_custom_object_with_its_contacts(store, bulk):
    people(store)
    number = store.create_custom_object("My Orders", [("Email", "Email1", "string")], email_field="Email1")
    store.load_custom_object(number, pa.table({"Email1": ["user1@example.com"]}))
    bulk.exports("customobjects", obj_id=number)
    bulk.add_fields(["Email1"])
    bulk.add_linked_fields("contacts", ["C_FirstName"])
    bulk.create_def("mine")
    bulk.sync(sleeptime=0)

    assert bulk.get_export_data() == [{"Email1": "user1@example.com", "C_FirstName": "N1"}]
    assert pyeloqua.Eloqua(**LOGIN).GetCdoId("My Orders") == number


@pytest.mark.parametrize(
    "kind",
    [
        "EmailOpen",
        "EmailClickthrough",
        "EmailSend",
        "Subscribe",
        "Unsubscribe",
        "Bounceback",
        "WebVisit",
        "PageView",
        "FormSubmit",
    ],
)
def test_it_exports_every_kind_of_activity_with_all_its_fields(store, bulk, kind):
    store.load_activities(pa.table({"type": [kind], "createdAt": ["2026-01-01 00:00:00"], "contactId": [1]}))
    bulk.exports("activities", act_type=kind)
    bulk.add_fields()
    bulk.create_def("mine")
    bulk.sync(sleeptime=0)

    assert [row["ActivityType"] for row in bulk.get_export_data()] == [kind]


def test_it_adds_scores(store, bulk):
    people(store)
    store.create_asset("scoring/models", name="Model 1")
    bulk.exports("contacts")
    bulk.add_leadscore_fields(name="Model 1")
    bulk.create_def("mine")
    bulk.sync(sleeptime=0)

    assert set(bulk.get_export_data()[0]) == {"Rating", "ProfileScore", "EngagementScore"}


def test_it_hears_of_a_failed_sync(store, bulk, whole):
    whole.state.faults.add([{"action": "sync-error"}])
    bulk.exports("contacts")
    bulk.add_fields(["C_EmailAddress"])
    bulk.create_def("mine")

    with pytest.raises(Exception, match="ELQ-00107"):
        bulk.handle_sync(sleeptime=0)


def test_its_older_calls_work_too(store):
    people(store)
    store.create_segment("All of them", "")
    elq = pyeloqua.Eloqua(**LOGIN)
    fields = elq.CreateFieldStatement("contacts", ["C_EmailAddress"])
    filters = elq.FilterExists("All of them", "ContactSegment")
    definition = elq.CreateDef("exports", "contacts", fields, filters=filters, defName="mine")
    sync = elq.CreateSync(definition)

    assert elq.CheckSyncStatus(sync, interval=0) == "success"
    assert len(elq.GetSyncedData(defURI=definition["uri"])) == 2
    with pytest.raises(Exception, match="fields"):
        elq.CreateDef("exports", "contacts", {"x": "nonsense"}, defName="mine")


def test_it_reads_a_form_and_its_data(store):
    elements = [{"type": "FormField", "id": "174", "htmlName": "email", "name": "Email"}]
    number = store.create_asset("forms", name="F", elements=elements)
    with store.state.cursor() as cursor:
        values = '[{"id": "174", "name": "Email", "value": "a@example.com"}]'
        cursor.run(
            "INSERT INTO eloqua_form_data VALUES (?, 1, ?, NULL, ?)",
            [number, datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), values],
        )
    form = pyeloqua.Form(**LOGIN, form_id=number)

    assert form.get_count(1767225599, 1767225601) == 1
    assert form.get_data(1767225599, 1767225601) == [
        {"email": "a@example.com", "id": "1", "submittedAt": "1767225600"}
    ]
