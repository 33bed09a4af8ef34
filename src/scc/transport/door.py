"""The one HTTP door: sends a call, repeats it where that is safe, turns the rest into errors.

What may be repeated: a connection that never came about, and a 429, always (the request was not
processed); a server error, a timeout or a cut connection only where the call is idempotent. It knows
no vendor: each client brings `auth` and `explain`.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeVar

import urllib3
import urllib3.exceptions

import scc
from scc.errors import RemoteError, SccError
from scc.transport.attempt import Attempt, Line
from scc.transport.call import Call, Params, make_call
from scc.transport.explain import explain_status
from scc.transport.faults import describe, may_repeat, no_answer, was_sent
from scc.transport.messages import Auth, Exchange, Response, Stream
from scc.transport.pool import Pool
from scc.transport.retry import RetryPolicy, retry_after_s

__all__ = ["Transport"]

_T = TypeVar("_T")
_logger = logging.getLogger("scc.transport")
_OUT_OF_ORDER = frozenset({500, 502, 503, 504})


class Transport:
    """Sends requests for one system; safe for threads.

    `explain` turns an answer outside `expect` into an error; without it the status decides alone.
    `observer` gets an `Exchange` per attempt, on the thread that made it.
    """

    def __init__(
        self,
        system: str,
        *,
        auth: Auth | None = None,
        retry: RetryPolicy | None = None,
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 120.0,
        pool_size: int = 8,
        ca_file: str | None = None,
        proxy: str | None = None,
        user_agent: str = f"scc/{scc.__version__}",
        explain: Callable[[Response], SccError] | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.system = system
        self.retry = retry or RetryPolicy()
        self._auth = auth
        self._explain = explain or (lambda response: explain_status(response, system))
        self._line = Line(
            system=system,
            pool=Pool(size=pool_size, ca_file=ca_file, proxy=proxy),
            timeout=urllib3.Timeout(connect=connect_timeout_s, read=read_timeout_s),
            clock=self.retry.clock,
            observer=observer,
        )
        self._defaults = {"User-Agent": user_agent, "Accept-Encoding": "gzip"}
        self._renewals = 0
        self._renewing = threading.Lock()
        # urllib3's own lines (debug, and one warning) show the query, which may hold a personal value
        chatty = logging.getLogger("urllib3.connectionpool")
        chatty.setLevel(max(chatty.level, logging.ERROR))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections; a later call opens new ones."""
        self._line.pool.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | Iterable[bytes] | None = None,
        idempotent: bool | None = None,
        expect: Container[int] = range(200, 300),
        auth: bool = True,
    ) -> Response:
        """Send and read the whole answer; raises an SccError for anything outside `expect`."""
        call = make_call(
            method,
            url,
            params=params,
            headers=headers,
            json=json,
            body=body,
            idempotent=idempotent,
            expect=expect,
            auth=auth,
        )
        return self._run(call, Attempt.read)

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | Iterable[bytes] | None = None,
        idempotent: bool | None = None,
        expect: Container[int] = range(200, 300),
        auth: bool = True,
    ) -> Iterator[Stream]:
        """Send and hand out the body as it arrives; repeated only until the first byte is handed out."""
        call = make_call(
            method,
            url,
            params=params,
            headers=headers,
            json=json,
            body=body,
            idempotent=idempotent,
            expect=expect,
            auth=auth,
        )
        stream = self._run(call, Attempt.stream)
        try:
            yield stream
        finally:
            stream.close()

    def _run(self, call: Call, take: Callable[[Attempt], _T]) -> _T:
        deadline = self.retry.clock() + self.retry.budget_s
        may_renew = call.auth and self._auth is not None
        in_doubt = False
        for number in itertools.count(1):
            renewals = self._renewals
            headers = self._headers(call)
            attempt = Attempt(self._line, call, number)
            at_least_s = 0.0
            try:
                attempt.send(headers)
                if attempt.status in call.expect:
                    return take(attempt)
                response = attempt.read()
            except (urllib3.exceptions.HTTPError, OSError) as exc:
                attempt.failed(describe(exc))
                if call.body.fault is not None:
                    raise call.body.fault from None
                problem, again = no_answer(self.system, call, exc, number), may_repeat(call, exc)
                in_doubt = in_doubt or was_sent(exc)
            else:
                if response.status == 401 and may_renew and call.body.repeatable and self._renew(renewals):
                    may_renew = False
                    continue
                problem = self._explain(response)
                if isinstance(problem, RemoteError):
                    problem.in_doubt = in_doubt
                in_doubt = in_doubt or response.status in _OUT_OF_ORDER
                again = response.status == 429 or (call.idempotent and response.status in _OUT_OF_ORDER)
                at_least_s = retry_after_s(response.headers) or 0.0
            wait_s = self.retry.wait_s(number, at_least_s)
            if not (again and call.body.repeatable) or self.retry.clock() + wait_s >= deadline:
                raise problem
            _logger.info("%s, trying again in %.1f s", problem, wait_s)
            self.retry.sleep(wait_s)
        raise AssertionError  # the count has no end

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {**self._defaults, **call.headers}
        if call.auth and self._auth is not None:
            headers |= self._auth.headers()
        return headers

    def _renew(self, renewals: int) -> bool:
        """Renew once, however many threads were refused with the same credentials."""
        assert self._auth is not None
        with self._renewing:
            if self._renewals != renewals:
                return True
            if not self._auth.renew():
                return False
            self._renewals += 1
            return True
