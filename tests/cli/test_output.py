"""What people see: addresses masked, tables that fit, colours only where they are wanted."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.runs import RUN, make_run

from scc.cli import output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jane.doe@example.com", "j***@example.com"),
        ("write to <a@b.example>, or c@d.example.", "write to <a***@b.example>, or c***@d.example."),
        ("zoë+news@exämple.org", "z***@exämple.org"),
        ("no address", "no address"),
        ("@handle", "@handle"),
    ],
)
def test_addresses_are_masked(text, expected):
    assert output.mask(text) == expected


def test_a_table_without_a_terminal_is_aligned_text(capsys):
    output.table(
        ["Name", "Rows"], [["one", "5"], [output.Styled("thirteen", "red"), "1,200"]], right=["Rows"]
    )

    assert capsys.readouterr().out == "Name       Rows\none           5\nthirteen  1,200\n"


def test_what_a_terminal_would_obey_is_taken_out(capsys):
    output.line("a\x1b[2Jb\r\nc")

    assert capsys.readouterr().out == "a [2Jb  c\n"


def terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """Run a command on a terminal of 80 columns and return what it showed."""
    main, inside = pty.openpty()
    env = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LANG": "C.UTF-8",
        **environment,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "scc", *arguments],
        cwd=folder,
        env=env,
        stdin=inside,
        stdout=inside,
        stderr=inside,
    ) as process:
        os.close(inside)
        shown = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # Linux' way to say that the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert process.wait() == 0
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours(tmp_path):
    make_run(tmp_path / "scc-data")

    assert "\x1b[32mdone" in terminal(tmp_path, "show", str(RUN))


def test_no_color_is_honoured(tmp_path):
    make_run(tmp_path / "scc-data")

    shown = terminal(tmp_path, "show", str(RUN), NO_COLOR="1")

    assert "\x1b[3" not in shown
    assert "done" in shown


def test_a_run_fits_into_80_columns(tmp_path):
    make_run(tmp_path / "scc-data")

    shown = terminal(tmp_path, "show", str(RUN), NO_COLOR="1", TERM="dumb")

    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"^Records +Operation +Object +Why", shown, re.MULTILINE)
