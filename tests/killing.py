"""Do a piece of work on a copy of a folder again and again, each time killed one write later; then once more, whole.

A script that names the work calls `main`; a test runs the script by `run`, since what forks must have no threads.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["main", "run"]

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def run(module: str, *arguments: str) -> int:
    """Run such a script by its module's name; the number of the last write that it was killed before."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout)


def main(
    folder: Path, work: Callable[[Path], object], looks: Callable[[Path], object], *, part: int, parts: int
) -> int:
    """Work on copies of FOLDER/data, killed before the writes number `part`, `part + parts`, ...

    Writes are renames, removals, new folders and the opening of files to write. Ends with 1 where what the
    folder `looks` like in the end differs from the work that nobody killed; prints the last write's number.
    """
    pristine, root = folder / "data", folder / "copy"
    shutil.copytree(pristine, root)
    assert _whole(root, work, None)
    expected = looks(root)
    assert expected != looks(pristine)
    at = part
    while True:
        shutil.rmtree(root)
        shutil.copytree(pristine, root)
        if _whole(root, work, at):
            break
        assert _whole(root, work, None)
        if looks(root) != expected:
            sys.stderr.write(f"killed before write {at}, the end is another\n")
            return 1
        at += parts
    sys.stdout.write(str(at))
    return 0


def _whole(root: Path, work: Callable[[Path], object], kill_at: int | None) -> bool:
    """Work in a process of its own; False where it was killed before the write `kill_at`."""
    child = os.fork()
    if child == 0:
        left = kill_at

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if not (event in CHANGES or (event == "open" and "w" in str(arguments[1] or ""))):
                return
            if left is not None and str(root) in str(arguments[0]):
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        sys.addaudithook(count)
        work(root)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    return code == 0
