"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# Time is no property of what is tested here, on a machine whose cores others use too. A change is judged by the same
# examples each time; new ones are looked for by `make fuzz`.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, max_examples=1000)
settings.load_profile("same")

pytest_plugins = ["tests.services.postgres"]

# A shell starts its background jobs deaf to Ctrl-C, and their children inherit that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
