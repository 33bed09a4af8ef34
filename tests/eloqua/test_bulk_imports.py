"""Staging records: as text, cut to size, whole or not at all, never twice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.eloqua.scripted import Waits, scripted_eloqua
from tests.scripted import Answer, Seen, hang_up, reply

from scc.eloqua import ImportDefinition, encoding
from scc.errors import ConfigError, DataError, NotFoundError, QuotaError, RefusedError, UnavailableError

POST, DELETE = ("POST", "/contacts/imports/3/data"), ("DELETE", "/contacts/imports/3/data")
COLUMNS = {"Id": "{{Contact.Id}}", "Name": "{{Contact.Field(C_FirstName)}}"}
DEFINITION = ImportDefinition("/contacts/imports/3", "n", COLUMNS, "Id")


def batch(*rows: tuple[Any, Any]) -> pa.RecordBatch:
    ids, names = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(ids), pa.array(names)], names=["Id", "Name"])


class Stage:
    """What an import has staged; fails at the requests that it is told to."""

    def __init__(self, *faults: Answer | None) -> None:
        self.rows: list[dict[str, str]] = []
        self.posts = self.deletes = 0
        self._faults = list(faults)

    def post(self, seen: Seen) -> Answer:
        self.posts += 1
        text = seen.body.decode()
        is_csv = str(seen.headers["Content-Type"]).startswith("text/csv")
        self.rows.extend(csv.DictReader(io.StringIO(text, newline="")) if is_csv else json.loads(text))
        fault = self._faults.pop(0) if self._faults else None
        return fault or reply(204)

    def delete(self, _: Seen) -> Answer:
        self.deletes += 1
        self.rows.clear()
        return reply(204)

    def script(self) -> dict[tuple[str, str], Any]:
        return {POST: self.post, DELETE: self.delete}


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_records_are_staged_as_text_and_null_as_blank(format_: Any) -> None:
    stage = Stage()
    rows = batch((1, 'a "b", c'), (2, None), (3, ""), (None, "line\nbreak 中🎈"))

    with scripted_eloqua(stage.script()) as (client, _):
        assert client.bulk.upload(DEFINITION, [rows], format=format_) == 4

    assert stage.rows == [
        {"Id": "1", "Name": 'a "b", c'},
        {"Id": "2", "Name": ""},
        {"Id": "3", "Name": ""},
        {"Id": "", "Name": "line\nbreak 中🎈"},
    ]
    assert stage.deletes == 0


def test_nothing_to_stage_sends_nothing() -> None:
    stage = Stage()
    with scripted_eloqua(stage.script()) as (client, _):
        assert client.bulk.upload(DEFINITION, []) == 0
        assert client.bulk.upload(DEFINITION, [batch((1, "x")).slice(0, 0)]) == 0
    assert stage.posts == 0


def test_format_of_another_kind_is_refused() -> None:
    with scripted_eloqua({}) as (client, server), pytest.raises(ConfigError, match="'xml'"):
        client.bulk.upload(DEFINITION, [], format="xml")  # type: ignore[arg-type]  # the fault under test
    assert server.requests == []


def test_columns_are_sent_in_the_definitions_order() -> None:
    rows = pa.RecordBatch.from_arrays([pa.array(["x"]), pa.array(["1"])], names=["Name", "Id"])

    assert list(encoding.bodies([rows], list(COLUMNS), "csv")) == [(b'"Id","Name"\n"1","x"\n', 1)]


@pytest.mark.parametrize("fault", [hang_up(), reply(500), reply(503)])
def test_lost_answer_deletes_what_was_staged_and_sends_all_again(
    fault: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of three uploads is staged, but its answer is lost."""
    monkeypatch.setattr(encoding, "AIM", 1)
    stage = Stage(None, fault)

    with scripted_eloqua(stage.script()) as (client, _):
        rows = [batch((1, "a"), (2, "b"), (3, "c"))]
        assert client.bulk.upload(DEFINITION, rows) == 3

    assert [row["Id"] for row in stage.rows] == ["1", "2", "3"]
    assert (stage.posts, stage.deletes) == (5, 1)


def test_answers_lost_again_and_again_leave_nothing_staged() -> None:
    stage = Stage(*[hang_up()] * 3)
    with scripted_eloqua(stage.script()) as (client, _), pytest.raises(UnavailableError):
        client.bulk.upload(DEFINITION, [batch((1, "a"))])
    assert (stage.rows, stage.posts, stage.deletes) == ([], 3, 3)


def test_iterator_can_not_be_sent_again_and_leaves_nothing_staged() -> None:
    stage = Stage(hang_up())
    with scripted_eloqua(stage.script()) as (client, _), pytest.raises(UnavailableError):
        client.bulk.upload(DEFINITION, iter([batch((1, "a"))]))
    assert (stage.rows, stage.deletes) == ([], 1)


def test_throttled_upload_was_not_staged_and_is_sent_again() -> None:
    class Throttling(Stage):
        def post(self, seen: Seen) -> Answer:
            if self.posts == 0:
                self.posts = 1
                return reply(429)
            return super().post(seen)

    stage = Throttling()
    with scripted_eloqua(stage.script()) as (client, _):
        assert client.bulk.upload(DEFINITION, iter([batch((1, "a"))])) == 1
    assert (stage.rows, stage.deletes) == ([{"Id": "1", "Name": "a"}], 0)


def test_fault_in_the_records_leaves_nothing_staged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "AIM", 1)
    stage = Stage()

    def rows() -> Iterator[pa.RecordBatch]:
        yield batch((1, "a"), (2, "b"))
        raise DataError("the part is damaged")

    with scripted_eloqua(stage.script()) as (client, _), pytest.raises(DataError, match="damaged"):
        client.bulk.upload(DEFINITION, rows())
    assert (stage.rows, stage.posts, stage.deletes) == ([], 1, 1)


def test_clean_up_that_fails_does_not_hide_the_fault() -> None:
    script = {POST: reply(400), DELETE: reply(500)}
    with (
        scripted_eloqua(script, retry=Waits().policy(budget_s=1)) as (client, _),
        pytest.raises(RefusedError, match="400"),
    ):
        client.bulk.upload(DEFINITION, [batch((1, "a"))])


def test_definition_that_is_gone_says_what_404_may_mean() -> None:
    with (
        scripted_eloqua({POST: reply(404), DELETE: reply(404)}) as (client, _),
        pytest.raises(NotFoundError) as caught,
    ):
        client.bulk.upload(DEFINITION, [batch((1, "a"))])
    assert caught.value.hint is not None
    assert "32 MB" in caught.value.hint


def test_uploads_beyond_what_a_sync_takes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "AIM", 1)
    stage = Stage()
    rows = batch(*((n, "x") for n in range(501)))

    with scripted_eloqua(stage.script()) as (client, _), pytest.raises(QuotaError, match="500 uploads"):
        client.bulk.upload(DEFINITION, [rows])
    assert (stage.rows, stage.posts) == ([], 500)


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_bodies_stay_below_the_limit_and_hold_every_record(
    format_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quotes double in writing, so a body may turn out larger than its records seemed."""
    monkeypatch.setattr(encoding, "AIM", 2_000)
    monkeypatch.setattr(encoding, "MAX_BODY", 3_000)
    rows = batch(*((n, '"' * (n % 200)) for n in range(300)))

    bodies = list(
        encoding.bodies([rows.slice(0, 7), rows.slice(7, 200), rows.slice(207)], list(COLUMNS), format_)
    )

    assert max(len(body) for body, _ in bodies) <= 3_000
    assert sum(count for _, count in bodies) == 300
    assert len(bodies) < 100, "small records share a body"


def test_small_batches_share_a_body() -> None:
    assert len(list(encoding.bodies([batch((n, "x")) for n in range(100)], list(COLUMNS), "csv"))) == 1


def test_record_that_is_too_large_by_itself_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_BODY", 100)
    with pytest.raises(DataError, match="one record"):
        list(encoding.bodies([batch((1, "x" * 200))], list(COLUMNS), "csv"))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, None], pa.int16()), ["1", ""]),
        (pa.array([1.5, None]), ["1.5", ""]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(2026, 11, 2)]), ["2026-11-02"]),
        (pa.array([date(2026, 11, 2)], pa.date64()), ["2026-11-02"]),
        (pa.array([datetime(2026, 11, 2, 13, 5, 6, 789_999)]), ["2026-11-02 13:05:06.789"]),  # noqa: DTZ001  # the very case
        (
            pa.array([datetime(2026, 11, 2, 13, tzinfo=UTC)], pa.timestamp("us", "Europe/Oslo")),
            ["2026-11-02 13:00:00.000"],
        ),
        (pa.array(["x", None, "x"]).dictionary_encode(), ["x", "", "x"]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.array(["x"], pa.string_view()), ["x"]),
        (pa.nulls(2), ["", ""]),
    ],
)
def test_values_of_every_kind_have_a_text(column: pa.Array, expected: list[str]) -> None:
    found = encoding.texts(pa.RecordBatch.from_arrays([column], names=["a"]), ["a"])

    assert found.column(0).to_pylist() == expected


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_number_that_is_none_is_a_data_error(number: float) -> None:
    with pytest.raises(DataError, match="'a'"):
        encoding.texts(pa.RecordBatch.from_arrays([pa.array([number])], names=["a"]), ["a"])


def test_kind_without_a_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'a' .* list"):
        encoding.texts(pa.RecordBatch.from_arrays([pa.array([["x"]])], names=["a"]), ["a"])


@pytest.mark.parametrize(
    ("names", "why"),
    [(["Id"], "lack Name"), (["Id", "Name", "X"], "have X besides"), (["Id", "Name", "Name"], "twice")],
)
def test_columns_must_be_those_of_the_definition(names: list[str], why: str) -> None:
    rows = pa.RecordBatch.from_arrays([pa.array(["1"])] * len(names), names=names)

    with pytest.raises(ConfigError, match=why):
        encoding.texts(rows, list(COLUMNS))


@pytest.mark.parametrize("status", [204, 404, 410])
def test_deleting_what_is_gone_is_done(status: int) -> None:
    script = {("DELETE", "/contacts/imports/3"): reply(status), DELETE: reply(status)}
    with scripted_eloqua(script) as (client, server):
        client.bulk.delete(DEFINITION.uri)
        client.bulk.delete_data(DEFINITION.uri)
    assert len(server.requests) == 3
