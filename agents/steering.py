"""Steering: what is asked of the next line so that the curve follows the plan, how the cue says it, and when it drifts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from emotion.labels import target_valence, valence_arousal
from transcript.turn import Cue, Turn

# The classifier reads dialogue in a narrower band than people mean it: over the lines of the corpus mean and deviation
# are these, in what the writer intended and in what is measured (`python -m benchmarks.steering --scale` prints them).
MEANT, READ = (-0.23, 0.46), (-0.24, 0.24)
GAIN = 2.0  # times that band, because what is asked for is seldom reached; chosen on seed 101 (docs/steering.md)
LOOK_BACK = 3  # lines in a row that are looked at for misses
MISS = 0.15  # distance from what was asked at which a line has missed it, and is asked for once more
LOWERED = 0.5  # share of the way that is still asked of who missed on the same side LOOK_BACK times
DRIFT = 0.3  # mean miss of the last lines of everybody from which a means other than words is used
_WORDS = 2  # labels of a cue that are said


@dataclass(frozen=True)
class Ask:
    """The valence asked of a line, in the classifier's band; `why` says when it is less than the plan."""

    valence: float
    why: str = ""


def readable(valence: float) -> float:
    """Return the valence in the classifier's band to ask of a line that is meant at `valence`."""
    return max(-1.0, min(1.0, READ[0] + GAIN * (valence - MEANT[0]) * READ[1] / MEANT[1]))


def asked(cue: Cue, turns: Sequence[Turn]) -> Ask | None:
    """Return what to ask of the line for `cue` after `turns`; None when nothing is planned.

    Who missed three times on one side is asked half of the way from where they are.
    """
    if not cue.emotion:
        return None
    wanted = readable(target_valence(cue.emotion))
    missed = _misses(turn for turn in reversed(turns) if turn.speaker == cue.speaker)
    if len(missed) == LOOK_BACK and (min(missed) > MISS or max(missed) < -MISS):
        mean = sum(missed) / len(missed)
        return Ask(wanted - (1 - LOWERED) * mean, f"asks less of {cue.speaker}: missed by {mean:+.2f} three times")
    return Ask(wanted)


def said(cue: Cue, attempt: int, directions: Mapping[str, Sequence[str]], valence: float) -> Cue:
    """Return the cue as it is put to the character; `valence` is asked, and from the second attempt the cue is stronger.

    A stronger cue names the one label of the target that lies furthest on the side asked for, and plays it with an acting
    direction, which moves a small model more than an adverb does.
    """
    if not attempt:
        return replace(cue, emotion=dict(list(cue.emotion.items())[:_WORDS]))
    side = 1 if valence >= READ[0] else -1
    label = max(cue.emotion, key=lambda name: side * valence_arousal(name)[0])
    fitting = directions.get(label, ())
    direction = cue.direction or (fitting[attempt % len(fitting)] if fitting else "")
    return replace(cue, emotion={label: 1.0}, direction=direction)


def drift(turns: Sequence[Turn]) -> float:
    """Return by how much the last lines of the scene together lie under (+) or over (-) the plan; 0 while it holds."""
    missed = _misses(reversed(turns))
    if len(missed) < LOOK_BACK:
        return 0.0
    mean = sum(missed) / len(missed)
    return mean if abs(mean) > DRIFT and (min(missed) > 0 or max(missed) < 0) else 0.0


def _misses(back: Iterator[Turn]) -> list[float]:
    """Return planned minus measured of the last lines of the scene being played that had a target, oldest first.

    `back` are turns, the last one first; no more of them are looked at than it takes, however long the scene.
    """
    missed: list[float] = []
    scene: int | None = None
    for turn in back:
        scene = turn.scene if scene is None else scene
        if turn.scene != scene or len(missed) == LOOK_BACK:
            break
        if turn.kind == "dialogue" and turn.cue and turn.cue.emotion:
            missed.append(readable(target_valence(turn.cue.emotion)) - turn.emotion.valence)
    return missed[::-1]
