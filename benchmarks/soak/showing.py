"""A soak as tables in Markdown and as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.soak.flat import FIGURES, RULE, Verdict, judged
from benchmarks.soak.windows import Window

Part = tuple[str, str, Sequence[Window]]  # `turn` or `take`, what its reading is counted in ("" for none), its windows


def tables(parts: Sequence[Part]) -> str:
    """Return the windows of each part as a table, and what the rule says of each figure."""
    rows = [RULE, ""]
    for what, read, found in parts:
        figures = [figure for figure in FIGURES if read or figure.field != "read"]
        heads = [f"memory, MB at {what}", f"store, kB a {what}", f"processor, s a {what}", f"clock, s a {what}"]
        heads += [f"read, {read} a {what}"] if read else []
        rows += [f"| {what}s | {' | '.join(heads)} |", "| --- " * (len(heads) + 1) + "|"]
        rows += [f"| {window.at:,} | {' | '.join(_cell(f.of(window)) for f in figures)} |" for window in found]
        rows.append("")
        for figure in figures:
            rows.append(f"- {figure.name} a {what}: {_told(judged(figure, found), what)}")
        lives = len({window.life for window in found})
        rows += [f"- played by {lives} processes, one after another"] if lives > 1 else []
        rows.append("")
    return "\n".join(rows)


def draw(parts: Sequence[Part], folder: Path) -> list[Path]:
    """Draw memory, bytes and seconds of each part over its turns (or takes) to `folder`/soak-*.svg; return the paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "daebon"
    from matplotlib.figure import Figure as Picture

    paths = []
    for figure in FIGURES:
        if not figure.file:
            continue
        picture = Picture(figsize=(8.0, 3.0), layout="constrained")
        for place, (what, _, found) in enumerate(parts, 1):
            axes = picture.add_subplot(1, len(parts), place)
            axes.plot([window.at for window in found], [figure.of(window) for window in found], marker=".")
            axes.set_ylim(bottom=0)
            axes.set_xlabel(f"{what}s")
            axes.set_ylabel(f"{figure.name}, {figure.unit}" + ("" if figure.file == "memory" else f" a {what}"))
            axes.grid(alpha=0.3)
        paths.append(folder / f"soak-{figure.file}.svg")
        picture.savefig(paths[-1], metadata={"Date": None})
    return paths


def _cell(value: float) -> str:
    return f"{value:.4f}" if value < 1 else f"{value:,.1f}"


def _told(verdict: Verdict | None, what: str) -> str:
    if verdict is None:
        return "too few windows to tell"
    word = "flat" if verdict.flat else "**not flat**"
    unit = f" {verdict.figure.unit}".rstrip()
    return f"{word}, {verdict.rise:+.1%} from {what} {verdict.first:,} to {verdict.last:,} ({verdict.per_thousand:+.3g}{unit} in 1,000)"
