"""The readers of data pages: both give the same, and nothing but DataError."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.eloqua.pages import read_csv, read_json
from scc.errors import DataError

AB = ["a", "b"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        '"',
        '""',
        ",",
        "\n",
        "\r\n",
        "},{",
        '}, {"a":"',
        "],",
        '"}],',
        "items",
        "  ",
        "\ufeff",
        "ü中🎈",
        "\\",
        "\\u0041",
        "\0",
    ]
)
tables = st.lists(st.fixed_dictionaries({"a": texts, "b": texts, "c": texts}), max_size=6)


def rows(batch: pa.RecordBatch) -> list[dict[str, str]]:
    batch.validate(full=True)
    assert all(column.type == pa.string() and column.null_count == 0 for column in batch.columns)
    return list(batch.to_pylist())


def csv_page(records: list[dict[str, str]], columns: list[str], **options: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", **options)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def json_page(records: list[dict[str, str]], *, first: bool = True, **options: Any) -> bytes:
    rest = {"totalResults": 99, "limit": 50_000, "offset": 0, "count": len(records), "hasMore": False}
    items = {"items": records} if records else {}
    page = {**items, **rest} if first else {**rest, **items}
    return json.dumps(page, **options).encode()


DIALECTS = [(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]


@given(tables, st.sampled_from(DIALECTS))
def test_any_records_come_back_from_csv(records: list[dict[str, str]], dialect: tuple[int, str]) -> None:
    page = csv_page(records, ["c", "b", "a"], quoting=dialect[0], lineterminator=dialect[1])

    assert rows(read_csv(page, AB).batch) == [{"a": one["a"], "b": one["b"]} for one in records]


@given(st.lists(st.fixed_dictionaries({"a": texts}), max_size=6))
def test_any_records_of_one_column_come_back_from_csv(records: list[dict[str, str]]) -> None:
    assert rows(read_csv(csv_page(records, ["a"]), ["a"]).batch) == records


@given(
    tables,
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 2]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_any_records_come_back_from_json(
    records: list[dict[str, str]], first: bool, ascii_: bool, indent: int | None, separators: tuple[str, str]
) -> None:
    page = read_json(
        json_page(records, first=first, ensure_ascii=ascii_, indent=indent, separators=separators), ["b", "a"]
    )

    assert rows(page.batch) == [{"b": one["b"], "a": one["a"]} for one in records]
    assert (page.total, page.has_more) == (99, False)


def test_value_absent_from_an_item_is_blank() -> None:
    page = read_json(b'{"items":[{"b":"1"},{"a":"2","x":"3"},{"a":null}]}', AB)

    assert rows(page.batch) == [{"a": "", "b": "1"}, {"a": "2", "b": ""}, {"a": "", "b": ""}]


def test_column_absent_from_all_items_is_blank() -> None:
    assert rows(read_json(b'{"items":[{"x":"1"}]}', AB).batch) == [{"a": "", "b": ""}]


def test_page_without_items_has_no_records() -> None:
    page = read_json(b'{"totalResults":0,"limit":50000,"offset":0,"count":0,"hasMore":false}', AB)

    assert (page.batch.num_rows, page.batch.schema.names) == (0, AB)


def test_numbers_and_booleans_become_text_as_written() -> None:
    page = read_json(b'{"items":[{"a":1.50,"b":true},{"a":12345678901234567890,"b":"x"}]}', AB)

    assert rows(page.batch) == [{"a": "1.50", "b": "true"}, {"a": "12345678901234567890", "b": "x"}]


def test_page_built_otherwise_is_read_all_the_same() -> None:
    """Arrays beside the items, an escaped name: the slow way decides."""
    for page in (
        b'{"links":[],"items":[{"a":"1","b":"x"}]}',
        b'{"items":[{"a":"1","b":"x"}],"links":["]"]}',
        b'{"i\\u0074ems":[{"a":"1","b":"x"}]}',
        b'{"items":[{"a":"1","b":"x"}],"note":"]"}',
    ):
        assert rows(read_json(page, AB).batch) == [{"a": "1", "b": "x"}]


@pytest.mark.parametrize("count", ['"1"', "1", "1.0", "true", '"one"', "null"])
def test_count_may_be_written_as_text(count: str) -> None:
    page = f'{{"items":[{{"a":"1","b":"x"}}],"count":{count}}}'.encode()

    assert read_json(page, AB).batch.num_rows == 1


def test_csv_blank_is_blank_quoted_or_not() -> None:
    assert rows(read_csv(b'a,b\n"",\n,""\n', AB).batch) == [{"a": "", "b": ""}] * 2


def test_csv_words_for_null_stay_words() -> None:
    assert rows(read_csv(b"a,b\nNULL,NA\nnull,nan\n", AB).batch) == [
        {"a": "NULL", "b": "NA"},
        {"a": "null", "b": "nan"},
    ]


def test_csv_byte_order_mark_is_no_part_of_a_name() -> None:
    assert rows(read_csv(b"\xef\xbb\xbfa,b\r\n1,2", AB).batch) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"", "has no 'a'"),
        (b"\n", "has no 'a'"),
        (b"a\n1\n", "has no 'b'"),
        (b"a,b,a\n1,2,3\n", "has 2 'a'"),
        (b"a,b\n1\n", "Expected 2 columns, got 1"),
        (b"a,b\n1,2\nsecret,2,3\n", "Expected 2 columns, got 3"),
        (b'a,b\n1,"secret\n', "quote"),
        (b"a,b\n1,\xff\xfesecret\n", "can't be read"),
        (b"<html>secret</html>", "has no 'a'"),
    ],
)
def test_csv_page_that_is_wrong_is_a_data_error_without_values(page: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why) as caught:
        rows(read_csv(page, AB).batch)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"{",
        b"[]",
        b'"secret"',
        b'{"items":{"a":"secret"}}',
        b'{"items":["secret"]}',
        b'{"items":[{"a":["secret"]}]}',
        b'{"items":[{"a":{"secret":1}}]}',
        b'{"items":[{"a":"secret"},]}',
        b'{"items":[{"a":"secret"}',
        b'{"items":[{"a":"\xff\xfesecret"}]}',
        b'{"items":[{"a":"\\ud800secret"}]}',
        b'{"items":[{"a":"secret"}],"count":2}',
        b'{"items":[{"a":"secret"}]}{"items":[]}',
        b"[" * 100_000,
        b'{"items":' + b"[" * 100_000,
        b'{"items":[{"a":' + b"[" * 100_000,
    ],
)
def test_json_page_that_is_wrong_is_a_data_error_without_values(page: bytes) -> None:
    with pytest.raises(DataError) as caught:
        rows(read_json(page, AB).batch)
    assert "secret" not in str(caught.value)


@given(st.data(), tables)
def test_damaged_csv_gives_records_or_a_data_error(
    data: st.DataObject, records: list[dict[str, str]]
) -> None:
    page = damaged(data, csv_page(records, AB))
    with suppress(DataError):
        rows(read_csv(page, AB).batch)


@given(st.data(), tables)
def test_damaged_json_gives_records_or_a_data_error(
    data: st.DataObject, records: list[dict[str, str]]
) -> None:
    page = damaged(data, json_page(records))
    with suppress(DataError):
        rows(read_json(page, AB).batch)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_give_records_or_a_data_error(page: bytes) -> None:
    for read in (read_csv, read_json):
        with suppress(DataError):
            rows(read(page, AB).batch)


def damaged(data: st.DataObject, page: bytes) -> bytes:
    """Cut the page, or put other bytes in the place of some."""
    start = data.draw(st.integers(0, len(page)))
    end = data.draw(st.integers(start, min(len(page), start + 5)))
    wedge = data.draw(st.binary(max_size=4) | st.sampled_from([b'"', b",", b"\n", b"}", b"{", b"]", b"},{"]))
    return page[:start] + wedge + page[end:]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "page",
    [
        b"{" + b" " * 3_000_000,
        b'{"a":1 ,' * 400_000,
        b'{"items":[' + b'{"a":"x"} , ' * 300_000,
        b'{"items":[' + b"}" * 3_000_000 + b"]}",
        b'{"items":[' + b"} , " * 800_000 + b"]}",
        b'{"' + b"\\" * 3_000_000,
        b'a,b\n"' + b'"' * 3_000_000,
        b"a,b" + b"," * 3_000_000,
    ],
)
def test_large_nonsense_takes_no_long_time(page: bytes) -> None:
    """What would take long runs into the time-out."""
    for read in (read_csv, read_json):
        with suppress(DataError):
            rows(read(page, AB).batch)
