"""Calls to one organisation: where its resources lie, under which API version, what is left of its calls."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from urllib.parse import quote

from scc.errors import ConfigError
from scc.salesforce.auth import Session
from scc.salesforce.models import ApiUsage
from scc.transport import Params, Response, RetryPolicy, Transport

__all__ = ["Door", "segment"]

_VERSION = re.compile(r"[1-9]\d\.0")
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


class Door:
    """Sends requests by path: `limits` lies under the API version, `/services/...` under the instance."""

    def __init__(self, transport: Transport, session: Session, version: str, *, job_timeout_s: float) -> None:
        if not _VERSION.fullmatch(version):
            raise ConfigError(
                f"{version!r} is no version of Salesforce's API", hint='Write it such as "62.0".'
            )
        self._transport = transport
        self._session = session
        self.base = f"/services/data/v{version}/"
        self.job_timeout_s = job_timeout_s
        self.usage: ApiUsage | None = None

    @property
    def retry(self) -> RetryPolicy:
        return self._transport.retry

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | Iterable[bytes] | None = None,
        idempotent: bool | None = None,
        expect: Container[int] = range(200, 300),
    ) -> Response:
        response = self._transport.request(
            method,
            self.url(path),
            params=params,
            headers=headers,
            json=json,
            body=body,
            idempotent=idempotent,
            expect=expect,
        )
        used = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if used:
            self.usage = ApiUsage(int(used[1]), int(used[2]))
        return response

    def url(self, path: str) -> str:
        """Complete a path; one with a scheme is taken as it is (the identity lies on another host)."""
        if path.startswith(("https://", "http://")):
            return path
        return self._session.instance_url + (path if path.startswith("/") else self.base + path)


def segment(value: str) -> str:
    """Write a value as one segment of a path, whatever stands in it."""
    return quote(value, safe="")
