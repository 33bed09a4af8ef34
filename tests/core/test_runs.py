from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scc.core.runs import RunId, format_moment, parse_moment
from scc.errors import ConfigError

AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T10:15Z", "2026-11-22T10:15:00+00:00", "2026-11-22T11:15+01:00", " 2026-11-22T10:15:00.7Z "],
)
def test_a_moment_is_the_same_in_every_zone_and_cut_to_seconds(text):
    assert parse_moment(text) == AT


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01T00:00Z", "10:15"])
def test_a_malformed_moment_is_refused_with_an_example(text):
    with pytest.raises(ConfigError) as caught:
        parse_moment(text)

    assert repr(text) in caught.value.message
    assert "2026-11-22T10:15Z" in str(caught.value.hint)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ConfigError, match="no time zone"):
        parse_moment("2026-11-22T10:15")


def test_seconds_are_written_only_where_there_are_any():
    assert format_moment(AT) == "2026-11-22T10:15Z"
    assert format_moment(AT.replace(second=7)) == "2026-11-22T10:15:07Z"


def test_a_run_survives_its_text_and_its_folder():
    run = RunId("enrich-campaign-members", AT)

    assert RunId.parse(str(run)) == run
    assert RunId.from_folder(*run.folder.split("/")) == run
    assert RunId.from_folder("enrich-campaign-members", "notes") is None


@pytest.mark.parametrize("text", ["enrich", "@2026-11-22T10:15Z", "../x@2026-11-22T10:15Z"])
def test_what_is_no_run_is_refused(text):
    with pytest.raises(ConfigError, match="is not a run"):
        RunId.parse(text)
