"""Slack's doors (sources.md S1): an incoming webhook, which answers in words, and the Web API, which answers 200."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from scc.sandbox.entrance import system_of
from scc.sandbox.slack.checks import refusal
from scc.sandbox.slack.store import SlackStore
from scc.sandbox.state import State

__all__ = ["routes"]

WEBHOOK = "/services/{team}/{hook}/{secret}"


def routes(state: State) -> list[Route]:
    slack = _Slack(state)
    return [
        _OwnRoute(WEBHOOK, slack.webhook, methods=["POST"]),
        _OwnRoute("/api/chat.postMessage", slack.post_message, methods=["POST"]),
        _OwnRoute("/api/auth.test", slack.auth_test, methods=["POST"]),
        _OwnRoute("/api/{method}", _unknown_method, methods=["POST"]),
    ]


class _OwnRoute(Route):
    """Matches Slack's paths alone: a webhook has as many parts as Salesforce's /services/data/v62.0/limits."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if system_of(scope["path"]) != "slack":
            return Match.NONE, {}
        return super().matches(scope)


class _Slack:
    def __init__(self, state: State) -> None:
        self._credentials = state.credentials
        self._store = state.store(SlackStore)

    async def webhook(self, request: Request) -> Response:
        if request.path_params["secret"] != self._credentials.slack.webhook_secret:
            return PlainTextResponse("invalid_token", status_code=403)
        message = await _message(request)
        if message is None:
            return PlainTextResponse("invalid_payload", status_code=400)
        if refused := refusal(message):
            return PlainTextResponse(refused[0], status_code=400)
        self._store.post("webhook", str(message.get("channel") or ""), message)
        return PlainTextResponse("ok")

    async def post_message(self, request: Request) -> Response:
        message = await _message(request)
        if error := self._who(request, message or {}):
            return _not_ok(error)
        if message is None:
            return _not_ok("invalid_json")
        channel = str(message.get("channel") or "")
        if not channel:
            return _not_ok("channel_not_found")
        if refused := refusal(message):
            return _not_ok(*refused)
        posted = self._store.post("bot", channel, message)
        ts = f"{1_700_000_000 + posted.n}.000100"
        told = {"type": "message", "text": posted.text, "ts": ts, "blocks": posted.blocks}
        return JSONResponse({"ok": True, "channel": channel, "ts": ts, "message": told})

    async def auth_test(self, request: Request) -> Response:
        if error := self._who(request, await _message(request) or {}):
            return _not_ok(error)
        who = {"team": "Acme", "user": "scc", "team_id": "T00000001", "user_id": "U00000001"}
        return JSONResponse({"ok": True, "url": "https://acme.slack.com/", "bot_id": "B00000001", **who})

    def _who(self, request: Request, message: dict[str, Any]) -> str | None:
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") or str(message.get("token") or "")
        if not token:
            return "not_authed"
        return None if token == self._credentials.slack.bot_token else "invalid_auth"


async def _unknown_method(_: Request) -> Response:
    return _not_ok("unknown_method")


async def _message(request: Request) -> dict[str, Any] | None:
    """The message from JSON or from a form; None where it can't be read."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form: dict[str, Any] = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if "payload" in form:
                form = json.loads(form["payload"])
            for name in ("blocks", "attachments"):
                if isinstance(form.get(name), str):
                    form[name] = json.loads(form[name])
            return form
        message = json.loads(body or b"{}")
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _not_ok(error: str, problems: list[str] | None = None) -> Response:
    told: dict[str, Any] = {"ok": False, "error": error}
    if problems:
        told["errors"] = problems
        told["response_metadata"] = {"messages": [f"[ERROR] {one}" for one in problems]}
    return JSONResponse(told)
