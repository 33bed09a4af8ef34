"""A group of commands that are imported when one of them is asked for, and the options that all share."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from scc.cli.app import App

__all__ = ["Command", "LazyGroup", "shared_options"]


class LazyGroup(click.Group):
    """`entries`: for each command its place ("module:attribute") and its one line of help."""

    def __init__(self, name: str, entries: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(name, **options)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in self.entries:
            return None
        module, _, attribute = self.entries[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.entries and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.entries, n=1)
            ctx.fail(f"there is no command {name!r}." + (f" Did you mean {near[0]}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.entries.items()])


class Command(click.Command):
    """A command that takes the shared options too, so that they may stand at its end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.extend(shared_options(hidden=True))


def shared_options(*, hidden: bool = False) -> list[click.Parameter]:
    """--config, --log-format, -v, -q, --debug: each writes to the App of the invocation."""

    def option(*names: str, help: str, **more: Any) -> click.Option:  # noqa: A002 - click's name
        return click.Option(names, hidden=hidden, expose_value=False, callback=_remember, help=help, **more)

    return [
        option(
            "--config",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="The configuration file; default $SCC_CONFIG, else scc.toml here.",
        ),
        option(
            "--log-format",
            type=click.Choice(["auto", "plain", "json"]),
            help="How the log on standard error is written.",
        ),
        option("-v", "--verbose", is_flag=True, help="Log every call to a system."),
        option("-q", "--quiet", is_flag=True, help="Log warnings and errors only; no progress."),
        option("--debug", is_flag=True, help="Show the traceback of an error."),
    ]


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value and parameter.name:
        setattr(context.ensure_object(App), parameter.name, value)
