"""The entry point: help without heavy imports, and one message with an exit code for whatever goes wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from scc import __version__
from scc.cli.main import EXIT_CODES, cli
from scc.errors import SccError

HEAVY = ["pydantic", "luigi", "pyarrow", "duckdb", "rich", "urllib3"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["rnu"]])
def test_help_imports_nothing_heavy(arguments):
    code = f"import sys; from scc.cli.main import main; main({arguments}); sys.stderr.write(' '.join(sys.modules))"

    loaded = set(python(code).stderr.split())

    assert loaded & set(HEAVY) == set()


@pytest.mark.parametrize("name", [name for name in cli.entries if name not in {"sandbox", "demo"}])
def test_a_commands_help_imports_nothing_that_it_would_work_with(name):
    code = f"import sys; from scc.cli.main import main; main(['{name}', '--help']); sys.stderr.write(' '.join(sys.modules))"

    loaded = set(python(code).stderr.split())

    assert loaded & {"pydantic", "luigi", "duckdb", "urllib3"} == set()


@pytest.mark.parametrize("name", cli.entries)
def test_the_groups_help_tells_each_commands_own_first_line(name):
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert cli.entries[name][1] == (command.help or "").strip().partition("\n")[0]


def test_the_version_is_the_packages(scc):
    assert scc("--version") == (0, f"scc {__version__}\n", "")


def test_a_mistyped_command_is_answered_with_the_nearest(scc):
    said = scc("pln")

    assert said.code == 2
    assert "Error: there is no command 'pln'. Did you mean plan?" in said.err


def test_a_wrong_option_is_a_usage_error(scc):
    said = scc("runs", "--limit", "many")

    assert said.code == 2
    assert "Invalid value for '--limit': 'many' is not a valid integer range." in said.err


def test_the_shared_options_may_stand_after_the_command(scc, folder):
    (folder / "other.toml").write_text('[store]\npath = "elsewhere"\n')

    after, before = scc("runs", "--config", "other.toml"), scc("--config", "other.toml", "runs")

    assert after == before == (0, f"No runs yet in {folder}/elsewhere.\n", "")


def test_a_defect_is_one_line_without_its_words(scc, folder):
    (folder / "scc-data").mkdir()
    (folder / "scc-data" / "enrich-campaign-members").mkdir()
    (folder / "scc-data" / "enrich-campaign-members" / ".lock").mkdir()

    said = scc("run", "enrich-campaign-members")

    assert said.code == 1
    assert said.err.startswith("Error: a defect in SCC: IsADirectoryError at ")
    assert said.err.endswith("Hint: The same command with --debug shows the traceback.\n")
    assert str(folder) not in said.err


def test_debug_shows_the_traceback(scc, folder):
    said = scc("--config", "none.toml", "--debug", "runs")

    assert said.code == 2
    assert "Traceback (most recent call last):" in said.err
    assert "Error: there is no configuration file none.toml (named by --config)" in said.err


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_command_with_its_own_code(tmp_path, sent, code):
    script = (
        "import os, sys, scc.cli.main as m, click\n"
        "@click.command()\n"
        f"def slow(): os.kill(os.getpid(), {int(sent)}); click.pause()\n"
        "m.cli.add_command(slow, 'runs')\n"
        "m.cli.get_command = lambda ctx, name: slow\n"
        "sys.exit(m.main(['runs']))\n"
    )

    ended = python(script)

    assert ended.returncode == code
    assert "the same command goes on where this one stopped" in ended.stderr


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    command = f"{sys.executable} -m scc --help | true; exit ${{PIPESTATUS[0]}}"

    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_error_has_an_exit_code_that_is_on_the_list():
    def kinds(base: type[SccError]) -> set[type[SccError]]:
        return {base, *(one for below in base.__subclasses__() for one in kinds(below))}

    assert {kind.exit_code for kind in kinds(SccError)} <= set(EXIT_CODES)


def test_the_installed_command_starts():
    ended = subprocess.run(
        [Path(sys.executable).with_name("scc"), "--version"], capture_output=True, text=True, check=True
    )

    assert ended.stdout == f"scc {__version__}\n"
