"""The figures of a take: what is wrong in its lines, how its curve follows the plan, and one score to rank takes by."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.steering import readable
from daebon.scores.count import count
from daebon.scores.count import figures as quality
from emotion.arcs import INERTIA, correlation, smooth
from emotion.labels import target_valence
from transcript.record import Transcript
from transcript.turn import Turn

FEWEST = 4  # lines of a character in a scene from which a correlation is taken
SCORE = ("clean", "follows", "reached", "spoken")
"""The figures whose mean is `score`: each is 0..1, more is better; one that cannot be had in a take is left out."""
_OF_STEERING = ("r", "r_smooth", "distance", "distance_band", "silence", "mended", "events", "fit")


@dataclass(frozen=True)
class Line:
    """A planned line: its place, its text, and its valence as planned and as measured."""

    take: str
    scene: int
    speaker: str
    text: str
    level: str | None
    planned: float
    measured: float
    logprob: float | None


def scored(transcript: Transcript) -> dict[str, float]:
    """Return every figure of one take that could be had, and `score`, the mean of those in SCORE.

    `clean` is the share of the engine's turns without residue, cut, early secret or near-copy (`daebon.scores`), `follows`
    the median correlation of planned and measured valence, smoothed, not under 0, `reached` the share of beats that ended
    by their condition, `spoken` the share of turns that are no silence for want of a line that could stand. The score says
    which takes to read first; it does not say that a scene is good.
    """
    record = transcript.to_dict()
    tally, faults = count(record)
    by_engine = max(1, sum(turn.by in ("model", "engine") for turn in transcript.turns))
    steered = steering([record], lines_of(transcript.turns, transcript.title))
    found: dict[str, float | None] = {**quality(tally), **{key: steered[key] for key in _OF_STEERING}}
    found["clean"] = 1 - min(1.0, len({fault.n for fault in faults}) / by_engine)
    found["follows"] = None if (r := steered["r_smooth"]) is None else max(0.0, r)
    found["reached"] = steered["condition"]
    found["spoken"] = None if (silence := steered["silence"]) is None else 1 - silence
    found["score"] = mean([value for key in SCORE if (value := found[key]) is not None])
    return {key: round(value, 4) for key, value in found.items() if value is not None and key != "takes"}


def lines_of(turns: Sequence[Turn], take: str) -> list[Line]:
    """Return the lines of a take that had a target; `take` is what they are called by."""
    return [
        Line(
            take,
            turn.scene,
            turn.speaker,
            turn.text,
            turn.cue.level,
            target_valence(turn.cue.emotion),
            turn.emotion.valence,
            next((c.logprob for c in turn.candidates if c.text == turn.text), None),
        )
        for turn in turns
        if turn.kind == "dialogue" and turn.speaker and turn.cue and turn.cue.emotion
    ]


def steering(records: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> dict[str, float | None]:
    """Return how some takes, given as their `transcript.json`, follow their plan; None where nothing could be measured.

    `r` is the median over the arcs (a character in a scene) of the correlation of plan and measure, line by line;
    `distance` is in valence; `condition`, `early`, `silence`, `mended` and `events` are shares, `fit` is the mean
    log-probability per token.
    """
    arcs = arcs_of(lines)
    beats = [beat["reason"] for record in records for beat in record["take"].get("beats") or ()]
    turns = [turn for record in records for turn in record["turns"]]
    return {
        "takes": len(records),
        "lines": len(lines),
        "arcs": len(arcs),
        "r": median([agreement(arc) for arc in arcs]),
        "r_smooth": median([agreement(arc, smoothed=True) for arc in arcs]),
        "distance": mean([abs(line.planned - line.measured) for line in lines]),
        "distance_band": mean([abs(readable(line.planned) - line.measured) for line in lines]),
        "condition": mean([float(reason.startswith("condition")) for reason in beats]),
        "early": mean([float(reason.startswith("early")) for reason in beats]),
        "silence": mean([float("every candidate was turned down" in turn["why"]) for turn in turns]),
        "mended": mean([float(mended(turn)) for turn in turns if turn["kind"] == "dialogue"]),
        "events": mean([float(turn["kind"] == "event") for turn in turns]),
        "fit": mean([line.logprob for line in lines if line.logprob is not None]),
        "calls": mean([turn["cost"]["calls"] for turn in turns if turn["by"] == "model"]),
        "seconds": mean([turn["cost"]["seconds"] for turn in turns if turn["by"] == "model"]),
    }


def mended(turn: Mapping[str, Any]) -> bool:
    """Say whether the line of a turn is one whose ending was conjugated."""
    return any(c["text"] == turn["text"] and c.get("mended") for c in turn["candidates"])


def arcs_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of each character in each scene of each take, where there are enough."""
    arcs: dict[tuple[str, int, str], list[Line]] = {}
    for line in lines:
        arcs.setdefault((line.take, line.scene, line.speaker), []).append(line)
    return [arc for arc in arcs.values() if len(arc) >= FEWEST]


def agreement(
    arc: Sequence[Line], *, smoothed: bool = False, judged: Mapping[str, float] | None = None
) -> float | None:
    """Return the correlation of planned and measured valence, or None for a plan that never changes.

    Smoothed values are those of the arc in transcript.json: each is half the one before.
    """
    values = [judged[line.text] if judged else line.measured for line in arc]
    return correlation([line.planned for line in arc], smooth(values, INERTIA) if smoothed else values)


def median(values: Sequence[float | None]) -> float | None:
    """Return the median of what is known, None when nothing is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, None of nothing."""
    return statistics.fmean(values) if values else None
