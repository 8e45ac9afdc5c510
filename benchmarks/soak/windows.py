"""Windows: what was measured over the last hundred turns (or 25 takes), kept in a file so that a soak can be stopped and go on."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Window:
    """The figures of a stretch of turns (or takes) that ends with number `at`; all but `resident` and `store` are means of one.

    `counted` of them were played without a stop. `life` is the process that played, by its first number. `resident` is its
    memory and `store` the run store, both at the end, in bytes; `clock` and `processor` are seconds, `read` is what a prompt
    had that no cached prefix has.
    """

    at: int
    counted: int
    life: int
    resident: int
    store: int
    grown: float
    clock: float
    processor: float
    read: float


@dataclass
class Meter:
    """Closes a window every `every` turns (or takes), the first of this process being number `first`, and adds it to `file`."""

    file: Path
    store: Path
    every: int
    first: int
    _begun: tuple[float, float, int] = field(init=False)
    _counted: int = field(init=False, default=0)
    _read: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Begin the first window."""
        self._begun = self._now()

    def count(self, number: int, read: int = 0) -> None:
        """Count turn (or take) `number`, which is done; its prompts had `read` tokens or letters that were in no cache."""
        self._counted, self._read = self._counted + 1, self._read + read
        if number % self.every == 0:
            self._close(number)

    def _close(self, number: int) -> None:
        clock, processor, size = self._now()
        n = self._counted
        window = Window(
            at=number,
            counted=n,
            life=self.first,
            resident=resident(),
            store=size,
            grown=(size - self._begun[2]) / n,
            clock=(clock - self._begun[0]) / n,
            processor=(processor - self._begun[1]) / n,
            read=self._read / n,
        )
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(window)) + "\n")
        self._counted, self._read, self._begun = 0, 0, self._now()

    def _now(self) -> tuple[float, float, int]:
        return time.perf_counter(), time.process_time(), stored(self.store)


def windows(file: Path) -> list[Window]:
    """Return the windows in a file, [] where there is none; a line that a killed process left unfinished is left out."""
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else []
    return [Window(**json.loads(row)) for row in rows if row.endswith("}\n")]


def stored(path: Path) -> int:
    """Return the bytes of a SQLite store with all that is committed, also what stands in its log still; 0 before it is there."""
    if not path.is_file():
        return 0
    with sqlite3.connect(path, timeout=60) as db:
        (pages,), (size,) = db.execute("PRAGMA page_count").fetchone(), db.execute("PRAGMA page_size").fetchone()
    db.close()
    return int(pages * size)


def resident() -> int:
    """Return the bytes of memory that this process holds now; where the system does not tell, the most it ever held."""
    table = Path("/proc/self/statm")
    if table.is_file():
        return int(table.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
