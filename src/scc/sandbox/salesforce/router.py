"""Which handler answers a call: every route once, with the vendor page it follows.

Paths match whatever their case and with or without a slash at the end (sandbox-salesforce.md 1 and 3); parts of a path
are decoded after they are told apart, so that a value may hold an encoded slash. Knows no handler's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import BulkError, not_found, refused

OLDEST, NEWEST = 31, 67
RETIRED_BELOW = 31

Handler = Callable[[Call], Answer]
Family = Literal["open", "rest", "bulk1"]
"""How a call shows its session, and how its refusals look: `open` needs none."""

_PART = re.compile(r"\{(\w+)(\*?)\}")
_ORDER = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Entry:
    """One route. `source` says where its behaviour is described."""

    method: str
    template: str
    handler: Handler
    source: str
    family: Family
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Match:
    entry: Entry
    call: Call


class Router:
    """The table of routes; the first that matches answers."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, method: str, template: str, handler: Handler, source: str, family: Family = "rest") -> None:
        """Add a route; `{name}` takes one part of the path, `{name*}` all the rest."""
        pattern = _PART.sub(
            lambda part: f"(?P<{part[1]}>{'.+?' if part[2] else '[^/]+'})", re.sub(r"\.", r"\\.", template)
        )
        self.entries.append(
            Entry(method, template, handler, source, family, re.compile(pattern + "/?", re.IGNORECASE))
        )

    def find(self, call: Call) -> Match | None:
        """Return the route of a call and the call with the parts of its path, None where there is none.

        Raises ApiError or BulkError for a version that is retired or never was, and for a wrong method.
        """
        method = "GET" if call.method == "HEAD" else call.method
        allowed = set()
        for entry in self.entries:
            found = entry.pattern.fullmatch(call.path)
            if found is None:
                continue
            if entry.method == method:
                params = {name: unquote(value) for name, value in found.groupdict().items()}
                version = _version(params.get("version"), entry.family)
                return Match(entry, call.at(params, version))
            allowed.add(entry.method)
        if allowed:
            raise _wrong_method(call.method, allowed)
        return None


def _version(text: str | None, family: Family) -> str:
    if text is None:
        return ""
    number = int(text[:-2]) if re.fullmatch(r"\d{1,3}\.0", text) else 0
    if number == 0 or number > NEWEST:
        raise (
            BulkError("InvalidVersion", f"Invalid API version: {text}") if family == "bulk1" else not_found()
        )
    if number < RETIRED_BELOW:
        if family == "bulk1":
            raise BulkError("InvalidVersion", f"API version {text} is no longer supported")
        raise refused(410, "GONE", "The requested resource is no longer available")
    return text


def _wrong_method(method: str, allowed: set[str]) -> Exception:
    shown = {*allowed, *({"HEAD"} if "GET" in allowed else set())}
    names = ",".join(each for each in _ORDER if each in shown)
    return refused(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {names}")
