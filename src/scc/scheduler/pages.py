"""The scheduler's HTTP side: Luigi's handlers behind one door, with health and metrics beside them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import luigi.server
import tornado.web
from tornado.httputil import HTTPServerRequest

from scc.scheduler.access import OPEN, Access, Refusal
from scc.scheduler.central import Central

__all__ = ["Application"]

log = logging.getLogger(__name__)

_STATIC = Path(luigi.server.__file__).parent / "static"
_SCRIPT = "visualiser/js/luigi.js"
_GET, _POST = 'method: "GET"', 'method: "POST"'


class Application(tornado.web.Application):
    """Every request passes `access` before any handler is looked for."""

    def __init__(self, scheduler: Central, access: Access) -> None:
        given = {"scheduler": scheduler}
        super().__init__(
            [
                (r"/healthz", _Health),
                (r"/metrics", luigi.server.MetricsHandler, given),
                (r"/api/(.*)", luigi.server.RPCHandler, given),
                (r"/", luigi.server.RootPathHandler, given),
                *(_history(given) if scheduler.has_task_history() else ()),
            ],
            static_path=str(_STATIC),
            static_handler_class=_Static,
            compress_response=True,
            log_function=_log,
        )
        self.access = access
        self.add_handlers(r".*", [(rf"/static/{_SCRIPT}", _Script)])

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        refusal = self.access.judge(request.method or "", request.path, request.headers)
        if refusal is None:
            return super().find_handler(request, **kwargs)
        # A browser shows its credential only when it was asked to: that is no attempt to tell of.
        asked = refusal.status == 401 and "Authorization" not in request.headers
        level = logging.DEBUG if asked else logging.WARNING
        log.log(level, "%s %r: %d, %s", request.method, request.path[:80], refusal.status, refusal.reason)
        return self.get_handler_delegate(request, _Refused, {"refusal": refusal})


def _history(given: dict[str, Any]) -> list[tuple[str, type, dict[str, Any]]]:
    """Luigi's pages of its task history but /tasklist, which reads whole tables while everybody waits."""
    server = luigi.server
    return [
        (r"/history", server.RecentRunHandler, given),
        (r"/history/by_name/(.*?)", server.ByNameHandler, given),
        (r"/history/by_id/(.*?)", server.ByIdHandler, given),
        (r"/history/by_task_id/(.*?)", server.ByTaskIdHandler, given),
        (r"/history/by_params/(.*?)", server.ByParamsHandler, given),
    ]


class _Health(tornado.web.RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("ok\n")

    head = get


class _Refused(tornado.web.RequestHandler):
    def initialize(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def prepare(self) -> None:
        if self.refusal.status == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="SCC scheduler", charset="UTF-8"')
        self.set_status(self.refusal.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self.refusal.reason}\n")


class _Static(tornado.web.StaticFileHandler):
    def set_extra_headers(self, path: str) -> None:
        del path
        _protect(self)


class _Script(tornado.web.RequestHandler):
    """Luigi's script, but that it calls by POST: what changes state by GET can be called from any page."""

    def get(self) -> None:
        text = (_STATIC / _SCRIPT).read_text(encoding="utf-8")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        _protect(self)
        self.write(text.replace(_GET, _POST))


def _protect(handler: tornado.web.RequestHandler) -> None:
    """Keep the pages out of others' frames, where a click can be stolen, and other hosts' scripts out of them."""
    handler.set_header("Content-Security-Policy", _POLICY)
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "same-origin")


_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
)


def _log(handler: tornado.web.RequestHandler) -> None:
    """One line a request, without its query; those that come every few seconds are not told."""
    request, status = handler.request, handler.get_status()
    if request.path in OPEN or isinstance(handler, _Refused):
        return
    level = logging.ERROR if status >= 500 else logging.DEBUG
    log.log(
        level,
        "%s %r: %d in %.3f s",
        request.method,
        request.path[:80],
        status,
        handler.request.request_time(),
    )
