"""Where no whole answer came: what really happened, found inside urllib3's wrappers, in plain words."""

from __future__ import annotations

import ssl

from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from scc.errors import ConfigError, SccError, UnavailableError
from scc.transport.call import Call

__all__ = ["describe", "may_repeat", "no_answer", "was_sent"]


def may_repeat(call: Call, exc: BaseException) -> bool:
    """Say whether asking again is safe: nothing was sent, or the call may run twice."""
    if isinstance(_inner(exc), ssl.SSLCertVerificationError):
        return False
    return call.idempotent or not was_sent(exc)


def was_sent(exc: BaseException) -> bool:
    """Say whether the system may have got the request: there was a connection."""
    # ConnectTimeoutError is also the base of refused connections and of failed name look-ups
    return not isinstance(_inner(exc), ConnectTimeoutError | ssl.SSLCertVerificationError)


def no_answer(system: str, call: Call, exc: BaseException, attempts: int) -> SccError:
    """Make the error for a call that got no whole answer."""
    fault = _inner(exc)
    if isinstance(fault, ssl.SSLCertVerificationError):
        return ConfigError(
            f"{system}: the server's certificate is not trusted ({fault.verify_message})",
            hint="Name the certificate of its authority as the CA file.",
        )
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    return UnavailableError(
        f"{system}: {call.method} {call.path} got no whole answer{tries}: {describe(exc)}",
        hint="Check the network, the proxy and the base URL, or try again later.",
        system=system,
    )


def describe(exc: BaseException) -> str:
    """Put the fault in words, without the URL that urllib3's own words would show."""
    fault = _inner(exc)
    match fault:
        case NameResolutionError():
            return f"the host name{_peer(fault, ' ')} can't be resolved"
        case NewConnectionError(__cause__=OSError(strerror=str(words))):
            return f"no connection{_peer(fault, ' to ')} ({words})"
        case ConnectTimeoutError():
            return f"no connection{_peer(fault, ' to ')} within the time allowed"
        case ReadTimeoutError():
            return "nothing came within the time allowed"
        case OSError(strerror=str(words)):
            return words
        case _:
            return type(fault).__name__


def _peer(fault: ConnectTimeoutError, word: str) -> str:
    """Name who was not reached, the proxy perhaps; "" where the fault does not say."""
    conn = fault.conn if isinstance(fault, NewConnectionError) else fault.args[0] if fault.args else None
    if not isinstance(conn, HTTPConnection):
        return ""
    host = f"[{conn.host}]" if ":" in conn.host else conn.host
    return f"{word}{host}" if isinstance(fault, NameResolutionError) else f"{word}{host}:{conn.port}"


def _inner(exc: BaseException) -> BaseException:
    # The wrapping differs with and without a proxy, and by the moment of the fault.
    if isinstance(exc, ProxyError):
        return _inner(exc.original_error)
    if isinstance(exc, SSLError | ProtocolError):
        inner = [arg for arg in exc.args if isinstance(arg, BaseException)]
        return _inner(inner[-1]) if inner else exc
    return exc
