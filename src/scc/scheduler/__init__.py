"""The central scheduler: Luigi's own, in a process of ours that keeps its state and its doors closed.

`server.serve` runs it until a signal. It knows neither pipelines nor runs: they come over HTTP.
"""

from __future__ import annotations
