"""A person is erased from everything that a store holds, and nobody else is touched."""

from __future__ import annotations

import json
import tempfile

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import killing
from tests.flow.stores import (
    AT,
    PURGE,
    RUN,
    Human,
    contents,
    files,
    fill,
    readers_find_it_whole,
    text_rows,
    words,
)

from scc.core.runs import RunId
from scc.engines.duckdb import DuckDBEngine, sweep_spills
from scc.errors import BusyError, CorruptError
from scc.flow import guard
from scc.flow.addresses import address_rules
from scc.flow.forget import forget
from scc.flow.mailbox import HIDDEN
from scc.flow.plan import read_summary
from scc.store.archive import Archive
from scc.store.dataset import write_dataset
from scc.store.files import write_json
from scc.store.runs import Store

ANN = Human(7, "Ann.Lee+news@gmail.com", "Ann")
JOE = Human(8, "joe@example.com", "Joe", mentions="knows annlee@gmail.com well")
SUE = Human(17, "sue@example.com", "Sue")


@pytest.fixture
def store(tmp_path):
    return fill(tmp_path / "data", [ANN, JOE, SUE])


@pytest.fixture(autouse=True)
def nobody_elses_leftovers(tmp_path, monkeypatch):
    """What other tests kill leaves its spill folder in the machine's own place for such things."""
    spills = tmp_path / "spills"
    spills.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spills))


def erase(store, address="annlee@googlemail.com", **options):
    return forget(store, DuckDBEngine(), address_rules(), address, **options)


def told(erasure):
    return {(place.run, place.what): place.rows for place in erasure.places}


def test_it_says_where_the_person_stood_and_a_second_call_finds_nothing(store):
    hard, purge = str(RUN), str(PURGE)

    first, second = erase(store), erase(store)

    assert told(first) == {
        ("", "the archive: who came back"): 1,
        (hard, "apply/00000"): 3,
        (hard, "export/bounces"): 2,
        (hard, "export/latest"): 1,
        (hard, "export/leads"): 1,
        (hard, "export/members"): 1,
        (hard, "plan"): 3,
        (hard, "receipt"): 3,
        (purge, "apply/00000"): 2,
        (purge, "the archive"): 2,
        (purge, "export/contacts"): 2,
        (purge, "export/records"): 1,
        (purge, "plan"): 2,
        (purge, "receipt"): 2,
    }
    assert (second.places, second.swept, second.left, second.unfinished) == ([], 0, [], 0)


def test_a_dry_run_tells_the_same_and_changes_nothing(store):
    before = files(store.root)

    dry = erase(store, dry_run=True)

    assert files(store.root) == before
    assert told(dry) == told(erase(store))


# None is a part of another, and some are one mailbox.
ADDRESSES = [
    *("ann@gmail.com", "a.nn@gmail.com", "Ann+x@googlemail.com", "ann+y@example.com", "ann@yahoo.com"),
    *("joe@gmail.com", "joe-shop@yahoo.com", "joe@example.com", "ann-shop@yahoo.com", "sue@pm.me"),
]
PEOPLE = st.lists(st.sampled_from(ADDRESSES), min_size=2, max_size=8, unique=True)


@settings(max_examples=8, deadline=None)
@given(PEOPLE, st.data())
def test_whoever_is_forgotten_everybody_else_stays_as_they_were(tmp_path_factory, addresses, data):
    mentioned = data.draw(st.sampled_from(addresses))
    people = [
        Human(at * 10 + 7, address, f"Name{at}x", mentions=f"knows {mentioned} well" if at % 2 else "")
        for at, address in enumerate(addresses)
    ]
    store = fill(tmp_path_factory.mktemp("store") / "data", people)
    before = contents(store.root)
    target = data.draw(st.sampled_from(people))

    erase(store, target.address)

    after = contents(store.root)
    gone = [one for one in people if forget_key(one) == forget_key(target)]
    assert gone
    assert after.keys() == before.keys()
    for name, rows in after.items():
        assert_erased(name, before[name], rows, gone)
    for one in gone:
        secrets = {one.name, one.lead, f"of {one.name}"}
        assert not secrets & set(words(after))
        for name, content in files(store.root).items():
            assert one.address.lower().encode() not in content.lower(), name
    readers_find_it_whole(store)
    assert erase(store, target.address).places == []


def forget_key(human):
    from scc.flow.mailbox import Mailbox

    return Mailbox(DuckDBEngine(), address_rules(), human.address).key


def assert_erased(name, before, after, gone):
    ids = {one.contact for one in gone} | {one.record for one in gone} | {one.lead for one in gone}
    if isinstance(before, str):
        assert after == before
        return
    keeps_place = name.endswith(("/plan", "/receipt")) or "/apply/" in name
    own = [is_own(row, ids) for row in before]
    if keeps_place:
        assert len(after) == len(before)
        for is_gone, old, new in zip(own, before, after, strict=True):
            if is_gone:
                assert new["key"] == f"erased/{old['change']}"
                kept = ("change", "system", "object", "operation", "reason", "outcome", "code", "job")
                assert [new.get(one) for one in kept] == [old.get(one) for one in kept]
            else:
                assert new == old
    else:
        expected = [row for row, is_gone in zip(before, own, strict=True) if not is_gone]
        assert [without_mentions(row) for row in after] == [without_mentions(row) for row in expected]


def is_own(row, ids):
    columns = ("key", "contact_id", "ContactId", "Contact.Id")
    own = {str(row[name]) for name in columns if name in row}
    if "key" not in row and "ContactId" not in row:
        own.add(str(row.get("Id")))
    return bool(own & ids)


def without_mentions(row):
    """The row without the note, in which the person may be mentioned."""
    return {
        name: [pair for pair in value if pair[0] != "C_Note"] if name == "fields" else value
        for name, value in row.items()
        if name not in {"Note", "C_Note"}
    }


def test_somebody_who_mentions_the_address_loses_just_that(store):
    erase(store)

    (joe,) = Archive(store.root / "archive").find(key("joe@example.com"))
    assert dict(joe["fields"])["C_Note"] == f"knows {HIDDEN} well"


def key(address):
    from scc.flow.addresses import mailbox_keys

    return mailbox_keys(DuckDBEngine(), address_rules(), [address])[0]


def test_counts_and_the_plans_name_stay(store):
    plan = store.plan(RUN)
    before = plan.manifest
    summary = read_summary(plan).to_json()

    erase(store)

    after = store.plan(RUN).manifest
    assert after.digest == before.digest
    assert after.content != before.content
    assert (after.rows, read_summary(store.plan(RUN)).to_json()) == (before.rows, summary)
    readers_find_it_whole(store)


def test_an_approval_by_digest_still_holds(store):
    digest = guard.approve(store, RUN, by="boss", now=AT)
    write_json(store.folder(RUN) / "guard.json", {"digest": digest, "exceeded": ["x"], "approved_by": "boss"})

    erase(store)

    assert guard.passed(store, RUN)
    assert guard.approved_by(store, RUN) == "boss"


def test_notes_and_records_are_looked_through_too(store):
    folder = store.folder(RUN)
    guard.approve(store, RUN, by="annlee@gmail.com", now=AT)
    (folder / "list.jsonl").write_text('{"who": "ANN.LEE@gmail.com"}\n{"who": "sue@example.com"}\n')
    (folder / "odd.bin").write_bytes(b"\xff\xfeannlee@googlemail.com")

    erasure = erase(store)

    assert json.loads((folder / "approval.json").read_text())["by"] == HIDDEN
    assert (folder / "list.jsonl").read_text() == f'{{"who": "{HIDDEN}"}}\n{{"who": "sue@example.com"}}\n'
    assert erasure.left == [f"{RUN.folder}/odd.bin"]
    assert told(erasure)[str(RUN), "approval.json"] == 1


def test_the_journal_of_a_batch_under_way_loses_the_persons_ids_and_no_others(store):
    """Contact 7 and record 7 are not the same: the batch says of what its journal is."""
    apply = store.folder(PURGE) / "apply"
    write_json(apply / "cut.json", {"batch_rows": 3})
    lines = ('{"sent": ["7", "8"]}\n', '{"told": {"7": ["applied", "", ""], "8": ["applied", "", ""]}}\n')
    for number in ("00000", "00001"):
        (apply / number).mkdir(exist_ok=True)
        (apply / number / "journal.jsonl").write_text("".join(lines))
    (apply / "00000" / "manifest.json").unlink()

    erase(store)

    contacts, records = ((apply / number / "journal.jsonl").read_text() for number in ("00000", "00001"))
    assert contacts == '{"sent": ["8"]}\n{"told": {"8": ["applied", "", ""]}}\n'
    assert records == "".join(lines)


def test_the_journal_of_a_batch_that_has_ended_goes(store):
    journal = store.folder(PURGE) / "apply" / "00000" / "journal.jsonl"
    journal.write_text('{"sent": ["7", "8"]}\n')

    assert erase(store).swept == 1
    assert not journal.exists()


def test_what_killed_processes_left_goes(store, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    export = store.export(RUN, "half").folder
    export.mkdir()
    (export / "part-00000.parquet").write_bytes(b"half of something")
    (store.folder(RUN) / ".run.json.1.tmp").write_text("annlee@gmail.com")
    spilled = tmp_path / "scc-spill-left"
    spilled.mkdir()
    (spilled / "in-use").touch()
    (spilled / "block").write_bytes(b"annlee@gmail.com")

    erasure = erase(store)

    assert erasure.swept == 3
    assert not spilled.exists()
    assert list(export.iterdir()) == []


def test_a_spill_folder_that_a_query_works_in_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    from scc.engines.base import Query

    rows = iter(DuckDBEngine().run(Query("SELECT unnest(range(1000000)) AS n", {})))
    next(rows)

    assert sweep_spills() == 0
    assert len(list(tmp_path.glob("scc-spill-*"))) == 1
    del rows  # the query is given up
    assert not list(tmp_path.glob("scc-spill-*"))


def test_the_index_of_the_archive_forgets_as_well(store):
    archive = Archive(store.root / "archive")
    start = key("annlee@gmail.com")[:16].encode()
    assert archive.find(key("annlee@gmail.com"))
    assert any(start in content for name, content in files(store.root).items() if name.endswith(".idx"))

    erase(store)

    assert archive.find(key("annlee@gmail.com")) == []
    assert not any(start in content for name, content in files(store.root).items() if name.endswith(".idx"))


def test_nothing_begins_while_a_run_is_under_way(store):
    before = files(store.root)

    with store.lock("some-pipeline"), pytest.raises(BusyError, match="a run is under way"):
        erase(store)

    assert files(store.root) == before


def test_a_damaged_dataset_is_named_before_anything_is_erased(store):
    (path,) = store.export(RUN, "leads").paths()
    path.write_bytes(b"")
    before = files(store.root)

    with pytest.raises(CorruptError, match="leads"):
        erase(store)

    assert files(store.root) == before


def test_a_whole_value_in_any_column_of_what_was_read_is_taken_for_the_persons_row(store):
    """A custom object's field may hold the address under any name; names beside it must not stay."""
    rows = text_rows(["Id", "Mail", "Name"], [{"Id": "1", "Mail": "annlee@gmail.com", "Name": "Ann Lee"}])
    run = RunId("other", AT)
    write_dataset(store.export(run, "records").folder, rows.schema, [rows], {"object": "customObject/3"})

    erase(store)

    assert store.export(run, "records").manifest.rows == 0
    assert store.export(run, "records").schema() == rows.schema


def test_a_contact_whose_address_was_another_then_is_found_by_its_id(store):
    run = RunId("other", AT)
    rows = text_rows(["Id", "C_EmailAddress"], [{"Id": "7", "C_EmailAddress": "ann@elsewhere.example"}])
    write_dataset(store.export(run, "contacts").folder, rows.schema, [rows], {"object": "contact"})

    erase(store)

    assert store.export(run, "contacts").manifest.rows == 0


def test_equal_numbers_of_other_objects_are_somebody_elses(store):
    run = RunId("other", AT)
    rows = text_rows(["Id", "Name"], [{"Id": "7", "Name": "Record 7"}])
    write_dataset(store.export(run, "records").folder, rows.schema, [rows], {"object": "customObject/3"})
    before = contents(store.root)[f"{run.folder}/export/records"]

    erase(store)

    assert contents(store.root)[f"{run.folder}/export/records"] == before


def test_what_is_no_address_is_forgotten_by_its_text(tmp_path):
    store = fill(tmp_path / "data", [Human(7, "ann lee"), JOE])

    assert erase(store, "ANN LEE").places
    assert "ann lee" not in set(words(contents(store.root)))
    assert erase(store, "ANN LEE").places == []


@pytest.mark.parametrize("part", range(4))
def test_killed_before_any_write_the_next_call_ends_as_if_never_interrupted(tmp_path, part):
    """It is killed once before each rename, removal and opening of a file for writing."""
    fill(tmp_path / "data", [ANN, JOE], small=True)
    guard.approve(Store(tmp_path / "data"), PURGE, by="annlee@gmail.com", now=AT)

    last = killing.run("tests.flow.killing_forget", str(tmp_path), "annlee@gmail.com", str(part), "4")

    assert last > 20, "it was killed at too few places"


def test_maps_and_lists_are_looked_into_however_deep(tmp_path):
    store = fill(tmp_path / "data", [SUE])
    kind = pa.list_(pa.struct([("deep", pa.map_(pa.string(), pa.list_(pa.string())))]))
    rows = [[{"deep": [("a", ["x", "mail annlee@gmail.com"])]}], None, [], [{"deep": None}]]
    batch = pa.RecordBatch.from_arrays([pa.array(rows, kind)], ["nested"])
    run = RunId("other", AT)
    write_dataset(store.export(run, "odd").folder, batch.schema, [batch])

    assert told(erase(store)) == {(str(run), "export/odd"): 1}

    (kept,) = [batch["nested"].to_pylist() for batch in store.export(run, "odd").batches()]
    assert kept == [[{"deep": [("a", ["x", f"mail {HIDDEN}"])]}], *rows[1:]]
