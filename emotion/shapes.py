"""The six shapes of an emotional arc: as targets, and as a verdict on an arc that was measured."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi
from statistics import correlation
from typing import Literal, get_args

Shape = Literal["rags-to-riches", "tragedy", "man-in-a-hole", "icarus", "cinderella", "oedipus"]

SHAPES: tuple[Shape, ...] = get_args(Shape)

GLOSS: Mapping[Shape, str] = {
    "rags-to-riches": "오름",
    "tragedy": "내림",
    "man-in-a-hole": "내렸다 오름",
    "icarus": "올랐다 내림",
    "cinderella": "올랐다 내렸다 오름",
    "oedipus": "내렸다 올랐다 내림",
}
"""What each shape does, for a picture or a table."""

FEWEST = 6  # lines; three turning points need more, and under six any six values fit some shape
FLAT = 0.2  # valence from bottom to top under which a smoothed arc is flat: a tenth of the scale, our choice
NEAR = 0.1  # two shapes whose correlations are nearer than this tie, our choice

CHANCE: Mapping[int, float] = {
    6: 0.996,
    8: 0.992,
    10: 0.987,
    12: 0.983,
    16: 0.977,
    20: 0.981,  # the window grows by a step, and a smoother walk is nearer to a cosine
    30: 0.979,
    40: 0.977,
    60: 0.976,
    100: 0.975,
}
"""Number of lines -> the correlation with the best of six shapes that one random walk in twenty exceeds.

Simulated: 20,000 walks of independent normal steps per length, numpy's default generator with seed 2016, each put
through `verdict`'s own smoothing; the 95th percentile. A number of lines between two rows takes the row below it.
tests/emotion/test_emotion_shapes.py computes rows again. Chance is this high because the principal components of a
random walk about its mean are these same cosines. Half of all walks of 100 lines reach 0.82, so that 0.9 means little.
"""

_MODES: Mapping[Shape, tuple[int, int]] = {
    "rags-to-riches": (-1, 1),
    "tragedy": (1, 1),
    "man-in-a-hole": (1, 2),
    "icarus": (-1, 2),
    "cinderella": (-1, 3),
    "oedipus": (1, 3),
}
_POINTS = 40  # on which an arc and a shape are compared


@dataclass(frozen=True)
class Verdict:
    """Which shape an arc has. `clear` says that it is closer to it than 19 of 20 random walks are to their best shape.

    `shape` and `second` are the two nearest, with Pearson's correlation -1..1; both None, with correlations of 0, for
    an arc that is too short or flat. `caution` is a sentence or two on what the verdict is worth, never empty.
    """

    shape: Shape | None
    correlation: float
    second: Shape | None
    second_correlation: float
    clear: bool
    caution: str


def target(shape: Shape, n: int) -> list[float]:
    """Return `n` valences of -1..1 that draw a shape from beginning to end.

    The shapes are those of Reagan, Mitchell, Kiley, Danforth & Dodds, "The emotional arcs of stories are dominated by
    six basic shapes", EPJ Data Science 5:31, 2016: the first three modes of a singular value decomposition of the arcs
    of 1,327 books, and their negatives. Our curves are the cosines of a half, a whole and one and a half waves, which
    approximate those modes; they are not the published vectors. Raises ValueError for a negative `n`.
    """
    if n < 0:
        raise ValueError(f"{n} values of a shape; give 0 or more")
    sign, halves = _MODES[shape]
    return [sign * cos(halves * pi * place / max(1, n - 1)) for place in range(n)]


def window(n: int) -> int:
    """Return the width in lines, odd, of the window that `settle` puts over `n` lines: about a fifth of them.

    A fifth is what the paper's window of 10,000 words is of a book of 50,000.
    """
    return 1 if n < 3 else max(3, n // 10 * 2 + 1)


def settle(values: Sequence[float]) -> list[float]:
    """Return the values smoothed without lag: a triangular window of `window(len(values))` lines, cut at the ends."""
    import numpy

    half = (window(len(values)) + 1) // 2
    kernel = half - abs(numpy.arange(1 - half, half))
    if not values:
        return []
    sums = numpy.convolve(values, kernel, "same")
    settled: list[float] = (sums / numpy.convolve(numpy.ones(len(values)), kernel, "same")).tolist()
    return settled


def verdict(values: Sequence[float]) -> Verdict:
    """Return which of the six shapes the valences of the lines of one arc, -1..1, unsmoothed and in order, come to.

    They are smoothed by `settle`, brought to 40 points and correlated with each shape of `target`. `clear` needs more
    than `CHANCE` of that number of lines. Fewer than `FEWEST` lines, or less than `FLAT` between top and bottom, have
    no shape.

    What the paper allows one to say is less. It slid windows of 10,000 words over whole books of English fiction and
    averaged the ratings of single words (the hedonometer), which blurs everything shorter than a chapter; its shapes
    are statistical modes of many books, and single books mix them. A scene of 20 lines is not a book: take the verdict
    as a description of this curve, not as a finding about the story.
    """
    if len(values) < FEWEST:
        return _none(f"{len(values)} lines are too few for a shape; it takes {FEWEST}.")
    settled = settle(values)
    height = max(settled) - min(settled)
    if height < FLAT:
        return _none(f"The arc is flat: {height:.2f} from bottom to top, under {FLAT}.")
    points = _resample(settled)
    found = {shape: correlation(points, target(shape, _POINTS)) for shape in SHAPES}
    shape, second = sorted(SHAPES, key=lambda shape: -found[shape])[:2]
    chance = CHANCE[[*CHANCE][bisect_right([*CHANCE], len(values)) - 1]]
    clear = found[shape] > chance
    near = found[shape] - found[second] < NEAR
    return Verdict(shape, found[shape], second, found[second], clear, _caution(chance, clear, second if near else None))


def _none(why: str) -> Verdict:
    return Verdict(None, 0.0, None, 0.0, False, f"No clear shape. {why}")


def _caution(chance: float, clear: bool, tie: Shape | None) -> str:
    walk = f"one random walk of this length in twenty exceeds r = {chance:.3f}"
    if clear:
        return f"Only {walk}. The six shapes are averages over whole books, and this is not a book."
    tied = f" {tie} fits almost as well." if tie else ""
    return f"No clear shape: {walk}.{tied}"


def _resample(values: Sequence[float]) -> list[float]:
    """Return `_POINTS` values at equal distances, on straight lines between the given ones."""
    points = []
    for place in range(_POINTS):
        at = place * (len(values) - 1) / (_POINTS - 1)
        left = min(int(at), len(values) - 2)
        points.append(values[left] + (at - left) * (values[left + 1] - values[left]))
    return points
