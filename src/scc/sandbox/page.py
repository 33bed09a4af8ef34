"""The page for people at /_sandbox/: what is in both systems, what was asked, and switches for what goes wrong.

Forms do what the control interface does, and lead back to the page. Rendering is `page_html`'s.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from scc.sandbox import demo
from scc.sandbox.page_html import PRESETS, Overview, overview_page, routes_page
from scc.sandbox.problems import UnreadableError
from scc.sandbox.route_table import vendor_routes
from scc.sandbox.slack.store import SlackStore
from scc.sandbox.state import State
from scc.sandbox.transitions import Transitions

__all__ = ["routes"]

_HOME = "/_sandbox/"
_LAST_REQUESTS = 100
_LAST_MESSAGES = 20
_LARGEST = 1e9

Form = Mapping[str, str]


def routes(state: State) -> list[Route]:
    page = _Page(state)
    actions: dict[str, Callable[[Form], object]] = {
        "faults": page.add_fault,
        "faults/clear": lambda _: state.faults.clear(),
        "release": lambda _: state.faults.release(),
        "transitions": page.set_transitions,
        "clock": page.move_clock,
        "requests/clear": lambda _: state.requests.clear(),
        "slack/clear": lambda _: state.store(SlackStore).reset(),
        "reset": page.reset,
    }
    return [
        Route("/_sandbox", lambda _: RedirectResponse(_HOME), methods=["GET"]),
        Route(_HOME, page.overview, methods=["GET"]),
        Route("/_sandbox/routes", lambda _: HTMLResponse(routes_page(vendor_routes(state))), methods=["GET"]),
        *(Route(f"{_HOME}page/{name}", _action(act), methods=["POST"]) for name, act in actions.items()),
    ]


class _Page:
    def __init__(self, state: State) -> None:
        self._state = state

    def overview(self, request: Request) -> Response:
        shown = Overview(
            state=self._facts(),
            credentials={
                "eloqua": dataclasses.asdict(self._state.credentials.eloqua),
                "salesforce": dataclasses.asdict(self._state.credentials.salesforce),
            },
            faults=[fault.to_dict() for fault in self._state.faults.list()],
            requests=self._state.requests.list()[: -_LAST_REQUESTS - 1 : -1],
            messages=self._state.store(SlackStore).messages()[: -_LAST_MESSAGES - 1 : -1],
            problem=request.query_params.get("problem", ""),
            live="live" in request.query_params,
        )
        return HTMLResponse(overview_page(shown))

    def _facts(self) -> dict[str, object]:
        state = self._state
        return {
            "seed": state.seed,
            "now": state.clock.now().isoformat(),
            "transitions": dataclasses.asdict(state.transitions),
            "requests": state.requests.total,
            "held": state.faults.held(),
            **{
                store.system: {"counts": dict(store.counts()), "under_way": dict(store.under_way())}
                for store in state.stores()
            },
        }

    def add_fault(self, form: Form) -> None:
        preset = form.get("preset", "")
        if preset not in PRESETS:
            raise UnreadableError(f"{preset!r} is none of {', '.join(PRESETS)}")
        rule = {
            **PRESETS[preset][1],
            "system": form.get("system", "*"),
            "path": form.get("path", ""),
            "times": int(_number(form, "times")) if form.get("times") else None,
            "probability": _number(form, "percent", 100) / 100,
        }
        self._state.faults.add([rule])

    def set_transitions(self, form: Form) -> None:
        self._state.transitions = Transitions.parse(
            {
                "mode": form.get("mode", ""),
                "polls": int(_number(form, "polls", 2)),
                "seconds": _number(form, "seconds", 5),
            }
        )

    def move_clock(self, form: Form) -> None:
        self._state.clock.advance(_number(form, "advance_s"))

    def reset(self, form: Form) -> None:
        seed, contacts = int(_number(form, "seed", self._state.seed)), int(_number(form, "contacts", 0))
        if contacts < 0:
            raise UnreadableError(f"contacts: {contacts} is below 0")
        self._state.reset(seed)
        demo.fill(self._state, contacts)


def _number(form: Form, name: str, default: float | None = None) -> float:
    text = form.get(name, "")
    if not text and default is not None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) < _LARGEST:
        raise UnreadableError(f"{name}: {text!r} is no number that makes sense here")
    return number


def _action(act: Callable[[Form], object]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        # A page from elsewhere, open in the same browser, must not press these buttons.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("Not from another site.\n", status_code=403)
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            await run_in_threadpool(act, form)
        except UnreadableError as error:
            return RedirectResponse(f"{_HOME}?problem={quote(str(error))}", status_code=303)
        return RedirectResponse(_HOME, status_code=303)

    return endpoint
