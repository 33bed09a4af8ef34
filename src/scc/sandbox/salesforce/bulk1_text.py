"""How Bulk API 1.0 writes things: XML or JSON, and content types without a charset (salesforce.md 4)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from scc.sandbox.salesforce.calls import Answer, Call

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML_TYPE = "application/xml"
JSON_TYPE = "application/json"
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'


def wants_json(call: Call) -> bool:
    """Whether the call itself is in JSON; answers about jobs follow it."""
    return call.headers.get("content-type", "").lower().startswith(JSON_TYPE)


def document(name: str, inner: str) -> bytes:
    """Return a whole XML document around `inner`, which is XML already."""
    return f'{_PROLOG}<{name} xmlns="{NAMESPACE}">{inner}</{name}>'.encode()


def element(name: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def error_answer(call: Call, code: str, message: str, status: int) -> Answer:
    if wants_json(call):
        return Answer(status, {"exceptionCode": code, "exceptionMessage": message}, media_type=JSON_TYPE)
    inner = element("exceptionCode", code) + element("exceptionMessage", message)
    return Answer(status, document("error", inner), media_type=XML_TYPE)
