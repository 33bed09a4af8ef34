"""`scc completion`: the script that makes a shell complete commands, pipelines and runs."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import SccError

__all__ = ["complete_pipeline", "complete_run", "completion"]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell's completion script.

    \b
    bash:  scc completion bash > ~/.local/share/bash-completion/completions/scc
    zsh:   scc completion zsh > "${fpath[1]}/_scc"
    fish:  scc completion fish > ~/.config/fish/completions/scc.fish
    """
    from scc.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "scc", "_SCC_COMPLETE").source())


def complete_pipeline(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from scc.pipelines import registry

    return [
        CompletionItem(name, help=text)
        for name, text in registry.SUMMARIES.items()
        if name.startswith(incomplete)
    ]


def complete_run(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs on record; none where the configuration can't be read: completion must not complain."""
    try:
        runs = [(str(record.run), record.state) for record in context.ensure_object(App).store.runs()]
    except SccError:
        return []
    return [CompletionItem(name, help=state) for name, state in runs if name.startswith(incomplete)]
