"""`killing_forget FOLDER ADDRESS PART PARTS`: forget a person, killed before each write."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.killing import main

from scc.engines.duckdb import DuckDBEngine
from scc.flow.addresses import address_rules
from scc.flow.forget import forget
from scc.store.runs import Store


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


if __name__ == "__main__":
    given, address, part, parts = sys.argv[1:]
    rules = address_rules()
    sys.exit(
        main(
            Path(given),
            lambda root: forget(Store(root), DuckDBEngine(), rules, address),
            files,
            part=int(part),
            parts=int(parts),
        )
    )
