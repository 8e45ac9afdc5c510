"""Turn, the one value that crosses rooms: a line, an action, an event or a transition, with how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from math import isfinite
from typing import Any, Literal

from transcript.errors import DaebonError

Kind = Literal["dialogue", "action", "event", "transition"]
By = Literal["model", "human", "edited", "scenario", "engine"]

KINDS: tuple[Kind, ...] = ("dialogue", "action", "event", "transition")
AUTHORS: tuple[By, ...] = ("model", "human", "edited", "scenario", "engine")


@dataclass(frozen=True)
class Emotion:
    """What was measured in a line: valence and arousal in -1..1, and the strength 0..1 of each label that was found."""

    valence: float = 0.0
    arousal: float = 0.0
    labels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Cue:
    """What the director hands to one speaker.

    `emotion` maps labels to targets 0..1; `level` is the speech level wanted toward `to`; `direction` is the acting
    direction put before the line in the prompt; `reveal` is the fact that the line has to bring out, or "".
    """

    speaker: str
    to: tuple[str, ...] = ()
    intention: str = ""
    emotion: Mapping[str, float] = field(default_factory=dict)
    level: str | None = None
    direction: str = ""
    reveal: str = ""


@dataclass(frozen=True)
class Candidate:
    """A line that was generated, chosen or not; `score` is None and `rejected` says why when a guard turned it down.

    `mended` is the line as the model wrote it, where its ending was conjugated to the speech level wanted.
    """

    text: str
    parenthetical: str | None = None
    score: float | None = None
    rejected: str | None = None
    logprob: float | None = None  # mean natural log-probability per token, given the prompt
    mended: str | None = None
    tokens: int | None = None  # how many that mean is over


@dataclass(frozen=True)
class Cost:
    """What a turn cost: wall `seconds`, model `calls`, and tokens that were `prefilled` and `decoded`."""

    seconds: float = 0.0
    model_seconds: float = 0.0
    calls: int = 0
    prefilled: int = 0
    decoded: int = 0


@dataclass(frozen=True)
class Turn:
    """One committed step of a take. `n` counts from 1 over the whole take; `scene` and `beat` count from 1."""

    n: int
    scene: int
    beat: int
    kind: Kind
    text: str
    speaker: str | None = None
    to: tuple[str, ...] = ()
    parenthetical: str | None = None
    marker: str | None = None
    cue: Cue | None = None
    why: str = ""
    emotion: Emotion = Emotion()
    by: By = "model"
    cost: Cost = Cost()
    candidates: tuple[Candidate, ...] = ()
    present: tuple[str, ...] = ()  # who heard it; a line enters the knowledge of these people only

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, as in `transcript.json`."""
        row: dict[str, Any] = _plain(self)
        return row

    @staticmethod
    def from_dict(row: Mapping[str, Any]) -> Turn:
        """Build a turn from `to_dict`'s result; raises DaebonError naming the field that is missing or wrong."""
        try:
            cue = row.get("cue")
            turn = Turn(
                n=int(row["n"]),
                scene=int(row["scene"]),
                beat=int(row["beat"]),
                kind=row["kind"],
                text=str(row["text"]),
                speaker=row.get("speaker"),
                to=tuple(row.get("to") or ()),
                parenthetical=row.get("parenthetical"),
                marker=row.get("marker"),
                cue=Cue(**{**cue, "to": tuple(cue.get("to") or ())}) if cue else None,
                why=str(row.get("why") or ""),
                emotion=Emotion(**(row.get("emotion") or {})),
                by=row.get("by", "model"),
                cost=Cost(**(row.get("cost") or {})),
                candidates=tuple(Candidate(**candidate) for candidate in row.get("candidates") or ()),
                present=tuple(row.get("present") or ()),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DaebonError(f"turn {_number(row)}: field {error} is missing or wrong") from error
        if wrong := _misfit(turn):
            raise DaebonError(f"turn {turn.n}: field {wrong!r} is missing or wrong")
        if turn.kind not in KINDS or turn.by not in AUTHORS:
            raise DaebonError(
                f"turn {turn.n}: kind {turn.kind!r} or by {turn.by!r} is unknown; use {KINDS} and {AUTHORS}"
            )
        return turn


def _number(row: object) -> object:
    return row.get("n", "?") if isinstance(row, Mapping) else "?"


def _misfit(turn: Turn) -> str:
    """Return the name of a field whose value is of another kind than it should be, "" where all are right."""
    cue, parts = turn.cue, turn.candidates
    texts = [("kind", turn.kind), ("by", turn.by), *(("candidates", one.text) for one in parts)]
    maybe = [("speaker", turn.speaker), ("parenthetical", turn.parenthetical), ("marker", turn.marker)]
    maybe += [("candidates", text) for one in parts for text in (one.parenthetical, one.rejected, one.mended)]
    texts += [(name, text) for name in ("to", "present") for text in getattr(turn, name)]
    numbers: list[tuple[str, Any]] = [("emotion", turn.emotion.valence), ("emotion", turn.emotion.arousal)]
    numbers += [("cost", number) for number in vars(turn.cost).values()]
    numbers += [("candidates", n) for one in parts for n in (one.score, one.logprob, one.tokens) if n is not None]
    maps = [("emotion", turn.emotion.labels)]
    if cue:
        texts += [("cue", text) for text in (cue.speaker, *cue.to, cue.intention, cue.direction, cue.reveal)]
        maybe.append(("cue", cue.level))
        maps.append(("cue", cue.emotion))
    for name, labels in maps:
        if not isinstance(labels, Mapping):
            return name
        numbers += [(name, number) for number in labels.values()]
    wrong = [name for name, text in texts if not isinstance(text, str)]
    wrong += [name for name, text in maybe if text is not None and not isinstance(text, str)]
    wrong += [name for name, number in numbers if not isinstance(number, int | float) or not isfinite(number)]
    return next(iter(wrong), "")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value):  # `vars` would leave a dict in every part of the take
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
