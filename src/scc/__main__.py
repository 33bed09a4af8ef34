"""`python -m scc` is `scc`."""

from __future__ import annotations

import sys

from scc.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
