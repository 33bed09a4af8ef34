"""How long `scc --help` takes, beside an interpreter that does nothing: the median of 15 runs each, in turn."""

from __future__ import annotations

import statistics
import sys

from benchmarks.measure import measure, table

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "scc --help": [sys.executable, "-m", "scc", "--help"],
}


def main() -> None:
    runs: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(15):
        for name, command in COMMANDS.items():
            runs[name].append(measure(command).wall_s)
    rows = [[name, f"{statistics.median(walls):.3f}", f"{min(walls):.3f}"] for name, walls in runs.items()]
    print(table(["start-up", "median s", "least s"], rows))


if __name__ == "__main__":
    main()
