"""The plan of a take: which emotion each character is to show at each turn.

A beat's target is a waypoint. A character goes there from the waypoint before (from rest at first) in a straight line over the
first half of the beat's expected length, and stays. Where a beat asks nothing of them the last waypoint holds. The shape that
the scenario wants of their arc leans on both, with a quarter of the weight at its peaks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from agents.names import with_particle
from emotion.labels import resolve
from emotion.shapes import target as shape_of
from scenarios.values import Scenario

RAMP = 0.5  # share of a beat's expected turns in which its target is approached
LEAN = 0.25  # weight of the shape at its top or bottom, where the beat's targets together have 1
_HIGH, _LOW = "안심/신뢰", "불안/걱정"  # what a shape asks for above and below the middle
_LABELS, _FAINT = 3, 0.1  # most labels of a target, and the strength under which one is dropped


def planned(scenario: Scenario, path: Sequence[int], beat: int, played: int, name: str) -> dict[str, float]:
    """Return the target of the next line of `name`, label -> strength 0..1, the strongest first; {} asks for nothing.

    `path` are the scenes played, the last one being played; `beat` and `played`, the turns of the beat so far, count from 0.
    """
    places = [(scene, i) for scene in path[:-1] for i in range(len(scenario.scenes[scene].beats))]
    places += [(path[-1], i) for i in range(beat + 1)]
    rest = next(persona.emotion.baseline for persona in scenario.personas if persona.name == name)
    points = [_resolved(rest), *(point for place in places[:-1] if (point := _waypoint(scenario, place, name)))]
    here = _waypoint(scenario, places[-1], name) or points[-1]
    least, most = scenario.scenes[path[-1]].beats[beat].turns
    share = min(1.0, (played + 1) / max(1.0, RAMP * (least + most) / 2))
    mixed = {
        label: (1 - share) * points[-1].get(label, 0.0) + share * here.get(label, 0.0)
        for label in dict.fromkeys([*here, *points[-1]])
    }
    mixed = _leaning(mixed, _height(scenario, places[-1], name))
    kept = sorted(((strength, label) for label, strength in mixed.items() if strength >= _FAINT), reverse=True)
    return {label: round(strength, 2) for strength, label in kept[:_LABELS]}


def _waypoint(scenario: Scenario, place: tuple[int, int], name: str) -> dict[str, float]:
    scene, beat = place
    return _resolved(scenario.scenes[scene].beats[beat].emotion.get(name, {}))


def _resolved(targets: Mapping[str, float]) -> dict[str, float]:
    return {resolve(label) or label: strength for label, strength in targets.items()}


def _height(scenario: Scenario, place: tuple[int, int], name: str) -> float:
    """Return how high, -1..1, the wanted shape stands at a beat; 0 without one."""
    shape = scenario.arc.get(name)
    if shape is None:
        return 0.0
    order = [(scene, beat) for scene, s in enumerate(scenario.scenes) for beat in range(len(s.beats))]
    return shape_of(shape, len(order))[order.index(place)]


def _leaning(targets: Mapping[str, float], height: float) -> dict[str, float]:
    label = _HIGH if height > 0 else _LOW
    return {**targets, label: targets.get(label, 0.0) + LEAN * abs(height) * max(1.0, sum(targets.values()))}


def part(goal: str, name: str, cast: Collection[str]) -> str:
    """Return the part of a goal that `name` plays: `민수가 캐묻고 지은은 둘러댄다` is split before each subject."""
    names = "|".join(re.escape(with_particle(n, a, v)) for n in cast for a, v in (("이", "가"), ("은", "는")))
    parts = [part.strip(" ,") for part in re.split(rf"(?=(?<![가-힣])(?:{names})\s)", goal) if part.strip(" ,")]
    mine = [
        part for part in parts if part.startswith((with_particle(name, "이", "가"), with_particle(name, "은", "는")))
    ]
    return mine[0] if mine else goal
