"""The picture of emotional arcs (감정선): planned against measured, one panel per arc, as SVG or PNG."""

from __future__ import annotations

import io
import logging
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion.arcs import Point, Row, Series, Span, rows
from emotion.conjugation import closed
from emotion.shapes import GLOSS, window
from transcript.errors import UsageError
from transcript.fonts import BOLD, PLAIN, font_file
from transcript.record import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")

_DPI = 144
_WIDTH = 10.0  # inches, as all lengths here
_LEFT, _RIGHT = 0.75, 0.25
_TITLE, _AXIS, _KEY, _GAP = 0.55, 0.4, 0.3, 0.42
_STRIP, _SCENES = 0.7, 0.22  # the goals of the beats, and the numbers of the scenes above them
_PANEL = {1: 3.3, 2: 2.2, 3: 1.7}  # height by number of panels
_PANEL_OF_MANY = 1.4

_INK, _QUIET, _RULE = "#222222", "#595959", "#B8B8B8"
_MEASURED, _PLANNED = "#00558C", "#C04F00"  # a blue and an orange that also differ for the colour-blind
_BANDS = ("#EEEEEE", "#FFFFFF")
_SMALL, _NORMAL, _LARGE = 8.0, 11.0, 14.0  # points
_RARE = 60  # lines up to which each is drawn with a dot of full size
_SPARSE = 24  # planned points up to which each has its mark
_FEWEST_LETTERS = 4  # of a goal that is worth showing


def draw(path: Path, arcs: Sequence[Series], *, title: str, beats: Sequence[Span] = (), unit: str = "턴") -> None:
    """Draw arcs to `path`, replacing it as a whole: an SVG whose letters are outlines, or a PNG of 1440 pixels' width.

    Each arc has a panel: the smoothed measured arc solid, its lines as dots, the planned arc dashed, valence from 불쾌
    (-1) to 유쾌 (1). Beats are bands with their goals, cut to what fits. `unit` names what the points count: 턴, 줄 or 문장.
    The same arguments give the same bytes with one version of matplotlib. Raises UsageError for another suffix or when
    there is no point to draw, DaebonError when the font is missing or the disk refuses.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: {path.suffix or 'no suffix'!r} is not a picture; use {' or '.join(SUFFIXES)}")
    shown = [arc for arc in arcs if arc.lines or arc.planned]
    if not shown:
        raise UsageError(f"{path}: no arc to draw; nobody speaks in {title!r}")
    matplotlib = _matplotlib()
    buffer = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # not the style of the person who happens to run it
        matplotlib.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "daebon"})
        figure = _figure(shown, title, beats, unit)
        metadata = {"Title": _shown(title), "Date": None} if suffix == ".svg" else {"Software": None}
        figure.savefig(buffer, format=suffix[1:], dpi=_DPI, metadata=metadata)
    write_atomically(path, buffer.getvalue())


def _matplotlib() -> Any:
    """Import matplotlib without its remarks on a home folder that it cannot write to."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        import matplotlib
        import matplotlib.figure
    finally:
        log.setLevel(level)
    return matplotlib


def _figure(arcs: Sequence[Series], title: str, beats: Sequence[Span], unit: str) -> Figure:
    from matplotlib.figure import Figure

    places = [n for arc in arcs for n, _ in (*arc.lines, *arc.planned)] + [n for b in beats for n in (b.first, b.last)]
    limits = (min(places) - 0.5, max(places) + 0.5)
    several = len({beat.scene for beat in beats}) > 1
    strip = (_STRIP + _SCENES * several) if beats else 0.0
    panel = _PANEL.get(len(arcs), _PANEL_OF_MANY)
    height = _TITLE + strip + len(arcs) * (_GAP + panel) + _AXIS + _KEY
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    _text(figure, _LEFT / _WIDTH, 1 - 0.3 / height, _cut(title, 45), size=_LARGE, bold=True, va="center")

    def axes(top: float, tall: float) -> Axes:
        box = (_LEFT / _WIDTH, 1 - (top + tall) / height, 1 - (_LEFT + _RIGHT) / _WIDTH, tall / height)
        return figure.add_axes(box, xlim=limits)

    if beats:
        _label_beats(axes(_TITLE, strip), beats, several)
    for place, (arc, row) in enumerate(zip(arcs, rows(arcs), strict=True)):
        top = _TITLE + strip + place * (_GAP + panel) + _GAP
        _panel(axes(top, panel), arc, row, beats, unit, last=place == len(arcs) - 1)
    _key(figure, height, arcs, _what(unit))
    return figure


def _panel(axes: Axes, arc: Series, row: Row, beats: Sequence[Span], unit: str, *, last: bool) -> None:
    """Draw one arc with its name, a note on what was found, and the turns of its lowest and highest point."""
    axes.set_ylim(-1.08, 1.08)
    for place, beat in enumerate(beats):
        axes.axvspan(beat.first - 0.5, beat.last + 0.5, color=_BANDS[place % 2], linewidth=0, zorder=0)
    for place, beat in enumerate(beats[1:]):
        if beat.scene != beats[place].scene:
            axes.axvline(beat.first - 0.5, color=_QUIET, linewidth=1, zorder=1)
    axes.axhline(0, color=_RULE, linewidth=0.8, zorder=1)
    few = len(arc.lines) <= _RARE
    dots: dict[str, Any] = {"markersize": 4.5 if few else 2.5, "alpha": 0.4, "markeredgewidth": 0}
    axes.plot(*_columns(arc.lines), "o", color=_MEASURED, clip_on=False, zorder=2, **dots)
    marks: dict[str, Any] = {"marker": "s", "markersize": 3} if len(arc.planned) <= _SPARSE else {}
    axes.plot(
        *_columns(arc.planned), "--", color=_PLANNED, linewidth=1.6, dashes=(4, 2.2), clip_on=False, zorder=3, **marks
    )
    axes.plot(*_columns(arc.measured), "-", color=_MEASURED, linewidth=2.6, clip_on=False, zorder=4)
    axes.fill_between(*_columns(arc.measured), color=_MEASURED, alpha=0.1, linewidth=0, zorder=1)
    if row.lowest and row.highest and row.lowest[0] != row.highest[0]:
        _mark(axes, row.lowest, unit, below=True)
        _mark(axes, row.highest, unit, below=False)
    _text(axes, 0, 1, _cut(arc.name, 19), size=_NORMAL, bold=True, va="bottom", points=(0, 5))
    _text(axes, 1, 1, _note(row, _what(unit)), size=_SMALL, colour=_QUIET, ha="right", va="bottom", points=(0, 5))
    axes.spines[:].set_visible(False)
    axes.spines["left"].set_visible(True)
    axes.spines["left"].set_color(_RULE)
    axes.tick_params(length=0, pad=5)
    plain = {"fontproperties": _font(bold=False, size=_SMALL + 0.5), "color": _INK}
    axes.set_yticks((-1, 0, 1), labels=("불쾌", "중립", "유쾌"), **plain)
    ticks = _ticks(*axes.get_xlim()) if last else []
    axes.set_xticks(
        ticks, labels=[str(tick) if place else f"{tick}{unit}" for place, tick in enumerate(ticks)], **plain
    )


def _mark(axes: Axes, point: Point, unit: str, *, below: bool) -> None:
    """Say at which turn the arc is lowest or highest, inside the panel."""
    n, value = point
    first, last = axes.get_xlim()
    share = (n - first) / (last - first)
    aside = "left" if share < 0.04 else "right" if share > 0.96 else "center"
    under = value > (-0.75 if below else 0.75)  # where there is room inside the panel
    axes.plot([n], [value], "v" if below else "^", color=_INK, markersize=5.5, clip_on=False, zorder=6)
    label = axes.annotate(
        f"{n}{unit}",
        (n, value),
        xytext=(0, -7 if under else 7),
        textcoords="offset points",
        ha=aside,
        va="top" if under else "bottom",
        color=_INK,
        fontproperties=_font(bold=True, size=_SMALL),
        zorder=7,
    )
    label.set_bbox({"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.75})


def _what(unit: str) -> str:
    """Return what the points are: sentences in prose, lines of dialogue otherwise."""
    return unit if unit == "문장" else "대사"


def _note(row: Row, what: str) -> str:
    """Return what a writer wants to know at a glance: how many lines, how near to the plan, which shape."""
    said = [f"{what} {row.n}개" + (f", {window(row.n)}개씩 고름" if window(row.n) > 1 else "")]
    if row.agreement is not None:
        said.append(f"계획과 r = {row.agreement:.2f}")
    found = row.verdict
    if found.shape is None:
        said.append("모양 없음 (짧거나 밋밋함)")
    else:
        doubt = "" if found.clear else ", 우연일 수 있음"
        said.append(f"{GLOSS[found.shape]} ({found.shape}) r = {found.correlation:.2f}{doubt}")
    return " · ".join(said)


def _label_beats(axes: Axes, beats: Sequence[Span], several: bool) -> None:
    """Fill the strip over the panels: a band per beat with its number and goal, and above it where scenes begin."""
    first, last = axes.get_xlim()
    inches = (_WIDTH - _LEFT - _RIGHT) / (last - first)
    top = _STRIP / (_STRIP + _SCENES * several)
    axes.set_ylim(0, 1)
    axes.axis("off")
    for place, beat in enumerate(beats):
        start, width = beat.first - 0.5, (beat.last + 1 - beat.first) * inches
        axes.axvspan(start, beat.last + 0.5, 0, top, color=_BANDS[place % 2], linewidth=0)
        if several and (place == 0 or beats[place - 1].scene != beat.scene):
            _text(axes, start, 1, f"S#{beat.scene}", size=_SMALL, bold=True, va="top", points=(4, 0), data=True)
            axes.axvline(start, 0, 1, color=_QUIET, linewidth=1, clip_on=False)
        goal = _fitted(beat.goal, (width - 0.1) * 72 / _SMALL, 3)
        label = "\n".join((str(beat.beat), *goal)) if width > 0.12 else ""
        if label:
            text = _text(axes, start, top, label, size=_SMALL, va="top", points=(4, -4), data=True)
            text.set_gid(f"beat-{place + 1}")


def _fitted(goal: str, ems: float, lines: int) -> list[str]:
    """Break a goal at spaces into at most `lines` lines of `ems` letters' height, … for the rest; [] if too narrow."""
    if ems < _FEWEST_LETTERS or not goal.strip():
        return []
    done: list[str] = []
    rest = _shown(goal)
    while rest and len(done) < lines:
        taken = _fits(rest, ems)
        if len(done) == lines - 1 and taken < len(rest):
            return [*done, _cut(rest, ems)]
        space = rest.rfind(" ", 0, taken + 1) if taken < len(rest) else taken
        end = space if space > 0 else taken
        done.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return done


def _cut(text: str, ems: float) -> str:
    """Return `text` if it fits into `ems` letters' height, else its beginning and …."""
    return text if _fits(text, ems) == len(text) else text[: _fits(text, ems - 1)].rstrip() + "…"


def _fits(text: str, ems: float) -> int:
    """Return how many characters of `text` fit into `ems` letters' height, at least one."""
    used = 0.0
    for count, char in enumerate(text):
        used += 0.93 if unicodedata.east_asian_width(char) in "WF" else 0.56
        if used > ems:
            return max(1, count)
    return len(text)


def _key(figure: Figure, height: float, arcs: Sequence[Series], what: str) -> None:
    """Name the lines of the picture at its foot."""
    from matplotlib.lines import Line2D

    measured = Line2D(
        [],
        [],
        color=_MEASURED,
        linewidth=2.6,
        label=f"측정 (이웃한 {what}{'과' if closed(what) else '와'} 함께 고른 값)",
    )
    dots = Line2D([], [], color=_MEASURED, marker="o", linestyle="", alpha=0.4, markersize=4.5, label=f"{what} 하나")
    planned = Line2D([], [], color=_PLANNED, linewidth=1.6, linestyle="--", dashes=(4, 2.2), label="계획")
    legend = figure.legend(
        handles=[measured, dots, *([planned] if any(arc.planned for arc in arcs) else [])],
        loc="lower left",
        bbox_to_anchor=(_LEFT / _WIDTH, 0.12 / height),
        ncols=3,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=2.6,
        prop=_font(bold=False, size=_SMALL + 0.5),
        labelcolor=_INK,
    )
    legend.set_gid("key")


def _ticks(first: float, last: float) -> list[int]:
    """Return whole turns to number, the first among them."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=12, integer=True).tick_values(first, last)
    step = max(1, round(found[1] - found[0]))
    start = int(first + 0.5)
    return [start, *(n for n in range(start - start % step + step, int(last) + 1, step) if n - start > step / 2)]


def _columns(points: Sequence[Point]) -> tuple[list[int], list[float]]:
    return [n for n, _ in points], [valence for _, valence in points]


def _text(
    on: Figure | Axes,
    x: float,
    y: float,
    said: str,
    *,
    size: float,
    bold: bool = False,
    colour: str = _INK,
    ha: str = "left",
    va: str = "baseline",
    points: tuple[float, float] = (0, 0),
    data: bool = False,
) -> Any:
    """Put text at a share of a figure or of axes, or with `data` at a turn, moved by points; `$` is a dollar sign."""
    from matplotlib.axes import Axes
    from matplotlib.transforms import ScaledTranslation

    if isinstance(on, Axes):
        figure, base = on.figure, on.get_xaxis_transform() if data else on.transAxes
    else:
        figure, base = on, on.transFigure
    moved = base + ScaledTranslation(points[0] / 72, points[1] / 72, figure.dpi_scale_trans)
    lines = "\n".join(_shown(line) for line in said.split("\n"))
    font = _font(bold=bold, size=size)
    return on.text(
        x,
        y,
        lines,
        transform=moved,
        fontproperties=font,
        color=colour,
        ha=ha,
        va=va,
        parse_math=False,
        linespacing=1.35,
    )


def _shown(text: str) -> str:
    """Return `text` on one line, composed, with □ for what the font lacks and nothing for what has no width."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    seen = (char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Mn", "Cs"))
    return "".join(char if ord(char) in _letters() else "□" for char in seen)


def _font(*, bold: bool, size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=font_file(BOLD if bold else PLAIN), size=size)


@cache
def _letters() -> frozenset[int]:
    """Return the code points that the plain and the bold font both have."""
    from matplotlib.ft2font import FT2Font

    plain, bold = (FT2Font(font_file(name)).get_charmap() for name in (PLAIN, BOLD))
    return frozenset(plain) & frozenset(bold)
