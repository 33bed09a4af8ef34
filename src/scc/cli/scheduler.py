"""`scc scheduler`: the central scheduler, until a signal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from scc.settings import Settings

__all__ = ["scheduler"]


@click.command(cls=Command)
@click.option("--address", help="The address to listen on, in place of scheduler.address.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port, in place of scheduler.port; 0 takes a free one."
)
@click.option(
    "--ready-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the address as JSON when it listens, for scripts.",
)
@click.pass_obj
def scheduler(app: App, address: str | None, port: int | None, ready_file: Path | None) -> None:
    """Order the runs of all machines, and share the quotas among them.

    Runs until Ctrl-C or SIGTERM, and keeps its state over any end. Runs find it by scheduler.url.
    """
    from scc.scheduler.access import Access
    from scc.scheduler.central import Rules
    from scc.scheduler.server import Place, serve

    section = app.settings.scheduler
    try:
        serve(
            Place(address or section.address, section.port if port is None else port),
            Access(_text(section.token), _text(section.password)),
            Rules(
                section.state,
                app.settings.flow.limits,
                worker_timeout_s=section.worker_timeout_s,
                save_interval_s=section.save_interval_s,
            ),
            history_url=_history_url(app.settings),
            ready=lambda url: _announce(ready_file, url),
        )
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _history_url(settings: Settings) -> str | None:
    """The database of the task history: its own, else the ledger's with the ledger's password."""
    if settings.scheduler.task_history:
        return settings.scheduler.task_history.get_secret_value()
    if settings.ledger.url is None:
        return None
    from sqlalchemy import make_url

    url = make_url(settings.ledger.url.get_secret_value())
    if url.password is None and settings.ledger.password:
        url = url.set(password=settings.ledger.password.get_secret_value())
    return url.render_as_string(hide_password=False)


def _announce(path: Path | None, url: str) -> None:
    """Write the ready file whole or not at all."""
    if path is None:
        return
    import json

    from scc.store.files import publish

    try:
        with publish(path) as partial:
            partial.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
