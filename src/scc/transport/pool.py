"""Connections: TLS trust, proxies, pools. It knows hosts, and nothing of requests."""

from __future__ import annotations

import ssl
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
import urllib3.exceptions
from urllib3.util.ssl_ import create_urllib3_context

from scc.errors import ConfigError

__all__ = ["Pool"]


class Pool:
    """Keeps connections per host and per proxy; safe for threads.

    Without `proxy` the usual environment variables decide (`https_proxy`, `no_proxy`); a loopback
    host is then never reached through a proxy.
    """

    def __init__(self, *, size: int, ca_file: str | None, proxy: str | None) -> None:
        if ca_file is not None and not Path(ca_file).is_file():
            raise ConfigError(
                f"CA file {ca_file} does not exist", hint="Name a PEM file with the trusted authorities."
            )
        self._size = size
        self._ca_file = ca_file
        self._proxy = proxy
        self._managers: dict[tuple[str, str | None], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def manager(self, url: str) -> urllib3.PoolManager:
        """Find or make the connections for `url`; ConfigError where it is no http(s) URL."""
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if host is None or parts.scheme not in {"http", "https"}:
            raise ConfigError(
                "a URL to call does not begin with http:// or https:// and a host",
                hint="Check the configured login or base URL.",
            )
        key = (parts.scheme, self._proxy or _proxy_from_environment(parts.scheme, host))
        with self._lock:
            if key not in self._managers:
                self._managers[key] = self._make(*key)
            return self._managers[key]

    def close(self) -> None:
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
        for manager in managers:
            manager.clear()

    def _make(self, scheme: str, proxy: str | None) -> urllib3.PoolManager:
        options: dict[str, Any] = {"num_pools": 8, "maxsize": self._size, "block": False}
        if scheme == "https":
            options["ssl_context"] = self._trust()
        if proxy is None:
            return urllib3.PoolManager(**options)
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ConfigError(
                f"a proxy of kind {parts.scheme}:// can't be used", hint="Name an http:// or https:// proxy."
            )
        headers = {}
        if parts.username is not None:
            headers = urllib3.make_headers(
                proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}",
                proxy_basic_auth_encoding="utf-8",
            )
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(address, proxy_headers=headers, **options)

    def _trust(self) -> ssl.SSLContext:
        # One context for all connections: reading the authorities costs tens of milliseconds.
        context = create_urllib3_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        if self._ca_file is None:
            context.load_default_certs()
            return context
        try:
            context.load_verify_locations(self._ca_file)
        except OSError as exc:
            raise ConfigError(
                f"CA file {self._ca_file} can't be read as PEM ({type(exc).__name__})",
                hint="It must hold one or more blocks BEGIN CERTIFICATE ... END CERTIFICATE.",
            ) from exc
        return context


def _proxy_from_environment(scheme: str, host: str) -> str | None:
    if host == "localhost" or _is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
