"""The run store: runs and their append-only turns in one database; a turn is on disk before anybody sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from transcript.database import Connection, Place, open_database
from transcript.errors import DaebonError, StoreError
from transcript.turn import Turn

Status = Literal["playing", "stopped", "finished"]
MAIN = "main"  # the branch that every run starts on
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    {rowid} id TEXT PRIMARY KEY, title TEXT NOT NULL, folder TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL,
    updated TEXT NOT NULL, scenario TEXT NOT NULL, take TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id));
CREATE TABLE IF NOT EXISTS turns (
    id {key}, run TEXT NOT NULL REFERENCES runs(id), branch TEXT NOT NULL, parent BIGINT REFERENCES turns(id),
    n INTEGER NOT NULL, turn TEXT NOT NULL, UNIQUE (run, branch, n));
CREATE TABLE IF NOT EXISTS branches (
    run TEXT NOT NULL REFERENCES runs(id), id TEXT NOT NULL, name TEXT NOT NULL, parent TEXT, fork BIGINT REFERENCES turns(id),
    from_id TEXT, from_head BIGINT REFERENCES turns(id), why TEXT NOT NULL, entered INTEGER NOT NULL, PRIMARY KEY (run, id));
CREATE TABLE IF NOT EXISTS revisions (
    turn BIGINT PRIMARY KEY REFERENCES turns(id), root BIGINT NOT NULL REFERENCES turns(id));
CREATE TABLE IF NOT EXISTS preferences (
    id {key}, run TEXT NOT NULL REFERENCES runs(id), prompt TEXT NOT NULL, chosen TEXT NOT NULL,
    rejected TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, chosen_turn BIGINT NOT NULL REFERENCES turns(id),
    rejected_turn BIGINT NOT NULL REFERENCES turns(id), forgotten INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, chosen_turn, rejected_turn));
"""
# The head of a branch: its last turn, or the turn it goes on from; `main` has no row before the first other branch.
_HEAD = """coalesce((SELECT id FROM turns WHERE run = {run} AND branch = {branch} ORDER BY n DESC LIMIT 1),
    (SELECT fork FROM branches WHERE run = {run} AND id = {branch}))"""
_ENTERED = "(SELECT id FROM branches WHERE run = runs.id ORDER BY entered DESC LIMIT 1)"
# The head of the branch that a run stands on; where there is one line, or an older daebon made the branches, its last turn.
_HERE = f"""CASE WHEN EXISTS (SELECT 1 FROM branches WHERE run = runs.id)
    THEN {_HEAD.format(run="runs.id", branch=_ENTERED)} ELSE (SELECT max(id) FROM turns WHERE run = runs.id) END"""


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
    """Opened on `OUT/daebon.sqlite` or on a URL of PostgreSQL; safe for threads of one process and for several processes."""

    def __init__(self, place: Place, of: Path | None = None) -> None:
        """Open or create the store; raises StoreError when it cannot be used, UsageError for what is no place.

        `of` is the file that errors name where the one at `place` is a copy of it.
        """
        self.place = of or place
        self.database = open_database(place, _TABLES, of)

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def create(
        self, run: str, title: str, folder: Path, scenario: Mapping[str, Any], take: Mapping[str, Any]
    ) -> str | None:
        """Add a run and return its id; None where the id is taken.

        Where another run has the `key` of this take already, whoever began it, nothing is added and its id is returned.
        """
        row = (run, title, str(folder), "playing", now(), now(), as_json(scenario), as_json(take))
        columns = "id, title, folder, status, started, updated, scenario, take"
        with self.session(whole=True) as db:
            if not db.execute(
                f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
            ).rowcount:
                return None
            if "key" not in take:
                return run
            db.execute("INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (take["key"], run))
            owner: str = db.execute("SELECT run FROM keys WHERE key = ?", (take["key"],)).fetchone()[0]
            if owner != run:
                db.execute("DELETE FROM runs WHERE id = ?", (run,))
        return owner

    def append(self, run: str, branch: str, parent: int | None, turn: Turn) -> tuple[int, Turn]:
        """Commit one turn and return its id and value.

        When turn `n` of this branch is there already (the process died between this commit and its checkpoint), that one
        is returned and nothing is added: a turn is never lost and never doubled.
        """
        with self.session() as db:
            return append_turn(db, run, branch, parent, turn)

    def fill(self, run: str, branch: str, parent: int | None, turns: Sequence[Turn]) -> None:
        """Commit turns that were played elsewhere, the first behind `parent` (a turn's id, None: from the start), all or none.

        Those of the branch that are there stay as they are.
        """
        with self.session(whole=True) as db:
            for turn in turns:
                parent, _ = append_turn(db, run, branch, parent, turn)

    def turns(self, head: int | None) -> list[Turn]:
        """Return the turns from the first to `head` (a turn's id), following parents, so that branches share their past."""
        with self.session() as db:
            return [Turn.from_dict(json.loads(text)) for _, text in _line(db, head)]

    def turn(self, number: int) -> Turn:
        """Return the turn with this id."""
        with self.session() as db:
            row = db.execute("SELECT turn FROM turns WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise ValueError(f"turn {number} is missing")
            return Turn.from_dict(json.loads(row[0]))

    def ids(self, head: int | None) -> list[int]:
        """Return the ids of the turns from the first to `head`: that of turn n stands at n - 1."""
        with self.session() as db:
            return [number for number, _ in _line(db, head)]

    def head(self, run: str, branch: str = MAIN) -> int | None:
        """Return the id of the last turn of a branch, the turn it goes on from when it has none, None before the first."""
        with self.session() as db:
            sql = f"SELECT {_HEAD.format(run='?', branch='?')}"
            found: int | None = db.execute(sql, (run, branch, run, branch)).fetchone()[0]
        return found

    def here(self, run: str) -> int | None:
        """Return the id of the last turn of the branch that a run stands on, None before the first: the head of the run now."""
        with self.session() as db:
            found: int | None = db.execute(f"SELECT {_HERE} FROM runs WHERE id = ?", (run,)).fetchone()[0]
        return found

    def update(
        self, run: str, status: Status, take: Mapping[str, Any] | None = None, folder: Path | None = None
    ) -> None:
        """Set the status of a run and, when given, what is known of its take, and where its files are."""
        told = (None if take is None else as_json(take), None if folder is None else str(folder))
        with self.session() as db:
            db.execute(
                "UPDATE runs SET status = ?, updated = ?, take = coalesce(?, take), folder = coalesce(?, folder) WHERE id = ?",
                (status, now(), *told, run),
            )

    def runs(self) -> list[Run]:
        """Return all runs, the one touched last first."""
        return self._select("ORDER BY updated DESC, rowid DESC")

    def run(self, name: str) -> Run:
        """Return the run with this id, or the last one for `latest`; raises StoreError naming the ids there are."""
        last = "ORDER BY updated DESC, rowid DESC LIMIT"
        found = self._select(f"{last} 1") if name == "latest" else self._select("WHERE id = ?", name)
        if found:
            return found[0]
        known = ", ".join(run.id for run in self._select(f"{last} 8"))
        raise StoreError(
            f"{self.place}: no run {name!r}; there {'are ' + known if known else 'is none yet, play one first'}"
        )

    def _select(self, condition: str, *values: str) -> list[Run]:
        sql = "SELECT id, title, folder, status, started, updated, scenario, take"
        with self.session() as db:
            rows = db.execute(
                f"{sql}, coalesce((SELECT n FROM turns WHERE id = {_HERE}), 0) FROM runs {condition}", values
            ).fetchall()
            return [
                Run(
                    id_,
                    title,
                    Path(str(folder)),
                    status,
                    started,
                    updated,
                    json.loads(scenario),
                    json.loads(take),
                    turns,
                )
                for id_, title, folder, status, started, updated, scenario, take, turns in rows
            ]

    @contextmanager
    def session(self, *, whole: bool = False) -> Iterator[Connection]:
        """Yield the connection, locked for this thread; what it complains about becomes a StoreError with the remedy.

        `whole` makes one transaction of it: all of it is on disk afterwards, or, when it fails, nothing.
        """
        try:
            with self.database.session(whole=whole) as db:
                yield db
        except (ValueError, DaebonError) as error:
            if isinstance(error, StoreError):
                raise
            words = f"the run store is damaged; {self.database.remedy}, transcripts in the take folders stay"
            raise StoreError(f"{self.place}: {words}") from error


def append_turn(db: Connection, run: str, branch: str, parent: int | None, turn: Turn) -> tuple[int, Turn]:
    """Add a turn where there is none of its number on the branch; return the id and value of the one that stands."""
    db.execute(
        "INSERT INTO turns (run, branch, parent, n, turn) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (run, branch, parent, turn.n, as_json(turn.to_dict())),
    )
    sql = "SELECT id, turn FROM turns WHERE run = ? AND branch = ? AND n = ?"
    number, text = db.execute(sql, (run, branch, turn.n)).fetchone()
    return number, Turn.from_dict(json.loads(text))


def _line(db: Connection, head: int | None) -> Iterator[tuple[int, str]]:
    """Yield id and text of the turns from the first to `head`."""
    yield from db.execute(
        "WITH RECURSIVE line(id, parent, n, turn) AS (SELECT id, parent, n, turn FROM turns WHERE id = ? UNION ALL "
        "SELECT t.id, t.parent, t.n, t.turn FROM turns t JOIN line ON t.id = line.parent) SELECT id, turn FROM line ORDER BY n",
        (head,),
    )


def as_json(value: Any) -> str:
    """Return plain values as the store writes them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
