from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scc.errors import CorruptError
from scc.store import dataset as module
from scc.store.dataset import Dataset, DatasetWriter, write_dataset

SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])


def rows(start, count):
    return pa.RecordBatch.from_pydict(
        {"id": range(start, start + count), "text": [str(n) for n in range(start, start + count)]},
        schema=SCHEMA,
    )


def ids(dataset):
    return [n for batch in dataset.batches() for n in batch["id"].to_pylist()]


def test_rows_come_back_in_their_order(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 3), rows(3, 2)], {"as_of": "now"})

    assert ids(dataset) == [0, 1, 2, 3, 4]
    assert dataset.manifest.rows == 5
    assert dataset.manifest.meta == {"as_of": "now"}


def test_an_empty_dataset_has_its_columns(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [])

    (path,) = dataset.paths()
    assert pq.read_table(path).schema == SCHEMA
    assert ids(dataset) == []


def test_a_writer_that_fails_publishes_nothing(tmp_path):
    def fail(writer):
        writer.write(rows(0, 3))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), DatasetWriter(tmp_path / "d", SCHEMA) as writer:
        fail(writer)

    assert not Dataset(tmp_path / "d").exists()


def test_what_a_killed_writer_left_is_swept(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "part-00007.parquet").write_bytes(b"half a part")

    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 3)])

    assert [path.name for path in (tmp_path / "d").glob("part-*")] == ["part-00000.parquet"]
    assert ids(dataset) == [0, 1, 2]


def test_equal_rows_give_equal_bytes_however_they_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS_PER_PART", 30)
    one = write_dataset(tmp_path / "one", SCHEMA, [rows(0, 101)], row_group=10)
    two = write_dataset(tmp_path / "two", SCHEMA, [rows(n, 1) for n in range(101)], row_group=10)

    assert one.manifest == two.manifest
    assert one.manifest.digest == two.manifest.digest
    assert len(one.manifest.parts) == 4
    assert ids(two) == list(range(101))


def test_a_cut_part_is_named(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 100)])
    (path,) = dataset.paths()
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(CorruptError, match=r"part-00000\.parquet has .* bytes instead of") as caught:
        ids(dataset)

    assert f"Remove the folder {tmp_path / 'd'}" in str(caught.value.hint)


def test_a_missing_part_is_named(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 100)])
    dataset.paths()[0].unlink()

    with pytest.raises(CorruptError, match=r"part-00000\.parquet is missing"):
        dataset.paths()


def test_a_changed_byte_is_found_by_verify(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 100)])
    (path,) = dataset.paths()
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)

    with pytest.raises(CorruptError, match="does not hold what was written"):
        dataset.verify()


def test_garbage_of_the_right_size_is_a_clear_error(tmp_path):
    dataset = write_dataset(tmp_path / "d", SCHEMA, [rows(0, 100)])
    (path,) = dataset.paths()
    path.write_bytes(bytes(path.stat().st_size))

    with pytest.raises(CorruptError, match=r"part-00000\.parquet can't be read"):
        ids(dataset)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 2, "parts": [], "meta": {}}'])
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(CorruptError, match=r"manifest\.json"):
        Dataset(tmp_path).exists()
