"""HTTP to those who watch: by the proxy that the environment names, once, within a bounded time, logged nowhere.

Their addresses may be credentials, so that this is not `transport`, which logs a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

__all__ = ["proxy_for", "request"]


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def request(
    method: str,
    url: str,
    *,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> tuple[int, str]:
    """The status, and the answer's first words. Raises urllib3's HTTPError where there is no answer."""
    proxy = proxy_for(url)
    timeout = urllib3.Timeout(total=timeout_s)
    pool = (
        urllib3.ProxyManager(proxy, timeout=timeout, retries=False)
        if proxy
        else urllib3.PoolManager(timeout=timeout, retries=False)
    )
    with pool as http:
        answer = http.request(method, url, headers=headers, body=body)
        return answer.status, answer.data[:100].decode(errors="replace")
