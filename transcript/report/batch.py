"""The page of a batch: takes in their ranking, comparisons with their intervals, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from transcript.report.page import fill
from transcript.report.words import Lang

if TYPE_CHECKING:
    from transcript.html import Contrast, TakeRow

_HALF = 46.0  # percent of the width that the widest interval of a figure takes on one side of 0


@dataclass(frozen=True)
class Interval:
    """A comparison with its places in percent of the width; 0 stands at 50."""

    row: Contrast
    low: float
    middle: float
    high: float

    @property
    def clear(self) -> bool:
        """Say whether the interval leaves out 0."""
        return self.row.low > 0 or self.row.high < 0


def render(
    title: str,
    takes: Sequence[TakeRow],
    contrasts: Sequence[Contrast],
    about: Sequence[tuple[str, str]],
    lang: Lang,
) -> str:
    """Return the page; see `transcript.html.batch_page`."""
    done = [take for take in takes if not take.error]
    pieces = fill(
        "batch",
        lang,
        title=title,
        about=about,
        takes=done,
        failed=[take for take in takes if take.error],
        figures=list(dict.fromkeys(key for take in done for key in take.scores)),
        settings=any(take.setting for take in done),
        intervals=_intervals(contrasts),
        link=_link,
    )
    return "".join(pieces)


def _link(href: str) -> str:
    """Return a relative address that can't be anything else: no scheme, no host."""
    return quote(href.lstrip("/\\"), safe="/", errors="replace")


def _intervals(contrasts: Sequence[Contrast]) -> list[Interval]:
    widest: dict[str, float] = {}
    for row in contrasts:
        widest[row.figure] = max(widest.get(row.figure, 0.0), abs(row.low), abs(row.high), abs(row.difference))

    def place(row: Contrast, value: float) -> float:
        return round(50 + _HALF * value / (widest[row.figure] or 1.0), 2)

    return [Interval(row, place(row, row.low), place(row, row.difference), place(row, row.high)) for row in contrasts]
