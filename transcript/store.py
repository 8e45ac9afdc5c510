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
CREATE TABLE IF NOT EXISTS branches (
    run TEXT NOT NULL REFERENCES runs(id), id TEXT NOT NULL, name TEXT NOT NULL, parent TEXT, fork INTEGER REFERENCES turns(id),
    from_id TEXT, from_head INTEGER REFERENCES turns(id), why TEXT NOT NULL, entered INTEGER NOT NULL, PRIMARY KEY (run, id));
CREATE TABLE IF NOT EXISTS revisions (
    turn INTEGER PRIMARY KEY REFERENCES turns(id), root INTEGER NOT NULL REFERENCES turns(id));
CREATE TABLE IF NOT EXISTS preferences (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), prompt TEXT NOT NULL, chosen TEXT NOT NULL,
    rejected TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, chosen_turn INTEGER NOT NULL REFERENCES turns(id),
    rejected_turn INTEGER NOT NULL REFERENCES turns(id), forgotten INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, chosen_turn, rejected_turn));
"""
# The head of a branch: its last turn, or the turn it goes on from; `main` has no row before the first other branch.
_HEAD = """coalesce(
    (SELECT t.id FROM turns t WHERE t.run = :run AND t.branch = :branch ORDER BY t.n DESC LIMIT 1),
    (SELECT b.fork FROM branches b WHERE b.run = :run AND b.id = :branch))"""
_HERE = "SELECT id FROM branches WHERE run = ? ORDER BY entered DESC LIMIT 1"


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
    turns: int  # of the branch it stands on


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
        row = (run, title, str(folder), "playing", now(), now(), as_json(scenario), as_json(take))
        with self.session() as db:
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def append(self, run: str, branch: str, parent: int | None, turn: Turn) -> tuple[int, Turn]:
        """Commit one turn and return its id and value.

        When turn `n` of this branch is there already (the process died between this commit and its checkpoint), that one
        is returned and nothing is added: a turn is never lost and never doubled.
        """
        with self.session() as db:
            db.execute(
                "INSERT OR IGNORE INTO turns (run, branch, parent, n, turn) VALUES (?, ?, ?, ?, ?)",
                (run, branch, parent, turn.n, as_json(turn.to_dict())),
            )
            number, text = db.execute(
                "SELECT id, turn FROM turns WHERE run = ? AND branch = ? AND n = ?", (run, branch, turn.n)
            ).fetchone()
        return number, Turn.from_dict(json.loads(text))

    def turns(self, head: int | None) -> list[Turn]:
        """Return the turns from the first to `head` (a turn's id), following parents, so that branches share their past."""
        with self.session() as db:
            found = db.execute(
                "WITH RECURSIVE line(id, parent, turn) AS (SELECT id, parent, turn FROM turns WHERE id = ? UNION ALL "
                "SELECT t.id, t.parent, t.turn FROM turns t JOIN line ON t.id = line.parent) SELECT turn FROM line",
                (head,),
            )
            rows = [Turn.from_dict(json.loads(text)) for (text,) in found]
        return rows[::-1]

    def turn(self, number: int) -> Turn:
        """Return the turn with this id."""
        with self.session() as db:
            (text,) = db.execute("SELECT turn FROM turns WHERE id = ?", (number,)).fetchone()
        return Turn.from_dict(json.loads(text))

    def ids(self, head: int | None) -> list[int]:
        """Return the ids of the turns from the first to `head`: that of turn n stands at n - 1."""
        with self.session() as db:
            found = db.execute(
                "WITH RECURSIVE line(id, parent) AS (SELECT id, parent FROM turns WHERE id = ? UNION ALL "
                "SELECT t.id, t.parent FROM turns t JOIN line ON t.id = line.parent) SELECT id FROM line",
                (head,),
            ).fetchall()
        return [number for (number,) in found[::-1]]

    def head(self, run: str, branch: str = MAIN) -> int | None:
        """Return the id of the last turn of a branch, the turn it goes on from when it has none, None before the first."""
        with self.session() as db:
            found: int | None = db.execute(f"SELECT {_HEAD}", {"run": run, "branch": branch}).fetchone()[0]
        return found

    def here(self, run: str) -> int | None:
        """Return the id of the last turn of the branch that a run stands on, None before the first: the head of the run now."""
        with self.session() as db:
            branch = db.execute(_HERE, (run,)).fetchone()
            if branch is None:  # one line, or branches made by an older daebon: the turn committed last
                found: int | None = db.execute("SELECT max(id) FROM turns WHERE run = ?", (run,)).fetchone()[0]
                return found
        return self.head(run, branch[0])

    def update(self, run: str, status: Status, take: Mapping[str, Any] | None = None) -> None:
        """Set the status of a run and, when given, what is known of its take."""
        with self.session() as db:
            db.execute("UPDATE runs SET status = ?, updated = ? WHERE id = ?", (status, now(), run))
            if take is not None:
                db.execute("UPDATE runs SET take = ? WHERE id = ?", (as_json(take), run))

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
        with self.session() as db:
            rows = db.execute(
                f"SELECT id, title, folder, status, started, updated, scenario, take FROM runs {condition}", values
            ).fetchall()
        return [
            Run(r[0], r[1], Path(r[2]), r[3], r[4], r[5], json.loads(r[6]), json.loads(r[7]), self._played(r[0]))
            for r in rows
        ]

    def _played(self, run: str) -> int:
        head = self.here(run)
        with self.session() as db:
            row = db.execute("SELECT n FROM turns WHERE id = ?", (head,)).fetchone()
        return row[0] if row else 0

    @contextmanager
    def session(self, *, whole: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield the connection, locked for this thread; what it complains about becomes a StoreError with the remedy.

        `whole` makes one transaction of it: all of it is on disk afterwards, or, when it fails, nothing.
        """
        with self._told():
            if not whole:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

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


def as_json(value: Any) -> str:
    """Return plain values as the store writes them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
