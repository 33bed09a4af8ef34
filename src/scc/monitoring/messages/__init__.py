"""Messages to people about runs. `Notices` decides what is said, `compose` words it, a channel sends it.

A channel is one file with one class (`channel.Channel`); slack.py is the first. Another (Teams, e-mail) is
written beside it and named in `monitoring.watch`.
"""

from __future__ import annotations
