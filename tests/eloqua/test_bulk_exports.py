"""Reading an export's records: in order, counted, over CSV or JSON, from pages that may be broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any, cast

import pytest
from tests.eloqua.scripted import Script, Waits, as_csv, as_json, json_reply, page_of, scripted_eloqua
from tests.scripted import Answer, Seen, cut, hang_up, reply

from scc.eloqua import EloquaClient, PageDone, contacts
from scc.errors import ConfigError, DataError, IncompleteError, NotFoundError, RefusedError, UnavailableError

DATA = ("GET", "/syncs/1/data")
LOGS = ("GET", "/syncs/1/logs")
COLUMNS = ["Id", "Email"]


def records(count: int) -> list[dict[str, str]]:
    return [{"Id": str(n), "Email": "" if n % 3 == 0 else f"p{n}@example.com"} for n in range(count)]


def log(count: int | None) -> Answer:
    lines: list[dict[str, Any]] = [{"severity": "information", "statusCode": "ELQ-00071", "count": 0}]
    if count is not None:
        lines.append(
            {
                "severity": "information",
                "statusCode": "ELQ-00102",
                "message": "Successfully exported members to csv file.",
                "count": count,
            }
        )
    return json_reply({"items": lines, "hasMore": False})


def data(
    rows: list[dict[str, str]],
    *,
    total: int | None = None,
    csv: Callable[[Seen, Answer], Answer] = lambda _, answer: answer,
    json: Callable[[Seen, Answer], Answer] = lambda _, answer: answer,
) -> Callable[[Seen], Answer]:
    """Serve rows in either format; `csv` and `json` may put another answer in place of the right one."""

    def answer(seen: Seen) -> Answer:
        offset, limit = page_of(seen)
        page = rows[offset : offset + limit]
        if seen.headers["Accept"] == "text/csv":
            return csv(seen, as_csv(page, COLUMNS))
        return json(seen, as_json(page, len(rows) if total is None else total, offset, limit))

    return answer


def read(client: EloquaClient, **options: Any) -> list[dict[str, str]]:
    return [row for batch in client.bulk.data("/syncs/1", COLUMNS, **options) for row in batch.to_pylist()]


def formats(requests: list[Seen]) -> list[tuple[str, str]]:
    """Give the format and the offset of each page asked for, sorted by offset within a format."""
    return sorted(
        (seen.headers["Accept"], seen.query.split("&")[0]) for seen in requests if seen.path.endswith("data")
    )


@pytest.mark.parametrize("format_", ["auto", "csv", "json"])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
def test_all_records_come_in_order(format_: str, count: int) -> None:
    script: Script = {DATA: data(records(count)), LOGS: log(count)}

    with scripted_eloqua(script) as (client, _):
        assert read(client, page_size=10, format=format_) == records(count)


@pytest.mark.parametrize(
    ("pages", "accept"), [("auto", "text/csv"), ("csv", "text/csv"), ("json", "application/json")]
)
def test_client_decides_the_format(pages: Any, accept: str) -> None:
    with scripted_eloqua({DATA: data(records(3)), LOGS: log(3)}, pages=pages) as (client, server):
        assert read(client) == records(3)
    assert [seen.headers["Accept"] for seen in server.requests if seen.path.endswith("data")] == [accept]


def test_pages_hold_as_much_as_eloqua_gives() -> None:
    with scripted_eloqua({DATA: data(records(1)), LOGS: log(1)}) as (client, server):
        read(client)
    assert server.requests[-1].query == "offset=0&limit=50000"


def test_next_pages_are_in_flight_before_the_first_was_taken() -> None:
    """No page is answered before three others were asked for, too."""
    together = threading.Barrier(4)
    rows = records(40)

    def waiting(_: Seen, right: Answer) -> Answer:
        together.wait(10)
        return right

    with scripted_eloqua({DATA: data(rows, csv=waiting), LOGS: log(40)}) as (client, _):
        assert read(client, page_size=10, format="csv", expected=39 + 1)[:3] == rows[:3]


@pytest.mark.parametrize("fault", [hang_up(), cut(5, b"Id,Email\r\n1,\r\n"), reply(503), reply(429)])
@pytest.mark.parametrize("format_", ["csv", "json"])
def test_broken_page_is_fetched_again(fault: Answer, format_: str) -> None:
    broken: set[str] = set()

    def once(seen: Seen, right: Answer) -> Answer:
        if seen.query in broken:
            return right
        broken.add(seen.query)
        return fault

    with scripted_eloqua({DATA: data(records(25), csv=once, json=once), LOGS: log(25)}) as (client, _):
        assert read(client, page_size=10, format=format_) == records(25)
    assert len(broken) == 3


def test_system_that_stays_away_is_an_error_after_the_good_pages() -> None:
    def gone(seen: Seen, right: Answer) -> Answer:
        return hang_up() if page_of(seen)[0] >= 10 else right

    script: Script = {DATA: data(records(25), csv=gone), LOGS: log(25)}
    with scripted_eloqua(script, retry=Waits().policy(budget_s=5)) as (client, _):
        batches = client.bulk.data("/syncs/1", COLUMNS, page_size=10)

        assert next(batches).num_rows == 10
        with pytest.raises(UnavailableError):
            next(batches)


def test_csv_that_does_not_add_up_goes_on_as_json_from_there() -> None:
    """The page at 20 has a record too few; the pages before it stay as they came."""

    def short(seen: Seen, right: Answer) -> Answer:
        return as_csv(records(40)[20:29], COLUMNS) if page_of(seen)[0] == 20 else right

    seen_pages: list[PageDone] = []
    with scripted_eloqua({DATA: data(records(45), csv=short), LOGS: log(45)}) as (client, _):
        assert read(client, page_size=10, on_page=seen_pages.append) == records(45)

    assert [(page.offset, page.format) for page in seen_pages] == [
        (0, "csv"),
        (10, "csv"),
        (20, "json"),
        (30, "json"),
        (40, "json"),
    ]


def test_csv_that_can_not_be_read_starts_again_as_json() -> None:
    def ragged(_: Seen, right: Answer) -> Answer:
        return reply(200, b"Id,Email\n1,2,3\n", {"Content-Type": "text/csv"})

    with scripted_eloqua({DATA: data(records(25), csv=ragged), LOGS: log(25)}) as (client, _):
        assert read(client, page_size=10) == records(25)


@pytest.mark.parametrize("status", [400, 406, 415])
def test_server_that_gives_no_csv_is_asked_for_json(status: int) -> None:
    def refuse(_: Seen, right: Answer) -> Answer:
        return reply(status)

    with scripted_eloqua({DATA: data(records(25), csv=refuse), LOGS: log(25)}) as (client, _):
        assert read(client, page_size=10) == records(25)
        with pytest.raises(RefusedError, match=str(status)):
            read(client, format="csv")


def test_csv_that_was_insisted_on_is_an_error_instead() -> None:
    def short(_: Seen, right: Answer) -> Answer:
        return as_csv(records(9), COLUMNS)

    with (
        scripted_eloqua({DATA: data(records(10), csv=short), LOGS: log(10)}, pages="csv") as (client, _),
        pytest.raises(IncompleteError, match="9 records, 10"),
    ):
        read(client)


def test_json_in_answer_to_a_wish_for_csv_is_taken_as_json() -> None:
    def as_json_anyway(seen: Seen, right: Answer) -> Answer:
        offset, limit = page_of(seen)
        return as_json(records(25)[offset : offset + limit], 25, offset, limit)

    script: Script = {DATA: data(records(25), csv=as_json_anyway), LOGS: log(25)}
    with scripted_eloqua(script) as (client, server):
        assert read(client, page_size=10) == records(25)
    assert len([seen for seen in server.requests if seen.path.endswith("data")]) == 3


def test_json_with_records_missing_is_incomplete() -> None:
    with (
        scripted_eloqua({DATA: data(records(24), total=25), LOGS: log(25)}, pages="json") as (client, _),
        pytest.raises(IncompleteError, match="24 records, 25"),
    ):
        read(client)


def test_two_counts_that_differ_are_incomplete() -> None:
    with (
        scripted_eloqua({DATA: data(records(25), total=30), LOGS: log(25)}, pages="json") as (client, _),
        pytest.raises(IncompleteError, match="30 exported records in one place, 25"),
    ):
        read(client)


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_more_records_than_counted_are_noticed_after_full_pages_too(format_: str) -> None:
    with (
        scripted_eloqua({DATA: data(records(21), total=20), LOGS: log(20)}) as (client, _),
        pytest.raises(IncompleteError),
    ):
        read(client, page_size=10, format=format_)


def test_count_comes_from_the_data_where_the_log_is_silent() -> None:
    with scripted_eloqua({DATA: data(records(25)), LOGS: log(None)}) as (client, _):
        assert client.bulk.count("/syncs/1") == 25
        assert read(client, page_size=10) == records(25)


def test_export_goes_on_from_an_offset() -> None:
    done: list[PageDone] = []
    with scripted_eloqua({DATA: data(records(25)), LOGS: log(25)}) as (client, _):
        batches = client.bulk.data("/syncs/1", COLUMNS, page_size=10, on_page=done.append)
        first, second = next(batches), next(batches)
        cast("Generator[object]", batches).close()

        assert (first.num_rows, second.num_rows) == (10, 10)
        assert [page.next_offset for page in done] == [10], "the second page may not have been taken"
        assert read(client, page_size=10, offset=done[-1].next_offset) == records(25)[10:]


def test_expired_data_is_not_found() -> None:
    with (
        scripted_eloqua({DATA: reply(410), LOGS: log(25)}) as (client, _),
        pytest.raises(NotFoundError, match="410"),
    ):
        read(client)


def test_page_that_is_neither_csv_nor_json_is_a_data_error() -> None:
    page = reply(200, b"<html>Scheduled maintenance</html>", {"Content-Type": "text/html"})
    with scripted_eloqua({DATA: page, LOGS: log(25)}) as (client, _), pytest.raises(DataError):
        read(client)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"page_size": 0}, "page of 0"),
        ({"page_size": 50_001}, "50,001"),
        ({"offset": 26}, "from record 26"),
        ({"offset": -1}, "from record -1"),
        ({"format": "xml"}, "'xml'"),
    ],
)
def test_reading_that_can_not_be_is_refused(options: dict[str, Any], why: str) -> None:
    with (
        scripted_eloqua({DATA: data(records(25)), LOGS: log(25)}) as (client, _),
        pytest.raises(ConfigError, match=why),
    ):
        read(client, **options)


@pytest.mark.parametrize("columns", [[], ["Id", "Id"]])
def test_columns_must_be_named_each_once(columns: list[str]) -> None:
    with scripted_eloqua({LOGS: log(25)}) as (client, _), pytest.raises(ConfigError, match="columns"):
        next(client.bulk.data("/syncs/1", columns))


def export_script(status: str, **more: Answer) -> dict[tuple[str, str], Any]:
    definition = {"name": "n", "fields": {"Id": "{{Contact.Id}}"}, "uri": "/contacts/exports/7"}
    sync = {
        "syncedInstanceUri": "/contacts/exports/7",
        "status": status,
        "createdAt": "2021-07-09T01:40:11.9471264Z",
        "uri": "/syncs/1",
    }
    return {
        ("POST", "/contacts/exports"): json_reply(definition, 201),
        ("POST", "/syncs"): json_reply(sync, 201),
        ("DELETE", "/contacts/exports/7"): more.get("delete", reply(204)),
        LOGS: log(25),
        DATA: data(records(25)),
    }


FIELDS = {"Id": "{{Contact.Id}}", "Email": "{{Contact.Field(C_EmailAddress)}}"}


@pytest.mark.parametrize("status", ["success", "warning"])
def test_export_from_definition_to_clean_up(status: str) -> None:
    with scripted_eloqua(export_script(status)) as (client, server):
        with client.bulk.export(contacts(), FIELDS) as export:
            assert export.rows == 25
            assert [row for batch in export.batches() for row in batch.to_pylist()] == records(25)
            assert not [seen for seen in server.requests if seen.method == "DELETE"]

        assert [seen.path for seen in server.requests if seen.method == "DELETE"] == [
            "/API/Bulk/2.0/contacts/exports/7"
        ]


def test_export_that_ended_in_error_is_cleaned_up_and_may_be_tried_again() -> None:
    with (
        scripted_eloqua(export_script("errored")) as (client, server),
        pytest.raises(UnavailableError, match="ended in error"),
        client.bulk.export(contacts(), FIELDS),
    ):
        pytest.fail("nothing to read")
    assert server.requests[-1].method == "DELETE"


def test_clean_up_that_fails_does_not_fail_the_export() -> None:
    with scripted_eloqua(export_script("success", delete=reply(500)), retry=Waits().policy(1)) as (client, _):
        with client.bulk.export(contacts(), FIELDS) as export:
            rows = sum(batch.num_rows for batch in export.batches())
        assert rows == 25
