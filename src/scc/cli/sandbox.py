"""`scc sandbox`: a local Eloqua and Salesforce, until Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import click

from scc.cli import output
from scc.cli.init import sandbox_values, template, write
from scc.cli.lazy import shared_options
from scc.cli.output import Styled
from scc.cli.sandbox_load import PORT, load
from scc.errors import ConfigError

if TYPE_CHECKING:  # imported where the sandbox is started
    from scc.sandbox.whole import WholeSandbox

__all__ = ["sandbox"]


class _Group(click.Group):
    """A group that does something by itself, and takes the shared options at its end too."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.extend(shared_options(hidden=True))


@click.group(cls=_Group, invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--contacts",
    type=click.IntRange(min=0),
    default=5_000,
    show_default=True,
    help="How many contacts to make up; 0 makes up campaigns, but no people.",
)
@click.option(
    "--campaign-members",
    type=click.IntRange(min=0),
    help="How many campaign member records; default 40 for every 100 contacts.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Equal seeds give equal data.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep everything in this file, and go on with it next time; default in memory.",
)
@click.option(
    "--transitions",
    default="immediate",
    show_default=True,
    help="How long syncs and jobs take: immediate, polls:N or time:SECONDS.",
)
@click.option(
    "--write-config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a configuration that leads here.",
)
@click.option(
    "--ready-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the addresses as JSON when all is ready, for scripts.",
)
@click.pass_context
def sandbox(context: click.Context, /, **options: Any) -> int | None:
    """Start a local Eloqua and Salesforce to try things on.

    Runs until Ctrl-C. `scc sandbox load` brings records of one's own into one that runs.
    """
    if context.invoked_subcommand is not None:
        return None
    chose_contacts = context.get_parameter_source("contacts") is not click.core.ParameterSource.DEFAULT
    return _serve(chose_contacts=chose_contacts, **options)


def _serve(
    *,
    host: str,
    port: int,
    contacts: int,
    campaign_members: int | None,
    seed: int,
    database: Path | None,
    transitions: str,
    write_config: Path | None,
    ready_file: Path | None,
    chose_contacts: bool,
) -> int:
    moves = _transitions(transitions)
    if write_config and write_config.exists():
        raise ConfigError(f"{write_config} is there already", hint="Remove it, or write another file.")
    with _open(host, port, database, seed) as running, _folder() as folder:
        from scc.sandbox.transitions import Transitions

        running.state.transitions = Transitions.parse(moves)
        _fill(running, database, contacts, campaign_members, chose_contacts=chose_contacts)
        authority = _save_authority(running, folder)
        if write_config:
            write(write_config, template(sandbox_values(running.url)))
        try:
            with running, _announced(ready_file, _facts(running, authority)):
                _describe(running, authority, write_config)
                threading.Event().wait()
        except KeyboardInterrupt:
            # Ctrl-C, or SIGTERM: the way to end it.
            output.line("Ended.")
        return 0


@contextmanager
def _open(host: str, port: int, database: Path | None, seed: int) -> Iterator[WholeSandbox]:
    import duckdb

    from scc.sandbox.whole import WholeSandbox

    try:
        made = WholeSandbox(host=host, port=port, database=str(database or ":memory:"), seed=seed)
    except duckdb.Error as error:
        raise ConfigError(
            f"the database {database} can't be opened: {str(error).splitlines()[0]}",
            hint="Is another sandbox using it? Name another --database, or remove the file.",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"can't listen on {host}, port {port}: {error.strerror}", hint="--port 0 takes a free port."
        ) from error
    try:
        yield made
    finally:
        made.close()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="scc-sandbox-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _transitions(text: str) -> dict[str, object]:
    """Read "polls:3" as {"mode": "polls", "polls": 3}."""
    mode, _, number = text.partition(":")
    if mode == "immediate" and not number:
        return {"mode": mode}
    if mode == "polls" and re.fullmatch(r"[1-9]\d{0,5}", number):
        return {"mode": mode, "polls": int(number)}
    if mode == "time" and re.fullmatch(r"\d{1,6}(\.\d+)?", number):
        return {"mode": mode, "seconds": float(number)}
    raise ConfigError(
        f"--transitions: {text!r} can't be read", hint="Write immediate, or polls:3, or time:2.5 (seconds)."
    )


def _fill(
    running: WholeSandbox,
    database: Path | None,
    contacts: int,
    campaign_members: int | None,
    *,
    chose_contacts: bool,
) -> None:
    from scc.sandbox import demo

    if running.has_records():
        if chose_contacts or campaign_members is not None:
            raise ConfigError(
                f"{database} holds records already, and --contacts and --campaign-members are for an empty one",
                hint="Leave them out to go on with the records, or name another --database.",
            )
        return
    demo.fill(running.state, contacts, campaign_members)


def _save_authority(running: WholeSandbox, folder: Path) -> Path:
    path = folder / "authority.pem"
    path.write_bytes(running.certificates.authority_pem)
    return path


def _describe(running: WholeSandbox, authority: Path, config: Path | None) -> None:
    """Print where everything is, and how to lead a client there."""
    eloqua, salesforce = running.credentials.eloqua, running.credentials.salesforce
    output.line(Styled("A local Eloqua and a local Salesforce are at ", ""), Styled(running.url, "bold cyan"))
    output.facts(
        {
            "Page": f"{running.url}/_sandbox/",
            "Eloqua": f"company {eloqua.company}, user {eloqua.user}, password {eloqua.password}",
            "Eloqua's OAuth client": f"{eloqua.client_id}, secret {eloqua.client_secret}",
            "Salesforce": f"user {salesforce.username}, password {salesforce.password}, token {salesforce.security_token}",
            "Salesforce's OAuth client": f"{salesforce.client_id}, secret {salesforce.client_secret}",
            "Records": _records(running),
        }
    )
    output.heading("For SCC")
    if config:
        output.line(f"  scc --config {config} doctor")
    else:
        output.line(f"  scc init --sandbox {running.url}")
    for name, value in _scc_environment(running).items():
        output.line(f"  export {name}={value}")
    output.heading("For any other client, unmodified: it goes on asking for login.eloqua.com and the like")
    for name, value in _foreign_environment(running, authority).items():
        output.line(f"  export {name}={value}")
    output.line()
    output.line("Ready. Ctrl-C ends it.")


def _records(running: WholeSandbox) -> str:
    counts = {store.system: store.counts() for store in running.state.stores()}
    eloqua, salesforce = counts["eloqua"], counts["salesforce"]
    return (
        f"{eloqua.get('contacts', 0):,} contacts and {eloqua.get('Campaign Members', 0):,} campaign member records "
        f"in Eloqua; {salesforce.get('Lead', 0):,} leads, {salesforce.get('Contact', 0):,} contacts, "
        f"{salesforce.get('Campaign', 0):,} campaigns in Salesforce"
    )


def _scc_environment(running: WholeSandbox) -> dict[str, str]:
    values = sandbox_values(running.url)
    return {f"SCC_{section}__{key}".upper(): value for (section, key), value in values.items()}


def _foreign_environment(running: WholeSandbox, authority: Path) -> dict[str, str]:
    return {
        "HTTPS_PROXY": running.url,
        "HTTP_PROXY": running.url,
        "REQUESTS_CA_BUNDLE": str(authority),
        "SSL_CERT_FILE": str(authority),
        "NODE_EXTRA_CA_CERTS": str(authority),
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _facts(running: WholeSandbox, authority: Path) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "url": running.url,
        "eloqua": asdict(running.credentials.eloqua),
        "salesforce": asdict(running.credentials.salesforce),
        "scc_environment": _scc_environment(running),
        "client_environment": _foreign_environment(running, authority),
        "pid": os.getpid(),
    }


@contextmanager
def _announced(path: Path | None, facts: dict[str, object]) -> Iterator[None]:
    """Keep the ready file there for as long as the sandbox answers; it appears whole or not at all."""
    if path is None:
        yield
        return
    try:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


sandbox.add_command(load)
