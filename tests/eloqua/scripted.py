"""An Eloqua of a few hand-written answers: for what the sandbox should not do to a client."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from tests.scripted import Answer, ScriptedServer, Seen, reply

from scc.eloqua import BasicAuth, EloquaClient
from scc.transport import RetryPolicy

__all__ = ["Script", "as_csv", "as_json", "json_reply", "scripted_eloqua"]

Script = Mapping[tuple[str, str], Callable[[Seen], Answer] | Answer | list[Answer]]


def json_reply(body: object, status: int = 200) -> Answer:
    return reply(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"})


def identity(url: str) -> dict[str, Any]:
    return {
        "site": {"id": 1234, "name": "Acme"},
        "user": {"id": 1, "username": "api.user"},
        "urls": {
            "base": url,
            "apis": {
                "rest": {"standard": f"{url}/API/REST/{{version}}/", "bulk": f"{url}/API/Bulk/{{version}}/"}
            },
        },
    }


class Waits(list[float]):
    """Time that passes by waiting alone."""

    def policy(self, budget_s: float = 300.0) -> RetryPolicy:
        return RetryPolicy(budget_s=budget_s, sleep=self.append, clock=lambda: sum(self), dice=lambda: 1.0)


@contextmanager
def scripted_eloqua(script: Script, **options: Any) -> Iterator[tuple[EloquaClient, ScriptedServer]]:
    """Run the script: by method and path below the Bulk base (or the whole path), what to answer.

    A list gives one answer after the other, the last one for ever.
    """

    def route(seen: Seen) -> Answer:
        path = seen.path.removeprefix("/API/Bulk/2.0")
        answer = script.get((seen.method, path))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None:
            return json_reply(identity(server.url)) if seen.path == "/id" else reply(501)
        return answer if isinstance(answer, Answer) else answer(seen)

    with ScriptedServer(route=route) as server:
        options.setdefault("retry", Waits().policy())
        options.setdefault("auth", BasicAuth("Acme", "api.user", "pass"))
        with EloquaClient(login_url=server.url, **options) as client:
            yield client, server


def page_of(seen: Seen) -> tuple[int, int]:
    """Read the offset and the limit that a request asks for."""
    query = parse_qs(seen.query)
    return int(query["offset"][0]), int(query["limit"][0])


def as_csv(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> Answer:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return reply(200, text.getvalue().encode(), {"Content-Type": "text/csv"})


def as_json(rows: Sequence[dict[str, str]], total: int, offset: int, limit: int) -> Answer:
    page: dict[str, Any] = {
        "totalResults": total,
        "limit": limit,
        "offset": offset,
        "count": len(rows),
        "hasMore": offset + len(rows) < total,
    }
    if rows:
        page["items"] = rows
    return json_reply(page)
