"""Activity exports (sources.md E2.5)."""

from __future__ import annotations

import pyarrow as pa
import pytest

BOUNCE = {
    "id": "{{Activity.Id}}",
    "type": "{{Activity.Type}}",
    "at": "{{Activity.CreatedAt}}",
    "email": "{{Activity.Field(EmailAddress)}}",
    "code": "{{Activity.Field(SmtpErrorCode)}}",
    "status": "{{Activity.Field(SmtpStatusCode)}}",
    "contact": "{{Activity.Contact.Id}}",
    "first": "{{Activity.Contact.Field(C_FirstName)}}",
    "campaign": "{{Activity.Campaign.Field(CRMCampaignId)}}",
    "name": "{{Activity.Campaign.Field(CampaignName)}}",
}


@pytest.fixture
def activities(api):
    api.contacts("ann@example.com", C_FirstName=["Ann"])
    api.store.create_asset("campaigns", name="Spring", crmId="7015e000000AAAAAAA")
    api.store.load_activities(
        pa.table(
            {
                "type": ["Bounceback", "Bounceback", "EmailOpen"],
                "createdAt": ["2026-01-01 10:00:00", "2026-01-02 10:00:00", "2026-01-01 10:00:00"],
                "contactId": pa.array([1, None, 1]),
                "campaignId": pa.array([1, None, None]),
                "EmailAddress": ["ann@example.com", "gone@example.com", "ann@example.com"],
                "SmtpErrorCode": ["550", None, None],
                "SmtpStatusCode": ["5.1.1", "4.2.2", None],
            }
        )
    )
    return api


def test_one_type_is_exported_with_its_contact_and_campaign(activities):
    rows = activities.export("/activities", BOUNCE, filter="'{{Activity.Type}}'='Bounceback'")

    assert rows == [
        {
            "id": "1",
            "type": "Bounceback",
            "at": "2026-01-01 10:00:00.000",
            "email": "ann@example.com",
            "code": "550",
            "status": "5.1.1",
            "contact": "1",
            "first": "Ann",
            "campaign": "7015e000000AAAAAAA",
            "name": "Spring",
        },
        {
            "id": "2",
            "type": "Bounceback",
            "at": "2026-01-02 10:00:00.000",
            "email": "gone@example.com",
            "code": "",
            "status": "4.2.2",
            "contact": "",
            "first": "",
            "campaign": "",
            "name": "",
        },
    ]


def test_activities_are_windowed_by_time(activities):
    window = "'{{Activity.Type}}' = 'Bounceback' AND '{{Activity.CreatedAt}}' >= '2026-01-02 00:00:00'"

    assert [row["id"] for row in activities.export("/activities", BOUNCE, filter=window)] == ["2"]


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        "'{{Activity.CreatedAt}}' >= '2026-01-01'",
        "'{{Activity.Type}}' = 'Bounceback' OR '{{Activity.Type}}' = 'EmailOpen'",
        "'{{Activity.Type}}' = 'Nonsense'",
        "'{{Activity.Type}}' = 'Bounceback' AND '{{Activity.Contact.Field(C_FirstName)}}' = 'Ann'",
    ],
)
def test_a_filter_without_one_type_or_with_contact_fields_is_refused(api, filter_):
    answer = api.post("/activities/exports", {"name": "x", "fields": BOUNCE, "filter": filter_})

    assert (answer.status, answer.json()["failures"][0]["field"]) == (400, "filter")


def test_ten_contact_fields_are_the_most(api):
    fields = [
        f"{{{{Activity.Contact.Field({item['internalName']})}}}}"
        for item in api.get("/contacts/fields").json()["items"]
    ]
    body = {"name": "x", "filter": "'{{Activity.Type}}'='EmailOpen'"}

    def status(count):
        return api.post("/activities/exports", {**body, "fields": dict(enumerate(fields[:count]))}).status

    assert (status(10), status(11)) == (201, 400)


def test_sync_actions_are_refused(api):
    api.store.create_list("L")
    body = {"name": "x", "fields": BOUNCE, "filter": "'{{Activity.Type}}'='Bounceback'"}

    assert (
        api.post(
            "/activities/exports", {**body, "syncActions": [{"destination": "{{ContactList[1]}}"}]}
        ).status
        == 400
    )


def test_an_export_is_cut_off_at_its_cap_without_a_word(activities):
    activities.options(most_activities=1)

    assert len(activities.export("/activities", BOUNCE, filter="'{{Activity.Type}}'='Bounceback'")) == 1
