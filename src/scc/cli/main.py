"""The entry point: finds the command, and turns whatever stops it into one message and an exit code.

Imports only what `scc --help` needs.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from scc import __version__
from scc.cli.app import App
from scc.cli.lazy import LazyGroup, shared_options
from scc.errors import SccError

__all__ = ["EXIT_CODES", "cli", "entry", "main"]

EXIT_CODES = {
    0: "done, or nothing to do",
    1: "a defect in SCC",
    2: "the configuration or the command line must be mended",
    3: "a system refused",
    4: "data is damaged, or not what was promised",
    5: "a plan is over its limits and waits for an approval",
    75: "a system can't be reached or is busy: the same command may succeed later",
    130: "interrupted (Ctrl-C)",
    143: "ended by SIGTERM",
}

cli = LazyGroup(
    "scc",
    {
        "init": ("scc.cli.init:init", "Write a commented configuration file."),
        "doctor": ("scc.cli.doctor:doctor", "Check the configuration, the store and each system."),
        "pipelines": ("scc.cli.pipelines:pipelines", "List the pipelines, and how each ended last."),
        "plan": ("scc.cli.run:plan", "Show what a run would do; writes to no system."),
        "run": ("scc.cli.run:run", "Plan, check the limits, apply, and keep the receipt."),
        "job": ("scc.cli.job:job", "Run a pipeline as a Kubernetes Job does."),
        "approve": ("scc.cli.approve:approve", "Let a plan pass that is over its limits."),
        "show": ("scc.cli.show:show", "Show a run: its plan, its receipt, its error."),
        "undo": ("scc.cli.run:undo", "Take a run back: what it changed becomes what it was."),
        "runs": ("scc.cli.runs:runs", "List the runs, the newest first."),
        "history": ("scc.cli.history:history", "Show how the runs of the last days went."),
        "ledger": ("scc.cli.ledger:ledger", "Look after the database behind the history."),
        "archive": ("scc.cli.archive:archive", "Search the archive of deleted contacts."),
        "alerts": ("scc.cli.alerts:alerts", "Make Prometheus' alert rules from the pipelines' schedules."),
        "scheduler": (
            "scc.cli.scheduler:scheduler",
            "Order the runs of all machines, and share the quotas among them.",
        ),
        "deploy": ("scc.cli.deploy:deploy", "Write what a cluster needs to run SCC."),
        "forget": ("scc.cli.forget:forget", "Erase a person from everything that SCC keeps."),
        "sandbox": ("scc.cli.sandbox:sandbox", "Start a local Eloqua and Salesforce to try things on."),
        "demo": ("scc.cli.demo:demo", "Watch the main pipeline work, on a sandbox."),
        "completion": ("scc.cli.completion:completion", "Print the shell's completion script."),
    },
    params=[
        *shared_options(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=lambda ctx, _, value: _version(ctx) if value else None,
            help="Print the version.",
        ),
    ],
    help="Marketing operations as code: pipelines between Eloqua and Salesforce that show what they would do, "
    "stop at their limits, keep a receipt of what they did, and can be taken back.",
    epilog="Start with `scc demo`, or with `scc init` and `scc doctor`.",
)


def entry() -> NoReturn:
    """Be the process: where it did not end well, it does not wait for answers that nobody wants any more.

    A page that is under way holds a thread, and Python waits for that, as long as the system lets it.
    """
    code = main()
    if code and any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        atexit._run_exitfuncs()  # noqa: SLF001 - what Python does after the wait
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, one of EXIT_CODES."""
    if "_SCC_COMPLETE" in os.environ:
        cli.main(prog_name="scc")  # answers the shell and exits
    app = App()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _invoke(sys.argv[1:] if arguments is None else list(arguments), app)
    except _Terminated:
        return _ended(app, "Ended by SIGTERM; the same command goes on where this one stopped.", 143)
    except (KeyboardInterrupt, click.Abort):
        return _ended(app, "Interrupted; the same command goes on where this one stopped.", 130)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SccError as error:
        if app.debug:
            traceback.print_exc()
        return _fail(app, error.message, error.hint, error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has had enough (`scc runs | head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last door: a person gets one line, not a traceback
        return _defect(error, app)


def _invoke(arguments: list[str], app: App) -> int:
    """What click's own main does, but for its handling of interrupts and closed pipes."""
    try:
        with cli.make_context("scc", arguments, obj=app) as context:
            result = cli.invoke(context)
            sys.stdout.flush()
            return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        sys.stdout.flush()
        return end.exit_code


class _Terminated(KeyboardInterrupt):
    """SIGTERM. Luigi takes any other exception in a task for a failure of that task, and goes on."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


def _defect(error: Exception, app: App) -> int:
    """One line about a defect. Its own words stay out: they may hold a value from a record."""
    if app.debug:
        traceback.print_exc()
        return 1
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    message = f"a defect in SCC: {type(error).__name__}{place}"
    return _fail(app, message, "The same command with --debug shows the traceback.", 1)


def _fail(app: App, message: str, hint: str | None, code: int) -> int:
    """Say what went wrong: to people in words, to a machine that reads the log as a line of it."""
    if app.logs_json:
        import logging

        (app.log or app.start_log()).step = None
        logging.getLogger("scc").error(message, extra={"hint": hint, "exit_code": code})
        return code
    return _say(f"Error: {message}" + (f"\nHint: {hint}" if hint else ""), code)


def _ended(app: App, text: str, code: int) -> int:
    """Ended from outside: no error, and a machine that reads the log is told so in its own way."""
    if app.logs_json:
        import logging

        logging.getLogger("scc").warning(text, extra={"exit_code": code})
        return code
    return _say(f"\n{text}" if code == 130 else text, code)


def _say(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


def _version(context: click.Context) -> NoReturn:
    click.echo(f"scc {__version__}")
    context.exit()
