"""What holds for every test."""

from __future__ import annotations

import signal

pytest_plugins = ["tests.services.postgres"]

# A shell starts its background jobs deaf to Ctrl-C, and their children inherit that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
