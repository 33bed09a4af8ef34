"""A call and its answer, apart from any web framework, so that composite calls can be made from within.

Bodies may be files: an upload of a hundred megabytes is not held in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scc.sandbox.salesforce.errors import malformed_json, refused
from scc.sandbox.salesforce.sessions import Session

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Body:
    """What came with a call; in a file when it is large."""

    data: bytes = b""
    path: Path | None = None

    def bytes(self) -> bytes:
        return self.data if self.path is None else self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is as sent, percent signs and all; header names are in lower case; `base` is scheme and host."""

    method: str
    path: str
    base: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=Body)
    params: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    token: str | None = None
    session: Session | None = None

    def __getitem__(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return self.params[name]

    @property
    def root(self) -> str:
        return f"/services/data/v{self.version}"

    @property
    def user_id(self) -> str:
        assert self.session is not None
        return self.session.user_id

    def json(self) -> Any:
        """Return the body as JSON. Raises ApiError (JSON_PARSER_ERROR)."""
        try:
            return json.loads(self.body.bytes())
        except (ValueError, RecursionError) as error:
            raise malformed_json(_parser_words(error)) from None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises ApiError (JSON_PARSER_ERROR)."""
        raw = self.json()
        if not isinstance(raw, dict):
            raise malformed_json("The HTTP entity body is required, but this request has no entity body.")
        return raw

    def at(self, params: Mapping[str, str], version: str) -> Call:
        return replace(self, params=params, version=version)


def _parser_words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        found = error.doc[error.pos : error.pos + 1]
        what = f"Unexpected character ('{found}')" if found else "Unexpected end-of-input"
        return f"{what}: {error.msg} at [line:{error.lineno}, column:{error.colno}]"
    return "The entity body is not valid JSON"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON data unless it is bytes or an iterator of bytes; None sends nothing."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE

    def encoded(self, *, pretty: bool = False) -> bytes | Iterator[bytes]:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes | Iterator):
            return self.body
        if pretty:
            return json.dumps(self.body, indent=2, separators=(",", " : "), ensure_ascii=False).encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


def whole_number(text: str, name: str) -> int:
    """Read a count from a query parameter. Raises ApiError."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise refused(400, "INVALID_FIELD", f"{name}: invalid value: {text}")
    return int(text)
