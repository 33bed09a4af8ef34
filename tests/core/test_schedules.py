"""Schedules: what is accepted, when it comes next, how far apart at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scc.core.schedules import Schedule, check_cron, check_zone

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "text",
    ["*/5 * * * *", "15 2 * * *", "0 6 * * MON-FRI", "0 3 1,15 JAN-JUN *", "7 8-18/2 * * 0", "0 0 29 2 *"],
)
def test_a_cron_string_that_kubernetes_takes_is_taken(text):
    assert check_cron(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "@daily",
        "0 0 L * *",
        "0 0 * * 5#1",
        "0 0 * * 7",
        "*/0 * * * *",
        "0 0 31 2 *",
    ],
)
def test_what_cron_readers_differ_on_or_never_comes_true_is_refused(text):
    with pytest.raises(ValueError, match="five fields of cron"):
        check_cron(text)


@pytest.mark.parametrize("name", ["", "Local", "europe", "../../etc/passwd", "Europe/Atlantis"])
def test_a_zone_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="IANA"):
        check_zone(name)


def test_moments_come_in_utc_and_follow_the_zones_summer_time():
    berlin = Schedule("15 6 * * *", "Europe/Berlin", HOUR)

    assert berlin.next_after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 4, 15, tzinfo=UTC)
    assert berlin.next_after(datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 5, 15, tzinfo=UTC)


def test_a_run_is_due_its_deadline_after_the_next_moment():
    weekdays = Schedule("0 6 * * MON-FRI", "UTC", 2 * HOUR)

    assert weekdays.due_after(AT) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "gap"),
    [
        ("*/5 * * * *", "UTC", timedelta(minutes=5)),
        ("*/5 8-18 * * 1-5", "UTC", timedelta(days=2, hours=13, minutes=5)),
        ("0 6 * * MON-FRI", "UTC", timedelta(days=3)),
        ("15 6 * * *", "Europe/Berlin", timedelta(days=1, hours=1)),
        ("0 3 1 * *", "UTC", timedelta(days=31)),
    ],
)
def test_the_longest_gap_counts_weekends_months_and_the_hour_that_autumn_adds(cron, zone, gap):
    assert Schedule(cron, zone, HOUR).longest_gap() == gap
