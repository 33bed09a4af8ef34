"""The way in: finds out where the instance lives, and sends calls there.

Bulk and REST are reached as `client.bulk` and `client.rest`; this module knows neither's paths.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import scc
from scc.eloqua.auth import Credentials
from scc.eloqua.errors import SYSTEM, explain
from scc.eloqua.filters import FILTER_LIMIT
from scc.eloqua.models import Identity
from scc.eloqua.reading import as_object
from scc.errors import ConfigError, CredentialsError, DataError
from scc.transport import Exchange, Response, RetryPolicy, Transport

if TYPE_CHECKING:
    from scc.eloqua.bulk import Bulk
    from scc.eloqua.bulk_exports import DataFormat
    from scc.eloqua.rest import Rest

__all__ = ["EloquaClient"]

LOGIN_URL = "https://login.eloqua.com"
SYNC_TIMEOUT_S = 6 * 3600.0


class EloquaClient:
    """One Eloqua instance; safe for threads, and cheap until its first call.

    `pages` says how data pages are asked for: "csv", "json", or "auto", which asks for CSV, a quarter of
    the bytes of JSON, and goes over to JSON at the first page that does not add up. `filter_limit` is
    the length of a filter that the instance takes. The waits of `retry` also pace the polling of syncs,
    each of which is waited for `sync_timeout_s` unless told otherwise.
    """

    def __init__(
        self,
        *,
        auth: Credentials,
        login_url: str = LOGIN_URL,
        pages: DataFormat = "auto",
        filter_limit: int = FILTER_LIMIT,
        sync_timeout_s: float = SYNC_TIMEOUT_S,
        retry: RetryPolicy | None = None,
        observer: Callable[[Exchange], None] | None = None,
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 120.0,
        pool_size: int = 8,
        ca_file: str | None = None,
        proxy: str | None = None,
        user_agent: str = f"scc/{scc.__version__}",
    ) -> None:
        if pages not in ("auto", "csv", "json"):
            raise ConfigError(f"pages={pages!r} can't be", hint="One of: auto, csv, json.")
        options: dict[str, Any] = {
            "retry": retry,
            "connect_timeout_s": connect_timeout_s,
            "read_timeout_s": read_timeout_s,
            "pool_size": pool_size,
            "ca_file": ca_file,
            "proxy": proxy,
            "user_agent": user_agent,
            "explain": explain,
            "observer": observer,
        }
        self.pages = pages
        self.filter_limit = filter_limit
        self.sync_timeout_s = sync_timeout_s
        self._login_url = login_url.rstrip("/")
        self._login = Transport(SYSTEM, **options)
        self._auth = auth.connect(self._login, self._login_url)
        self._transport = Transport(SYSTEM, auth=self._auth, **options)
        self._identity: Identity | None = None
        self._finding = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()
        self._login.close()

    @property
    def retry(self) -> RetryPolicy:
        return self._transport.retry

    @cached_property
    def bulk(self) -> Bulk:
        from scc.eloqua.bulk import Bulk

        return Bulk(self)

    @cached_property
    def rest(self) -> Rest:
        from scc.eloqua.rest import Rest

        return Rest(self)

    def identity(self) -> Identity:
        """Say who and where we are; asked for once and kept, since Eloqua throttles `/id`.

        CredentialsError where Eloqua does not know the credentials: it says so with status 200.
        """
        with self._finding:
            if self._identity is None:
                self._identity = self._find()
            return self._identity

    def call(self, api: Literal["bulk", "1.0", "2.0"], method: str, path: str, **options: Any) -> Response:
        """Send to one of the APIs; `path` begins with a slash, `options` are those of `Transport.request`.

        Instances move between pods: after a 401 (or a 301 "Login required") the base is looked up
        again and the call repeated there, once. Neither answer comes from a processed request.
        """
        identity = self.identity()
        try:
            return self._transport.request(method, _base(identity, api) + path, **options)
        except CredentialsError as refused:
            if refused.status == 403:
                raise
        identity = self._find_again(identity)
        return self._transport.request(method, _base(identity, api) + path, **options)

    def _find_again(self, outdated: Identity) -> Identity:
        with self._finding:
            if self._identity is outdated:
                self._identity = None
                self._identity = self._find()
            assert self._identity is not None
            return self._identity

    def _find(self) -> Identity:
        answer = self._ask()
        if isinstance(answer, str) and self._auth.renew():
            answer = self._ask()
        if isinstance(answer, str):
            raise CredentialsError(
                "eloqua: Not authenticated.",
                hint="Check company, user and password, that the user is enabled, and that this address may log in.",
                system=SYSTEM,
                status=200,
            )
        found = Identity.read(as_object(answer))
        if self._login_url.startswith("https:") and not found.bulk_url.startswith("https:"):
            raise DataError(
                "Eloqua's /id names a base URL without https",
                hint="Credentials are not sent there; check the login URL and any proxy.",
            )
        return found

    def _ask(self) -> object:
        return self._transport.request("GET", f"{self._login_url}/id").json()


def _base(identity: Identity, api: str) -> str:
    return identity.bulk_url if api == "bulk" else identity.rest_url.replace("{version}", api)
