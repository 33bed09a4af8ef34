"""How Bulk API 1.0 writes things: XML or JSON, and content types without a charset (sandbox-salesforce.md 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.services import zulu

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML_TYPE = "application/xml"
JSON_TYPE = "application/json"
CSV_TYPE = "text/csv"
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'

Info = Mapping[str, object]


def wants_json(call: Call) -> bool:
    """Whether the call itself is in JSON; answers about jobs follow it."""
    return call.headers.get("content-type", "").lower().startswith(JSON_TYPE)


def document(name: str, inner: str) -> bytes:
    """Return a whole XML document around `inner`, which is XML already."""
    return f'{_PROLOG}<{name} xmlns="{NAMESPACE}">{inner}</{name}>'.encode()


def elements(info: Info) -> str:
    """Return fields as elements, without those that are None; times as XML has them, with a Z."""
    return "".join(
        f"<{name}>{escape(_xml_text(value))}</{name}>" for name, value in info.items() if value is not None
    )


def _xml_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value).lower() if isinstance(value, bool) else str(value)


def info_answer(name: str, info: Info, *, as_json: bool, status: int = 200) -> Answer:
    """Answer a jobInfo or batchInfo."""
    if as_json:
        return Answer(status, _json_info(info), media_type=JSON_TYPE)
    return Answer(status, document(name, elements(info)), media_type=XML_TYPE)


def list_answer(infos: Sequence[Info], *, as_json: bool) -> Answer:
    """Answer the batches of a job."""
    if as_json:
        return Answer(200, {"batchInfo": [_json_info(info) for info in infos]}, media_type=JSON_TYPE)
    inner = "".join(f"<batchInfo>{elements(info)}</batchInfo>" for info in infos)
    return Answer(200, document("batchInfoList", inner), media_type=XML_TYPE)


def result_list_answer(result_ids: Sequence[str], *, as_json: bool) -> Answer:
    """Answer the ids of a query batch's results."""
    if as_json:
        return Answer(200, list(result_ids), media_type=JSON_TYPE)
    inner = "".join(f"<result>{each}</result>" for each in result_ids)
    return Answer(200, document("result-list", inner), media_type=XML_TYPE)


def _json_info(info: Info) -> dict[str, object]:
    return {name: zulu(value) if isinstance(value, dt.datetime) else value for name, value in info.items()}


def error_answer(call: Call, code: str, message: str, status: int) -> Answer:
    if wants_json(call):
        return Answer(status, {"exceptionCode": code, "exceptionMessage": message}, media_type=JSON_TYPE)
    inner = elements({"exceptionCode": code, "exceptionMessage": message})
    return Answer(status, document("error", inner), media_type=XML_TYPE)
