"""Whether a figure is flat: the rule, and the figures it is for."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmarks.soak.windows import Window

BOUND = 0.10
LEFT_OUT = 0.25  # of the windows, at the start: caches fill, the first pages of the store are laid out
_FEWEST = 4
RULE = (
    f"Flat: over the last three quarters the line through the windows (its slope the median of all pairs, Theil–Sen) rises by no "
    f"more than {BOUND:.0%} of their median."
)


@dataclass(frozen=True)
class Figure:
    """A figure of the windows: its name in tables and files, its unit, and in how many of what is measured one unit is."""

    name: str
    field: str
    unit: str
    scale: float
    file: str = ""  # of its picture; "" has none

    def of(self, window: Window) -> float:
        """Return the figure in its unit."""
        return float(getattr(window, self.field)) / self.scale


FIGURES = (
    Figure("memory", "resident", "MB", 1e6, "memory"),
    Figure("store", "grown", "kB", 1e3, "bytes"),
    Figure("processor", "processor", "s", 1.0, "seconds"),
    Figure("clock", "clock", "s", 1.0),
    Figure("read", "read", "", 1.0),
)


@dataclass(frozen=True)
class Verdict:
    """How a figure went on from `first` to `last`: by which share of its median it rose, and per 1,000 in its unit."""

    figure: Figure
    first: int
    last: int
    rise: float
    per_thousand: float

    @property
    def flat(self) -> bool:
        """Say whether the rule holds."""
        return self.rise <= BOUND


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median slope over all pairs of points (Theil 1950, Sen 1968); the abscissas must differ."""
    return statistics.median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2))


def judged(figure: Figure, found: Sequence[Window]) -> Verdict | None:
    """Apply the rule; None where there are too few windows to tell.

    Memory is that of one process: of several, by which a soak was gone on with, the one with the most windows counts.
    """
    if figure.field == "resident" and found:
        longest = Counter(window.life for window in found).most_common(1)[0][0]
        found = [window for window in found if window.life == longest]
    kept = found[round(LEFT_OUT * len(found)) :]
    if len(kept) < _FEWEST:
        return None
    per_one = slope([(window.at, figure.of(window)) for window in kept])
    middle = statistics.median(map(figure.of, kept))
    rise = per_one * (kept[-1].at - kept[0].at) / middle if middle else 0.0
    return Verdict(figure, kept[0].at, kept[-1].at, rise, 1000 * per_one)
