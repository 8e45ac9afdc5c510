"""The measures, their bounds, and the table that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len


@dataclass(frozen=True)
class Measure:
    """One row of the table. `bound` is the most (or with `least`, the least) that the engine may reach."""

    key: str
    label: str
    form: str = "d"
    bound: float | None = None
    least: bool = False

    def broken(self, value: float | None) -> bool:
        """Say whether a measured value is beyond the bound; nothing measured breaks a bound, too."""
        if self.bound is None:
            return False
        return value is None or (value < self.bound if self.least else value > self.bound)


MEASURES = (
    Measure("takes", "takes"),
    Measure("turns", "turns"),
    Measure("lines", "spoken lines"),
    Measure("residue", "lines with tag or residue", bound=0),
    Measure("cut", "lines cut off", bound=0),
    Measure("secrets", "secrets said too early", bound=0),
    Measure("hangul_share", "Hangul share of letters", ".2%", 0.97, least=True),
    Measure("copy_share", "near-copies of last 15", ".2%", 0.04),
    Measure("narration_share", "narration, of turns", ".2%", 0.25),
    Measure("narration_chars_share", "narration, of characters", ".2%"),
    Measure("condition_share", "beats ended by condition", ".2%"),
    Measure("calls_mean", "model calls per turn", ".2f", 2.0),
    Measure("calls_max", "model calls, most", "d"),
    Measure("seconds_median", "seconds per turn, median", ".2f"),
)


def table(columns: Mapping[str, Mapping[str, float | None]]) -> str:
    """Draw a Markdown table, one column for each scenario; `!` marks a value beyond its bound."""
    rows = [["", *columns, "bound"], ["-", *("-" for _ in columns), "-"]]
    for measure in MEASURES:
        cells = [measure.label]
        for values in columns.values():
            value = values[measure.key]
            cells.append(("–" if value is None else f"{value:{measure.form}}") + ("!" if measure.broken(value) else ""))
        limit = "" if measure.bound is None else f"{'≥' if measure.least else '≤'} {measure.bound:g}"
        rows.append([*cells, limit])
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell + (cell if cell == "-" else " ") * (width - cell_len(cell))
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)
