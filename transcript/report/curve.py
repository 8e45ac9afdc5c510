"""The curves as figures for the page's SVG: places in percent of the width and in pixels of a panel's height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from statistics import StatisticsError, correlation
from typing import Any

from transcript.record import Transcript
from transcript.turn import Turn

_LEAST = 0.5  # of valence that a panel shows on either side of 0, so that a flat take looks flat
_HEIGHTS = ((2, 124), (4, 92), (7, 68))  # pixels of a panel by the number of panels
_HEIGHT_OF_MANY = 52
_EDGE = 9  # pixels above and below, where a dot at the limit still has room
_BOX = 1000  # units across the box that lines are drawn in; it is stretched to the panel's width
_FEW = 150  # turns that a screen's width can hold without crowding
_LABELS = 9


@dataclass(frozen=True, slots=True)
class Dot:
    """A line as measured: `x` in percent, `y` in pixels; `planned` is the target at its turn, None without one."""

    turn: Turn
    x: float
    y: float
    value: float
    planned: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A planned target."""

    x: float
    y: float


@dataclass(frozen=True)
class Panel:
    """The curve of one character. `measured` and `planned` are paths in a box 1000 wide and as high as the panel.

    `agreement` is Pearson's r of planned and measured over the turns that have both, None under three of them or where
    one never changes; `shape` is what the scenario asks for, as written there.
    """

    name: str
    dots: tuple[Dot, ...]
    marks: tuple[Mark, ...]
    measured: str
    planned: str
    agreement: float | None
    shape: str


@dataclass(frozen=True)
class Band:
    """The turns of one beat: `x` and `width` in percent, `opens` where it is the first of its scene."""

    scene: int
    beat: int
    x: float
    width: float
    opens: bool
    goal: str
    reason: str

    @property
    def id(self) -> str:
        """Return the beat's anchor in the page."""
        return f"b{self.scene}-{self.beat}"


@dataclass(frozen=True)
class Curves:
    """Everything that the figure shows; `limit` is the valence at the upper edge, `ticks` turns and their places."""

    panels: tuple[Panel, ...]
    bands: tuple[Band, ...]
    ticks: tuple[tuple[int, float], ...]
    limit: float
    height: int
    middle: float
    crowded: bool
    size: str


def curves(transcript: Transcript) -> Curves:
    """Return the curves of a take: a panel per speaker in the order of `arc`, else of their first lines."""
    turns = transcript.turns
    said = [turn for turn in turns if turn.kind == "dialogue" and turn.speaker]
    planned, measured = (_arc(transcript.arc, key) for key in ("planned", "measured"))
    felt = any(turn.emotion.labels or turn.emotion.valence for turn in said)
    names = (
        list(dict.fromkeys([*measured, *planned, *(turn.speaker or "" for turn in said)])) if felt or measured else []
    )
    height = next((size for count, size in _HEIGHTS if len(names) <= count), _HEIGHT_OF_MANY)
    values = [abs(value) for arc in (planned, measured) for points in arc.values() for value in points.values()]
    values += [abs(turn.emotion.valence) for turn in said]
    limit = max(_LEAST, min(1.0, ceil(max(values, default=0.0) * 10) / 10))
    first, last = (turns[0].n, turns[-1].n) if turns else (1, 1)

    def across(n: float) -> float:
        return round((n - first + 0.5) / (last - first + 1) * 100, 3)

    def down(value: float) -> float:
        return round(height / 2 - max(-1.0, min(1.0, value / limit)) * (height / 2 - _EDGE), 2)

    def path(points: Mapping[int, float]) -> str:
        return "M" + "L".join(f"{across(n) * _BOX / 100:g} {down(value):g}" for n, value in points.items())

    def panel(name: str) -> Panel:
        wanted, found = planned.get(name, {}), measured.get(name, {})
        mine = [turn for turn in said if turn.speaker == name]
        return Panel(
            name=name,
            dots=tuple(
                Dot(turn, across(turn.n), down(turn.emotion.valence), turn.emotion.valence, wanted.get(turn.n))
                for turn in mine
            ),
            marks=tuple(Mark(across(n), down(value)) for n, value in wanted.items()),
            measured=path(found) if found else "",
            planned=path(wanted) if wanted else "",
            agreement=_agreement([(wanted[n], found[n]) for n in wanted if n in found]),
            shape=str((transcript.arc.get("shape") or {}).get(name) or ""),
        )

    return Curves(
        panels=tuple(map(panel, names)),
        bands=_bands(transcript, across),
        ticks=tuple((n, across(n)) for n in _numbered(first, last)),
        limit=limit,
        height=height,
        middle=height / 2,
        crowded=len(turns) > _FEW,
        size="long" if len(turns) > 6 * _FEW else "middle",
    )


def goals(transcript: Transcript) -> dict[tuple[int, int], tuple[str, str]]:
    """Return goal and reason for its end of each beat played, by number of scene and beat; "" where not known."""
    scenes = transcript.scenario.get("scenes") or ()
    path = transcript.take.get("path") or range(len(scenes))
    ended = {(row.get("scene"), row.get("beat")): row for row in transcript.take.get("beats") or ()}

    def goal(scene: int, beat: int) -> str:
        if not (0 < scene <= len(path) and 0 <= path[scene - 1] < len(scenes)):
            return ""
        beats = scenes[path[scene - 1]].get("beats") or ()
        return str(beats[beat - 1].get("goal") or "") if 0 < beat <= len(beats) else ""

    played = dict.fromkeys((turn.scene, turn.beat) for turn in transcript.turns)
    return {key: (goal(*key), str(ended.get(key, {}).get("reason") or "")) for key in played}


def _bands(transcript: Transcript, across: Any) -> tuple[Band, ...]:
    said, bands, before = goals(transcript), [], 0
    for (scene, beat), group in groupby(transcript.turns, key=lambda turn: (turn.scene, turn.beat)):
        numbers = [turn.n for turn in group]
        start, end = across(numbers[0] - 0.5), across(numbers[-1] + 0.5)
        bands.append(Band(scene, beat, start, round(end - start, 3), scene != before, *said[scene, beat]))
        before = scene
    return tuple(bands)


def _arc(arc: Mapping[str, Any], key: str) -> dict[str, dict[int, float]]:
    return {
        name: {int(n): float(value) for n, value in points} for name, points in (arc.get(key) or {}).items() if points
    }


def _agreement(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < 3:
        return None
    try:
        return correlation(*zip(*pairs, strict=True))
    except StatisticsError:  # one of the two never changes
        return None


def _numbered(first: int, last: int) -> list[int]:
    """Return the turns to number: the first and round ones after it, at most ten."""
    wanted = max(1, (last - first) / _LABELS)
    step = next(size for tens in range(9) for size in (10**tens, 2 * 10**tens, 5 * 10**tens) if size >= wanted)
    return [first, *(n for n in range(first - first % step + step, last + 1, step) if n - first > step / 2)]
