"""`scc demo`: a sandbox with made-up data, and the real commands against it, one after the other."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.init import sandbox_values, template, write
from scc.cli.lazy import Command
from scc.cli.output import Styled
from scc.errors import ConfigError

if TYPE_CHECKING:  # imported where the sandbox is started
    from scc.sandbox.whole import WholeSandbox

__all__ = ["demo"]

PIPELINE = "enrich-campaign-members"
SEED = 1


@click.command(cls=Command)
@click.option(
    "--contacts",
    type=click.IntRange(min=100),
    default=50_000,
    show_default=True,
    help="How many contacts to make up.",
)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where the runs are kept; default a temporary folder."
)
@click.option("--keep", is_flag=True, help="Leave the sandbox running at the end, to try things on.")
def demo(contacts: int, folder: Path | None, keep: bool) -> int:
    """Watch the main pipeline work, on a sandbox."""
    from scc.settings import CONFIG_NAME

    started = time.monotonic()
    with _folder(folder) as place, _sandbox(contacts) as sandbox:
        write(place / CONFIG_NAME, template(sandbox_values(sandbox.url)))
        stage = Stage(place, sandbox.url)
        code = _play(stage)
        if code == 0:
            _end(stage, time.monotonic() - started, keep=keep)
            if keep:
                _wait()
    return code


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder with the configuration and the runs, and the sandbox's address."""

    folder: Path
    url: str

    def run(self, *arguments: str) -> int:
        """Print a command as one would type it, run it as a process of its own, return its exit code."""
        output.line()
        output.line(Styled("$ ", "dim"), Styled(f"scc {shlex.join(arguments)}", "bold cyan"))
        sys.stdout.flush()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCC_")}
        command = [sys.executable, "-m", "scc", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, check=False).returncode  # noqa: S603 - our own command


def _play(stage: Stage) -> int:
    """Run the scenes; a command that fails ends the play with its code."""
    # A whole minute reads well; the second run, without --at, comes after it.
    first = datetime.now(UTC).replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%MZ")
    scenes: list[tuple[str, Callable[[], int]]] = [
        (
            "What would a run do? A plan writes to no system.",
            lambda: stage.run("plan", PIPELINE, "--at", first, "--sample", "2"),
        ),
        (
            "Apply that very plan.",
            lambda: stage.run("run", PIPELINE, "--at", first),
        ),
        (
            "Nothing is dropped in silence: what was left alone, and why.",
            lambda: stage.run("show", f"{PIPELINE}@{first}", "--outcome", "skipped", "--rows", "5"),
        ),
        (
            "A second run finds nothing to do: it reads only what it may have to.",
            lambda: stage.run("run", PIPELINE),
        ),
        (
            "A run can be taken back. What would that do?",
            lambda: stage.run("undo", f"{PIPELINE}@{first}", "--plan", "--sample", "1"),
        ),
        ("All of it is on record.", lambda: stage.run("runs")),
    ]
    for number, (text, scene) in enumerate(scenes, start=1):
        output.line()
        output.line(Styled(f"{number}. {text}", "bold"))
        code = scene()
        if code:
            return code
    return 0


def _end(stage: Stage, seconds: float, *, keep: bool) -> None:
    output.line()
    output.line(f"All of it took {seconds:.0f} s.", " Next, on your own:" if not keep else "")
    if keep:
        output.line(f"The sandbox is still there, at {stage.url}; try things in {stage.folder}:")
        output.line(f"  cd {shlex.quote(str(stage.folder))} && scc doctor")
        output.line("Ctrl-C ends it.")
    else:
        output.line("  scc demo --keep    the same, and the sandbox stays to try things on")
        output.line("  scc init           write a configuration for your own Eloqua and Salesforce")


def _wait() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        output.line("Ended.")


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is None:
        with TemporaryDirectory(prefix="scc-demo-") as made:
            yield Path(made)
        return
    if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
        raise ConfigError(
            f"{wanted} is there already, and not an empty folder", hint="Name another --folder, or remove it."
        )
    wanted.mkdir(parents=True, exist_ok=True)
    yield wanted.resolve()


@contextmanager
def _sandbox(contacts: int) -> Iterator[WholeSandbox]:
    """A running sandbox, filled; says what is in it."""
    from scc.sandbox import demo as data
    from scc.sandbox.whole import WholeSandbox

    members = contacts * 2 // 5
    output.line(Styled("A local Eloqua and a local Salesforce, of a company that is made up", "bold"))
    output.line()
    output.line(f"Eloqua has {contacts:,} contacts and {members:,} campaign member records. Such a record")
    output.line("holds the id of a Salesforce campaign, and nothing else of it. The pipeline")
    output.line(f"{PIPELINE} fills in what Salesforce knows of the campaign.")
    with WholeSandbox(database=":memory:", seed=SEED) as sandbox:
        data.fill(sandbox.state, contacts=contacts, campaign_members=members, seed=SEED)
        yield sandbox
