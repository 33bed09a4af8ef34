"""`python -m scc` is `scc`."""

from __future__ import annotations

from scc.cli.main import main

if __name__ == "__main__":
    main()
