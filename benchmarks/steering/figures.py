"""The figures of a set of takes: how the measured curve follows the planned one, and what else was kept."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.steering import readable
from benchmarks.scene_quality.secrets import secrets_said
from emotion.arcs import INERTIA, correlation, smooth
from emotion.labels import target_valence
from transcript.turn import Turn

Valences = Callable[[Sequence[str]], Sequence[float]]
Right = Callable[[str, str], bool | None]
FEWEST = 4  # lines of a character in a scene from which a correlation is taken


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


def lines_of(path: Path) -> list[Line]:
    """Return the lines of a transcript that had a target."""
    turns = [Turn.from_dict(row) for row in json.loads(path.read_text(encoding="utf-8"))["turns"]]
    return [
        Line(
            f"{path.parent.parent.name}/{path.parent.name}",
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


def figures(paths: Sequence[Path], judges: Mapping[str, Valences], right: Right) -> dict[str, float | None]:
    """Return every figure of the takes at `paths`, one `r_…` for each judge; None where nothing could be measured."""
    records: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    lines = [line for path in paths for line in lines_of(path)]
    arcs = arcs_of(lines)
    texts = sorted({line.text for line in lines})
    judged = {name: dict(zip(texts, judge(texts), strict=True)) for name, judge in judges.items()}
    levels = [found for line in lines if line.level and (found := right(line.text, line.level)) is not None]
    beats = [beat["reason"] for record in records for beat in record["take"]["beats"]]
    turns = [turn for record in records for turn in record["turns"]]
    fits = [line.logprob for line in lines if line.logprob is not None]
    return {
        "takes": len(paths),
        "lines": len(lines),
        "arcs": len(arcs),
        "r": median([agreement(arc) for arc in arcs]),
        "r_smooth": median([agreement(arc, smoothed=True) for arc in arcs]),
        **{f"r_{name}": median([agreement(arc, judged=read) for arc in arcs]) for name, read in judged.items()},
        "distance": mean([abs(line.planned - line.measured) for line in lines]),
        "distance_band": mean([abs(readable(line.planned) - line.measured) for line in lines]),
        "levels": mean([float(found) for found in levels]),
        "levels_read": len(levels) / len(lines) if lines else None,
        "condition": mean([float(reason.startswith("condition")) for reason in beats]),
        "early": mean([float(reason.startswith("early")) for reason in beats]),
        "secrets": float(sum(len(secrets_said(record)) for record in records)),
        "silence": mean([float("every candidate was turned down" in turn["why"]) for turn in turns]),
        "mended": mean([float(mended(turn)) for turn in turns if turn["kind"] == "dialogue"]),
        "events": mean([float(turn["kind"] == "event") for turn in turns]),
        "fit": mean(fits),
        "calls": mean([turn["cost"]["calls"] for turn in turns if turn["by"] == "model"]),
        "seconds": mean([turn["cost"]["seconds"] for turn in turns if turn["by"] == "model"]),
    }


def mended(turn: dict[str, Any]) -> bool:
    """Say whether the line of a turn is one whose ending was conjugated."""
    return any(c["text"] == turn["text"] and c.get("mended") for c in turn["candidates"])


def arcs_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of each character in each scene of each take, where there are enough."""
    arcs: dict[tuple[str, int, str], list[Line]] = {}
    for line in lines:
        arcs.setdefault((line.take, line.scene, line.speaker), []).append(line)
    return [arc for arc in arcs.values() if len(arc) >= FEWEST]


def agreement(arc: Sequence[Line], *, smoothed: bool = False, judged: dict[str, float] | None = None) -> float | None:
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
