"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# Time is no property of what is tested here, on a machine whose cores others use too.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

pytest_plugins = ["tests.services.postgres"]

# A shell starts its background jobs deaf to Ctrl-C, and their children inherit that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
