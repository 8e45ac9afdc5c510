"""Emotional arcs (감정선): valence over turns, planned and measured, smoothed, compared, tabled, drawn in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import sqrt

from emotion.labels import target_valence
from emotion.shapes import Verdict, settle, verdict
from transcript.record import Transcript
from transcript.turn import Turn

INERTIA = 0.5  # share of the last smoothed value in a measured arc; a line moves a character half-way
_BARS = "▁▂▃▄▅▆▇█"

WHOLE = "전체"  # the name of the arc of all speakers together

Arc = list[list[float]]  # [[n, valence], …], n the number of the turn
Point = tuple[int, float]  # number of the turn or line, valence


@dataclass(frozen=True)
class Series:
    """One arc to table or draw: of a character, or of everybody. Points in order, valences -1..1.

    `lines` are the lines as measured, one by one; `planned` the targets of the cues, for the lines that had some.
    """

    name: str
    lines: tuple[Point, ...]
    planned: tuple[Point, ...] = ()

    @property
    def measured(self) -> tuple[Point, ...]:
        """Return the arc: the lines smoothed by `shapes.settle`, which looks back and ahead and so has no lag.

        The arc of `planned_and_measured` is another: it looks back only, as one must while the scene is played.
        """
        values = settle([valence for _, valence in self.lines])
        return tuple((n, value) for (n, _), value in zip(self.lines, values, strict=True))


@dataclass(frozen=True)
class Span:
    """The turns, `first` to `last`, of one beat, and its goal as the scenario has it ("" when that is not known)."""

    first: int
    last: int
    scene: int
    beat: int
    goal: str


@dataclass(frozen=True)
class Row:
    """One line of the table of arcs. `n` counts lines; `mean` is that of the lines as measured, None without any.

    `lowest` and `highest` are the turn and the valence of the ends of the smoothed arc, the first of equals.
    `agreement` is the correlation of planned and smoothed measured over the turns that have both; see `correlation`.
    """

    name: str
    n: int
    mean: float | None
    lowest: Point | None
    highest: Point | None
    agreement: float | None
    verdict: Verdict


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


def series(turns: Iterable[Turn]) -> tuple[Series, ...]:
    """Return the arc of each character, in the order of their first lines; see `whole` for everybody together.

    Raises UsageError for a target emotion that no label resolves.
    """
    lines: dict[str, list[Turn]] = {}
    for turn in turns:
        if turn.kind == "dialogue" and turn.speaker is not None:
            lines.setdefault(turn.speaker, []).append(turn)
    return tuple(_series(name, of_one) for name, of_one in lines.items())


def whole(turns: Iterable[Turn]) -> Series:
    """Return the arc of all speakers together under the name `WHOLE`, line by line as they were said.

    Raises UsageError for a target emotion that no label resolves.
    """
    return _series(WHOLE, [turn for turn in turns if turn.kind == "dialogue" and turn.speaker is not None])


def rows(arcs: Iterable[Series]) -> list[Row]:
    """Return one row of the table for each arc, in the same order."""
    return [_row(arc) for arc in arcs]


def spans(transcript: Transcript) -> tuple[Span, ...]:
    """Return the beats of a take in the order they were played, with their goals from its scenario."""
    beats = groupby(transcript.turns, key=lambda turn: (turn.scene, turn.beat))
    return tuple(_span(transcript, scene, beat, [turn.n for turn in turns]) for (scene, beat), turns in beats)


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


def _series(name: str, turns: Sequence[Turn]) -> Series:
    planned = [(turn.n, turn.cue.emotion) for turn in turns if turn.cue is not None and turn.cue.emotion]
    return Series(
        name,
        tuple((turn.n, turn.emotion.valence) for turn in turns),
        tuple((n, target_valence(targets)) for n, targets in planned),
    )


def _row(arc: Series) -> Row:
    values = [valence for _, valence in arc.lines]
    if not values:
        return Row(arc.name, 0, None, None, None, None, verdict(values))
    measured, planned = arc.measured, dict(arc.planned)
    both = [(planned[n], value) for n, value in measured if n in planned]
    return Row(
        arc.name,
        len(values),
        sum(values) / len(values),
        min(measured, key=_valence),
        max(measured, key=_valence),
        correlation([a for a, _ in both], [b for _, b in both]),
        verdict(values),
    )


def _valence(point: Point) -> float:
    return point[1]


def _span(transcript: Transcript, scene: int, beat: int, turns: Sequence[int]) -> Span:
    """Look up the goal; a transcript that was imported has no scenario, and a beat may have been cut since."""
    path = transcript.take.get("path") or []
    index = path[scene - 1] if scene <= len(path) else scene - 1
    scenes = transcript.scenario.get("scenes") or []
    beats = scenes[index]["beats"] if index < len(scenes) else []
    return Span(turns[0], turns[-1], scene, beat, beats[beat - 1]["goal"] if beat <= len(beats) else "")
