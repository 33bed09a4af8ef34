"""Run the central scheduler until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tornado.httpserver
import tornado.ioloop
import tornado.netutil

from scc.errors import ConfigError
from scc.scheduler.access import Access, is_loopback
from scc.scheduler.central import Central, Rules
from scc.scheduler.pages import Application

if TYPE_CHECKING:  # SQLAlchemy takes 30 MB
    from scc.scheduler.history import History

__all__ = ["Place", "serve"]

log = logging.getLogger(__name__)

_LARGEST_BODY = 4 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen; port 0 takes a free one."""

    address: str
    port: int

    def check(self, access: Access) -> None:
        """ConfigError where others could reach it without a credential."""
        if is_loopback(self.address):
            return
        missing = [name for name in ("token", "password") if not getattr(access, name)]
        if missing:
            raise ConfigError(
                f"the scheduler would listen on {self.address} for others, without "
                + " and ".join(f"scheduler.{name}" for name in missing),
                hint="Set both (secret files scheduler.token and scheduler.password), or listen on 127.0.0.1.",
            )


def serve(
    place: Place,
    access: Access,
    rules: Rules,
    *,
    history_url: str | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer until SIGTERM or SIGINT; `ready` is told the address once it listens.

    The state is saved at intervals, at a signal (SIGHUP too), and whenever a quota changes hands.
    """
    place.check(access)
    history = _history(history_url)
    try:
        asyncio.run(_serve(place, access, Central(rules, history), rules, ready))
    finally:
        if history is not None:
            history.close()


def _history(url: str | None) -> History | None:
    if url is None:
        return None
    from scc.scheduler.history import History

    return History(url)


async def _serve(
    place: Place, access: Access, scheduler: Central, rules: Rules, ready: Callable[[str], None]
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGINT, ended.set)
    loop.add_signal_handler(signal.SIGHUP, scheduler.dump)
    scheduler.load()
    server = tornado.httpserver.HTTPServer(
        Application(scheduler, access), max_buffer_size=_LARGEST_BODY, idle_connection_timeout=600
    )
    try:
        sockets = tornado.netutil.bind_sockets(place.port, place.address)
    except OSError as error:
        raise ConfigError(
            f"can't listen on {place.address}, port {place.port}: {error.strerror}",
            hint="Is another scheduler running? scheduler.port names the port, 0 takes a free one.",
        ) from error
    server.add_sockets(sockets)
    scheduler.dump()
    for work, every_s in (
        (scheduler.dump, rules.save_interval_s),
        (scheduler.prune, min(5.0, rules.worker_timeout_s / 4)),
    ):
        tornado.ioloop.PeriodicCallback(work, every_s * 1000).start()
    host, port = sockets[0].getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    log.info("the scheduler listens on %s", url)
    ready(url)
    await ended.wait()
    server.stop()
    scheduler.dump()
    log.info("the state is saved; ended by a signal")
