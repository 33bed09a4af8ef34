"""`scc init`: a configuration file that explains itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import ConfigError

__all__ = ["init", "template"]

_HEAD = """\
# The configuration of SCC. `scc doctor` checks what is written here.
#
# A line such as "#key = value" shows the default, or an example; take the # away to change it.
# Above this file stand environment variables (SCC_ELOQUA__PASSWORD), and above those secret files
# (a file eloqua.password in /run/secrets/scc, or in the folder that SCC_SECRETS_DIR names).
"""

# The sandbox prints the same ones; it is no secret that they are.
_SANDBOX = {
    ("eloqua", "company"): "Acme",
    ("eloqua", "user"): "api.user",
    ("eloqua", "password"): "sandbox",
    ("salesforce", "client_id"): "sandbox-client",
    ("salesforce", "client_secret"): "sandbox-secret",
}


@click.command(cls=Command)
@click.option("--sandbox", metavar="URL", help="Fill in the address and credentials of a `scc sandbox`.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.pass_obj
def init(app: App, sandbox: str | None, force: bool) -> None:
    """Write a commented configuration file."""
    from scc.settings import CONFIG_NAME

    path = app.config or Path(CONFIG_NAME)
    if path.exists() and not force:
        raise ConfigError(
            f"{path} is there already", hint="--force replaces it; --config FILE writes another."
        )
    if sandbox is not None and not sandbox.startswith(("http://", "https://")):
        raise ConfigError(
            f"{sandbox!r} is not an address",
            hint="Write it as `scc sandbox` prints it: http://127.0.0.1:8765.",
        )
    write(path, template(sandbox_values(sandbox) if sandbox else {}))
    click.echo(f"Wrote {path}.")
    if sandbox is None:
        click.echo("Next: fill in [eloqua] and [salesforce], then check with `scc doctor`.")
    else:
        click.echo("Next: `scc doctor`, then `scc plan enrich-campaign-members`.")


def sandbox_values(url: str) -> dict[tuple[str, str], str]:
    """The keys that point a configuration at a sandbox."""
    url = url.rstrip("/")
    return {("eloqua", "login_url"): url, ("salesforce", "login_url"): url, **_SANDBOX}


def write(path: Path, text: str) -> None:
    """Write the file for its owner's eyes: it may come to hold passwords."""
    try:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def template(values: Mapping[tuple[str, str], str]) -> str:
    """The file's text: `values` stand in it as settings, every other key as a comment."""
    from scc.pipelines import registry
    from scc.settings.catalogue import sections, summary

    parts = [_HEAD]
    for name, model in sections():
        own = {key: value for (section, key), value in values.items() if section == name}
        parts.append("\n".join([f"# {summary(model)}", f"[{name}]", *_keys(model, own, name)]) + "\n")
    for name, text in registry.SUMMARIES.items():
        header = f"pipelines.{name}"
        lines = [f"# {text}.", f"[{header}]", *_keys(registry.module(name).Config, {}, header)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _keys(model: type, values: Mapping[str, str], header: str = "") -> Iterator[str]:
    """Each key under its description; a key that is a table of its own comes last, as TOML wants it."""
    from scc.settings.catalogue import entries
    from scc.settings.keys import toml_value

    tables = []
    for entry in entries(model):
        if entry.table is not None:
            tables.append(entry)
            continue
        yield f"# {entry.description}"
        if entry.name in values:
            yield f"{entry.name} = {toml_value(values[entry.name])}"
        else:
            shown = entry.default or entry.example
            yield f"#{entry.name} = {shown}" if shown else f"# {entry.name}: {entry.type}"
    for entry in tables:
        yield f"# {entry.description}"
        yield f"#[{header}.{entry.name}]"
        yield from (f"#{name} = {value}" for name, value in (entry.table or {}).items())
