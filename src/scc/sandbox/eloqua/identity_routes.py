"""Who am I and where do I go: /id, and the OAuth 2.0 pages (sources.md E1)."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode

from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.tokens import AuthorizationError
from scc.sandbox.entrance import EXPIRE

__all__ = ["endpoints"]


def endpoints() -> list[Endpoint]:
    return [
        Endpoint("GET", "/id", identity, "sources.md E1.3", is_open=True),
        Endpoint("GET", "/auth/oauth2/authorize", authorize, "sources.md E1.2", is_open=True),
        Endpoint("POST", "/auth/oauth2/token", token, "sources.md E1.2", is_open=True),
    ]


def identity(call: Call) -> Reply:
    """Who is asking, and where the interfaces are; 200 "Not authenticated." for strangers."""
    shown = call.header("authorization")
    if call.request.scope.get(EXPIRE):
        call.store.tokens.expire(shown)
        return _json("Not authenticated.")
    if not call.store.tokens.admits(shown):
        return _json("Not authenticated.")
    known = call.store.state.credentials.eloqua
    first, _, last = known.user.partition(".")
    first, last = first.capitalize(), last.capitalize() or "User"
    base = call.origin
    soap = {
        "standard": "Service.svc",
        "dataTransfer": "DataTransferService.svc",
        "email": "EmailService.svc",
        "externalAction": "ExternalActionService.svc",
    }
    return _json(
        {
            "site": {"id": 1234, "name": known.company},
            "user": {
                "id": 1,
                "username": known.user,
                "displayName": f"{first} {last}",
                "firstName": first,
                "lastName": last,
                "emailAddress": f"{known.user}@{known.company.lower()}.example",
            },
            "urls": {
                "base": base,
                "apis": {
                    "soap": {name: f"{base}/API/{{version}}/{page}" for name, page in soap.items()},
                    "rest": {
                        "standard": f"{base}/API/REST/{{version}}/",
                        "bulk": f"{base}/API/Bulk/{{version}}/",
                    },
                },
            },
        }
    )


def authorize(call: Call) -> Reply:
    """Grants at once what a person would be asked for, and sends the browser back with a code."""
    client = call.query.get("client_id", "")
    if not client:
        return _page('The "client_id" parameter is required.')
    if client != call.store.state.credentials.eloqua.client_id:
        return _page(f'"{_plain(client)}" is not a known client identifier.')
    redirect = call.query.get("redirect_uri", "")
    if not redirect.startswith(("http://", "https://")):
        return _page('The "redirect_uri" parameter is required.')
    answer = {"state": call.query["state"]} if "state" in call.query else {}
    if call.query.get("response_type", "code") == "token":
        granted = call.store.tokens.exchange(call.store.tokens.authorize(redirect), redirect)
        granted.pop("refresh_token")
        return Reply(302, headers={"Location": f"{redirect}#{urlencode({**granted, **answer})}"})
    answer = {"code": call.store.tokens.authorize(redirect), **answer}
    joint = "&" if "?" in redirect else "?"
    return Reply(302, headers={"Location": f"{redirect}{joint}{urlencode(answer)}"})


def token(call: Call) -> Reply:
    """Tokens for a code, a refresh token or a password; the body is JSON or a form."""
    if not call.store.tokens.is_client(call.header("authorization")):
        return _refused(AuthorizationError("invalid_client", 401))
    wish = _form(call)
    tokens = call.store.tokens
    try:
        match wish.get("grant_type"):
            case "authorization_code":
                granted = tokens.exchange(wish.get("code", ""), wish.get("redirect_uri", ""))
            case "refresh_token":
                granted = tokens.refresh(wish.get("refresh_token", ""))
            case "password":
                granted = tokens.password(wish.get("username", ""), wish.get("password", ""))
            case _:
                return _refused(AuthorizationError("unsupported_grant_type", 400))
    except AuthorizationError as error:
        return _refused(error)
    return _json(granted)


def _form(call: Call) -> dict[str, str]:
    if "json" in call.header("content-type") or call.body.lstrip().startswith(b"{"):
        try:
            raw = json.loads(call.body)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in raw.items()} if isinstance(raw, dict) else {}
    return {key: values[0] for key, values in parse_qs(call.body.decode("utf-8", "replace")).items()}


def _refused(error: AuthorizationError) -> Reply:
    body: dict[str, object] = {"error": error.error}
    if error.status == 401:
        body |= {"error_code": 1000, "error_description": "The credentials were not accepted."}
    return Reply(error.status, body, "application/json; charset=utf-8")


def _json(body: object) -> Reply:
    return Reply(200, body, "application/json; charset=utf-8")


def _page(text: str) -> Reply:
    return Reply(200, text.encode(), "text/html; charset=utf-8")


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isalnum() or char in "-_.")[:100]
