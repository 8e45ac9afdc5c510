"""The run store: one SQLite file of runs and their append-only turns; a turn is on disk before anybody sees it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from transcript.errors import DaebonError, StoreError
from transcript.turn import Turn

Status = Literal["playing", "stopped", "finished"]
MAIN = "main"  # the branch that every run starts on
_BUSY_SECONDS = 30
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, folder TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL,
    updated TEXT NOT NULL, scenario TEXT NOT NULL, take TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), branch TEXT NOT NULL, parent INTEGER REFERENCES turns(id),
    n INTEGER NOT NULL, turn TEXT NOT NULL, UNIQUE (run, branch, n));
"""


@dataclass(frozen=True)
class Run:
    """One take in the store; `scenario` and `take` as in `transcript.json`, `turns` how many were committed."""

    id: str
    title: str
    folder: Path
    status: Status
    started: str
    updated: str
    scenario: Mapping[str, Any]
    take: Mapping[str, Any]
    turns: int


def now() -> str:
    """Return the time in UTC as ISO 8601 with a Z, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class RunStore:
    """Opened on `OUT/daebon.sqlite`; safe for threads of one process and for several processes (WAL)."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; raises StoreError when it cannot be used."""
        self.path = path
        self._lock = threading.Lock()
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def create(self, run: str, title: str, folder: Path, scenario: Mapping[str, Any], take: Mapping[str, Any]) -> None:
        """Add a run; raises StoreError when the id is taken."""
        row = (run, title, str(folder), "playing", now(), now(), _json(scenario), _json(take))
        with self._told():
            self._db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def append(self, run: str, branch: str, parent: int | None, turn: Turn) -> tuple[int, Turn]:
        """Commit one turn and return its id and value.

        When turn `n` of this branch is there already (the process died between this commit and its checkpoint), that one
        is returned and nothing is added: a turn is never lost and never doubled.
        """
        with self._told():
            self._db.execute(
                "INSERT OR IGNORE INTO turns (run, branch, parent, n, turn) VALUES (?, ?, ?, ?, ?)",
                (run, branch, parent, turn.n, _json(turn.to_dict())),
            )
            number, text = self._db.execute(
                "SELECT id, turn FROM turns WHERE run = ? AND branch = ? AND n = ?", (run, branch, turn.n)
            ).fetchone()
        return number, Turn.from_dict(json.loads(text))

    def turns(self, head: int | None) -> list[Turn]:
        """Return the turns from the first to `head` (a turn's id), following parents, so that branches share their past."""
        rows: list[Turn] = []
        with self._told():
            found = self._db.execute(
                "WITH RECURSIVE line(id, parent, turn) AS (SELECT id, parent, turn FROM turns WHERE id = ? UNION ALL "
                "SELECT t.id, t.parent, t.turn FROM turns t JOIN line ON t.id = line.parent) SELECT turn FROM line",
                (head,),
            )
            rows = [Turn.from_dict(json.loads(text)) for (text,) in found]
        return rows[::-1]

    def head(self, run: str, branch: str = MAIN) -> int | None:
        """Return the id of the last turn of a branch, None when it has none."""
        with self._told():
            row = self._db.execute(
                "SELECT id FROM turns WHERE run = ? AND branch = ? ORDER BY n DESC LIMIT 1", (run, branch)
            ).fetchone()
        return row[0] if row else None

    def update(self, run: str, status: Status, take: Mapping[str, Any] | None = None) -> None:
        """Set the status of a run and, when given, what is known of its take."""
        with self._told():
            self._db.execute("UPDATE runs SET status = ?, updated = ? WHERE id = ?", (status, now(), run))
            if take is not None:
                self._db.execute("UPDATE runs SET take = ? WHERE id = ?", (_json(take), run))

    def runs(self) -> list[Run]:
        """Return all runs, the one touched last first."""
        return self._select("ORDER BY updated DESC, rowid DESC", ())

    def run(self, name: str) -> Run:
        """Return the run with this id, or the last one for `latest`; raises StoreError naming the ids there are."""
        found = self.runs()[:1] if name == "latest" else self._select("WHERE id = ?", (name,))
        if found:
            return found[0]
        known = ", ".join(run.id for run in self.runs()[:8])
        raise StoreError(
            f"{self.path}: no run {name!r}; there {'are ' + known if known else 'is none yet, play one first'}"
        )

    def _select(self, condition: str, values: Sequence[str]) -> list[Run]:
        with self._told():
            rows = self._db.execute(
                "SELECT id, title, folder, status, started, updated, scenario, take, "
                f"(SELECT count(*) FROM turns WHERE turns.run = runs.id) FROM runs {condition}",
                values,
            ).fetchall()
        return [Run(r[0], r[1], Path(r[2]), r[3], r[4], r[5], json.loads(r[6]), json.loads(r[7]), r[8]) for r in rows]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Hold the connection's lock and turn SQLite's errors into ours, with the remedy."""
        try:
            with self._lock:
                yield
        except (sqlite3.Error, OSError, ValueError, DaebonError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self.path}: {store_problem(error)}") from error


def store_problem(error: Exception) -> str:
    """Say in words what SQLite or the disk complains about, and the remedy."""
    text = str(error)
    if "full" in text or getattr(error, "errno", None) == 28:
        return "the disk is full; free some space and run `daebon resume latest`, every turn shown so far is saved"
    if "not a database" in text or "malformed" in text or isinstance(error, ValueError | DaebonError):
        return "the run store is damaged; move the file away to start a new one, transcripts in the take folders stay"
    if "locked" in text:
        return "another daebon holds the run store; wait for it or use another --out folder"
    if "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        return f"cannot be written ({text}); choose another --out folder or change its permissions"
    return f"the run store failed ({text})"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
