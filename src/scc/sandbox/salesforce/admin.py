"""The sandbox's own calls for its organization: custom objects and fields. Not part of the vendor's API."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scc.sandbox.salesforce.store import SalesforceStore


def routes(store: SalesforceStore) -> list[Route]:
    """Return POST /_sandbox/salesforce/sobjects and /fields; what cannot be is answered 400 {"error": why}."""

    async def add_sobject(request: Request) -> Response:
        return await _answer(request, _add_sobject)

    async def add_field(request: Request) -> Response:
        return await _answer(request, _add_field)

    def _add_sobject(wish: dict[str, object]) -> dict[str, object]:
        made = store.add_sobject(_text(wish, "name"), label=str(wish.get("label", "")))
        return {"name": made.name, "keyPrefix": made.prefix}

    def _add_field(wish: dict[str, object]) -> dict[str, object]:
        sobject, name = _text(wish, "sobject"), _text(wish, "name")
        kind = str(wish.get("type", "string"))
        rest = {key: value for key, value in wish.items() if key not in {"sobject", "name", "type"}}
        made = store.add_field(sobject, name, kind, **rest)
        return {
            "sobject": store.sobject(sobject).name,
            "name": made.name,
            "type": made.type,
            "label": made.label,
        }

    return [
        Route("/_sandbox/salesforce/sobjects", add_sobject, methods=["POST"]),
        Route("/_sandbox/salesforce/fields", add_field, methods=["POST"]),
    ]


async def _answer(request: Request, act: Callable[[dict[str, object]], dict[str, object]]) -> Response:
    try:
        wish = await request.json()
        _check_object(wish)
        return JSONResponse(await run_in_threadpool(act, wish), 201)
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": str(error.args[0])}, 400)


def _check_object(wish: object) -> None:
    if not isinstance(wish, dict):
        raise TypeError("expected a JSON object")


def _text(wish: dict[str, object], name: str) -> str:
    value = wish.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name}: a text is needed")
    return value
