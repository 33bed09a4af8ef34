"""Keep the documentation's reference parts equal to the code: `python -m scc.cli.reference docs/*.md`.

A part stands between `<!-- begin NAME -->` and `<!-- end -->`; a test fails when one is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from scc.cli.main import EXIT_CODES, cli

__all__ = ["rewrite"]

_PART = re.compile(r"(<!-- begin ([\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewrite(text: str) -> str:
    """The text with each marked part written anew."""
    return _PART.sub(lambda found: f"{found[1]}{_part(found[2])}\n{found[3]}", text)


def _part(name: str) -> str:
    if name == "commands":
        return "\n".join(_commands())
    if name == "exit-codes":
        rows = (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
        return "\n".join(["| code | meaning |", "| --- | --- |", *rows])
    return "\n".join(_keys(name))


def _commands() -> Iterator[str]:
    """Each command's help as a terminal of 80 columns shows it."""
    context = click.Context(cli, info_name="scc", max_content_width=80, terminal_width=80)
    yield from _help(context, "scc")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, context, info_name=name, max_content_width=80, terminal_width=80)
        yield from _help(inner, f"scc {name}")
        if isinstance(command, click.Group):
            for below in command.list_commands(inner):
                last = command.get_command(inner, below)
                assert last is not None
                deepest = click.Context(last, inner, info_name=below, max_content_width=80, terminal_width=80)
                yield from _help(deepest, f"scc {name} {below}")


def _help(context: click.Context, title: str) -> Iterator[str]:
    yield from (f"### {title}", "", "```", context.command.get_help(context).rstrip(), "```", "")


def _keys(name: str) -> Iterator[str]:
    """A section's keys; `pipelines.NAME` gives a pipeline's."""
    from scc.pipelines import registry
    from scc.settings.catalogue import entries, sections, summary

    if name.startswith("pipelines."):
        pipeline = name.removeprefix("pipelines.")
        model, about = registry.module(pipeline).Config, f"{registry.SUMMARIES[pipeline]}."
    else:
        model = dict(sections())[name]
        about = summary(model)
    yield from (about, "", "| key | type | default | what |", "| --- | --- | --- | --- |")
    for entry in entries(model):
        default = f"`{entry.default}`" if entry.default else ""
        yield f"| `{entry.name}` | {entry.type} | {default} | {entry.description} |".replace("  ", " ")


def main() -> None:
    for name in sys.argv[1:]:
        path = Path(name)
        text = path.read_text(encoding="utf-8")
        new = rewrite(text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            click.echo(f"rewrote {path}")


if __name__ == "__main__":
    main()
