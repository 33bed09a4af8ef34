"""`python -m scc` is `scc`."""

from __future__ import annotations

from scc.cli.main import entry

if __name__ == "__main__":
    entry()
