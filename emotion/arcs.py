"""Emotional arcs (감정선): valence over turns, planned and measured, smoothed, compared and drawn in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import sqrt

from emotion.labels import target_valence
from transcript.turn import Turn

INERTIA = 0.5  # share of the last smoothed value in a measured arc; a line moves a character half-way
_BARS = "▁▂▃▄▅▆▇█"

Arc = list[list[float]]  # [[n, valence], …], n the number of the turn


def smooth(points: Sequence[float], weight: float) -> list[float]:
    """Return the exponentially smoothed values: each is `weight` of the last result and 1 - `weight` of the point.

    `weight` is 0 (unchanged) up to, not including, 1; the first value stays. No points give an empty list.
    """
    smoothed: list[float] = []
    for point in points:
        smoothed.append(weight * smoothed[-1] + (1 - weight) * point if smoothed else point)
    return smoothed


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return Pearson's correlation of two sequences of one length, -1..1.

    Returns None where it says nothing: under three points, or when one of the two never changes. Raises ValueError for
    unequal lengths.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values against {len(b)}; give one of each per turn")
    if len(a) < 3:
        return None
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    from_a, from_b = [value - mean_a for value in a], [value - mean_b for value in b]
    spread = sqrt(sum(value * value for value in from_a) * sum(value * value for value in from_b))
    if spread < 1e-12:
        return None
    return max(-1.0, min(1.0, sum(x * y for x, y in zip(from_a, from_b, strict=True)) / spread))


def planned_and_measured(turns: Iterable[Turn]) -> dict[str, dict[str, Arc]]:
    """Return `{"planned": {name: [[n, valence], …]}, "measured": {…}}` of the dialogue turns, as in transcript.json.

    Planned is the valence of the cue's target emotions, for turns whose cue has some; measured is that of the line,
    smoothed by `INERTIA` over the turns of its speaker. Raises UsageError for a target emotion that no label resolves.
    """
    planned: dict[str, Arc] = {}
    measured: dict[str, Arc] = {}
    for turn in turns:
        if turn.kind != "dialogue" or turn.speaker is None:
            continue
        if turn.cue is not None and turn.cue.emotion:
            planned.setdefault(turn.speaker, []).append([turn.n, round(target_valence(turn.cue.emotion), 4)])
        measured.setdefault(turn.speaker, []).append([turn.n, turn.emotion.valence])
    for arc in measured.values():
        for point, value in zip(arc, smooth([valence for _, valence in arc], INERTIA), strict=True):
            point[1] = round(value, 4)
    return {"planned": planned, "measured": measured}


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw valences of -1..1 in at most `width` characters, ▁ for -1 and █ for 1, on the same scale for every arc.

    More values than characters are averaged in runs as equal as can be; values outside the range are drawn at its end.
    """
    count = min(width, len(values))
    edges = [round(place * len(values) / count) for place in range(count + 1)] if count > 0 else []
    runs = [values[start:end] for start, end in pairwise(edges)]
    return "".join(_bar(sum(run) / len(run)) for run in runs)


def _bar(value: float) -> str:
    return _BARS[min(len(_BARS) - 1, max(0, int((value + 1) / 2 * len(_BARS))))]
