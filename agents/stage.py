"""What the director sees of a take, and the values that say what it decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scenarios.values import Relation
from transcript.turn import By, Cue, Turn


@dataclass(frozen=True)
class Stage:
    """What the director sees: places are indexes from 0, `turns` the take so far, `beat_turns` turns in this beat.

    `path` are the scenes played, the last one being played; `judged` what the model gave the beat for being done, so far.
    """

    path: Sequence[int]
    beat: int
    beat_turns: int
    turns: Sequence[Turn]
    present: Sequence[str]
    spoken: Sequence[str]  # who spoke in this beat
    out: Sequence[int]  # numbers of the facts that were said
    known: Mapping[str, Sequence[int]]
    relations: Mapping[tuple[str, str], Relation]
    seed: int
    note: str = ""
    asked: str = ""  # the speaker that the person chose
    stale: int = 0
    used_events: Sequence[str] = ()
    no_action: bool = False  # the model found no action line just now
    judged: Sequence[float] = ()

    @property
    def scene(self) -> int:
        """Return the scene being played."""
        return self.path[-1]


@dataclass(frozen=True)
class Spent:
    """What deciding cost."""

    calls: int = 0
    prefilled: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Speak:
    """Somebody speaks: hand out `cue`; `opening` is the beginning of the line when it must bring out a fact."""

    cue: Cue
    why: str
    opening: str = ""
    spent: Spent = Spent()


@dataclass(frozen=True)
class Act:
    """An action line about `subject`: `text`, one of their gestures, or "" where the model is to write it."""

    subject: str
    why: str
    text: str = ""
    spent: Spent = Spent()


@dataclass(frozen=True)
class Happen:
    """Something happens: an event of the scenario, or of the director's own (`by` is then `engine`)."""

    text: str
    why: str
    by: By = "scenario"


@dataclass(frozen=True)
class NextBeat:
    """The beat is over; `why` starts with `condition` or `forced`."""

    why: str


Decision = Speak | Act | Happen | NextBeat
