"""Entries wait as files that come and go whole."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from tests.monitoring.ledger.entries import ended, started

from scc.errors import CorruptError
from scc.monitoring.ledger.catch_up import Sent, catch_up
from scc.monitoring.ledger.ledger import Ledger
from scc.monitoring.ledger.places import network_file_system
from scc.monitoring.ledger.spool import Spool
from scc.settings import Ledger as LedgerSettings
from scc.store.runs import RunState, Store


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path)


@pytest.fixture
def send(tmp_path):
    return lambda: catch_up(Store(tmp_path), Ledger.of(LedgerSettings(), tmp_path))


def test_an_entry_comes_back_as_it_was_put(spool):
    for entry in (started(), ended(started(), RunState.FAILED)):
        assert spool.read(spool.put(entry)) == entry


def test_the_start_and_the_end_of_each_try_have_a_file_of_their_own(spool):
    paths = {
        spool.put(one) for tries in (1, 2) for one in (started(tries=tries), ended(started(tries=tries)))
    }

    assert sorted(path.name for path in paths) == [
        f"enrich.20261122T101500Z.000{tries}.{what}.json" for tries in (1, 2) for what in ("ended", "started")
    ]


def test_the_newest_entry_comes_first(spool):
    paths = [spool.put(started(hours)) for hours in (1, 0, 2)]
    for at, path in enumerate(paths):
        os.utime(path, (at, at))

    assert spool.entries() == paths[::-1]


def test_another_user_of_the_volume_may_take_over_an_entry(spool):
    assert stat.S_IMODE(spool.put(started()).stat().st_mode) == 0o664


def test_an_entry_that_another_process_has_sent_is_passed_over(spool):
    path = spool.put(started())
    spool.remove([path, path])

    assert spool.read(path) is None
    assert list(spool.readable([path])) == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"state": "dreaming"},
        {"moment": "yesterday"},
        {"started_at": None, "pipeline": None},
    ],
)
def test_an_entry_that_this_version_does_not_know_stays_and_holds_up_no_other(
    spool, send, tmp_path, change, caplog
):
    odd = spool.put(started(1))
    odd.write_text(json.dumps({**json.loads(odd.read_text()), **change}))
    spool.put(started())

    assert send() == Sent(sent=1, left=1)

    assert spool.entries() == [odd]
    assert f"{odd} is not an entry of the ledger" in caplog.text
    with pytest.raises(CorruptError):
        spool.read(odd)


def test_half_a_file_stays_and_holds_up_no_other(spool, send):
    odd = spool.put(started(1))
    odd.write_text(odd.read_text()[:100])
    spool.put(started())

    assert send() == Sent(sent=1, left=1)


def test_an_entry_that_the_database_refuses_stays_and_holds_up_no_other(spool, send, tmp_path, caplog):
    odd = spool.put(ended(started(1), changes=2**70))
    spool.put(started())

    assert send() == Sent(sent=1, left=1)

    assert spool.entries() == [odd]
    assert f"{odd} stays in the spool: " in caplog.text
    assert Ledger.of(LedgerSettings(), tmp_path).runs() == [started()]


def test_more_entries_than_one_transaction_takes_are_all_sent(spool, send, tmp_path):
    for hours in range(230):
        spool.put(started(hours))

    assert send() == Sent(sent=230, left=0)

    assert Ledger.of(LedgerSettings(), tmp_path).count() == 230


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/scc", "nfs4"),
        ("/data", "nfs4"),
        ("/data/local/scc", None),
        ("/database", None),
        ("/mnt/two words/scc", "cifs"),
        ("/home", None),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(tmp_path, path, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "server:/export /data nfs4 rw 0 0\n"
        "/dev/sdb1 /data/local xfs rw 0 0\n"
        "//server/share /mnt/two\\040words cifs rw 0 0\n"
    )

    assert network_file_system(Path(path), mounts) == kind


def test_where_mounts_are_not_told_every_file_system_is_taken_for_a_local_one(tmp_path):
    assert network_file_system(tmp_path, tmp_path / "none") is None
