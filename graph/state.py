"""StageState: all that a take carries from node to node, as plain values of bounded size; and the parts nodes build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from emotion.dynamics import State


class StageState(TypedDict, total=False):
    """Everything a checkpoint holds. The turns themselves stand in the run store; `head` is the id of the last one.

    Names are cast names, `scene` and `beat` indexes from 0, facts their number in `agents.knowledge.facts_of`.
    """

    run: str
    branch: str
    seed: int
    limit: int  # most turns of the take
    head: int | None
    n: int  # committed turns
    path: list[int]  # scenes played, in order; the last one is being played
    beat: int
    beat_turns: int
    judged: list[float]  # probabilities that the beat is done, as the model gave them in this beat
    beats: list[dict[str, Any]]  # finished beats: scene, beat, turns, reason
    present: list[str]
    spoken: list[str]
    known: dict[str, list[int]]
    out: list[int]
    relations: list[dict[str, Any]]  # changed since the curtain rose: from, to, level, address, affection
    feelings: State  # what each character feels now
    stale: int
    used_events: list[str]
    note: str  # the person's note to the director
    whispers: dict[str, list[str]]  # what a person told one character alone, in this scene
    asked: str  # the speaker that the person chose
    human: list[str]  # roles that a person plays
    person: bool  # whether a person sits at the terminal and is asked at branches
    cue: dict[str, Any] | None
    opening: str
    kind: str  # what is being made: dialogue or action
    why: str
    drafts: list[dict[str, Any]]  # candidates of this turn, over all attempts
    raw: list[list[Any]]  # text and log-probability of the candidates still to be judged
    attempt: int
    line: dict[str, Any] | None  # the turn about to be committed
    cost: dict[str, float]
    began: float  # time.time() at which this turn began
    pending: list[dict[str, Any]]  # lines decided but not yet committed: openings, entrances, exits
    leaving: list[int | None]  # the scene to open once nothing is pending; [None] closes the curtain
    crossing: list[str]  # ways out of the scene that the person is asked about
    chosen: int | None  # the person's answer
    no_action: bool  # the model found no action line; the next step is a spoken one
    over: str  # why the take ended; "" while it plays


def cleared() -> StageState:
    """Return the fields of the turn in the making, empty."""
    return {
        "cue": None,
        "opening": "",
        "kind": "dialogue",
        "why": "",
        "drafts": [],
        "raw": [],
        "attempt": 0,
        "line": None,
        "cost": {},
        "began": 0.0,
    }


def new_line(kind: str, text: str, why: str, by: str) -> dict[str, Any]:
    """Return a line about to be committed; see `transcript.turn.Turn` for the values."""
    return {"kind": kind, "text": text, "why": why, "by": by}


def added(cost: Mapping[str, float], prefilled: int, decoded: int, seconds: float, calls: int) -> dict[str, float]:
    """Return `cost`, the sums of this turn so far, with one more piece of work added."""
    new = {"prefilled": prefilled, "decoded": decoded, "model_seconds": seconds, "calls": calls}
    return {key: round(cost.get(key, 0) + value, 4) for key, value in new.items()}
