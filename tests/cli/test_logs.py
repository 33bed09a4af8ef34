"""The log on standard error: one line an event, with what a machine needs to sort it."""

from __future__ import annotations

import json
import logging

import pytest

from scc.cli import logs
from scc.cli.progress import Lines

log = logging.getLogger("scc.test")


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root, own = logging.getLogger(), logging.getLogger("scc")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:], root.level, own.level = before
    logging.captureWarnings(capture=False)


def test_a_json_line_tells_what_where_and_during_which_run(capsys):
    context = logs.start("json", "info")
    context.run, context.step = "enrich@2026-11-22T10:15Z", "plan"

    log.info("%d rows\nread", 3)

    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "scc.test",
        "message": "3 rows\nread",
        "run": "enrich@2026-11-22T10:15Z",
        "task": "plan",
        "system": None,
    }


@pytest.mark.parametrize("style", ["plain", "json"])
def test_an_event_is_one_line_whatever_it_holds(capsys, style):
    logs.start(style, "info")

    try:
        raise ValueError("one\ntwo")  # noqa: TRY301 - the log is given a real exception
    except ValueError:
        log.exception("first\nsecond")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_plain_line_keeps_an_exceptions_words_to_itself(capsys):
    logs.start("plain", "info")

    try:
        raise ValueError("jane@example.com")  # noqa: TRY301 - as above
    except ValueError:
        log.exception("failed")

    assert capsys.readouterr().err.endswith(" error   failed (ValueError)\n")


@pytest.mark.parametrize(("level", "told"), [("debug", 2), ("info", 1), ("warning", 0)])
def test_the_level_decides_what_is_written(capsys, level, told):
    logs.start("plain", level)

    log.debug("a")
    log.info("b")

    assert len(capsys.readouterr().err.splitlines()) == told


def test_other_libraries_are_heard_from_warnings_on(capsys):
    logs.start("plain", "debug")

    logging.getLogger("other").info("a")
    logging.getLogger("other").warning("b")

    assert capsys.readouterr().err.splitlines()[0].endswith("warning b")


def test_starting_again_replaces_the_first(capsys):
    logs.start("plain", "info")
    logs.start("json", "info")

    log.info("once")

    assert json.loads(capsys.readouterr().err)["message"] == "once"


def test_progress_elsewhere_than_on_a_terminal_is_a_line_at_both_ends(capsys):
    progress = Lines(logs.start("json", "info"))

    progress.start("export records", 20)
    progress.advance("export records", 12)
    progress.advance("export records", 8)
    progress.finish("export records", "20 records")
    progress.close()

    first, last = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["message"], first["task"], first["total"]) == ("started", "export records", 20)
    assert (last["message"], last["task"], last["rows"]) == ("20 records", "export records", 20)
    assert last["seconds"] >= 0


def test_a_line_tells_which_system_it_is_about(capsys):
    context = logs.start("json", "debug")
    context.systems = {"export records": "eloqua"}

    logging.getLogger("scc.salesforce.jobs").info("by its library")
    logging.getLogger("scc.transport").debug("by itself", extra={"system": "salesforce"})
    context.step = "export records"
    log.info("by its task")
    context.step = "plan"
    log.info("none")

    told = [json.loads(line)["system"] for line in capsys.readouterr().err.splitlines()]
    assert told == ["salesforce", "salesforce", "eloqua", None]


def test_the_end_of_the_log_is_kept_as_people_read_it():
    end = logs.keep_end(logs.start("json", "info"))

    for number in range(60):
        log.info("line %d", number)

    assert len(end) == 50
    assert end[-1].endswith(" info    line 59")
