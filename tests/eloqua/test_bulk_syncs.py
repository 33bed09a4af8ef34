"""Starting a sync once, and waiting for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.eloqua.scripted import Waits, json_reply, page_of, scripted_eloqua
from tests.scripted import Answer, Seen, hang_up, reply

from scc.eloqua import Sync, SyncStatus, contacts
from scc.errors import DataError, ThrottledError, UnavailableError

SYNC = ("GET", "/syncs/1")


def sync(status: str = "success", number: int = 1, definition: str = "/contacts/exports/7") -> dict[str, Any]:
    return {
        "syncedInstanceUri": definition,
        "status": status,
        "createdAt": "2021-07-09T01:40:11.9471264Z",
        "uri": f"/syncs/{number}",
    }


def test_times_have_seven_digits_and_are_utc() -> None:
    body = {
        **sync(),
        "syncStartedAt": "2021-07-09T01:41:09.6300000Z",
        "syncEndedAt": "2021-07-09T01:41:10.3030000Z",
    }
    with scripted_eloqua({SYNC: json_reply(body)}) as (client, _):
        found = client.bulk.sync("/syncs/1")

    assert found == Sync(
        uri="/syncs/1",
        definition_uri="/contacts/exports/7",
        status=SyncStatus.SUCCESS,
        created_at=datetime(2021, 7, 9, 1, 40, 11, 947126, UTC),
        started_at=datetime(2021, 7, 9, 1, 41, 9, 630000, UTC),
        ended_at=datetime(2021, 7, 9, 1, 41, 10, 303000, UTC),
    )


@pytest.mark.parametrize("word", ["error", "errored", "Error"])
def test_error_has_two_spellings(word: str) -> None:
    assert SyncStatus.read(word) is SyncStatus.ERROR


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**sync(), "status": "exploded"}, "exploded"),
        ({**sync(), "createdAt": "yesterday"}, "time that can't be read"),
        ({**sync(), "createdAt": "2021-07-09T01:40:11"}, "without a zone"),
        ({"uri": "/syncs/1"}, "syncedInstanceUri"),
        ([], "list"),
    ],
)
def test_answer_that_is_no_sync_is_a_data_error(body: object, why: str) -> None:
    with scripted_eloqua({SYNC: json_reply(body)}) as (client, _), pytest.raises(DataError, match=why):
        client.bulk.sync("/syncs/1")


def test_wait_polls_with_growing_pauses_until_the_end() -> None:
    waits = Waits()
    polled: list[str] = []
    answers = [json_reply(sync(status)) for status in ["pending", "pending", "active", "active", "warning"]]

    with scripted_eloqua({SYNC: answers}, retry=waits.policy()) as (client, _):
        done = client.bulk.wait("/syncs/1", on_poll=lambda one: polled.append(one.status))

    assert done.status is SyncStatus.WARNING
    assert polled == ["pending", "pending", "active", "active", "warning"]
    assert waits == [0.5, 0.75, 1.125, 1.6875]


def test_wait_has_an_end_of_its_own() -> None:
    waits = Waits()
    with (
        scripted_eloqua({SYNC: json_reply(sync("active"))}, retry=waits.policy()) as (client, _),
        pytest.raises(UnavailableError, match="still active after 60 s"),
    ):
        client.bulk.wait("/syncs/1", timeout_s=60)
    assert sum(waits) == 60


def started(*answers: Answer, listed: object = None) -> Any:
    definition = {"name": "n", "fields": {"Id": "{{Contact.Id}}"}, "uri": "/contacts/exports/7"}
    return {
        ("POST", "/contacts/exports"): json_reply(definition, 201),
        ("POST", "/syncs"): list(answers),
        ("GET", "/syncs"): json_reply({"items": listed or [], "hasMore": False}),
    }


def posts(requests: list[Seen]) -> int:
    return sum(seen.method == "POST" and seen.path.endswith("/syncs") for seen in requests)


def test_sync_is_started_once() -> None:
    with scripted_eloqua(started(json_reply(sync("pending"), 201))) as (client, server):
        assert client.bulk.start_sync("/contacts/exports/7").status is SyncStatus.PENDING
    assert posts(server.requests) == 1


def test_throttled_start_is_tried_again() -> None:
    with scripted_eloqua(started(reply(429), json_reply(sync("pending"), 201))) as (client, server):
        assert client.bulk.start_sync("/contacts/exports/7").uri == "/syncs/1"
    assert posts(server.requests) == 2


def test_start_throttled_for_long_is_an_error() -> None:
    script = started(reply(429, headers={"Retry-After": "9999"}))
    with scripted_eloqua(script) as (client, _), pytest.raises(ThrottledError):
        client.bulk.start_sync("/contacts/exports/7")


@pytest.mark.parametrize("fault", [hang_up(), reply(503)])
def test_sync_whose_answer_was_lost_is_found_and_not_started_again(fault: Answer) -> None:
    listed = [sync("active", 9, "/contacts/exports/6"), sync("active", 8)]
    with scripted_eloqua(started(fault, listed=listed)) as (client, server):
        made = client.bulk.create_export(contacts(), {"Id": "{{Contact.Id}}"})

        assert client.bulk.start_sync(made.uri).uri == "/syncs/8"
    assert posts(server.requests) == 1


@pytest.mark.parametrize("listed", [[], [sync("active", 8), sync("active", 9)], [sync("strange")]])
def test_sync_whose_answer_was_lost_and_that_is_not_found_is_an_error(listed: list[Any]) -> None:
    with scripted_eloqua(started(hang_up(), listed=listed)) as (client, server):
        made = client.bulk.create_export(contacts(), {"Id": "{{Contact.Id}}"})
        with pytest.raises(UnavailableError) as caught:
            client.bulk.start_sync(made.uri)

    assert caught.value.hint is not None
    assert "unknown" in caught.value.hint
    assert posts(server.requests) == 1


def test_sync_of_a_definition_made_elsewhere_is_not_taken_for_ours() -> None:
    script = started(hang_up(), listed=[sync("active", 8)])
    with scripted_eloqua(script) as (client, _), pytest.raises(UnavailableError):
        client.bulk.start_sync("/contacts/exports/7")


def test_log_lines_may_lack_their_message() -> None:
    items = [
        {"syncUri": "/syncs/1", "count": 0, "severity": "information", "statusCode": "ELQ-00071"},
        {
            "syncUri": "/syncs/1",
            "count": 2,
            "severity": "warning",
            "statusCode": "ELQ-00002",
            "message": "Invalid email addresses.",
            "createdAt": "2016-11-12T00:02:37.0770000Z",
        },
    ]
    with scripted_eloqua({("GET", "/syncs/1/logs"): json_reply({"items": items})}) as (client, _):
        first, second = client.bulk.logs("/syncs/1")

    assert (first.status_code, first.message, first.created_at) == ("ELQ-00071", "", None)
    assert (second.severity, second.count, second.message) == ("warning", 2, "Invalid email addresses.")


def reject(number: int) -> dict[str, Any]:
    return {
        "fieldValues": {"email": f"jane{number}@example", "name": ""},
        "message": "Invalid email address.",
        "statusCode": "ELQ-00002",
        "recordIndex": number,
        "invalidFields": ["email"],
    }


def test_rejects_come_page_by_page_and_show_no_values() -> None:
    def page(seen: Seen) -> Answer:
        offset, limit = page_of(seen)
        items = [reject(number) for number in range(1, 2502)][offset : offset + limit]
        return json_reply({"items": items, "hasMore": offset + limit < 2501, "limit": limit})

    with scripted_eloqua({("GET", "/syncs/1/rejects"): page}) as (client, server):
        rejects = list(client.bulk.rejects("/syncs/1"))

    assert [one.record_index for one in rejects] == list(range(1, 2502))
    assert rejects[0].field_values == {"email": "jane1@example", "name": ""}
    assert rejects[0].invalid_fields == ("email",)
    assert "jane" not in repr(rejects[0])
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "page", [{"items": [reject(1)], "hasMore": True}, {"items": [], "hasMore": True}, {"hasMore": True}]
)
def test_list_that_does_not_advance_is_a_data_error(page: dict[str, Any]) -> None:
    with (
        scripted_eloqua({("GET", "/syncs/1/rejects"): json_reply(page)}) as (client, _),
        pytest.raises(DataError, match="does not advance"),
    ):
        list(client.bulk.rejects("/syncs/1"))


def test_smaller_pages_than_asked_for_lose_nothing() -> None:
    def page(seen: Seen) -> Answer:
        offset, _ = page_of(seen)
        return json_reply(
            {"items": [reject(n) for n in range(offset + 1, offset + 4)], "hasMore": offset < 6, "limit": 3}
        )

    with scripted_eloqua({("GET", "/syncs/1/rejects"): page}) as (client, _):
        assert [one.record_index for one in client.bulk.rejects("/syncs/1")] == list(range(1, 10))
