"""Forget a person from a copy of a store again and again, each time killed one write later; then once more, whole.

    killing.py FOLDER ADDRESS PART PARTS

FOLDER/data is the store. Ends with 1 and tells where the end differs from that of a call that nobody killed;
prints how often it was killed. Only the writes number PART, PART + PARTS, ... are tried.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from scc.core.addresses import AddressRules
from scc.engines.duckdb import DuckDBEngine
from scc.flow.addresses import address_rules
from scc.flow.forget import forget
from scc.store.runs import Store

EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def call(root: Path, rules: AddressRules, address: str, kill_at: int | None) -> bool:
    """Forget in a process of its own; False where it was killed before the write `kill_at`."""
    child = os.fork()
    if child == 0:
        left = kill_at

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if not (event in EVENTS or (event == "open" and "w" in str(arguments[1] or ""))):
                return
            if left is not None and str(root) in str(arguments[0]):
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        sys.addaudithook(count)
        forget(Store(root), DuckDBEngine(), rules, address)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(folder: Path, address: str, part: int, parts: int) -> int:
    rules, pristine, root = address_rules(), folder / "data", folder / "copy"
    shutil.copytree(pristine, root)
    assert call(root, rules, address, None)
    expected = files(root)
    assert expected != files(pristine)
    at = part
    while True:
        shutil.rmtree(root)
        shutil.copytree(pristine, root)
        if call(root, rules, address, at):
            break
        assert call(root, rules, address, None)
        if files(root) != expected:
            sys.stderr.write(f"killed before write {at}, the end is another\n")
            return 1
        at += parts
    sys.stdout.write(str(at))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
