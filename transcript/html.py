"""HTML: one page that holds everything, per take and per batch; opens without network and runs nothing of the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from transcript.record import Transcript

Lang = Literal["ko", "en"]


@dataclass(frozen=True)
class TakeRow:
    """One take in the table of a batch.

    `name` is what the row is called (`바다-7`), `href` the path of its page relative to the batch page (`바다-7/report.html`;
    any file name, it is quoted here) or "" where there is none. `scores` are the figures to show, one column per key.
    `rank` counts from 1, None where the take is not ranked; `kept` marks what `--keep-best` kept. `error` is the one line
    that says why the take failed, "" for a take that was finished; `setting` what else tells takes apart (`candidates=4`).
    """

    name: str
    scenario: str
    seed: int
    model: str
    turns: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    rank: int | None = None
    kept: bool = False
    href: str = ""
    setting: str = ""
    error: str = ""


@dataclass(frozen=True)
class Contrast:
    """The comparison of two models or settings in one figure.

    `first` and `second` name the two, `means` are theirs, `difference` is second minus first with its bootstrap interval
    `low`..`high`; `takes` says how many takes (or pairs of takes) it rests on. `level` is the interval's, 0..1.
    """

    figure: str
    first: str
    second: str
    means: tuple[float, float]
    difference: float
    low: float
    high: float
    takes: int
    level: float = 0.95


def take_pieces(transcript: Transcript, *, lang: Lang = "ko") -> Iterator[str]:
    """Return the report of a take as one HTML page without any other file, in pieces to be written one after another.

    It shows the script, the planned and measured curves, who spoke how much, relations, what was turned down, scores and
    the command that plays it again; the whole transcript lies in it as JSON (`script#transcript`). Raises DaebonError when
    a turn's scene is not one of the scenario's.
    """
    from transcript.report.take import take_page

    return take_page(transcript, lang)


def to_html(transcript: Transcript, *, lang: Lang = "ko") -> str:
    """Return the page of `take_pieces` as one text."""
    return "".join(take_pieces(transcript, lang=lang))


def batch_page(
    title: str,
    takes: Sequence[TakeRow],
    contrasts: Sequence[Contrast] = (),
    *,
    about: Sequence[tuple[str, str]] = (),
    lang: Lang = "ko",
) -> str:
    """Return the report of a batch as one HTML page: takes in the order given, comparisons, links to the takes' pages.

    `about` are rows of label and value for the head of the page (date, version, command, seconds); labels are shown as
    given. Rows can be sorted by any column where scripts run; a take with `error` is listed apart. Pages grow by about
    1 KB per take: write one page per thousand takes or only the best where there are more.
    """
    from transcript.report.batch import render

    return render(title, takes, contrasts, about, lang)
