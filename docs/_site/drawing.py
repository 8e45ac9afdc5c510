"""The graph of the architecture page as SVG, drawn from its mermaid text, so that a reader's browser needs no script for it."""

from __future__ import annotations

import io
import re

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

MERMAID = re.compile(r"```mermaid\n(.*?)```", re.DOTALL)
_EDGE = re.compile(r"^\s*(\w+) (-->|-\.->) (\w+);", re.MULTILINE)
_PLACES = {
    "__start__": (0.0, 1.0),
    "direct": (1.2, 1.0),
    "__end__": (1.2, 0.1),
    "speak": (2.4, 1.6),
    "choose": (3.6, 1.6),
    "listen": (2.4, 0.75),
    "measure": (3.6, 0.15),
}
_INK, _PAPER = "#3949ab", "#e8eaf6"


def drawing(mermaid: str) -> str:
    """Return the SVG of a graph in mermaid's words; a dashed arrow is one of several ways. KeyError for a node without a place."""
    edges = _EDGE.findall(mermaid)
    figure = Figure(figsize=(8.4, 4.2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set_xlim(-0.4, 4.2)
    axes.set_ylim(-0.3, 2.0)
    for start, kind, end in edges:
        bend = 0.22 if (end, start) in {(a, b) for a, _, b in edges} else 0.06
        arrow = FancyArrowPatch(
            _PLACES[start],
            _PLACES[end],
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=14,
            shrinkA=26,
            shrinkB=26,
            color=_INK,
            linestyle="-" if kind == "-->" else (0, (4, 3)),
            gid=f"{start}-{end}",
        )
        axes.add_patch(arrow)
    for name in dict.fromkeys(name for a, _, b in edges for name in (a, b)):
        box = {"boxstyle": "round,pad=0.5", "facecolor": _PAPER, "edgecolor": _INK}
        axes.text(*_PLACES[name], name.strip("_"), ha="center", va="center", fontsize=12, color="#1a237e", bbox=box)
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue().decode()
