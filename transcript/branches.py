"""Branches of a run: which lines of the take there are, and on which one it stands now; kept in the run store.

A writer sees names. Behind a name stand versions (rows of `branches`), the one entered last being what the name means now:
a line taken back, said anew or mended is played on in a new version, and the old one keeps its turns.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from transcript.database import Connection
from transcript.preferences import Draft, insert
from transcript.store import MAIN, RunStore, append_turn
from transcript.turn import Turn

Why = Literal["start", "branch", "retry", "edit", "pick", "undo", "goto"]


@dataclass(frozen=True)
class Branch:
    """One branch as a writer sees it.

    `name` is what `Take.goto` takes; `parent` the branch it left at turn `forked_at` (0: before the first line; None and 0
    for the first branch); `turns` how many turns its line has, `last` the last of them. `current` says that the take stands
    on it. `named` is False for a version of a branch that a retry, an edit or an undo left behind: nothing is ever lost, but
    a short list leaves them out.
    """

    name: str
    parent: str | None
    forked_at: int
    turns: int
    last: Turn | None
    current: bool
    named: bool


@dataclass(frozen=True)
class Version:
    """One version of a branch: `id` stands in its turns and in the state, `name` is the branch's.

    It goes on from turn `fork` (an id, None: from the start). The take stood on `from_id` at turn `from_head` before.
    """

    id: str
    name: str
    parent: str | None
    fork: int | None
    from_id: str | None
    from_head: int | None
    why: Why
    entered: int


class Branches:
    """The branches of one run in its store."""

    def __init__(self, store: RunStore, run: str) -> None:
        """Nothing is read yet."""
        self._store, self._run = store, run

    def versions(self) -> dict[str, Version]:
        """Return all versions by id, the one entered last at the end; {} for a run that never left its first line."""
        with self._store.session() as db:
            return self._versions(db)

    def here(self) -> Version | None:
        """Return the version that the run stands on, None for a run that never left its first line."""
        return next(reversed(self.versions().values()), None)

    def begin(
        self,
        standing: tuple[str, int | None],
        fork: int | None,
        why: Why,
        *,
        name: str = "",
        of: str = "",
        revised: Sequence[tuple[Turn, int]] = (),
        preference: Draft | None = None,
    ) -> Version:
        """Make a version that goes on from turn `fork`, enter it, and return it; all in one transaction.

        `standing` is the version and turn the take stands on; a `name` begins a branch, "" goes on with that of
        version `of`, or with the one it stands on.
        `revised` are turns that follow `fork` in it, each with the id of the turn it is a version of; `preference` is about
        the first of them. Raises StoreError.
        """
        with self._store.session(whole=True) as db:
            known = self._versions(db)
            used = {row[0] for row in db.execute("SELECT DISTINCT branch FROM turns WHERE run = ?", (self._run,))}
            if not known:
                for number, id_ in enumerate([*sorted(used - {standing[0]}), standing[0]]):
                    self._insert(db, Version(id_, id_, None, None, None, None, "start", number))
                known = self._versions(db)
            old, used = known[of or standing[0]], used | known.keys()
            number, id_ = 2, name or f"{old.name}~2"
            while id_ in used:
                number, id_ = number + 1, f"{name or old.name}~{number + 1}"
            last = max(version.entered for version in known.values())
            parent = old.name if name else old.parent
            made = Version(id_, name or old.name, parent, fork, *standing, why, last + 1)
            self._insert(db, made)
            before = fork
            for turn, root in revised:
                first, (before, _) = before, append_turn(db, self._run, id_, before, turn)
                db.execute(
                    "INSERT INTO revisions SELECT ?, coalesce((SELECT root FROM revisions WHERE turn = ?), ?)",
                    (before, root, root),
                )
                if preference and first == fork:
                    insert(db, self._run, preference, before or 0, root)
        return made

    def start(self, fork: int) -> None:
        """Begin the first branch of a run that goes on from turn `fork` of another run."""
        with self._store.session() as db:
            self._insert(db, Version(MAIN, MAIN, None, fork, None, None, "start", 0))

    def enter(self, id_: str) -> None:
        """Stand on version `id_` from now on."""
        with self._store.session() as db:
            db.execute(
                "UPDATE branches SET entered = (SELECT max(entered) + 1 FROM branches WHERE run = ?) WHERE run = ? AND id = ?",
                (self._run, self._run, id_),
            )

    def root(self, turn: int) -> int:
        """Return the id of the turn that `turn` is a version of: itself where nobody revised it."""
        with self._store.session() as db:
            row = db.execute("SELECT root FROM revisions WHERE turn = ?", (turn,)).fetchone()
        return row[0] if row else turn

    def owner(self, turn: int) -> tuple[str, int | None]:
        """Return the id of the version in which `turn` was committed, and the id of the turn before it."""
        with self._store.session() as db:
            row: tuple[str, int | None] = db.execute(
                "SELECT branch, parent FROM turns WHERE id = ?", (turn,)
            ).fetchone()
        return row

    def moved(self, version: Version) -> int | None:
        """Return the turn that a retry, edit or pick brought about: the first of a retry, the last that was revised."""
        with self._store.session() as db:
            if version.why == "retry":
                order = "SELECT min(id) FROM turns WHERE run = ? AND branch = ?"
            else:
                order = (
                    "SELECT max(r.turn) FROM turns t JOIN revisions r ON r.turn = t.id WHERE t.run = ? AND t.branch = ?"
                )
            number: int | None = db.execute(order, (self._run, version.id)).fetchone()[0]
        return number

    def own(self, id_: str) -> list[int]:
        """Return the ids of the turns committed in version `id_`, in order."""
        with self._store.session() as db:
            rows = db.execute("SELECT id FROM turns WHERE run = ? AND branch = ? ORDER BY n", (self._run, id_))
            return [number for (number,) in rows]

    def made(self, *, revised: bool = False) -> list[Turn]:
        """Return every turn that was ever made on any branch; `revised` has those among them that mends made of others."""
        others = "" if revised else "AND id NOT IN (SELECT turn FROM revisions)"
        with self._store.session() as db:
            rows = db.execute(f"SELECT turn FROM turns WHERE run = ? {others} ORDER BY id", (self._run,))
            return [Turn.from_dict(json.loads(text)) for (text,) in rows]

    def current(self) -> dict[str, str]:
        """Return which version each name means now."""
        return {version.name: version.id for version in self.versions().values()}

    def shown(self) -> tuple[Branch, ...]:
        """Return the branches of a run that left its first line, each after its parent; () for any other."""
        versions, now = self.versions(), self.current()
        lines = {id_: self._store.ids(self._store.head(self._run, id_)) for id_ in versions}
        ends = Counter(number for line in lines.values() for number in line)
        here, found = next(reversed(versions), None), []
        for id_, version in versions.items():
            line, named = lines[id_], now[version.name] == id_
            if not named and not (line and ends[line[-1]] == 1):  # all its turns stand in another version too
                continue
            parent = version.parent if named else version.name
            forked = _common(line, lines[now[parent]]) if parent else 0
            label = version.name if named else id_ if "~" in id_ else f"{id_}~1"
            last = self._store.turn(line[-1]) if line else None
            found.append(Branch(label, parent, forked, len(line), last, id_ == here, named))
        return _after_parents(found)

    def standing(self) -> set[int]:
        """Return the ids of all turns that stand on a branch as it is now."""
        heads = [self._store.head(self._run, id_) for id_ in self.current().values()] or [self._store.here(self._run)]
        return {number for head in heads for number in self._store.ids(head)}

    def _versions(self, db: Connection) -> dict[str, Version]:
        rows = db.execute(
            "SELECT id, name, parent, fork, from_id, from_head, why, entered FROM branches WHERE run = ? ORDER BY entered",
            (self._run,),
        )
        return {row[0]: Version(*row) for row in rows}

    def _insert(self, db: Connection, version: Version) -> None:
        values = (version.parent, version.fork, version.from_id, version.from_head, version.why, version.entered)
        row = (self._run, version.id, version.name, *values)
        db.execute("INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many turns two lines share."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _after_parents(found: Sequence[Branch]) -> tuple[Branch, ...]:
    """Sort branches so that each follows its parent, the named first."""
    under: dict[str | None, list[Branch]] = {}
    for one in sorted(found, key=lambda one: (not one.named, one.forked_at)):
        under.setdefault(one.parent, []).append(one)

    def from_(parent: str | None) -> list[Branch]:
        return [each for one in under.get(parent, ()) for each in (one, *(from_(one.name) if one.named else ()))]

    return tuple(from_(None))
