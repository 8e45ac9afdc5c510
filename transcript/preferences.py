"""Preferences: what a writer chose and what they turned down, with the prompt the engine used; kept in the run store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from transcript.database import Connection
from transcript.store import RunStore, now

Reason = Literal["retry", "edit", "choice"]


@dataclass(frozen=True)
class Draft:
    """A pair about to be kept: `chosen` and `rejected` follow `prompt` as the model read it, each with its line's end."""

    prompt: str
    chosen: str
    rejected: str
    reason: Reason


@dataclass(frozen=True)
class Preference:
    """One pair. `chosen` and `rejected` follow `prompt` as the model read it, each with its line's end.

    `at` is the time in UTC; `kept` says whether the chosen line stands on a branch now: only those are trained on.
    """

    id: int
    run: str
    prompt: str
    chosen: str
    rejected: str
    reason: Reason
    at: str
    kept: bool


def insert(db: Connection, run: str, pair: Draft, chosen: int, rejected: int) -> None:
    """Keep a pair about the turns with ids `chosen` and `rejected`; one that is there, or was deleted, stays as it is."""
    row = (run, pair.prompt, pair.chosen, pair.rejected, pair.reason, now(), chosen, rejected)
    db.execute(
        "INSERT INTO preferences (run, prompt, chosen, rejected, reason, at, chosen_turn, rejected_turn) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        row,
    )


def preferences_of(store: RunStore, run: str, standing: set[int]) -> tuple[Preference, ...]:
    """Return the pairs of a run in order; `standing` are the ids of the turns on its branches (`Branches.standing`)."""
    with store.session() as db:
        rows = db.execute(
            "SELECT id, chosen_turn, prompt, chosen, rejected, reason, at FROM preferences "
            "WHERE run = ? AND forgotten = 0 ORDER BY id",
            (run,),
        ).fetchall()
        roots = dict(
            db.execute("SELECT r.turn, r.root FROM revisions r JOIN turns t ON t.id = r.turn WHERE t.run = ?", (run,))
        )
        stands: dict[int, list[int]] = {}
        for number in standing:
            stands.setdefault(roots.get(number, number), []).append(number)

        def words(number: int) -> tuple[str, str | None]:
            (text,) = db.execute("SELECT turn FROM turns WHERE id = ?", (number,)).fetchone()
            row = json.loads(text)
            return row["text"], row["parenthetical"]

        def kept(number: int) -> bool:
            now = stands.get(roots.get(number, number), ())
            return number in now or any(words(other) == words(number) for other in now)

        return tuple(Preference(id_, run, p, c, r, why, at, kept(chosen)) for id_, chosen, p, c, r, why, at in rows)


def forget(store: RunStore, run: str, id_: int) -> bool:
    """Delete the words of a pair; False when the run has none of this id. It isn't made again from the same turns."""
    with store.session() as db:
        done = db.execute(
            "UPDATE preferences SET forgotten = 1, prompt = '', chosen = '', rejected = '' "
            "WHERE run = ? AND id = ? AND forgotten = 0",
            (run, id_),
        )
        return done.rowcount == 1
