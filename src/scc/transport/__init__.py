"""One HTTP door for all systems: pool, timeouts, retries, credentials, a log without values.

It knows no vendor and no record; a client brings its own `Auth` and its own reading of errors.
"""

from __future__ import annotations

from scc.transport.call import Params
from scc.transport.door import Transport
from scc.transport.explain import explain_status
from scc.transport.messages import Auth, Exchange, Response, Stream, redacted_path
from scc.transport.retry import RetryPolicy, retry_after_s

__all__ = [
    "Auth",
    "Exchange",
    "Params",
    "Response",
    "RetryPolicy",
    "Stream",
    "Transport",
    "explain_status",
    "redacted_path",
    "retry_after_s",
]
