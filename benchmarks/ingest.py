"""How long 200 documents take to read, and what became of them: `python -m benchmarks.ingest`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import header
from benchmarks.pile import write_pile
from training.ingest import ingest, summary


def main() -> None:
    """Write the pile, read it twice, and print the seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="documents that can be read")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        pile, out = Path(folder) / "pile", Path(folder) / "out"
        write_pile(pile, count)
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            entries = ingest([pile], out)
            seconds.append(time.perf_counter() - started)
    found = ", ".join(f"{number} {status}" for status, number in sorted(summary(entries).items()))
    sys.stdout.write(f"{header('python -m benchmarks.ingest')}\n\n{len(entries)} documents: {found}\n")
    sys.stdout.write(f"first run {seconds[0]:.1f} s (bound 60 s for 200), second run {seconds[1]:.1f} s\n")


if __name__ == "__main__":
    main()
