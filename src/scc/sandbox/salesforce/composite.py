"""REST: several calls in one: composite, batch, tree, graph (sandbox-salesforce.md 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from scc.sandbox.salesforce.calls import Answer, Body, Call
from scc.sandbox.salesforce.errors import refused
from scc.sandbox.salesforce.references import UnresolvedError, resolve
from scc.sandbox.salesforce.services import Services

MAX_CALLS = 25
MAX_QUERIES = 5
MAX_NODES = 500
_ROOT = "/services/data/v{version}/composite"
_COSTLY = re.compile(r"/(query|queryAll|composite/sobjects)\b", re.IGNORECASE)
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."

Inner = Callable[[Call], Answer]
Json = dict[str, Any]


class Composite:
    """`inner` answers a call that is part of another one."""

    def __init__(self, services: Services, inner: Inner) -> None:
        self._services = services
        self._inner = inner

    def add_routes(self) -> None:
        add = self._services.router.add
        add("POST", _ROOT, self.composite, "REST: Composite; sandbox-salesforce.md 2")
        add("POST", _ROOT + "/batch", self.batch, "REST: Composite Batch; sandbox-salesforce.md 2")
        add("POST", _ROOT + "/graph", self.graph, "REST: Composite Graph; sandbox-salesforce.md 2")

    def composite(self, call: Call) -> Answer:
        wish = call.json_object()
        calls = _list_of(wish, "compositeRequest", MAX_CALLS)
        if sum(bool(_COSTLY.search(str(each.get("url", "")))) for each in calls) > MAX_QUERIES:
            raise refused(
                400, "LIMIT_EXCEEDED", f"Cannot have more than {MAX_QUERIES} query or collection subrequests"
            )
        answers, _ = self._together(call, calls, all_or_none=wish.get("allOrNone") is True)
        return Answer(200, {"compositeResponse": answers})

    def graph(self, call: Call) -> Answer:
        graphs = _list_of(call.json_object(), "graphs", MAX_NODES)
        if sum(len(_list_of(each, "compositeRequest", MAX_NODES)) for each in graphs) > MAX_NODES:
            raise refused(400, "LIMIT_EXCEEDED", f"The limit of {MAX_NODES} nodes has been exceeded")
        found = []
        for graph in graphs:
            answers, good = self._together(call, graph["compositeRequest"], all_or_none=True)
            found.append(
                {
                    "graphId": graph.get("graphId"),
                    "graphResponse": {"compositeResponse": answers},
                    "isSuccessful": good,
                }
            )
        return Answer(200, {"graphs": found})

    def _together(self, call: Call, calls: list[Json], *, all_or_none: bool) -> tuple[list[Json], bool]:
        """Make calls one after the other; with `all_or_none`, undo them all when one goes wrong."""
        if not all_or_none:
            answers = self._sequence(call, calls)
            return answers, all(each["httpStatusCode"] < 300 for each in answers)
        store = self._services.store
        with store.writing():
            answers = self._sequence(call, calls)
            good = all(each["httpStatusCode"] < 300 for each in answers)
            if not good:
                store.undo()
        return [each if good or each["httpStatusCode"] >= 300 else _halted(each) for each in answers], good

    def _sequence(self, call: Call, calls: list[Json]) -> list[Json]:
        known: dict[str, Any] = {}
        answers: list[Json] = []
        for each in calls:
            answer = self._one(call, each, known)
            answers.append(answer)
            if answer["httpStatusCode"] < 300:
                known[str(each.get("referenceId"))] = answer["body"]
        return answers

    def _one(self, call: Call, wish: Json, known: Mapping[str, Any]) -> Json:
        reference = wish.get("referenceId")
        try:
            url = str(resolve(wish.get("url", ""), known))
            body = resolve(wish.get("body"), known)
        except UnresolvedError as error:
            halted = [{"errorCode": "PROCESSING_HALTED", "message": str(error)}]
            return {"body": halted, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": reference}
        answer = self._inner(_part(call, str(wish.get("method", "")), url, body, wish.get("httpHeaders")))
        headers = {name: value for name, value in answer.headers.items() if name == "Location"}
        return {
            "body": answer.body,
            "httpHeaders": headers,
            "httpStatusCode": answer.status,
            "referenceId": reference,
        }

    def batch(self, call: Call) -> Answer:
        wish = call.json_object()
        calls = _list_of(wish, "batchRequests", MAX_CALLS)
        results: list[Json] = []
        failed = False
        for each in calls:
            if failed and wish.get("haltOnError") is True:
                words = "Batch processing halted per request"
                results.append(
                    {
                        "statusCode": 412,
                        "result": [{"errorCode": "BATCH_PROCESSING_HALTED", "message": words}],
                    }
                )
                continue
            url = str(each.get("url", ""))
            url = url if url.startswith("/") else f"/services/data/{url}"
            answer = self._inner(_part(call, str(each.get("method", "")), url, each.get("richInput"), None))
            failed = failed or answer.status >= 400
            results.append({"statusCode": answer.status, "result": answer.body})
        return Answer(200, {"hasErrors": failed, "results": results})


def _halted(answer: Json) -> Json:
    body = [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}]
    return {**answer, "body": body, "httpHeaders": {}, "httpStatusCode": 400}


def _part(call: Call, method: str, url: str, body: object, headers: object) -> Call:
    """Return a call that is part of another; blanks in its URL are let pass (sandbox-salesforce.md 2)."""
    path, _, query = url.partition("?")
    sent = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return replace(
        call,
        method=method.upper(),
        path=quote(path, safe="/%"),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=sent,
        body=Body(b"" if body is None else json.dumps(body).encode()),
        params={},
    )


def _list_of(wish: Mapping[str, Any], name: str, most: int) -> list[Json]:
    found = wish.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise refused(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]")
    if len(found) > most:
        raise refused(400, "LIMIT_EXCEEDED", f"The limit of {most} subrequests has been exceeded")
    return found
